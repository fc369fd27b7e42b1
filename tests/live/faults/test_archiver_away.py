"""test_archiver_away.py -- what carries words waits for the disk, all else goes on; nothing is lost."""
import threading

import pytest

from sip import token
from two_servers import ALL, TwoServers
from warden_site import until

BOTH = {"before": ALL, "after": ALL}


@pytest.fixture
def site(tmp_path):
    with TwoServers(tmp_path, home=BOTH) as started:
        yield started


def restart(site):
    return site.archiver(site.home)


def options(alice):
    call_id = token()
    alice.send(alice.request("OPTIONS", "sip:bob@example.com", call_id=call_id))
    return alice.answer_to(call_id)


def counts(site):
    until(lambda: site.stats()["behind"] == 0, "the index has caught up")
    kinds = site.stats()["kinds"]
    return {"message": kinds["message"], "gap": kinds["gap"]}


def whole(site):
    """The archive agrees with itself; its records by Call-ID."""
    until(lambda: site.stats()["behind"] == 0, "the index has caught up")
    done = site.rows(site.home, "verify")[-1]
    assert done["faults"] == 0, done
    return site.records(request=True)


def test_words_wait_and_are_refused_and_flow_again(site):
    alice, bob = site.agent("alice"), site.agent("bob")
    assert alice.message("bob@example.com", "before").status == 200
    before = counts(site)
    site.programs["sipwarden-archiver"].kill()
    held = alice.message("bob@example.com", "meanwhile", wait=False)
    assert alice.register().status == 200
    assert options(alice).status == 200 and bob.get_request("OPTIONS")
    answer = alice.answer_to(held)
    assert answer.status == 503 and answer.get("Retry-After").isdigit()
    assert not bob.got("MESSAGE", "meanwhile")
    restart(site)
    assert alice.message("bob@example.com", "after").status == 200
    assert [message.body for message in bob.got("MESSAGE")] == [b"before", b"after"]
    # REGISTER; OPTIONS, MESSAGE and their answers; what was held: nothing is missing.
    assert counts(site) == {"message": before["message"] + 6, "gap": 0}
    rows = {row["call_id"]: row for row in whole(site)}
    refused, = rows[held]["observations"]
    assert [event["status"] for event in refused["outcome"] if event["branch"] == 0] == [503]


def test_what_is_short_away_is_only_late(site):
    """Back within the time that words are held: nobody notices."""
    alice, bob = site.agent("alice"), site.agent("bob")
    site.programs["sipwarden-archiver"].kill()
    held = alice.message("bob@example.com", "a little late", wait=False)
    restart(site)
    assert alice.answer_to(held).status == 200
    assert bob.get_request("MESSAGE").body == b"a little late"
    row, = [row for row in whole(site) if row["call_id"] == held]
    assert len(row["observations"]) == 1


def test_each_message_that_came_has_a_record_through_kills(site):
    alice, bob = site.agent("alice", transport="tcp"), site.agent("bob", transport="tcp")
    sent = [token() for _ in range(200)]
    paced = threading.Event()

    def stream():
        for number, call_id in enumerate(sent):
            alice.message("bob@example.com", "number %d" % number, call_id=call_id, wait=False)
            paced.wait(0.01)

    sender = threading.Thread(target=stream)
    sender.start()
    for share in (50, 120):
        until(lambda: len(bob.got("MESSAGE")) >= share, "some messages have come")
        site.programs["sipwarden-archiver"].kill()
        restart(site)
    sender.join()
    answers = {call_id: alice.answer_to(call_id).status for call_id in sent}
    came = {message.get("Call-ID") for message in bob.got("MESSAGE")}
    assert set(answers.values()) <= {200, 503}
    assert {call_id for call_id, status in answers.items() if status == 200} <= came
    assert len(came) > 100
    recorded = {row["call_id"] for row in whole(site)}
    assert came - recorded == set()


def test_without_required_messages_pass_and_the_gap_is_closed(tmp_path):
    with TwoServers(tmp_path, home=BOTH, archive={"required": False}) as site:
        alice, bob = site.agent("alice"), site.agent("bob")
        site.programs["sipwarden-archiver"].kill()
        call_id = token()
        assert alice.message("bob@example.com", "not held", call_id=call_id).status == 200
        assert bob.get_request("MESSAGE").body == b"not held"
        restart(site)
        until(lambda: call_id in {row["call_id"] for row in whole(site)},
              "the message is recorded afterwards")
