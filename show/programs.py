"""programs.py -- starts the programs of the show, watches them and stops those it started."""
import ctypes
import os
import signal
import socket
import subprocess
import time

PATIENCE_SECONDS = 30
PR_SET_PDEATHSIG = 1
STOPS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Fault(Exception):
    """A sentence for the person who runs the show."""


def say(text=""):
    print(text, flush=True)


def last_lines(path, count=12):
    try:
        with open(path, "rb") as file:
            lines = file.read().decode("utf-8", "replace").splitlines()
    except OSError:
        return "    (no log)"
    return "\n".join("    " + line[:300] for line in lines[-count:]) or "    (its log is empty)"


class Waiting:
    """Says every two seconds what is being waited for, from the second second on."""

    def __init__(self, what):
        self.what = what
        self.began = time.monotonic()
        self.spoken = self.began

    def tick(self):
        now = time.monotonic()
        if now - self.spoken >= 2:
            self.spoken = now
            say("         ... %s (%d s)" % (self.what, now - self.began))
        time.sleep(0.02)

    def seconds(self):
        return time.monotonic() - self.began


def until(condition, what, fault, seconds=PATIENCE_SECONDS):
    """Waits for what must come; else raises a Fault with that sentence."""
    waiting = Waiting(what)
    while True:
        value = condition()
        if value:
            return value
        if waiting.seconds() > seconds:
            raise Fault(fault() if callable(fault) else fault)
        waiting.tick()


def free_port(host):
    """A port that is free on this address for UDP and TCP, and the next one too
    (baresip takes port + 1 for itself)."""
    for _ in range(100):
        with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as stream:
            stream.bind((host, 0))
            port = stream.getsockname()[1]
        if all(is_free(kind, host, port + more) for more in (0, 1)
               for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM)):
            return port
    raise Fault("No free port was found on %s." % host)


def is_free(kind, host, port):
    with socket.socket(socket.AF_INET, kind) as probe:
        try:
            probe.bind((host, port))
        except (OSError, OverflowError):
            return False
    return True


def prepare_child():
    """A show that is killed leaves nothing running."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, STOPS)


def launch(programs, *arguments, **options):
    """Starts a program and notes it: no signal comes between the two."""
    signal.pthread_sigmask(signal.SIG_BLOCK, STOPS)
    try:
        programs.append(Program(*arguments, **options))
        return programs[-1]
    finally:
        signal.pthread_sigmask(signal.SIG_UNBLOCK, STOPS)


class Program:
    """One running program in a session of its own, so that Ctrl-C ends the show first."""

    def __init__(self, label, arguments, log, environment=None, typed=False,
                 folder=None, group=False, fine=()):
        """typed: type() writes to its input; group: its children are stopped with it;
        fine: further exit statuses of an orderly stop."""
        self.label = label
        self.group = group
        self.mourned = False
        self.fine = (0, -signal.SIGTERM, *fine)
        self.log = log
        try:
            with open(log, "wb") as out:
                self.process = subprocess.Popen(
                    arguments, stdin=subprocess.PIPE if typed else subprocess.DEVNULL,
                    stdout=out, stderr=out, env=dict(os.environ, TERM="dumb", **(environment or {})),
                    cwd=folder, start_new_session=True,
                    preexec_fn=prepare_child)
        except OSError as error:
            raise Fault("%s cannot be started: %s" % (
                arguments[0], error.strerror)) from error

    def text(self):
        with open(self.log, "rb") as file:
            return file.read().decode("utf-8", "replace")

    def type(self, line):
        try:
            self.process.stdin.write((line + "\n").encode("utf-8"))
            self.process.stdin.flush()
        except OSError:
            self.must_live()

    def must_live(self):
        status = self.process.poll()
        if status is not None:
            self.mourned = True
            raise Fault("%s ended by itself (%s). The last lines of %s:\n%s" % (
                self.label, how_ended(status), self.log, last_lines(self.log)))

    def says(self, words):
        self.must_live()
        return words in self.text()

    def wait_for(self, words):
        until(lambda: self.says(words), "%s starts" % self.label,
              lambda: "%s did not say \"%s\". The last lines of %s:\n%s" % (
                  self.label, words, self.log, last_lines(self.log)))
        return self

    def signal(self, number):
        if self.group:
            os.killpg(self.process.pid, number)
        else:
            self.process.send_signal(number)

    def stop(self, seconds=20):
        """Returns a sentence when it did not end well, else None."""
        status = self.process.poll()
        if status is not None:
            return None if self.mourned else "%s had ended by itself (%s)" % (
                self.label, how_ended(status))
        self.signal(signal.SIGTERM)
        try:
            self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            self.signal(signal.SIGKILL)
            self.process.wait()
            return "%s did not stop within %d s and was killed" % (self.label, seconds)
        status = self.process.returncode
        if status in self.fine:
            return None
        return "%s stopped with %s" % (self.label, how_ended(status))


def how_ended(status):
    if status < 0:
        return "signal %s" % signal.Signals(-status).name
    return "status %d" % status
