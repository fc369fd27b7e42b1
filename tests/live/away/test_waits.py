"""test_waits.py -- what leaves and what waits while the archiver takes nothing: each line of
the table "What waits for the disk", in each form and direction.

The archiver hangs (SIGSTOP): it is connected, and nothing becomes durable.
"""
import os
import signal

import pytest

from journal_files import fields, records
from sip import token
from two_servers import ALL, TwoServers
from warden_site import until

SDP = "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\n"
MIXED = ("--cut\r\nContent-Type: application/sdp\r\n\r\n" + SDP +
         "\r\n--cut\r\nContent-Type: text/plain\r\n\r\nsee you\r\n--cut--\r\n")
TEXT, PIDF = "Content-Type: text/plain", "Content-Type: application/pidf+xml"
# "see you" as UTF-16BE in base64, as Live Communications clients send a first text.
FIRST_TEXT = "ms-text-format: text/plain; charset=UTF-8;ms-body=c2VlIHlvdQ=="
WORDS = {
    "MESSAGE": ("MESSAGE", "see you", [TEXT]),
    "MESSAGE without a body": ("MESSAGE", "", []),
    "text in INFO": ("INFO", "see you", [TEXT]),
    "multipart in INVITE": ("INVITE", MIXED, ["Content-Type: multipart/mixed;boundary=cut"]),
    "Subject": ("INVITE", SDP, ["Subject: lunch", "Content-Type: application/sdp"]),
    "first text in INVITE": ("INVITE", SDP, [FIRST_TEXT, "Content-Type: application/sdp"]),
    "a body without a type": ("INFO", "see you", []),
    "text in NOTIFY": ("NOTIFY", "see you", [TEXT, "Event: x", "Subscription-State: active"]),
}
OTHERS = {
    "OPTIONS": ("OPTIONS", "", []),
    "session": ("INVITE", SDP, ["Content-Type: application/sdp"]),
    "presence": ("NOTIFY", "<presence/>",
                 [PIDF, "Event: presence", "Subscription-State: active"]),
    "INFO without a body": ("INFO", "", []),
}


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    with TwoServers(tmp_path_factory.mktemp("waits"), home={"before": ALL, "after": ALL},
                    scanner=False, store=False, unseen="flag") as started:
        started.alice = started.agent("alice")
        started.bob = started.agent("bob", answers={"INVITE": 200})
        yield started


def archiver(site, how):
    os.kill(site.programs["sipwarden-archiver"].process.pid, how)


@pytest.fixture
def hung(site):
    archiver(site, signal.SIGSTOP)
    yield
    archiver(site, signal.SIGCONT)


def ask(site, method, body, headers, **more):
    call_id = token()
    site.alice.send(site.alice.request(
        method, "sip:bob@example.com", body=body, call_id=call_id,
        headers=["Contact: <%s>" % site.alice.contact, *headers], **more))
    return call_id


def calls(site, method):
    return {message.get("Call-ID") for message in site.bob.got(method)}


def test_words_do_not_leave(site, hung):
    asked = {form: ask(site, *request) for form, request in WORDS.items()}
    for form, call_id in asked.items():
        answer = site.alice.answer_to(call_id)
        assert answer.status == 503 and answer.get("Retry-After").isdigit(), (form, answer)
        assert call_id not in calls(site, WORDS[form][0]), form


def test_all_else_leaves(site, hung):
    for form, request in OTHERS.items():
        call_id = ask(site, *request)
        assert site.alice.answer_to(call_id).status == 200, form
        assert call_id in calls(site, request[0]), form


def test_words_in_an_answer_do_not_leave_either(site):
    def talk(agent, request, source):
        archiver(site, signal.SIGSTOP)
        agent.reply(request, 200, body="see you", headers=[TEXT], source=source)

    site.bob.answers["OPTIONS"] = talk
    try:
        call_id = ask(site, "OPTIONS", "", [])
        answer = site.alice.answer_to(call_id)
        assert answer.status != 200 and b"see you" not in answer.data
    finally:
        archiver(site, signal.SIGCONT)
        site.bob.answers["OPTIONS"] = 200
    assert site.alice.answer_to(ask(site, "OPTIONS", "", [])).status == 200


def test_what_was_held_is_recorded_and_what_is_absorbed_is_not(site):
    """After all that every request has a record; a repeat and garbage have none."""
    call_id, branch = token(), "z9hG4bK" + token()
    request = site.alice.request("OPTIONS", "sip:bob@example.com", call_id=call_id, branch=branch)
    for _ in range(3):
        site.alice.send(request)
        assert site.alice.answer_to(call_id).status == 200
    garbage = token()
    site.alice.send(site.alice.request("OPTIONS", "sip:bob@example.com", call_id=garbage)
                    .replace(b"CSeq: 1 OPTIONS", b"CSeq: 1 INVITE"))
    assert site.alice.answer_to(garbage).status == 400
    sent = {message.get("Call-ID") for message in site.alice.seen if not message.is_request}
    site.programs["home1"].stop()
    until(lambda: not site.programs["sipwarden-archiver"].stop(), "the archiver stops")
    found = []
    for record in records(site.path("journal")):
        if record.kind == 1:
            metadata = fields(fields(fields(record.payload)[8][0])[2][0])
            if metadata[5]:
                found.append(metadata[9][0].decode())
    assert found.count(call_id) == 1 and garbage not in found
    assert sent - set(found) == {garbage}
