#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""scmictl at a terminal, and how it ends: colours, Ctrl-C, SIGTERM, a reader that goes away.

    scmictl_terminal.py [EMULATOR..] PROGRAM
"""
import os
import pathlib
import signal
import socket
import subprocess
import tempfile
import time

from tool import LINKS, PATIENCE, Terminal, check, daemon, environment, program, report, run

BOLD = "\x1b[1m"
SLOW = ("-t", "60000")  # for slow machines only


def test_colours():
    terminal = Terminal("agents")
    status = terminal.end()
    check(status == 0 and terminal.output.startswith(BOLD + "id "), "no bold header", status, terminal.output)
    for changes in ({"NO_COLOR": "1"}, {"TERM": "dumb"}, {"TERM": None}):
        terminal = Terminal("agents", **changes)
        status = terminal.end()
        check(status == 0 and "\x1b" not in terminal.output, f"colours with {changes}", status, terminal.output)
    terminal = Terminal("--json", "agents")
    check(terminal.end() == 0 and "\x1b" not in terminal.output, "colours in JSON", terminal.output)
    status, out, _ = run("agents")
    check(status == 0 and "\x1b" not in out, "colours in a pipe", out)


def test_interrupt(link):
    # While it listens, while it waits for a reply that never comes, and while it sends one command after the other.
    listening = Terminal("-l", link, *SLOW, "notify", "0x80", ",", "0x80", "6", "1")
    check(listening.until("event 0x80:0x00", 2), "no event", listening.output)
    waiting = Terminal("-l", link, "-t", "3600000", "--trace", "raw", "0x80", "5", "0", ",", "base", "3")
    check(waiting.until("send link 0"), "nothing was sent", waiting.output)
    sending = Terminal("-l", link, *SLOW, "--trace", "stats", "--count", "1000000000")
    check(sending.until("send link 0"), "nothing was sent", sending.output)
    counting = Terminal("-l", link, *SLOW, "--trace", "bench", "--count", "1000000000")
    check(counting.until("send link 0"), "nothing was sent", counting.output)
    for terminal in (listening, waiting, sending, counting):
        terminal.type("\x03")
        status = terminal.end()
        check(status == 130, f"Ctrl-C, and the status is {status}", terminal.output[-1000:])
        check("scmictl: " not in terminal.output.split("^C")[-1], "told of Ctrl-C", terminal.output[-1000:])
    check("reply" not in waiting.output, "went on after Ctrl-C", waiting.output)
    check("equals submitted" in sending.output, "Ctrl-C took the counters", sending.output[-1000:])


def test_interrupt_without_a_platform():
    """Nobody is there yet, and somebody waits for him: at a socket that is not there, and behind one that says nothing."""
    if not daemon:
        return
    with tempfile.TemporaryDirectory() as folder, socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as silent:
        silent.bind(folder + "/silent")
        silent.listen(8)
        for name in ("nobody", "silent"):
            for sig in (signal.SIGINT, signal.SIGTERM):
                tool = start("-l", f"mailbox:unix={folder}/{name},wait=3600", "--json", "info",
                             preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL))
                late = time.monotonic() + 5  # under an emulator the mask is not to be seen
                status = pathlib.Path(f"/proc/{tool.pid}/status")
                while time.monotonic() < late and "SigBlk:\t0000000000000000" in status.read_text():
                    time.sleep(0.001)
                tool.send_signal(sig)
                try:
                    out, err = tool.communicate(timeout=PATIENCE)
                except subprocess.TimeoutExpired:
                    tool.kill()
                    out, err = tool.communicate()
                check(tool.returncode == 128 + sig and out == b"" and err == b"", f"{sig} while it waits at {name}",
                      tool.returncode, out, err)


def start(*words, **options):
    return subprocess.Popen([*program, *words], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                            stderr=subprocess.PIPE, env=environment(), **options)


def test_signals(link):
    command = ("-l", link, *SLOW, "--json", "notify", "0x80", ",", "0x80", "6", "1")
    tool = start(*command)
    first = tool.stdout.readline()
    tool.send_signal(signal.SIGTERM)
    out, err = tool.communicate()
    check(tool.returncode == 143 and err == b"", "SIGTERM", tool.returncode, err)
    check((first + out).rstrip().endswith(b"]}"), "SIGTERM took the end of the object", first + out)

    # In the background of a script SIGINT is ignored, and stays so.
    tool = start(*command, preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_IGN))
    tool.stdout.readline()
    tool.send_signal(signal.SIGINT)
    for _ in range(3):
        check(tool.stdout.readline() != b"", "SIGINT was ignored, and ended it")
    tool.terminate()
    tool.communicate()
    check(tool.returncode == 143, "SIGTERM after SIGINT", tool.returncode)


def test_broken_pipe(link):
    for words in (["notify", "0x80", ",", "0x80", "6", "1"], ["--json", "notify", "0x80", ",", "0x80", "6", "1"]):
        tool = start("-l", link, *SLOW, *words)
        tool.stdout.readline()
        tool.stdout.close()
        err = tool.stderr.read()
        check(tool.wait() == 1 and err == b"", "the reader has gone", tool.returncode, err)
    for words in (["info"], ["--json", "info"], ["raw", "base", "3"], ["stats"], ["--help"]):
        read, write = os.pipe()
        os.close(read)
        tool = subprocess.run([*program, "-l", link, *SLOW, *words], stdout=write, stderr=subprocess.PIPE, timeout=60)
        os.close(write)
        if words != ["--help"]:  # that one is argp's
            check(tool.returncode == 1 and tool.stderr == b"", f"{words}: no reader", tool.returncode, tool.stderr)


test_colours()
for uri in LINKS:
    if daemon and uri == daemon.link:
        daemon.start(agents=8)
    test_interrupt(uri)
    test_signals(uri)
    test_broken_pipe(uri)
test_interrupt_without_a_platform()
report()
