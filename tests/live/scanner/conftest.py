"""conftest.py -- starts the real sipwarden-scanner for each test."""
import os
import pathlib
import signal
import subprocess
import time

import pytest

from asker import Asker

ROOT = pathlib.Path(__file__).resolve().parents[3]
SIGNATURES = ROOT / "policies" / "default" / "signatures"
PATIENCE = 60


def binary(name):
    folder = os.environ.get("SIPWARDEN_BIN")
    if not folder:
        pytest.skip("SIPWARDEN_BIN names no folder of programs")
    return str(pathlib.Path(folder).resolve() / name)


def until(what, condition):
    """What condition() returns, once it is true."""
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        result = condition()
        if result:
            return result
        time.sleep(0.01)
    raise AssertionError(f"never came: {what}")


def cpu_ticks(pid):
    try:
        fields = pathlib.Path(f"/proc/{pid}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return 0
    fields = fields.rpartition(")")[2].split()
    return int(fields[11]) + int(fields[12])


class Scanner:
    def __init__(self, folder, signatures, settings):
        self.folder = folder
        self.socket = settings.pop("socket", folder / "socket")
        self.data = folder / "data"
        self.data.mkdir()
        self.config = folder / "sipwarden.yaml"
        lines = "".join(f"  {key}: {value}\n" for key, value in settings.items())
        self.config.write_text(
            "server:\n"
            "  name: home1.example.com\n"
            "  role: home\n"
            "  domains: [example.com]\n"
            f"  data: {self.data}\n"
            "listen:\n"
            "  - {transport: udp, address: \"127.0.0.1:5060\"}\n"
            "scanner:\n"
            f"  socket: {self.socket}\n"
            f"  signatures: {signatures}\n" + lines)
        self.log_file = folder / "log"
        self.askers = []
        with open(self.log_file, "wb") as log:
            self.process = subprocess.Popen(
                [binary("sipwarden-scanner"), "--config", str(self.config)],
                stderr=log, stdin=subprocess.DEVNULL)

    def log(self):
        return self.log_file.read_text()

    def await_log(self, text, times=1):
        def there():
            assert self.process.poll() is None, self.log()
            return self.log().count(text) >= times
        until(f"log line {text!r} in {self.log()}", there)

    def ask(self):
        asker = Asker(self.socket)
        self.askers.append(asker)
        return asker

    def reload(self):
        self.process.send_signal(signal.SIGHUP)

    def children(self, name, parent=None):
        """Pids of the loaders, or of the workers below them."""
        if name == "scanner-worker":
            return [pid for loader in self.children("scanner-loader")
                    for pid in self.named(name, loader)]
        return self.named(name, self.process.pid)

    @staticmethod
    def named(name, parent):
        found = []
        for entry in pathlib.Path("/proc").glob("[0-9]*/stat"):
            try:
                head, _, rest = entry.read_text().rpartition(")")
            except (FileNotFoundError, ProcessLookupError):
                continue
            fields = rest.split()
            if (head.partition("(")[2] == name and fields[0] not in "ZX"
                    and int(fields[1]) == parent):
                found.append(int(entry.parent.name))
        return found

    def busy_worker(self):
        """The pid of a worker that has begun to use the processor."""
        def busy():
            return [pid for pid in self.children("scanner-worker")
                    if cpu_ticks(pid) > 4]
        return until("a busy worker", busy)[0]

    def stop(self):
        for asker in self.askers:
            asker.close()
        if self.process.poll() is None:
            self.process.terminate()
        return self.process.wait(PATIENCE)


@pytest.fixture
def start(tmp_path):
    """start(signatures=FOLDER, setting=value...) -> a ready Scanner."""
    scanners = []

    def begin(signatures=SIGNATURES, ready=True, **settings):
        folder = tmp_path / f"scanner{len(scanners)}"
        folder.mkdir()
        scanner = Scanner(folder, signatures, {"workers": 1, **settings})
        scanners.append(scanner)
        if ready:
            scanner.await_log("info: ready")
        return scanner

    yield begin
    for scanner in scanners:
        scanner.stop()
        print(scanner.log())


@pytest.fixture
def signatures(tmp_path):
    """A signature folder of the test's own, with our signatures in it."""
    folder = tmp_path / "signatures"
    folder.mkdir()
    for file in SIGNATURES.iterdir():
        (folder / file.name).write_bytes(file.read_bytes())
    return folder
