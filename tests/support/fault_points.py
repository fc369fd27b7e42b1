"""fault_points.py -- the test's side of faults.c: plans what fails in a program, and when.

    faults = Faults(tmp_path)
    with faults.in_all():
        site.archiver(config)
    faults.plan("fdatasync:/journal/:1:EIO")    # see faults.c for what a rule says
    ...
    assert faults.fired() == [1]
"""
import contextlib
import mmap
import os
import struct

from warden_site import binary

PAGE, PLAN, PLAN_BYTES, MET, RULES = 4096, 16, 2016, 2032, 16


class Faults:
    """One page, for one program or several that share a plan."""

    def __init__(self, folder, name="faults"):
        self.path = os.path.join(str(folder), name)
        with open(self.path, "wb") as file:
            file.write(bytes(PAGE))
        with open(self.path, "r+b") as file:
            self.page = mmap.mmap(file.fileno(), PAGE)
        self.generation = self.rules = 0

    @property
    def environment(self):
        return {"LD_PRELOAD": binary("libsipwarden-faults.so"), "SIPWARDEN_FAULTS": self.path}

    @contextlib.contextmanager
    def in_all(self):
        """Every program that is started within has its faults from here."""
        before = {name: os.environ.get(name) for name in self.environment}
        os.environ.update(self.environment)
        try:
            yield
        finally:
            for name, value in before.items():
                os.environ.pop(name)
                if value is not None:
                    os.environ[name] = value

    def plan(self, *rules):
        """From now on these fail, counted anew; none: nothing does."""
        text = "\n".join(rules).encode() + b"\0"
        assert len(text) <= PLAN_BYTES and len(rules) <= RULES
        self.page[0:4] = bytes(4)
        self.page[PLAN:PLAN + len(text)] = text
        self.page[MET:MET + 16 * RULES] = bytes(16 * RULES)
        self.generation += 1
        self.rules = len(rules)
        self.page[0:4] = struct.pack("<I", self.generation if rules else 0)

    def clock(self, seconds):
        """The program's wall clock is this much ahead from now on."""
        self.page[8:16] = struct.pack("<q", int(seconds * 1000000))

    def _counts(self, at):
        return list(struct.unpack_from("<%dQ" % RULES, self.page, at))[:self.rules]

    def met(self):
        """How many calls each rule has matched."""
        return self._counts(MET)

    def fired(self):
        """How many it has made fail."""
        return self._counts(MET + 8 * RULES)
