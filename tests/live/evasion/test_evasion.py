"""test_evasion.py -- a forbidden word is stopped wherever and however it travels.

Each carrier is sent twice: with a harmless word, which must arrive, so that it is
the word and not its wrapping that is refused; and with the forbidden one.
"""
import socket
import time

import pytest

from carriers import CARRIERS, SPELLINGS
from draft import Draft, multipart
from warden_site import until

BLOCKED = (403, "Blocked by company policy")


@pytest.mark.parametrize("carrier", CARRIERS)
def test_a_forbidden_word_is_stopped(people, carrier):
    harmless = CARRIERS[carrier]("pigeon")
    answer = harmless.send(people.alice)
    assert answer.status in (200, 486), (answer.start, harmless.bytes(people.alice))
    until(lambda: people.reached(harmless.call_id), "the harmless word reaches bob")
    forbidden = CARRIERS[carrier]("falcon")
    answer = forbidden.send(people.alice)
    assert (answer.status, answer.reason) == BLOCKED, forbidden.bytes(people.alice)
    assert not people.reached(forbidden.call_id)


@pytest.mark.parametrize("spelling", SPELLINGS)
def test_a_spelling_is_seen_through(people, spelling):
    draft = Draft("the %s list" % SPELLINGS[spelling])
    assert draft.send(people.alice).start == "SIP/2.0 403 Blocked by company policy"
    assert not people.reached(draft.call_id)


def test_in_pieces_of_a_stream(people):
    """One segment for each byte around the word."""
    people.stream.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    for word, statuses in (("pigeon", (200,)), ("falcon", (403,))):
        draft = Draft("The %s list" % word)
        data = draft.bytes(people.stream)
        for at in range(0, len(data), 7):
            people.stream.send(data[at:at + 7])
            time.sleep(0.001)
        assert people.stream.answer_to(draft.call_id).status in statuses
        assert people.reached(draft.call_id) == (word == "pigeon")


ANSWERS = {
    "body": lambda word: dict(body="The " + word, headers=["Content-Type: text/plain"]),
    "reason": lambda word: dict(reason="The " + word),
    "display name of Contact": lambda word: dict(headers=["m: \"%s\" <sip:b@127.0.0.1>" % word]),
    "unknown header": lambda word: dict(headers=["X-Note: " + word]),
    "a part": lambda word: dict(body=multipart("Hello.", "The " + word), headers=[
        "Content-Type: multipart/mixed;boundary=limit"]),
}


@pytest.mark.parametrize("place", ANSWERS)
@pytest.mark.parametrize("status", [200, 480])
def test_a_forbidden_word_in_an_answer(people, place, status):
    for word in ("pigeon", "falcon"):
        def answer(agent, request, source):
            agent.reply(request, status, source=source, **ANSWERS[place](word))

        people.bob.answers["MESSAGE"] = answer
        try:
            draft = Draft("Hello.")
            got = draft.send(people.alice)
        finally:
            del people.bob.answers["MESSAGE"]
        if word == "pigeon":
            assert got.status == status and b"pigeon" in got.data
        else:
            assert got.status == 403 and b"falcon" not in got.data


def test_every_refusal_has_a_record_with_its_rule(people):
    sent = {}
    for name, carrier in CARRIERS.items():
        draft = carrier("falcon")
        assert draft.send(people.alice).status == 403
        sent[draft.call_id] = name
    found = {}
    for row in people.site.records(request=True):
        if row["call_id"] in sent:
            found[row["call_id"]] = row
    assert sorted(sent[call_id] for call_id in found) == sorted(sent.values())
    for row in found.values():
        assert row["verdict"] == "blocked", row
        assert row["answer"] == {"status": 403, "reason": "Blocked by company policy"}
        assert [entry["rule"] for seen in row["observations"] for entry in seen["trail"]
                if entry["verdict"] == "answer"] == ["falcon-names"]
