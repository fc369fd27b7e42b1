"""warden_site.py -- a site of sipwarden's programs on loopback, started for a test or the show.

Every server has a loopback address of its own, so that addresses tell servers
and people apart: homes 127.0.0.11, 127.0.0.12, the front-end 127.0.0.21; people
of ours 127.0.0.1, people outside 127.0.1.1.
"""
import atexit
import json
import os
import signal
import socket
import subprocess
import time

SETTLE_SECONDS = 20
HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))


def binary(name):
    folder = os.environ.get("SIPWARDEN_BIN", os.path.join(ROOT, "build", "dev", "bin"))
    return os.path.join(folder, name)


def until(condition, what, seconds=SETTLE_SECONDS):
    """Waits for a condition that must come true; says what did not."""
    end = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > end:
            raise AssertionError("did not happen within %d s: %s" % (seconds, what))
        time.sleep(0.02)


def free_port(kind=socket.SOCK_STREAM, host="127.0.0.1"):
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, kind) as probe:
        probe.bind((host, 0))
        return probe.getsockname()[1]


def free_pair(host):
    """A port that is free for TCP and for UDP."""
    while True:
        port = free_port(socket.SOCK_STREAM, host)
        try:
            with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET,
                               socket.SOCK_DGRAM) as probe:
                probe.bind((host, port))
                return port
        except OSError:
            continue


RUNNING = []


@atexit.register
def end_what_is_left():
    """A site that failed while it was being made is nobody's to stop."""
    for program in RUNNING:
        if program.process.poll() is None:
            program.process.kill()
            program.process.wait()


class Program:
    """One running program; its log is a file that tests may read."""

    def __init__(self, name, arguments, log, environment=None):
        self.name = name
        self.log = log
        self.arguments = [binary(name)] + arguments
        self.environment = dict(os.environ, **(environment or {}))
        self.process = None
        self.mark = 0

    def start(self, ready):
        self.mark = os.path.getsize(self.log) if os.path.exists(self.log) else 0
        with open(self.log, "ab") as out:
            self.process = subprocess.Popen(
                self.arguments, stdin=subprocess.DEVNULL, stdout=out, stderr=out,
                env=self.environment)
        if self not in RUNNING:
            RUNNING.append(self)
        until(lambda: self.says(ready) or self.process.poll() is not None,
              "%s says '%s'; its log: %s" % (self.name, ready, self.log))
        if self.process.poll() is not None:
            raise AssertionError("%s ended with %d:\n%s" % (
                self.name, self.process.returncode, self.text()))
        return self

    def text(self):
        with open(self.log, "rb") as file:
            file.seek(self.mark)
            return file.read().decode("utf-8", "replace")

    def says(self, words):
        return words in self.text()

    def stop(self, how=signal.SIGTERM):
        if self.process is None or self.process.poll() is not None:
            return self.process.returncode if self.process else None
        self.process.send_signal(how)
        try:
            self.process.wait(30)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            raise AssertionError("%s did not stop:\n%s" % (self.name, self.text()))
        return self.process.returncode

    def kill(self):
        return self.stop(signal.SIGKILL)


def merge(base, changes):
    for key, value in changes.items():
        if isinstance(value, dict) and isinstance(base.get(key), dict):
            merge(base[key], value)
        else:
            base[key] = value
    return base


class Site:
    """Folders, configurations and programs of one test."""

    def __init__(self, folder):
        self.folder = str(folder)
        self.run = os.path.join(self.folder, "run")
        self.programs = {}
        self.users = []
        os.makedirs(self.run, mode=0o750, exist_ok=True)
        self.signatures = os.path.join(ROOT, "policies", "default", "signatures")
        self.rules = None
        self.deployment_key = self.write("deployment.key", "sixteen bytes and more")
        os.chmod(self.deployment_key, 0o600)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()

    def path(self, *names):
        return os.path.join(self.folder, *names)

    def socket(self, name):
        return os.path.join(self.run, name)

    def write(self, name, text):
        path = self.path(name)
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        return path

    def write_users(self, users):
        """users: {address: home}."""
        self.users_file = self.write("users.yaml", json.dumps({"users": [
            {"address": address, "home": home} for address, home in users.items()]}))
        return self.users_file

    def write_rules(self, rules):
        self.rules = self.write("content.yaml", json.dumps({"rules": rules}))
        return self.rules

    def settings(self, name, role, listen, **changes):
        """The configuration of one server, as a dictionary (JSON is YAML)."""
        base = {
            "server": {
                "name": name, "role": role, "domains": ["example.com"],
                "data": self.path("data-" + name),
                "deployment_key": self.deployment_key,
                "inside": ["127.0.0.0/24", "::1/128"],
                "socket": self.socket(name.split(".")[0]),
            },
            "listen": [{"transport": transport, "address": address}
                       for transport, address in listen],
            "authentication": "none",
            "limits": {"client_requests": 100000},
            "stages": {"virus-scan": {"socket": self.socket("scanner")}},
            "archive": {
                "socket": self.socket("archiver"), "journal": self.path("journal"),
                "reserve": "1MB",
            },
            "store": {"socket": self.socket("store"), "index": self.path("index")},
            "scanner": {"signatures": self.signatures, "workers": 2},
        }
        if getattr(self, "users_file", None):
            base["users"] = self.users_file
        if self.rules:
            base["stages"]["content-filter"] = {"rules": self.rules}
        merge(base, changes)
        os.makedirs(base["server"]["data"], exist_ok=True)
        return base

    def configure(self, name, role, listen, **changes):
        settings = self.settings(name, role, listen, **changes)
        return self.write(name + ".yaml", json.dumps(settings, indent=2))

    def start(self, program, config, ready, label=None):
        label = label or program
        started = Program(program, ["--config", config], self.path(label + ".log"))
        started.start(ready)
        self.programs[label] = started
        return started

    def archiver(self, config):
        return self.start("sipwarden-archiver", config, "taking records")

    def scanner(self, config):
        return self.start("sipwarden-scanner", config, "ready")

    def store(self, config):
        return self.start("sipwarden-store", config, "index at record")

    def publisher(self, config):
        return self.start("sipwarden-publisher", config, "publishing")

    def proxy(self, config, label="sipwarden-proxy"):
        return self.start("sipwarden-proxy", config, "ready server=", label)

    def command(self, config, *arguments, check=True):
        """Runs `sipwarden ARGUMENTS` and gives back its finished process."""
        done = subprocess.run(
            [binary("sipwarden"), arguments[0], "--config", config, *arguments[1:]],
            capture_output=True, text=True, timeout=120, stdin=subprocess.DEVNULL)
        if check and done.returncode != 0:
            raise AssertionError("sipwarden %s ended with %d:\n%s%s" % (
                " ".join(arguments), done.returncode, done.stdout, done.stderr))
        return done

    def rows(self, config, *arguments):
        """The rows that a command prints with --json."""
        done = self.command(config, arguments[0], "--json", *arguments[1:])
        return [json.loads(line) for line in done.stdout.splitlines() if line.strip()]

    def stop(self):
        faults = []
        for label in reversed(list(self.programs)):
            try:
                self.programs[label].stop()
            except AssertionError as fault:
                faults.append(str(fault))
        if faults:
            raise AssertionError("\n".join(faults))
