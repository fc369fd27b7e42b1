"""traffic.py -- the load generators, one for each door, and what their logs say.

One generator for each server, so that the log of a door tells what is under way
there. Its users have a domain of their own; receiver number i is registered at
home i modulo 2.
"""
import json
import os
import signal
import subprocess

from warden_site import binary

DOORS = ("home1", "home2", "fe1")
HOMES = ("home1", "home2")
# what passes the front-end's door and home1's comes over UDP
TRANSPORTS = {"home1": "udp", "home2": "tcp", "fe1": "udp"}
MIX = "message:70,dialog:10,presence:5,attachment:8,infected:1,forbidden:3,options:3"
SCANNED = ("attachment", "infected")
HARMFUL = ("infected", "forbidden")


def domain(door):
    return door + ".users.example"


def users(receivers):
    """{address: its home} of all receivers of all doors."""
    return {"r%d@%s" % (number, domain(door)): HOMES[number % len(HOMES)]
            for door in DOORS for number in range(receivers)}


class Request:
    """What a generator did with one request, and what became of it."""
    __slots__ = ("kind", "door", "sent_us", "answered_us", "status", "received", "branches", "again",
                 "unanswered")

    def __init__(self, kind, door, sent_us):
        self.kind = kind
        self.door = door
        self.sent_us = sent_us
        self.answered_us = 0
        self.status = 0
        self.received = []  # (us, receiver, sha256 of the body in hex or -)
        self.branches = set()
        self.again = 0  # the same transaction again: no second delivery
        self.unanswered = False


class Log:
    """One generator's log, read as it grows. requests: {(Call-ID, CSeq, method): Request};
    open: those sent and not answered so far, {key: kind}."""

    def __init__(self, path, door):
        self.path = path
        self.door = door
        self.requests = {}
        self.open = {}
        self.strays = []  # (us, event, key, words): received, and not sent by this door
        self.file = None
        self.rest = b""

    def read(self):
        """Takes in what has come since."""
        if self.file is None:
            if not os.path.exists(self.path):
                return
            self.file = open(self.path, "rb")
        while True:
            data = self.file.read(1 << 20)
            if not data:
                return
            lines = (self.rest + data).split(b"\n")
            self.rest = lines.pop()
            for line in lines:
                self.take(line.decode("ascii", "replace").split(" "))

    def take(self, words):
        at, event = int(words[0]), words[1]
        if event == "sent":
            key = (words[3], int(words[4]), words[5])
            self.requests[key] = Request(words[2], self.door, at)
            if words[5] != "ACK":
                self.open[key] = words[2]
            return
        key = (words[2], int(words[3]), words[4])
        request = self.requests.get(key)
        if request is None:
            self.strays.append((at, event, key, words[5:]))
        elif event in ("received", "again"):
            # the generator forgets old exchanges; the branch tells what is a repeat
            if words[7] in request.branches:
                request.again += 1
            else:
                request.branches.add(words[7])
                request.received.append((at, words[5], words[6]))
        elif event in ("answered", "late"):
            request.answered_us, request.status = at, int(words[5])
            self.open.pop(key, None)
        elif event == "unanswered":
            request.unanswered = True
            self.open.pop(key, None)

    def under_way(self, at_us, kinds=None):
        """How many requests had been sent and not answered at that moment."""
        return sum(1 for request in self.requests.values()
                   if request.sent_us <= at_us and
                   not 0 < request.answered_us <= at_us and
                   at_us - request.sent_us < 40000000 and
                   (kinds is None or request.kind in kinds))


class Traffic:
    """The generators of all doors."""

    def __init__(self, town, rate, seconds, seed, receivers, senders, drain):
        self.logs = {}
        self.commands = {}
        self.processes = {}
        self.town = town
        for number, door in enumerate(DOORS):
            path = town.path("load-%s.events" % door)
            self.logs[door] = Log(path, door)
            inside = door in HOMES
            self.commands[door] = [
                binary("sipwarden-load"),
                *[word for home in HOMES
                  for word in ("--server", "%s:%d" % town.addresses[home])],
                "--door", "%s:%d" % town.addresses[door], "--domain", domain(door),
                "--sender-domain", domain(door) if inside else "elsewhere.example",
                "--transport", TRANSPORTS[door], "--register-seconds", "4",
                "--sender-address", "127.0.0.1" if inside else "127.0.1.1",
                "--receiver-address", "127.0.0.1",
                "--senders", str(senders), "--receivers", str(receivers),
                "--rate", "%g" % (rate / len(DOORS)), "--seconds", "%g" % seconds,
                "--seed", str((seed + number) % 4294967295), "--mix", MIX,
                "--forbidden-word", town.forbidden, "--drain-seconds", "%g" % drain,
                "--retransmit", "yes", "--log", path]

    def start(self):
        for door, command in self.commands.items():
            with open(self.town.path("load-%s.summary" % door), "wb") as out, \
                    open(self.town.path("load-%s.log" % door), "wb") as log:
                self.processes[door] = subprocess.Popen(
                    command, stdin=subprocess.DEVNULL, stdout=out, stderr=log)

    def read(self):
        for log in self.logs.values():
            log.read()

    def running(self):
        return any(process.poll() is None for process in self.processes.values())

    def interrupt(self):
        for process in self.processes.values():
            if process.poll() is None:
                process.send_signal(signal.SIGTERM)
                process.wait()

    def summaries(self):
        """What each generator says of itself; an error when one failed."""
        found = {}
        for door, process in self.processes.items():
            with open(self.town.path("load-%s.summary" % door), encoding="utf-8") as file:
                lines = file.read().splitlines()
            with open(self.town.path("load-%s.log" % door), encoding="utf-8") as file:
                said = file.read()
            if process.returncode != 0 or not lines:
                raise AssertionError("the load of %s ended with %d:\n%s" % (
                    door, process.returncode, said[-2000:]))
            found[door] = json.loads(lines[-1])
        return found

    def requests(self):
        """All doors' requests in one: {key: Request}."""
        merged = {}
        for log in self.logs.values():
            merged.update(log.requests)
        return merged

    def strays(self):
        return [stray for log in self.logs.values() for stray in log.strays]
