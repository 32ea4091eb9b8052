#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""scmid for virtual machines: its vhost-user sockets, its own and such as it is started with, beside a mailbox.

    scmid_vhost_user.py ROOT [EMULATOR..] SCMICTL SCMID
"""
import json
import os
import re
import signal
import socket
import stat
import struct
import subprocess
import sys
import tempfile
import time

import scmid
from scmid import PATIENCE, SLOW, Daemon, ask, check, line_of, refused, sleeps, start

GET_FEATURES = struct.pack("=III", 1, 1, 0)
WRONG_VERSION = struct.pack("=III", 1, 2, 0)


def connected(path):
    guest = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    guest.connect(path)  # waits, where many come at once
    guest.settimeout(PATIENCE)
    return guest


def descriptors(daemon, wanted):
    """How many the daemon has; waits for it to have so many."""
    late = time.monotonic() + PATIENCE / 4
    while (n := len(os.listdir(f"/proc/{daemon.process.pid}/fd"))) != wanted and time.monotonic() < late:
        time.sleep(0.02)
    return n


def test_mistakes(folder):
    refused(2, r"^scmid: vhost-user:: PATH or fd=N is wanted\n", "--listen", "vhost-user:")
    refused(2, r"^scmid: vhost-user:/x,size=128: size: no such key here", "--listen", "vhost-user:/x,size=128")
    refused(2, r"^scmid: vhost-user:/x,wait=3: wait=3: is for agents only\n", "--listen", "vhost-user:/x,wait=3")
    refused(2, r"^scmid: vhost-user:fd=77: fd=77: a Unix stream socket ", "--listen", "vhost-user:fd=77")
    refused(1, r"^scmid: vhost-user:/no/such/folder/s: /no/such/folder/s: ", "--listen", "vhost-user:/no/such/folder/s")
    refused(2, r"^scmid: \d+ agents, but a platform has 254 at most", "--listen", f"mailbox:unix={folder}/a,agents=200",
            "--listen", f"vhost-user:{folder}/b,agents=55")
    status, _, err = ask("-l", "vhost-user:fd=3", "info")
    check(status in (1, 2) and "fd=3" in err, "an agent of a socket that is there", status, err)
    check(os.listdir(folder) == [], "something is left", os.listdir(folder))


def test_capabilities():
    for more in ((), ("--listen", "nowhere:")):
        done = subprocess.run([*scmid.emulator, scmid.scmid, "--print-capabilities", *more], stdin=subprocess.DEVNULL,
                              capture_output=True, timeout=PATIENCE)
        check(done.returncode == 0 and done.stderr == b"" and json.loads(done.stdout) == {"type": "scmi", "features": []},
              "what it tells managers of virtual machines", done)


def test_both(folder):
    """A mailbox and a socket for guests are one platform; who is who, and who may what, as the links stand there."""
    host, guest = f"mailbox:unix={folder}/host,agents=1", f"vhost-user:{folder}/guest,agents=2,mode=660"
    daemon = Daemon("--listen", host, "--listen", guest)
    host, guest = host.split(",")[0], guest.split(",")[0]
    check(stat.S_IMODE(os.stat(folder + "/guest").st_mode) == 0o660, "the mode of the socket")
    status, out, err = ask("-l", guest, *SLOW, "agents")
    check(status == 0 and "agent-2   this agent" in out and "agent-3" in out and "agent-4" not in out, "agents", out, err)
    check(ask("-l", host, *SLOW, "clock", "uart_clk", "rate", "48MHz")[0] == 0, "set over the mailbox")
    check("48 MHz" in ask("-l", guest, *SLOW, "clock", "uart_clk", "rate")[1], "read by a guest")
    status, out, err = ask("-l", guest, *SLOW, "sensor", "battery_voltage_at_connector", "--async")
    check(status == 0, "a delayed response to a guest", status, out, err)
    status, out, err = ask("-l", guest, *SLOW, "notify", "0x80", ",", "0x80", "6", "1", "--count", "2")
    check(status == 0 and out.count("\n") >= 2, "notifications to a guest", status, out, err)
    status, out, err = ask("-l", guest, *SLOW, "raw", "base", "BASE_SET_DEVICE_PERMISSIONS", "2", "0", "1")
    check(status == 1 and "denied" in out, "a guest sets permissions", status, out, err)
    check(ask("-l", guest, *SLOW, "raw", "0x80", "3", "0")[0] == 0, "a device that is allowed")
    check(ask("-l", host, *SLOW, "raw", "base", "BASE_SET_DEVICE_PERMISSIONS", "2", "0", "0")[0] == 0, "the first agent may")
    check(ask("-l", guest, *SLOW, "raw", "0x80", "3", "0")[0] == 1, "a device that was taken from the guest")
    check(ask("-l", host, *SLOW, "raw", "0x80", "3", "0")[0] == 0, "and from nobody else")
    check(sleeps(daemon), "it does not sleep after all have gone")
    daemon.end()
    check(os.listdir(folder) == [], "something is left", os.listdir(folder))


def test_given(folder):
    """What systemd does: the socket is descriptor 3, and outlives the daemon."""
    path = folder + "/given"
    given = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    given.bind(path)
    given.listen()

    def as_third():
        os.dup2(given.fileno(), 3)
        os.set_inheritable(3, True)
    early = connected(path)  # before there is a daemon
    early.sendall(GET_FEATURES)
    for sig in (signal.SIGTERM, signal.SIGKILL, signal.SIGINT):
        daemon = Daemon("--listen", "vhost-user:fd=3,agents=2", pass_fds=(3,), preexec_fn=as_third)
        if early:
            check(len(early.recv(100)) == 20, "who came first is served first")
            early.close()
            early = None
        status, _, err = ask("-l", f"vhost-user:{path}", *SLOW, "sensors")
        check(status == 0, "a socket that was there", status, err)
        daemon.end(sig)
        check(stat.S_ISSOCK(os.stat(path).st_mode), "the socket is gone with the daemon")
    os.unlink(path)


def test_trouble(folder):
    """Guests that break the protocol, one too many, and many that come and go; the one beside them does not notice."""
    path = folder + "/s"
    daemon = Daemon("--listen", f"vhost-user:{path},agents=2")
    idle = descriptors(daemon, 0)
    tool = start("-l", f"vhost-user:{path}", *SLOW, "notify", "0x80", ",", "0x80", "6", "1")
    check(line_of(tool) != "", "nothing comes")
    guest = connected(path)
    guest.sendall(GET_FEATURES)
    check(len(guest.recv(100)) == 20, "no features")
    late = connected(path)
    check(late.recv(1) == b"", "one too many is let in")
    guest.sendall(WRONG_VERSION)
    check(guest.recv(1) == b"", "who breaks the protocol may stay")
    lines = [daemon.process.stderr.readline().decode() for _ in range(2)]
    check(lines[0] == f"vhost-user:{path}: one guest too many sent away: there are 2\n" and
          re.fullmatch(rf"vhost-user:{path}: guest 2 sent away: \S.*\n", lines[1]), "what is told", *lines)
    for _ in range(100):
        with connected(path) as guest:
            guest.sendall(GET_FEATURES[:5])
    check(line_of(tool) != "", "nothing comes any more")
    tool.terminate()
    tool.communicate()
    check(descriptors(daemon, idle) == idle, "descriptors are left", os.listdir(f"/proc/{daemon.process.pid}/fd"))
    check(sleeps(daemon), "it does not sleep after all have gone")
    daemon.end()
    check(os.listdir(folder) == [], "something is left", os.listdir(folder))


def test_reconnect(folder):
    link = f"vhost-user:{folder}/s"
    tool = start("-l", link + ",wait=60,reconnect=20", *SLOW, "sensor", "board_temp", "--watch=0.05")
    daemon = Daemon("--listen", link)
    for sig in (signal.SIGKILL, signal.SIGTERM):
        check(line_of(tool) == "31.250 degC\n", "no value")
        daemon.end(sig)
        time.sleep(0.3)  # for what was printed before, not for the tool
        os.set_blocking(tool.stdout.fileno(), False)
        tool.stdout.read()
        os.set_blocking(tool.stdout.fileno(), True)
        daemon = Daemon("--listen", link)
        check(line_of(tool) == "31.250 degC\n", "no value from the next platform", sig)
    check(sleeps(daemon) or line_of(tool) != "", "a guest that asks now and then")
    tool.terminate()
    tool.communicate()
    daemon.end()


def test_documents():
    page = (scmid.root / "docs/man/scmid.1").read_text().replace("\\-", "-")
    unit = (scmid.root / "examples/scmid/scmid.socket").read_text()
    path = re.search(r"^ListenStream=(\S+)$", unit, re.MULTILINE)[1]
    for name in ("docs/man/scmid.1", "docs/virtualization.md"):
        check(path in (scmid.root / name).read_text().replace("\\-", "-"), f"the unit's socket in {name}", path)
    for key in ("agents", "mode", "uid", "features", "slots", "inflight", "fd"):
        check(re.search(rf"\b{key}\b", page), f"{key}= in the manual page")


def main():
    for test in (test_mistakes, test_both, test_given, test_trouble, test_reconnect):
        with tempfile.TemporaryDirectory() as folder:
            test(folder)
    test_capabilities()
    test_documents()
    print(f"{scmid.cases} checks, {scmid.faults} faults")
    return scmid.faults != 0


if __name__ == "__main__":
    sys.exit(main())
