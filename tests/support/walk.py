"""walk.py -- makes one program fail at each of its fault points in turn, under a short
fixed traffic, and holds what people were told and got against the journal.

A walk counts the points that a start and the traffic pass, then takes them one by
one: all of them when SIPWARDEN_WALK is "all", else a sample by a seed that is printed
(SIPWARDEN_WALK=SEED repeats it).
"""
import collections
import json
import os
import random
import time

from fault_points import Faults
from journal_files import fields, records
from sip import token
from two_servers import ALL, TwoServers

READY = {"sipwarden-archiver": "taking records", "home1": "ready server=",
         "sipwarden-store": "index at record", "sipwarden-scanner": "ready"}
RULES = [{"name": "falcon-names", "terms": ["falcon"], "action": "block"}]
MESSAGE, METADATA = 1, 8
T1, TRIES = 0.5, 14
DIED = (-9, 137)  # by the fault itself


def chosen(count, sample, name):
    """The points of one run of a walk."""
    wish = os.environ.get("SIPWARDEN_WALK", "")
    if wish == "all":
        print("walk %s: all %d points" % (name, count))
        return range(1, count + 1)
    seed = int(wish) if wish else random.SystemRandom().randrange(1 << 32)
    print("walk %s: %d points, SIPWARDEN_WALK=%d" % (name, count, seed))
    picked = random.Random(seed).sample(range(1, count + 1), min(sample, count))
    return sorted(picked)


class WalkedSite(TwoServers):
    """A home server with one program that fails as planned."""

    def __init__(self, folder, walked, **more):
        self.walked = walked
        self.faults = Faults(folder)
        super().__init__(folder, home={"before": ALL, "after": ALL}, rules=RULES,
                         archive={"segment": "8MB"}, limits={"t1": "500ms"}, **more)
        self.alice, self.bob = self.agent("alice"), self.agent("bob")
        self.sent = {}  # Call-ID: status, None while it is open
        self.deaths = []
        self.restart()

    def start(self, program, config, ready, label=None):
        if (label or program) != self.walked:
            return super().start(program, config, ready, label)
        with self.faults.in_all():
            return super().start(program, config, ready, label)

    @property
    def program(self):
        return self.programs[self.walked]

    def restart(self, *plan, once_ready=False):
        """Starts it anew with a plan, and once more without when it dies of that."""
        self.program.stop()
        self.faults.plan(*() if once_ready else plan)
        try:
            self.program.start(READY[self.walked])
            if once_ready:
                self.faults.plan(*plan)
        except AssertionError:
            self.revive()

    def revive(self):
        """It has died: of what, and on it goes."""
        self.deaths.append((self.program.process.returncode, self.program.text()))
        self.faults.plan()
        self.program.start(READY[self.walked])

    def _send(self, call_id, body):
        self.alice.send(self.alice.request(
            "MESSAGE", "sip:bob@example.com", body=body, call_id=call_id, branch="z9hG4bK" + call_id,
            headers=["Content-Type: text/plain"]))

    def _take_answers(self):
        while not self.alice.responses.empty():
            answer = self.alice.responses.get()
            if answer.status >= 200 and answer.get("Call-ID") in self.sent:
                self.sent[answer.get("Call-ID")] = answer.status

    def traffic(self, count=5):
        """A few messages below what is scanned, one not allowed, sent again as clients do."""
        fresh = {token(): "falcon" if number == 2 else "number %d " % number + 600 * "word "
                 for number in range(count)}
        self.sent.update(dict.fromkeys(fresh))
        for _ in range(TRIES):
            for call_id, body in fresh.items():
                if self.sent[call_id] is None:
                    self._send(call_id, body)
                    time.sleep(0.003)  # so that the disk is asked more than once
            end = time.monotonic() + T1
            while time.monotonic() < end:
                self._take_answers()
                if self.program.process.poll() is not None:
                    self.revive()
                if all(self.sent[call_id] for call_id in fresh):
                    return
                time.sleep(0.005)

    def went_well(self):
        """Whoever was allowed to was served, so far."""
        return sorted(set(self.sent.values())) == [200, 403]

    def flows(self):
        """Without faults all is as it was: a message is answered 200."""
        self.faults.plan()
        call_id = token()
        self.sent[call_id] = None
        for _ in range(TRIES):
            self._send(call_id, "after")
            end = time.monotonic() + T1
            while time.monotonic() < end:
                self._take_answers()
                if self.sent[call_id]:
                    assert self.sent[call_id] == 200, (self.sent[call_id], self.program.text())
                    return
                time.sleep(0.005)
        raise AssertionError("no message passes any more:\n" + self.program.text())

    # -- what must hold --------------------------------------------------------

    def recorded(self):
        """{Call-ID: how many records its request has}; each submission once."""
        count, seen = collections.Counter(), set()
        for record in records(self.path("journal")):
            found = fields(record.payload)
            submission = found[3][0]
            assert submission not in seen, "a submission is recorded twice"
            seen.add(submission)
            if record.kind != MESSAGE:
                continue
            metadata = fields(fields(found[METADATA][0])[2][0])
            if metadata[5] and metadata[6][0] == b"MESSAGE":
                count[metadata[9][0].decode()] += 1
        return count

    def settled(self):
        """Everything holds, by the journal and by `sipwarden verify`."""
        self.programs["home1"].stop()
        self.programs["sipwarden-archiver"].stop()
        count = self.recorded()
        got = {message.get("Call-ID") for message in self.bob.got("MESSAGE")}
        told = {call_id for call_id, status in self.sent.items() if status == 200}
        assert told <= got, "a 200 for what never came"
        assert got | told <= set(count), "delivered or answered, and not recorded"
        assert not self.bob.got("MESSAGE", "falcon")
        done = self.command(self.home, "verify", "--journal", self.path("journal"), "--json")
        assert json.loads(done.stdout.splitlines()[-1])["faults"] == 0, done.stdout
        return count
