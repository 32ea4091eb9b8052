# SPDX-License-Identifier: BSD-3-Clause
"""What the tests of scmictl in Python share: it is run with pipes or at a terminal, and faults are counted."""
import atexit
import os
import pathlib
import pty
import select
import shutil
import signal
import subprocess
import sys
import tempfile
import time

PATIENCE = 60  # seconds; for slow machines only
LINKS = ["loopback:", "loopback:threaded"]

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


class Daemon:
    """An scmid at a socket of its own. Where it was built, its link is one of LINKS."""

    def __init__(self, binary):
        self.command = [*program[:-1], binary]
        self.folder = tempfile.mkdtemp()
        self.link = f"mailbox:unix={self.folder}/s"
        self.process = None
        atexit.register(self.forget)

    def start(self, agents=2):
        self.process = subprocess.Popen([*self.command, "--listen", f"{self.link},agents={agents}"],
                                        stdin=subprocess.DEVNULL)
        end = time.monotonic() + PATIENCE
        while not self.listens() and time.monotonic() < end:
            time.sleep(0.001)

    def listens(self):
        """The socket has its name only when somebody listens at it."""
        return os.path.exists(self.folder + "/s")

    def stop(self):
        """It has to end well each time, with its socket gone."""
        self.process.terminate()
        status = self.process.wait(PATIENCE)
        check(status == 0 and os.listdir(self.folder) == [], "scmid does not end well", status, os.listdir(self.folder))
        self.process = None

    def fresh(self):
        """Each run of scmictl on loopback finds a new device, and so here."""
        if self.process:
            self.stop()
        self.start()

    def forget(self):
        if self.process:
            self.process.kill()
            self.process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)


def find_daemon():
    """$SCMID, which may be empty; without it, what lies beside scmictl."""
    beside = pathlib.Path(program[-1]).parent.parent / "scmid" / "scmid"
    binary = os.environ.get("SCMID", str(beside) if beside.exists() else "")
    return Daemon(binary) if binary else None


daemon = find_daemon()
if daemon:
    LINKS.append(daemon.link)


def names_on(link):
    """Vendor, our name, and that of the other agent."""
    return ("scmid", "agent-1", "agent-2") if daemon and link == daemon.link else ("scmictl", "scmictl", "somebody else")


def run(*words, **options):
    """With pipes. Returns status, stdout, stderr."""
    options.setdefault("env", environment())
    if daemon and daemon.link in words:
        daemon.fresh()
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
    if daemon and daemon.process:
        daemon.stop()
    print(f"{cases} checks, {faults} faults")
    sys.exit(faults != 0)
