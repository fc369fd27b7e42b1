"""test_kills.py -- archiver, scanner and proxy are killed in mid-traffic; what a
recipient got stands in the journal, byte for byte as it reached him.

The journal is read by its description alone (journal_files.py). A record says
what came in, each later version and the splices of each branch: applied, they
must give exactly what the recipient's socket read.
"""
import os
import random
import signal
import threading
import time

import pytest
from journal_files import fields, records
from sip import EICAR, token
from two_servers import ALL, TwoServers
from warden_site import until

EVERYWHERE = {"before": ALL, "after": ALL}
RULES = [{"name": "falcon-names", "terms": ["falcon"], "action": "block"},
         {"name": "prices", "terms": ["price"], "action": "replace", "with": "[removed]"}]
READY = {"sipwarden-archiver": "taking records", "sipwarden-scanner": "ready",
         "home1": "ready server="}
ROUNDS, EACH = 9, 40
MESSAGE, RECORD_METADATA, RECORD_CONTENT = 1, 8, 9


def part(found, number):
    return fields(fields(found[number][0])[2][0])


def as_sent(content, branch):
    """The bytes of one branch by its record."""
    version = (branch[4] or [0])[0]
    bytes_ = content[1][0] if version == 0 else content[2][version - 1]
    out, at = b"", 0
    for splice in map(fields, branch[6]):
        offset = (splice[1] or [0])[0]
        out += bytes_[at:offset] + (splice[3] or [b""])[0]
        at = offset + (splice[2] or [0])[0]
    return out + bytes_[at:]


def recorded(folder):
    """What left on each branch of each recorded message."""
    sent = set()
    for record in records(folder):
        if record.kind != MESSAGE:
            continue
        found = fields(record.payload)
        metadata, content = part(found, RECORD_METADATA), part(found, RECORD_CONTENT)
        sent.update(as_sent(content, fields(branch)) for branch in metadata[18])
    return sent


def bodies(number):
    yield "text/plain", b"number %d, lunch at noon" % number
    yield "text/plain", b"number %d, the price list" % number
    yield "application/octet-stream", bytes(random.Random(number).randbytes(3000))
    yield "text/plain", b"number %d, the falcon" % number
    yield "application/octet-stream", EICAR


def kill(site, victim):
    """The proxy goes while the archiver hangs: what it holds goes with it."""
    archiver = site.programs["sipwarden-archiver"].process.pid
    if victim == "home1":
        os.kill(archiver, signal.SIGSTOP)
        time.sleep(0.2)
    site.programs[victim].kill()
    if victim == "home1":
        os.kill(archiver, signal.SIGCONT)
    site.programs[victim].start(READY[victim])


@pytest.mark.parametrize("victims", [["sipwarden-archiver"], ["sipwarden-scanner"], ["home1"],
                                     list(READY)], ids=lambda victims: "+".join(victims))
def test_what_came_is_in_the_journal(tmp_path, victims):
    with TwoServers(tmp_path, home=EVERYWHERE, rules=RULES, store=False) as site:
        alice = site.agent("alice")
        bob = site.agent("bob")
        stopping = threading.Event()
        sent = []

        def stream():
            number = 0
            while not stopping.is_set():
                for content_type, body in bodies(number):
                    call_id = token()
                    sent.append(call_id)
                    alice.message("bob@example.com", body, content_type, call_id=call_id, wait=False)
                    time.sleep(0.004)
                number += 1

        sender = threading.Thread(target=stream)
        sender.start()
        try:
            for round_ in range(ROUNDS):
                came = len(bob.got("MESSAGE"))
                until(lambda: len(bob.got("MESSAGE")) >= came + EACH, "messages come again", 60)
                kill(site, victims[round_ % len(victims)])
        finally:
            stopping.set()
            sender.join()
        until(lambda: not site.programs["home1"].stop(), "the proxy has stopped")
        site.programs["sipwarden-archiver"].stop()
        in_journal = recorded(site.path("journal"))
        messages = bob.got("MESSAGE", "From: <sip:alice")
        assert len(messages) > ROUNDS * EACH
        for message in messages:
            assert message.data in in_journal, message.data
            assert b"falcon" not in message.data and EICAR not in message.data
            assert b"price" not in message.body
        # Whoever was told 200 was told the truth.
        told = {answer.get("Call-ID") for answer in alice.seen
                if not answer.is_request and answer.method == "MESSAGE" and answer.status == 200}
        assert told <= {message.get("Call-ID") for message in messages}
