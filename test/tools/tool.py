# SPDX-License-Identifier: BSD-3-Clause
"""What the tests of scmictl in Python share: it is run with pipes or at a terminal, and faults are counted."""
import os
import pty
import select
import signal
import subprocess
import sys
import time

PATIENCE = 60  # seconds; for slow machines only
LINKS = ("loopback:", "loopback:threaded")

program = sys.argv[1:]
cases = 0
faults = 0


def environment(**changes):
    """Of a terminal that can show all, but for the changes; None takes a variable away."""
    env = dict(os.environ, TERM="xterm", LC_ALL="C.UTF-8", NO_COLOR="")
    env.update(changes)
    return {name: value for name, value in env.items() if value is not None}


def check(good, what, *seen):
    global cases, faults
    cases += 1
    if good:
        return
    faults += 1
    print("FAULT:", what)
    for item in seen:
        print("   ", repr(item))


def run(*words, **options):
    """With pipes. Returns status, stdout, stderr."""
    options.setdefault("env", environment())
    done = subprocess.run([*program, *words], stdin=subprocess.DEVNULL, capture_output=True, timeout=PATIENCE,
                          **options)
    return done.returncode, done.stdout.decode(), done.stderr.decode()


class Terminal:
    """A run at a terminal of its own: stdin, stdout and stderr."""

    def __init__(self, *words, **changes):
        self.output = ""
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            signal.signal(signal.SIGINT, signal.SIG_DFL)  # the tests may run in the background, where it is ignored
            os.execvpe(program[0], [*program, *words], environment(**changes))

    def _read(self):
        ready, _, _ = select.select([self.fd], [], [], 0.1)
        if not ready:
            return True
        try:
            data = os.read(self.fd, 65536)
        except OSError:  # what Linux says when nobody has the terminal open any more
            return False
        self.output += data.decode(errors="replace")
        return data != b""

    def until(self, text, times=1):
        """Reads until the text has come so many times. Returns whether it has."""
        end = time.monotonic() + PATIENCE
        while self.output.count(text) < times and time.monotonic() < end:
            if not self._read():
                break
        return self.output.count(text) >= times

    def type(self, text):
        os.write(self.fd, text.encode())

    def end(self):
        """Reads the rest. Returns the exit status, or minus the signal's number."""
        end = time.monotonic() + PATIENCE
        while self._read():
            if time.monotonic() > end:
                os.kill(self.pid, signal.SIGKILL)
        os.close(self.fd)
        return os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])


def report():
    print(f"{cases} checks, {faults} faults")
    sys.exit(faults != 0)
