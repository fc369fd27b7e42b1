"""reconcile.py -- what clients sent and got, against journals, topic and indexes.

check(evidence) gives back what does not agree: [Finding]. Each names what was
looked for, the events, the records and the faults near it in time.
"""
import collections

from storms.evidence import AUDIT, BOOT, GAP, MESSAGE
from storms.traffic import HARMFUL

NEAR_US = 4000000
# Events stand in the generator's log a little before or behind the server's clock.
SKEW_US = 200000
EACH = 20  # findings of one sort that are printed whole

# requests: {(Call-ID, CSeq, method): Request}; servers: {door or home: server.name};
# homes: {receiver: home}; records: [Seen] in the order of their journals; topic:
# [InTopic]; index: {archive: [numbers]}; verify: {archive: (faults, text)};
# faults: [(from_us, to_us, text)]; said: [(time_us, text)], of what no program may say.
Evidence = collections.namedtuple(
    "Evidence", "requests servers homes records topic index verify faults said strays")
Finding = collections.namedtuple("Finding", "sort key text")


def clock(at_us):
    return "%.6f" % (at_us / 1e6)


class Reconciliation:
    def __init__(self, evidence):
        self.evidence = evidence
        self.findings = []
        self.counts = collections.Counter()
        self.told = collections.defaultdict(list)
        self.gaps = []
        for seen in evidence.records:
            if seen.kind == MESSAGE:
                self.told[(seen.what.call_id, seen.what.cseq, seen.what.method)].append(seen)
            elif seen.kind == GAP:
                self.gaps.append(seen)

    # -- saying it ---------------------------------------------------------------

    def find(self, sort, key, text, at_us=0):
        lines = [text]
        request = self.evidence.requests.get(key)
        if request:
            lines.append("  sent %s kind=%s door=%s status=%s answered=%s" % (
                clock(request.sent_us), request.kind, request.door, request.status,
                clock(request.answered_us)))
            lines += ["  received %s by %s body=%s" % (clock(at), receiver, body[:16])
                      for at, receiver, body in request.received]
            at_us = at_us or request.sent_us
        lines += ["  record %d %s of %s: %s %s disposition=%s answer=%d branches=%d taken=%s"
                  % (seen.number, seen.archive, seen.node,
                     "request" if seen.what.is_request else "response %d" % seen.what.status,
                     seen.what.method, seen.what.disposition, seen.what.answer_status,
                     seen.what.branches, clock(seen.taken_us))
                  for seen in self.told.get(key, ())]
        end_us = max([at_us, getattr(request, "answered_us", 0) or 0] +
                     [at for at, _, _ in (request.received if request else ())])
        lines += ["  fault %s .. %s %s" % (clock(start), clock(end), words)
                  for start, end, words in self.evidence.faults
                  if at_us and start - NEAR_US < end_us and end + NEAR_US > at_us]
        lines += ["  gap record %d of %s: %s .. %s messages=%d worker=%d last=%d" % (
            seen.number, seen.node, clock(seen.what.from_us), clock(seen.what.to_us),
            seen.what.messages, seen.what.worker, seen.what.last_sequence)
            for seen in self.gaps
            if at_us and seen.what.from_us - NEAR_US < end_us and
            seen.what.to_us + NEAR_US > at_us]
        self.findings.append(Finding(sort, key, "\n".join(lines)))

    # -- clients against records -------------------------------------------------

    def path(self, request, receiver):
        """The servers that must have let a request to this receiver pass."""
        servers = self.evidence.servers
        return {servers[request.door], servers[self.evidence.homes[receiver]]}

    def has_record(self, key, node, is_request=True):
        return any(seen.node == node and seen.what.is_request == is_request
                   for seen in self.told.get(key, ()))

    def in_gap(self, node, from_us, to_us):
        """Whether a gap of this node is told that touches this stretch of time."""
        return any(seen.node == node and seen.what.from_us - SKEW_US <= to_us and
                   seen.what.to_us + SKEW_US >= from_us for seen in self.gaps)

    def waits(self, key):
        return key[2] == "MESSAGE"

    def unrecorded(self, key, node, at_us, what, is_request=True):
        if self.has_record(key, node, is_request):
            self.counts["with a record"] += 1
        elif is_request and self.waits(key):
            self.find("unrecorded", key, "%s %s %d: %s, and %s has no record of it" % (
                key[2], key[0], key[1], what, node), at_us)
        elif self.in_gap(node, self.evidence.requests[key].sent_us, at_us):
            self.counts["in a gap"] += 1
        else:
            self.find("untold", key, "%s %s %d: %s, and at %s there is neither a record of "
                      "its %s nor a gap" % (key[2], key[0], key[1], what, node,
                                            "request" if is_request else "answer"), at_us)

    def late(self, key, node, at_us, receiver):
        """What waits for the disk was taken by the archiver before it arrived."""
        taken = [seen.taken_us for seen in self.told.get(key, ())
                 if seen.node == node and seen.what.is_request]
        if taken and min(taken) > at_us:
            self.find("late", key, "%s %s %d: %s received it before %s had a record of it" % (
                key[2], key[0], key[1], receiver, node), at_us)

    def received(self, key, request):
        bodies = {seen.what.body for seen in self.told.get(key, ()) if seen.what.is_request}
        for at_us, receiver, body in request.received:
            for node in sorted(self.path(request, receiver)):
                self.unrecorded(key, node, at_us, "%s received it" % receiver)
                if self.waits(key):
                    self.late(key, node, at_us, receiver)
            if self.waits(key) and bodies and body not in bodies:
                self.find("other bytes", key, "%s %s %d: what %s received is in no record" % (
                    key[2], key[0], key[1], receiver))
        if request.received and request.kind in HARMFUL and self.waits(key):
            self.find("harmful", key, "%s %s %d: %s reached %s" % (
                key[2], key[0], key[1], request.kind, request.received[0][1]))
        if len(request.received) > 1:
            self.find("doubled", key, "%s %s %d: received %d times" % (
                key[2], key[0], key[1], len(request.received)))

    def answered(self, key, request):
        """A 2xx says that the request is recorded where it came in, and was received; a
        refusal of its content, that the refusal is."""
        if request.status == 403 and self.waits(key) and not any(
                seen.what.answer_status == 403 for seen in self.told.get(key, ())):
            self.find("unrecorded", key, "%s %s %d: refused, and no record says so" % (
                key[2], key[0], key[1]))
        if not 200 <= request.status < 300:
            return
        node = self.evidence.servers[request.door]
        what = "answered %d" % request.status
        self.unrecorded(key, node, request.answered_us, what)
        if any(seen.node == node and seen.what.disposition == "answer" and
               seen.what.answer_status == request.status for seen in self.told.get(key, ())):
            return  # by the server itself, as its record says
        self.unrecorded(key, node, request.answered_us, what, is_request=False)
        if not request.received:
            self.find("lost", key, "%s %s %d: answered %d, and nobody received it" % (
                key[2], key[0], key[1], request.status))

    def clients(self):
        for key, request in self.evidence.requests.items():
            self.received(key, request)
            self.answered(key, request)
        for at_us, event, key, words in self.evidence.strays:
            # what a server itself says to a sender, of a file that was refused; the ACK
            # of a refusal, which a server that has forgotten the INVITE passes on
            self.counts["notices"] += 1
            if self.waits(key) and not self.told.get(key):
                self.find("unrecorded", key, "%s %s %d: %s by %s, sent by nobody, and in no "
                          "journal" % (key[2], key[0], key[1], event, words[0]), at_us)

    # -- journals by themselves --------------------------------------------------

    def numbers(self):
        """Each number once, rising within one journal."""
        before = {}
        known = {}
        for seen in self.evidence.records:
            if seen.number in known:
                self.find("number twice", seen.number, "record number %d stands twice: %s and %s"
                          % (seen.number, known[seen.number], seen.archive), seen.taken_us)
            known[seen.number] = seen.archive
            if seen.number <= before.get(seen.archive, 0):
                self.find("number falls", seen.number, "record number %d of %s follows %d" % (
                    seen.number, seen.archive, before[seen.archive]), seen.taken_us)
            before[seen.archive] = seen.number

    def submissions(self):
        """Of each worker of each start, every record from the first to its last, once."""
        last = {}
        for seen in self.evidence.records:
            maker = (seen.boot, seen.worker)
            expected = last.get(maker, 0) + 1
            if seen.sequence < expected:
                self.find("submission twice", seen.number, "record %d of %s: worker %d of boot "
                          "%s sent its %d again after %d" % (
                              seen.number, seen.node, seen.worker, seen.boot.hex()[:8],
                              seen.sequence, expected - 1), seen.taken_us)
            elif seen.sequence > expected:
                self.find("submission missing", seen.number, "record %d of %s: worker %d of "
                          "boot %s goes on with %d after %d" % (
                              seen.number, seen.node, seen.worker, seen.boot.hex()[:8],
                              seen.sequence, expected - 1), seen.taken_us)
            last[maker] = max(seen.sequence, expected - 1)

    def harmful(self):
        """Nothing that was refused has a branch that a record lets pass on."""
        for key, request in self.evidence.requests.items():
            if request.kind not in HARMFUL or not self.waits(key):
                continue
            for seen in self.told.get(key, ()):
                if seen.what.is_request and seen.what.disposition == "forward":
                    self.find("harmful", key, "%s %s %d: record %d lets %s pass at %s" % (
                        key[2], key[0], key[1], seen.number, request.kind, seen.node))

    def verified(self):
        for archive, (faults, text) in self.evidence.verify.items():
            if faults:
                self.find("verify", archive, "verify finds %d faults in the journal of %s:\n%s"
                          % (faults, archive, text))

    # -- journal, topic and index ------------------------------------------------

    def same_set(self, place, wanted, found, about):
        """Each wanted number once in found, and no other."""
        counts = collections.Counter(found)
        for number in sorted(wanted - set(counts)):
            self.find("not in " + place, number, "record %d (%s) is not in the %s" % (
                number, about(number), place), self.taken(number))
        for number in sorted(set(counts) - wanted):
            self.find("only in " + place, number, "%d is in the %s and in no journal" % (
                number, place))
        for number, count in counts.items():
            if count > 1:
                self.find("repeated in " + place, number, "record %d (%s) is %d times in the %s"
                          % (number, about(number), count, place), self.taken(number))

    def taken(self, number):
        seen = self.by_number.get(number)
        return seen.taken_us if seen else 0

    def about(self, number):
        seen = self.by_number.get(number)
        return "%s of %s, kind %d" % (seen.archive, seen.node, seen.kind) if seen else "?"

    def places(self):
        self.by_number = {seen.number: seen for seen in self.evidence.records}
        self.same_set("topic", set(self.by_number),
                      [message.number for message in self.evidence.topic], self.about)
        for archive, numbers in self.evidence.index.items():
            wanted = {seen.number for seen in self.evidence.records if seen.archive == archive}
            self.same_set("index", wanted, numbers, self.about)

    def order(self):
        """The topic's records are the journal's, byte for byte; of one stream by one
        node in the journal's order, all on one partition."""
        streams = collections.defaultdict(list)
        for message in self.evidence.topic:
            seen = self.by_number.get(message.number)
            if seen and seen.digest != message.digest:
                self.find("other bytes", message.number, "record %d (%s) has other bytes in the "
                          "topic" % (message.number, self.about(message.number)), seen.taken_us)
            # of one journal: the archivers speak as "archiver", each of them
            streams[(message.source, message.key, message.number & 0xfff)].append(message)
        for (source, key, _), messages in streams.items():
            if len({message.partition for message in messages}) > 1:
                self.find("partitions", key, "stream %s of %s is on several partitions" % (
                    key.hex(), source))
            messages.sort(key=lambda message: message.offset)
            before = 0
            for message in messages:
                if message.number < before:
                    self.find("order", message.number, "record %d of stream %s of %s comes "
                              "after %d in the topic" % (message.number, key.hex(), source,
                                                         before), self.taken(message.number))
                before = message.number

    def sayings(self):
        for at_us, text in self.evidence.said:
            self.find("said", text, text, at_us)


def check(evidence):
    """(findings, counts of what agreed)"""
    work = Reconciliation(evidence)
    work.clients()
    work.numbers()
    work.submissions()
    work.harmful()
    work.verified()
    work.places()
    work.order()
    work.sayings()
    counts = work.counts
    counts["requests"] = len(evidence.requests)
    counts["received"] = sum(len(request.received) for request in evidence.requests.values())
    counts["answered 2xx"] = sum(200 <= request.status < 300
                                 for request in evidence.requests.values())
    counts["unanswered"] = sum(not request.status for key, request in evidence.requests.items()
                               if key[2] != "ACK")
    counts["records"] = len(evidence.records)
    counts["gaps"] = len(work.gaps)
    counts["boots"] = sum(seen.kind == BOOT for seen in evidence.records)
    counts["audits"] = sum(seen.kind == AUDIT for seen in evidence.records)
    return work.findings, counts


def printed(findings, say):
    """Every sort with its count; of each the first few whole."""
    sorts = collections.defaultdict(list)
    for finding in findings:
        sorts[finding.sort].append(finding)
    for sort, members in sorted(sorts.items()):
        say("FOUND %s: %d" % (sort, len(members)))
        for finding in members[:EACH]:
            say(finding.text)
        if len(members) > EACH:
            say("  ... and %d more" % (len(members) - EACH))
