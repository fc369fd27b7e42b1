"""test_floods.py -- what waits for the archive is bounded for each client and each call."""
import contextlib
import os
import signal
import time

import pytest
from sip import token
from two_servers import ALL, TwoServers

EVERYWHERE = {"before": ALL, "after": ALL}
LIMIT, SENT, RESPONSES = 10, 200, 64


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    with TwoServers(tmp_path_factory.mktemp("floods"), home=EVERYWHERE, scanner=False,
                    limits={"client_requests": LIMIT}) as site:
        site.agent("bob")
        yield site


@contextlib.contextmanager
def hung_archiver(site):
    """For less than the time that words are held."""
    process = site.programs["sipwarden-archiver"].process
    os.kill(process.pid, signal.SIGSTOP)
    try:
        yield
        time.sleep(1)
    finally:
        os.kill(process.pid, signal.SIGCONT)
    time.sleep(1)


def test_acks_of_one_client(site):
    eve, bob = site.agent("eve", register=False, host="127.0.1.1"), site.agents[0]
    with hung_archiver(site):
        for _ in range(SENT):
            eve.send(eve.request("ACK", "sip:bob@example.com", call_id=token(), to_tag="x",
                                 body="words", headers=["Content-Type: text/plain"]))
            time.sleep(0.001)
    assert 0 < len(bob.got("ACK")) <= LIMIT
    # They count while they are on their way and no longer.
    eve.send(eve.request("ACK", "sip:bob@example.com", call_id="the-next", to_tag="x"))
    assert bob.get_request("ACK", where=lambda ack: ack.get("Call-ID") == "the-next")


def test_provisional_answers_to_one_call(site):
    alice, bob = site.agent("alice", register=False), site.agents[0]
    call_id = token()
    alice.send(alice.request("INVITE", "sip:bob@example.com", call_id=call_id,
                             headers=["Contact: <%s>" % alice.contact]))
    invite = bob.get_request("INVITE")
    with hung_archiver(site):
        for _ in range(SENT):
            bob.reply(invite, 183, "Progress", "words", ["Content-Type: text/plain"])
            time.sleep(0.001)
    came = [answer for answer in alice.seen if not answer.is_request and answer.status == 183]
    assert 0 < len(came) <= RESPONSES
    bob.reply(invite, 486, "Busy Here")
    assert alice.answer_to(call_id, "INVITE").status == 486
