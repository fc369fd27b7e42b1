"""stage.py -- the show's three servers and what stands behind them: configuration and programs."""
import contextlib
import fcntl
import os
import secrets
import shutil

from programs import Fault, free_port, launch

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(HERE)
SUPPORT = os.path.join(ROOT, "tests", "support")
SERVERS = {
    "home1": ("home", "127.0.0.11"),
    "home2": ("home", "127.0.0.12"),
    "fe1": ("front-end", "127.0.0.21"),
}
PROGRAMS = ["sipwarden", "sipwarden-archiver", "sipwarden-scanner", "sipwarden-store",
            "sipwarden-proxy"]
SOCKET_PATH_BYTES = 108
MARK = "made-by-sipwarden-show"


def fill(template, **values):
    """A template of the show with each @name@ replaced."""
    with open(os.path.join(HERE, template), encoding="utf-8") as file:
        text = file.read()
    for key, value in values.items():
        text = text.replace("@%s@" % key, str(value))
    return text


def empty_folder(folder):
    """Makes the folder anew; one that no show has made, or that one still uses, is left alone."""
    if os.path.isdir(folder) and os.listdir(folder):
        if not os.path.exists(os.path.join(folder, MARK)):
            raise Fault("%s is not empty and was not made by the show: it stays as it is. "
                        "Name another with --folder." % folder)
        with locked(folder):
            shutil.rmtree(folder)
    if len(os.path.join(folder, "sockets", "publisher")) >= SOCKET_PATH_BYTES:
        raise Fault("%s is too long a path for local sockets (at most %d bytes). Name a shorter "
                    "one with --folder." % (folder, SOCKET_PATH_BYTES - len("/sockets/publisher")))
    try:
        os.makedirs(folder, mode=0o750, exist_ok=True)
    except OSError as error:
        raise Fault("%s cannot be made: %s. Name another with --folder." % (
            folder, error.strerror)) from error
    with open(os.path.join(folder, MARK), "w", encoding="utf-8") as file:
        file.write("The show made this folder and empties it when it runs again.\n")


@contextlib.contextmanager
def locked(folder):
    """While one show uses the folder no other does."""
    with open(os.path.join(folder, MARK), "r", encoding="utf-8") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise Fault("A show is running in %s. End it with Ctrl-C, or name another folder "
                        "with --folder." % folder) from None
        yield


class Stage:
    """Folders, configurations and programs."""

    def __init__(self, folder, build, signatures=None):
        self.folder = folder
        self.bin = os.path.join(build, "bin")
        self.signatures = signatures or os.path.join(ROOT, "policies", "default", "signatures")
        self.programs = []
        self.brokers = None
        self.ports = {name: free_port(host) for name, (_, host) in SERVERS.items()}

    def path(self, *names):
        return os.path.join(self.folder, *names)

    def program_path(self, name):
        return os.path.join(self.bin, name)

    def require_programs(self, more=()):
        missing = [name for name in PROGRAMS + list(more)
                   if not os.access(self.program_path(name), os.X_OK)]
        if missing:
            raise Fault("Not built: %s (looked in %s). ./dev build makes them." % (
                ", ".join(missing), self.bin))

    def address(self, server):
        return "%s:%d" % (SERVERS[server][1], self.ports[server])

    # -- configuration ----------------------------------------------------------

    def write(self, name, text):
        path = self.path(name)
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        return path

    def config(self, server="home1"):
        return self.path(server + ".yaml")

    def others(self, server):
        line = "  - {name: %s.example.com, address: \"%s\", transport: udp, role: %s}\n"
        return "".join(line % (other, self.address(other), role)
                       for other, (role, _) in SERVERS.items() if other != server)

    def make_folders(self):
        for name in ("data", "sockets", "log", "clients"):
            os.makedirs(self.path(name), mode=0o750)

    def configure(self):
        self.write("deployment.key", secrets.token_hex(32) + "\n")
        os.chmod(self.path("deployment.key"), 0o600)
        for name in ("users.yaml", "content.yaml"):
            self.write(name, fill(os.path.join("configuration", name)))
        kafka = "  kafka: {brokers: \"%s\", partitions: 3, socket: sockets/publisher}\n" % (
            self.brokers) if self.brokers else ""
        for server, (role, _) in SERVERS.items():
            os.makedirs(self.path("data", server), mode=0o750)
            self.write(server + ".yaml", fill(
                "configuration/server.yaml", name=server + ".example.com", short=server,
                role=role, address=self.address(server), others=self.others(server),
                signatures=self.signatures, kafka=kafka))

    # -- programs -----------------------------------------------------------------

    def launch(self, *arguments, **options):
        """Starts a program that stop() will end."""
        return launch(self.programs, *arguments, **options)

    def start(self, name, ready, label=None, server="home1"):
        label = label or name
        return self.launch(label, [self.program_path(name), "--config", self.config(server)],
                           self.path("log", label + ".log")).wait_for(ready)

    def start_all(self):
        self.start("sipwarden-archiver", "taking records")
        self.start("sipwarden-scanner", "ready")
        self.start("sipwarden-store", "index at record")
        if self.brokers:
            self.start("sipwarden-publisher", "publishing")
        for server in SERVERS:
            self.start("sipwarden-proxy", "ready server=", server, server)

    def must_live(self):
        for program in self.programs:
            program.must_live()

    def stop(self):
        """Proxies first, the archiver last. Returns sentences on what did not end well."""
        faults = [program.stop() for program in reversed(self.programs)]
        self.programs = []
        return [fault for fault in faults if fault]
