"""test_malformed.py -- malformed SIP gets a 4xx or silence, fills no log, and harms nobody."""
import glob
import os
import random
import socket

import pytest

from sip import Agent, token
from two_servers import ALL, TwoServers
from warden_site import ROOT, until

TORTURE = os.path.join(ROOT, "tests", "support", "torture", "rfc4475")
FILES = sorted(glob.glob(os.path.join(TORTURE, "*.sip")))
# RFC 4475 3.1.2 and 3.3: wrong, or not to be done; those that can be answered get these.
STATUSES = {
    "badinv01": {400}, "clerr": {400}, "ncl": {400}, "scalar02": {400}, "quotbal": {400},
    "ltgtruri": {400}, "lwsruri": {400}, "lwsstart": {400}, "trws": {400}, "badvers": {400, 505},
    "mismatch01": {400}, "insuf": {400}, "multi01": {400}, "mcl01": {400}, "zeromf": {483},
    "bext01": {420}, "unkscm": {400, 416, 404}, "unksm2": {400, 404, 416},
}
# Headers that an answer needs are missing; on a stream the rest of the body is waited for.
SILENT = {"insuf", "clerr"}


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    both = {"before": ALL, "after": ALL}
    with TwoServers(tmp_path_factory.mktemp("malformed"), home=both, store=False) as started:
        yield started


@pytest.fixture(scope="module")
def people(site):
    return site.agent("alice"), site.agent("bob")


def lives(people):
    alice, bob = people
    text = token("still ")
    assert alice.message("bob@example.com", text).status == 200
    bob.get_request("MESSAGE", where=lambda message: message.body == text.encode())




def lines(site):
    """How much the proxy has said; a worker may still find its archiver and scanner."""
    return sum(" is there socket=" not in line
               for line in site.programs["home1"].text().splitlines())


@pytest.mark.parametrize("path", FILES, ids=lambda path: os.path.basename(path)[:-4])
@pytest.mark.parametrize("transport", ["udp", "tcp"])
def test_the_torture_tests(site, people, path, transport):
    with open(path, "rb") as file:
        data = file.read().replace(b"branch=z9hG4bK", b"branch=z9hG4bK" + token().encode())
    before = lines(site)
    with Agent("eve", site.home_address, transport, host="127.0.1.3") as eve:
        eve.send(data)
        lives(people)
        name = os.path.basename(path)[:-4]
        if name in STATUSES and name not in SILENT and transport == "tcp":
            until(lambda: eve.seen or not eve.thread.is_alive(), "an answer or an end")
        answers = [message.status for message in eve.seen if not message.is_request]
    if name in STATUSES:
        assert set(answers) <= STATUSES[name] | {100}, answers
    assert all(400 <= status < 700 or status in (100, 200) for status in answers)
    assert lines(site) <= before + 2


def garbage(chance):
    """Bytes of all kinds, and halves of proper messages."""
    kind = chance.randrange(4)
    if kind == 0:
        return bytes(chance.randrange(256) for _ in range(chance.randrange(1, 1400)))
    if kind == 1:
        return b"\r\n" * chance.randrange(1, 40)
    with open(chance.choice(FILES), "rb") as file:
        data = bytearray(file.read())
    if kind == 2:
        return bytes(data[:chance.randrange(1, len(data))])
    for _ in range(8):
        data[chance.randrange(len(data))] = chance.randrange(256)
    return bytes(data)


def test_a_source_of_garbage_fills_no_log(site, people):
    chance = random.Random(5)
    before = lines(site)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as eve:
        eve.bind(("127.0.1.4", 0))
        for _ in range(1500):
            eve.sendto(garbage(chance)[:1400], site.home_address)
    lives(people)
    assert lines(site) <= before + 10, site.programs["home1"].text()[-3000:]


def test_garbage_on_streams(site, people):
    chance = random.Random(6)
    before = lines(site)
    for _ in range(150):
        with socket.create_connection(site.home_address, 10, ("127.0.1.5", 0)) as eve:
            eve.sendall(garbage(chance))
    lives(people)
    assert lines(site) <= before + 10, site.programs["home1"].text()[-3000:]


def test_a_message_larger_than_the_limit(site, people):
    alice, _ = people
    with Agent("alice", site.home_address, "tcp") as stream:
        data = stream.request("MESSAGE", "sip:bob@example.com", body=b"a" * (8 << 20),
                              headers=["Content-Type: text/plain"])
        try:
            stream.send(data)
        except OSError:
            pass  # cut off in the middle of it
        until(lambda: not stream.thread.is_alive() or
              [answer for answer in stream.seen if answer.status == 413],
              "it is refused, or the stream ended")
    lives(people)


def test_a_stream_that_says_nothing_more(site, people):
    """Half a message, then silence: others are not held up."""
    with Agent("alice", site.home_address, "tcp") as stream:
        data = stream.request("MESSAGE", "sip:bob@example.com", body=b"Hello.",
                              headers=["Content-Type: text/plain"])
        stream.send(data[:len(data) // 2])
        lives(people)
    lives(people)
