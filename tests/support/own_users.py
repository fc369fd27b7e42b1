"""own_users.py -- a site whose programs run as users of their own, with the folders and modes of packaging/.

Users and groups are numbers without names: nothing of the machine is changed.
"""
import json
import os
import shutil
import signal
import subprocess
import tempfile

from sip import Agent
from warden_site import ROOT, Program, binary, free_pair, until

PROXY, SCANNER, ARCHIVER, PUBLISHER, STORE, STRANGER = range(64101, 64107)
TALKERS, READERS, NOBODY = 64201, 64202, 64203  # groups: of the sockets, of the journal, none
USERS = {"proxy": PROXY, "scanner": SCANNER, "archiver": ARCHIVER, "publisher": PUBLISHER,
         "store": STORE}
READY = {"proxy": "ready server=", "scanner": "ready signatures", "archiver": "taking records",
         "publisher": "publishing", "store": "index at record"}
HOST = "127.0.0.11"
KEY = os.urandom(4000)  # so long that nothing overwrites all of it by chance
PROGRAMS = ("sipwarden", *("sipwarden-" + name for name in USERS))


class OwnProgram(Program):
    """A Program under a user of its own, without capabilities to inherit."""

    def __init__(self, name, config, log, user, groups, folder, environment):
        super().__init__(name, ["--config", config], log, environment)
        self.arguments = ["setpriv", "--reuid", str(user), "--regid", str(TALKERS),
                          "--groups", ",".join(map(str, groups)), "--bounding-set=-all",
                          "--inh-caps=-all", os.path.join(folder, name), *self.arguments[1:]]


def build_probe(folder):
    source = os.path.join(ROOT, "tests", "support", "isolation", "probe.c")
    library = os.path.join(folder, "probe.so")
    subprocess.run(["cc", "-shared", "-fPIC", "-D_GNU_SOURCE", "-o", library, source], check=True)
    return library


class OwnUsers:
    """Folders as packaging/tmpfiles.conf.in makes them; a program each."""

    def __init__(self):
        self.folder = tempfile.mkdtemp(prefix="sipwarden-users-")
        os.chmod(self.folder, 0o755)
        self.programs, self.agents = {}, []
        self.port = free_pair(HOST)
        for folder in ("bin", "etc", "data", "run", "log"):
            os.mkdir(self.path(folder), 0o755)
        for name in PROGRAMS:
            shutil.copy(binary(name), self.path("bin", name))
        shutil.copytree(os.path.join(ROOT, "policies", "default", "signatures"),
                        self.path("signatures"))
        self.library = build_probe(self.folder)
        self.make_folder("data/journal", ARCHIVER, READERS, 0o2750)
        self.make_folder("data/index", STORE, STORE, 0o700)
        for name in ("proxy", "scanner", "publisher"):
            self.make_folder("data/" + name, USERS[name], NOBODY, 0o700)
        for name, user in USERS.items():
            self.make_folder("run/" + name, user, TALKERS, 0o750)
        self.configure()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        try:
            for agent in self.agents:
                agent.close()
            for name in reversed(list(self.programs)):
                # without its broker the publisher's stop takes its time
                stop = self.programs[name].kill if name == "publisher" else self.programs[name].stop
                stop()
        finally:
            shutil.rmtree(self.folder)

    def path(self, *names):
        return os.path.join(self.folder, *names)

    def socket(self, name):
        return self.path("run", name, "socket")

    def make_folder(self, name, user, group, mode):
        os.mkdir(self.path(name))
        os.chown(self.path(name), user, group)
        os.chmod(self.path(name), mode)

    def write(self, name, data, user=0, group=0, mode=0o644):
        path = self.path("etc", name)
        with open(path, "wb") as file:
            file.write(data if isinstance(data, bytes) else json.dumps(data).encode())
        os.chown(path, user, group)
        os.chmod(path, mode)
        return path

    def configure(self):
        address = "%s:%d" % (HOST, self.port)
        users = [{"address": name + "@example.com", "home": "home1.example.com"}
                 for name in ("alice", "bob")]
        rules = [{"name": "falcon-names", "terms": ["falcon"], "action": "block"}]
        self.key = self.write("deployment.key", KEY, PROXY, NOBODY, 0o600)
        self.config = self.write("sipwarden.yaml", {
            "server": {"name": "home1.example.com", "role": "home", "domains": ["example.com"],
                       "data": self.path("data"), "deployment_key": self.key,
                       "inside": ["127.0.0.0/24"], "socket": self.socket("proxy")},
            "program_users": {name: str(user) for name, user in USERS.items()},
            "listen": [{"transport": kind, "address": address} for kind in ("udp", "tcp")],
            "users": self.write("users.yaml", {"users": users}),
            "authentication": "none",
            "stages": {"virus-scan": {"socket": self.socket("scanner")},
                       "content-filter": {"rules": self.write("content.yaml", {"rules": rules})}},
            "archive": {"socket": self.socket("archiver"), "journal": self.path("data", "journal"),
                        "reserve": "1MB",
                        "kafka": {"brokers": "127.0.0.1:9", "socket": self.socket("publisher")}},
            "store": {"socket": self.socket("store"), "index": self.path("data", "index")},
            "scanner": {"socket": self.socket("scanner"), "signatures": self.path("signatures"),
                        "workers": 1}})

    def start(self, name, attempts=(), deadly=""):
        groups = [TALKERS, READERS] if name in ("publisher", "store") else [TALKERS]
        program = OwnProgram("sipwarden-" + name, self.config, self.path("log", name), USERS[name],
                             groups, self.path("bin"),
                             {"LD_PRELOAD": self.library, "SIPWARDEN_PROBE": ",".join(attempts),
                              "SIPWARDEN_PROBE_DEADLY": deadly})
        self.programs[name] = program
        return program.start(READY[name])

    def start_all(self):
        for name in ("archiver", "scanner", "proxy", "publisher", "store"):
            self.start(name)

    def agent(self, user):
        agent = Agent(user, (HOST, self.port), transport="tcp")
        self.agents.append(agent)
        assert agent.register().status == 200
        return agent

    def sipwarden(self, *arguments):
        return subprocess.run([self.path("bin", "sipwarden"), arguments[0], "--config", self.config,
                               *arguments[1:]], capture_output=True, text=True, timeout=60,
                              stdin=subprocess.DEVNULL, check=False)

    def found(self, words):
        """How many messages the store finds, asked by root."""
        done = self.sipwarden("search", "--json", words)
        assert done.returncode == 0, done.stderr
        return sum('"message' in line for line in done.stdout.splitlines())

    def processes(self, name):
        """The program and its children, oldest first."""
        pids = [self.programs[name].process.pid]
        for pid in pids:
            with open("/proc/%d/task/%d/children" % (pid, pid), encoding="ascii") as file:
                pids += [int(word) for word in file.read().split()]
        return pids

    def probe(self, name, pid=None):
        """{attempt: errno} of what the process attempted."""
        program = self.programs[name]
        pid = pid or program.process.pid
        os.kill(pid, signal.SIGUSR1)
        until(lambda: program.says("probe %d done" % pid), "the probe of %s is through:\n%s" % (
            name, program.text()))
        lines = [line.split() for line in program.text().splitlines()
                 if line.startswith("probe %d " % pid)]
        return {words[2]: int(words[3]) for words in lines}
