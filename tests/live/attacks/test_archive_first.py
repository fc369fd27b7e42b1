"""test_archive_first.py -- words do not leave before their record is on the disk."""
import os
import signal

import pytest
from sip import token
from two_servers import ALL, TwoServers

EVERYWHERE = {"before": ALL, "after": ALL}


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    with TwoServers(tmp_path_factory.mktemp("first"), home=EVERYWHERE) as site:
        site.agent("bob")
        yield site


@pytest.fixture
def hung_archiver(site):
    """The archiver takes nothing until the test is over."""
    process = site.programs["sipwarden-archiver"].process
    os.kill(process.pid, signal.SIGSTOP)
    yield
    os.kill(process.pid, signal.SIGCONT)


def info(alice, content_type, body, headers=()):
    call_id = token()
    alice.send(alice.request("INFO", "sip:bob@example.com", call_id=call_id, body=body,
                             headers=["Content-Type: " + content_type, *headers]))
    return alice.answer_to(call_id, "INFO")


@pytest.mark.parametrize("content_type", [
    "text/plain", "application/sdp-notes", "application/sdpx", "application/pidfx",
    "text/xml+msrtc.pidf-words"])
def test_a_body_that_only_begins_like_signalling_waits(site, hung_archiver, content_type):
    answer = info(site.agent("alice", register=False), content_type, "see you at noon")
    assert answer.status == 503 and answer.get("Retry-After"), answer


@pytest.mark.parametrize("content_type", [
    "application/sdp", "Application/SDP ; charset=utf-8", "application/pidf+xml"])
def test_signalling_does_not_wait(site, hung_archiver, content_type):
    answer = info(site.agent("alice", register=False), content_type, "v=0\r\n")
    assert answer.status == 200, answer


def test_a_stop_without_the_archiver_says_what_it_costs(tmp_path):
    """What does not wait has passed; its records were only in memory."""
    with TwoServers(tmp_path, home=EVERYWHERE, scanner=False, store=False) as site:
        bob = site.agent("bob")
        site.programs["sipwarden-archiver"].kill()
        alice, call_id = site.agent("alice", register=False), token()
        alice.send(alice.request("INFO", "sip:bob@example.com", call_id=call_id))
        assert alice.answer_to(call_id).status == 200 and bob.got("INFO")
        site.programs["home1"].stop()
        assert "event=stopped-without-archiver records=" in site.programs["home1"].text()
