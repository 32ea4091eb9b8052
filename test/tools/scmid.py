#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""scmid as a process: names that are taken or cannot be had, how it ends, what its agents see of that; its documents.

    scmid.py ROOT [EMULATOR..] SCMICTL SCMID
"""
import os
import pathlib
import re
import resource
import select
import signal
import socket
import subprocess
import sys
import tempfile
import time

PATIENCE = 60  # seconds; for slow machines only
SLOW = ("-t", "60000")

root = pathlib.Path(sys.argv[1])
emulator = sys.argv[2:-2]
scmictl, scmid = sys.argv[-2:]
cases = 0
faults = 0


def check(good, what, *seen):
    global cases, faults
    cases += 1
    if good:
        return
    faults += 1
    print("FAULT:", what)
    for item in seen:
        print("   ", repr(item))


def ask(*words):
    """Status, stdout, stderr of a run of scmictl."""
    done = subprocess.run([*emulator, scmictl, *words], stdin=subprocess.DEVNULL, capture_output=True, timeout=PATIENCE)
    return done.returncode, done.stdout.decode(), done.stderr.decode()


class Daemon:
    """Started, and ready."""

    def __init__(self, *words, **options):
        self.inbox = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.folder = tempfile.TemporaryDirectory()
        self.inbox.bind(self.folder.name + "/notify")
        self.inbox.settimeout(PATIENCE)
        self.process = subprocess.Popen([*emulator, scmid, *words], stdin=subprocess.DEVNULL, stderr=subprocess.PIPE,
                                        env=dict(os.environ, NOTIFY_SOCKET=self.folder.name + "/notify"), **options)
        check(self.told() == "READY=1", "not told that it is ready")

    def told(self):
        return self.inbox.recv(100).decode()

    def end(self, sig=signal.SIGTERM):
        self.process.send_signal(sig)
        _, err = self.process.communicate(timeout=PATIENCE)
        if sig != signal.SIGKILL:
            check(self.process.returncode == 0 and err == b"", f"{sig}", self.process.returncode, err)
            check(self.told() == "STOPPING=1", "not told that it ends")
        self.inbox.close()
        self.folder.cleanup()


def refused(status, message, *words):
    done = subprocess.run([*emulator, scmid, *words], stdin=subprocess.DEVNULL, capture_output=True, timeout=PATIENCE)
    err = done.stderr.decode()
    check(done.returncode == status and done.stdout == b"" and re.search(message, err), f"{words}: {message}",
          done.returncode, err)


def test_mistakes(folder):
    refused(2, r"^scmid: a link is needed: --listen URI\nTry ")
    refused(2, r"^scmid: it takes options only, but there is 'x'\n", "--listen", "mailbox:unix=/x", "x")
    refused(2, r"^scmid: unknown set 'none'; there are demo, linux and many\n", "--set", "none")
    refused(2, r"^scmid: nowhere:: no scheme is named 'nowhere'; there are: mailbox:(, vhost-user:)?\n", "--listen", "nowhere:")
    refused(2, r"^scmid: mailbox: 'mailbox' begins with no scheme and colon\n", "--listen", "mailbox")
    refused(2, r"^scmid: mailbox:x=1: ", "--listen", "mailbox:x=1")
    refused(2, r"^scmid: mailbox:unix=/x,wait=3: wait=3: is for agents only\n", "--listen", "mailbox:unix=/x,wait=3")
    refused(2, r"^scmid: mailbox:uio=/dev/uio0: ", "--listen", "mailbox:uio=/dev/uio0")
    refused(2, r"^scmid: \d+ agents, but a platform has 254 at most", "--listen", f"mailbox:unix={folder}/a,agents=200",
            "--listen", f"mailbox:unix={folder}/b,agents=55")
    check(os.listdir(folder) == [], "something is left", os.listdir(folder))
    refused(2, r"^scmid: too many links", *(f"--listen=mailbox:unix={folder}/{i},agents=1" for i in range(33)))


def test_names(folder):
    """Names that are taken, stale, or cannot be had."""
    link = f"mailbox:unix={folder}/s"
    daemon = Daemon("--listen", link)
    refused(1, rf"^scmid: {link}: .*{folder}/s", "--listen", link)
    check(ask("-l", link, *SLOW, "info")[0] == 0, "the one who had the name is gone")
    daemon.end(signal.SIGKILL)
    check(os.listdir(folder) == ["s"], "killed, and the socket is not there")
    status, _, err = ask("-l", link, "info")
    check(status == 1 and f"{folder}/s" in err, "nobody behind a socket", status, err)
    daemon = Daemon("--listen", link)
    check(ask("-l", link, *SLOW, "info")[0] == 0, "a stale socket was not taken over")
    daemon.end()
    check(os.listdir(folder) == [], "something is left", os.listdir(folder))

    for path in ("/no/such/folder/s", folder + "/" + "x" * 120):
        refused((1, 2)[len(path) > 107], rf"^scmid: mailbox:unix={path}: ", "--listen", f"mailbox:unix={path}")
    if os.geteuid() != 0:  # root writes everywhere
        os.mkdir(folder + "/shut", 0o500)
        refused(1, rf"^scmid: mailbox:unix={folder}/shut/s: ", "--listen", f"mailbox:unix={folder}/shut/s")
        os.rmdir(folder + "/shut")
    # What is taken first is given back.
    refused(1, r"^scmid: mailbox:unix=/no/such/folder/s: ", "--listen", link, "--listen",
            "mailbox:unix=/no/such/folder/s")
    check(os.listdir(folder) == [], "something is left", os.listdir(folder))
    with open(folder + "/file", "w", encoding="ascii") as file:
        file.write("not a socket")
    refused(1, rf"^scmid: mailbox:unix={folder}/file: ", "--listen", f"mailbox:unix={folder}/file")
    check(pathlib.Path(folder, "file").read_text() == "not a socket", "a file that is no socket is gone")
    os.unlink(folder + "/file")


def test_listeners(folder):
    """Two listeners are one platform: what one agent sets the other one reads."""
    shm = f"/scmid-test-{os.getpid()}"
    links = (f"mailbox:unix={folder}/a,agents=2", f"mailbox:shm={shm}")
    daemon = Daemon("--set", "linux", *(f"--listen={link}" for link in links))
    agents = ask("-l", f"mailbox:unix={folder}/a", *SLOW, "agents")[1]
    check("agent-3" in agents and "agent-4" not in agents, "agents", agents)
    check(ask("-l", links[1], *SLOW, "agents")[1].count("agent-3   this agent") == 1, "who is agent 3")
    check(ask("-l", links[1], *SLOW, "clock", "uart_clk", "rate", "48MHz")[0] == 0, "set by shm")
    check("48 MHz" in ask("-l", f"mailbox:unix={folder}/a", *SLOW, "clock", "uart_clk", "rate")[1], "read by unix")
    daemon.end(signal.SIGINT)
    check(os.listdir(folder) == [] and not os.path.exists("/dev/shm" + shm), "names are left", os.listdir(folder))


def start(*words):
    return subprocess.Popen([*emulator, scmictl, *words], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                            stderr=subprocess.PIPE)


def line_of(tool):
    """A line that has come, or nothing."""
    ready, _, _ = select.select([tool.stdout], [], [], PATIENCE)
    return tool.stdout.readline().decode() if ready else ""


def test_death(folder):
    """A platform that dies while a call is under way, or between two."""
    link = f"mailbox:unix={folder}/s"
    for sig in (signal.SIGKILL, signal.SIGTERM):
        daemon = Daemon("--listen", link)
        tool = start("-l", link, "-t", "3600000", "--trace", "raw", "0x80", "5", "0")
        while b"send link 0" not in tool.stderr.readline():
            pass
        daemon.end(sig)
        _, err = tool.communicate(timeout=PATIENCE)
        check(tool.returncode == 1 and f"scmictl: 0x80:0x05: the link was lost while the call was in flight (link {link})"
              in err.decode(), "a platform that dies in a call", tool.returncode, err)
    daemon = Daemon("--listen", link)
    tools = [start("-l", link, *SLOW, "sensor", "board_temp", "--watch=0.05"),
             start("-l", link, *SLOW, "notify", "0x80", ",", "0x80", "6", "1")]
    for tool in tools:
        check(line_of(tool) != "", "nothing comes")
    daemon.end(signal.SIGKILL)
    for tool in tools:
        _, err = tool.communicate(timeout=PATIENCE)
        check(tool.returncode == 1 and f"(link {link})" in err.decode(), "a platform that has died", tool.returncode, err)


def test_reconnect(folder):
    link = f"mailbox:unix={folder}/s"
    daemon = Daemon("--listen", link)
    tool = start("-l", link + ",reconnect=20", *SLOW, "sensor", "board_temp", "--watch=0.05")
    check(line_of(tool) == "31.250 degC\n", "no value")
    daemon.end(signal.SIGKILL)
    time.sleep(0.3)  # for what was printed before, not for the tool
    os.set_blocking(tool.stdout.fileno(), False)
    tool.stdout.read()
    os.set_blocking(tool.stdout.fileno(), True)
    daemon = Daemon("--listen", link)
    check(line_of(tool) == "31.250 degC\n", "no value from the next platform")
    tool.send_signal(signal.SIGTERM)
    _, err = tool.communicate(timeout=PATIENCE)
    check(tool.returncode == 143 and err.count(b"scmictl: SENSOR_READING_GET: ") == 1, "told once", tool.returncode, err)
    daemon.end()


def test_wait(folder):
    link = f"mailbox:unix={folder}/s"
    check(ask("-l", link + ",wait=0", "info")[0] == 1, "nobody is there, and that is well")
    tool = start("-l", link + ",wait=60", *SLOW, "--json", "agents")
    time.sleep(0.1)
    daemon = Daemon("--listen", link)
    out, err = tool.communicate(timeout=PATIENCE)
    check(tool.returncode == 0 and b"agent-16" in out and err == b"", "wait=", tool.returncode, out, err)
    daemon.end()
    for option, name in (("wait=x", "seconds"), ("reconnect=0", "milliseconds"), ("timeout=1,timeout=2", "twice")):
        status, _, err = ask("-l", f"{link},{option}", "info")
        check(status == 2 and name in err and "Try" not in err, option, status, err)


def sleeps(daemon):
    """Whether the device's thread is not woken any more, within patience; nothing but the number of times it was."""
    def switches():
        status = pathlib.Path(f"/proc/{daemon.process.pid}/status").read_text()
        return sum(int(n) for n in re.findall(r"voluntary_ctxt_switches:\s+(\d+)", status))
    late = time.monotonic() + PATIENCE / 4
    while time.monotonic() < late:
        before = switches()
        time.sleep(0.5)
        if switches() - before < 5:
            return True
    return False


def test_idle(folder):
    """Nobody is there, or nobody who wants to be told anything; and then somebody again."""
    link = f"mailbox:unix={folder}/s"
    # Meanwhile another one has an agent that asks for a value each ten seconds, and is held from asking anything else.
    began = time.monotonic()
    patient = Daemon("--listen", link + "-patient")
    waiting = start("-l", link + "-patient", *SLOW, "--trace", "notify", "sensor", ",", "sensor", "0xa", "0",
                    "0xa0001", ",", "sensor", "0xb", "0", "1", "--count", "1")
    while not re.match(b"recv link 0 .* SENSOR_CONTINUOUS_UPDATE_NOTIFY ", waiting.stderr.readline()):
        pass
    waiting.send_signal(signal.SIGSTOP)
    daemon = Daemon("--listen", link)
    check(sleeps(daemon), "it does not sleep before anybody has come")
    for words in (("sensor", "battery_voltage_at_connector", "--async"), ("clock", "pll", "rate", "800MHz", "--async")):
        status, out, err = ask("-l", link, *SLOW, *words)
        check(status == 0, f"{words}: it sleeps over what is to be done later", status, out, err)
        check(sleeps(daemon), "it does not sleep after an agent has gone")
    for words in (("0x80", ",", "0x80", "6", "1"), ("base",), ("sensor", ",", "sensor", "0xb", "0", "1")):
        tool = start("-l", link, *SLOW, "notify", *words)
        check(line_of(tool) != "", "nothing comes", words)
        tool.kill()
        tool.communicate()
        check(sleeps(daemon), "it does not sleep after an agent has died that wanted to be told something", words)
    daemon.end()
    time.sleep(max(0, began + 13 - time.monotonic()))
    held = time.monotonic() - began
    waiting.send_signal(signal.SIGCONT)
    out, err = waiting.communicate(timeout=PATIENCE)
    stamp = re.search(r"^  16 +0x\w+ +(\d+) ", out.decode(), re.MULTILINE)
    # By the daemon's clock, which began a little later.
    check(stamp and int(stamp[1]) < (held - 1.5) * 1000000, "it sleeps, and an agent wants to be told something", held, out, err)
    patient.end()


def test_surroundings(folder):
    """What it is started with: few descriptors, none of the first three."""
    def few():
        resource.setrlimit(resource.RLIMIT_NOFILE, (40, resource.getrlimit(resource.RLIMIT_NOFILE)[1]))
        if not emulator:  # which would open something of its own there
            os.closerange(0, 3)
    link = f"mailbox:unix={folder}/s"
    daemon = Daemon("--listen", link, preexec_fn=few)
    proc = pathlib.Path(f"/proc/{daemon.process.pid}")
    if not emulator:
        names = [os.readlink(proc / "fd" / str(fd)) for fd in range(3)]
        check(names == 3 * ["/dev/null"], "the first three descriptors", names)
        soft, hard = re.search(r"Max open files\s+(\d+)\s+(\d+)", (proc / "limits").read_text()).groups()
        check(soft == hard, "descriptors", soft, hard)
    tools = [start("-l", link, *SLOW, "notify", "0x80", ",", "0x80", "6", "1") for _ in range(12)]
    for tool in tools:
        check(line_of(tool) != "", "no room for one of a dozen agents")
        tool.terminate()
    for tool in tools:
        tool.communicate()
    daemon.end()


def test_example(folder):
    """examples/open.c, which the README shows."""
    binary = pathlib.Path(scmid).parent.parent / "open"
    link = f"mailbox:unix={folder}/s"
    done = subprocess.run([*emulator, str(binary), link], capture_output=True, timeout=PATIENCE)
    check(done.returncode == 1 and done.stderr.decode() == f"open: {link}: the peer is not there\n", "nobody is there",
          done.returncode, done.stderr)
    daemon = Daemon("--listen", link)
    done = subprocess.run([*emulator, str(binary), link + ",timeout=60000"], capture_output=True, timeout=PATIENCE)
    check(done.returncode == 0 and done.stdout == b"sensor 1: 31250 thousandths\n", "the example", done.returncode,
          done.stdout, done.stderr)
    daemon.end()


def test_documents():
    help_text = subprocess.run([*emulator, scmid, "--help"], capture_output=True, timeout=PATIENCE).stdout.decode()
    page = (root / "docs/man/scmid.1").read_text().replace("\\-", "-")
    completion = (root / "examples/scmid/scmid.bash").read_text()
    for option in sorted(set(re.findall(r"--[a-z]+", help_text)) - {"--link"}):  # that one is scmictl's
        check(re.search(rf"^\.(B|BR) (.*[^-a-z])?{option}\b", page, re.MULTILINE), f"{option} in the manual page")
        check(option in completion, f"{option} in the completion")
    # Run by a script, the second line of an example comes before the first one listens.
    for text, name in ((help_text, "--help"), (page, "the manual page"), ((root / "README.md").read_text(), "README")):
        check(re.search(r"^ *scmid --listen \S+ &.*\n *scmictl --link \S+,wait=\d+ ", text, re.MULTILINE),
              f"no wait= in the example of {name}")
    for status in (0, 1, 2):
        check(page.count(f".B {status}\n") == 1, f"exit status {status} in the manual page")
    unit = (root / "examples/scmid/scmid.service.in").read_text()
    check("Type=notify" in unit and "ExecStart=@CMAKE_INSTALL_FULL_BINDIR@/scmid@SCMID_LISTENS@\n" in unit, "the unit")
    version = subprocess.run([*emulator, scmid, "--version"], capture_output=True, timeout=PATIENCE).stdout.decode()
    check(re.fullmatch(r"scmid \d+\.\d+\.\d+\n", version), "version", version)
    check(all(len(line) < 80 for line in help_text.splitlines()), "--help is wider than a terminal")


def main():
    for test in (test_mistakes, test_names, test_listeners, test_death, test_reconnect, test_wait,
                 test_idle, test_surroundings, test_example):
        with tempfile.TemporaryDirectory() as folder:
            test(folder)
    test_documents()
    print(f"{cases} checks, {faults} faults")
    return faults != 0


if __name__ == "__main__":
    sys.exit(main())
