"""asker.py -- an asker of sipwarden-scanner, written from scan_protocol.h."""
import array
import fcntl
import os
import socket
import struct
from dataclasses import dataclass

REQUEST, VERDICT, CANCEL, HELLO = 1, 2, 3, 4
WITH_DESCRIPTOR = 0x80000000
OUTCOMES = {1: "clean", 2: "infected", 3: "unscannable", 4: "failed", 5: "busy"}
ALL_SEALS = fcntl.F_SEAL_WRITE | fcntl.F_SEAL_GROW | fcntl.F_SEAL_SHRINK


@dataclass
class Verdict:
    job: int
    outcome: str
    generation: int
    size: int
    sha256: bytes
    name: str


def sealed(content, seals=ALL_SEALS):
    """A memfd with this content; the caller closes it."""
    memfd = os.memfd_create("test", os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
    view = memoryview(content)
    while view:
        view = view[os.write(memfd, view):]
    if seals:
        fcntl.fcntl(memfd, fcntl.F_ADD_SEALS, seals)
    return memfd


class Asker:
    def __init__(self, path, patience=60):
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.socket.settimeout(patience)
        self.socket.connect(str(path))
        self.jobs = 0

    def close(self):
        self.socket.close()

    def send_frame(self, kind, payload, descriptor=None):
        ancillary = []
        if descriptor is not None:
            kind |= WITH_DESCRIPTOR
            ancillary = [(socket.SOL_SOCKET, socket.SCM_RIGHTS,
                          array.array("i", [descriptor]))]
        head = struct.pack("!II", 4 + len(payload), kind)
        self.socket.sendmsg([head + payload], ancillary)

    def exactly(self, size):
        parts = b""
        while len(parts) < size:
            got = self.socket.recv(size - len(parts))
            if not got:
                raise ConnectionError("the scanner closed")
            parts += got
        return parts

    def next_frame(self):
        size, kind = struct.unpack("!II", self.exactly(8))
        return kind, self.exactly(size - 4)

    def hello(self):
        kind, payload = self.next_frame()
        assert kind == HELLO
        return struct.unpack("!QI", payload)

    def send(self, content, name="file", sender=1, deadline_ms=60000,
             seals=ALL_SEALS, job=None):
        """Sends bytes, or a descriptor; returns the job's number."""
        descriptor = (content if isinstance(content, int)
                      else sealed(content, seals))
        if job is None:
            self.jobs += 1
            job = self.jobs
        name = name.encode()
        head = struct.pack("!IIII", job, deadline_ms, sender, len(name))
        self.send_frame(REQUEST, head + name, descriptor)
        os.close(descriptor)
        return job

    def cancel(self, job):
        self.send_frame(CANCEL, struct.pack("!I", job))

    def verdict(self):
        """The next verdict, whichever job it is for."""
        while True:
            kind, payload = self.next_frame()
            if kind == VERDICT:
                break
            assert kind == HELLO
        job, outcome, generation, size, sha256, length = struct.unpack(
            "!IIQQ32sI", payload[:60])
        assert len(payload) == 60 + length
        return Verdict(job, OUTCOMES[outcome], generation, size, sha256,
                       payload[60:].decode("ascii"))

    def judge(self, content, **details):
        job = self.send(content, **details)
        verdict = self.verdict()
        assert verdict.job == job
        return verdict
