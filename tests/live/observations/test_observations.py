"""test_observations.py -- what several servers see, or several branches carry, is one message."""
import base64

import pytest

from sip import token
from three_servers import ThreeServers
from two_servers import ALL
from warden_site import until

HOME, OTHER, FRONT_END = "home1.example.com", "home2.example.com", "fe1.example.com"
SDP = "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\n" \
      "m=audio 40000 RTP/AVP 0\r\n"


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    both = {"before": ALL, "after": ALL}
    with ThreeServers(tmp_path_factory.mktemp("observations"), {
            HOME: both, OTHER: both, FRONT_END: {"before": ["log"], "after": ["log"]}}) as started:
        yield started


@pytest.fixture
def agent(site):
    """Makes registered agents, which are gone when the test ends."""
    made = []

    def make(user, server=None, **more):
        made.append(site.agent(user, server, **more))
        return made[-1]

    yield make
    for one in made:
        if one.user != "eve":
            assert one.register(expires=0).status == 200
        one.close()


def one_message(site, call_id, method="MESSAGE"):
    """The only request with this Call-ID, as `show` tells it, once all outcomes are known:
    of an INVITE that was taken after 32 s, since further answers may come (RFC 6026)."""
    def settled():
        rows = site.records(call_id, method=method, request=True)
        return rows if rows and method == "INVITE" or rows and all(
            {event["branch"] for event in seen["outcome"] if event["status"] >= 200} >=
            {branch["number"] for branch in seen["branches"]}
            for row in rows for seen in row["observations"]) else None

    rows = until(settled, "the outcomes of all branches are recorded")
    assert len(rows) == 1, [row["record"] for row in rows]
    return rows[0]


def nodes(row):
    return sorted(seen["node"] for seen in row["observations"])


def test_a_front_end_and_a_home_see_one_message(site, agent):
    bob = agent("bob")
    eve = agent("eve", site.front_end_address, register=False, host="127.0.1.1",
                domain="elsewhere.example")
    call_id = token()
    assert eve.message("bob@example.com", "see you at the fair", call_id=call_id).status == 200
    assert bob.get_request("MESSAGE").body == b"see you at the fair"
    row = one_message(site, call_id)
    assert nodes(row) == [FRONT_END, HOME]
    assert [text["text"] for text in row["texts"] if text["written"]] == ["see you at the fair"]
    assert {seen["direction"] for seen in row["observations"]} == {"inbound"}
    transcript = site.command(site.home, "show", str(row["conversation"])).stdout
    assert transcript.count("see you at the fair") == 1
    assert "2 observations of this message" in transcript


def test_two_homes_see_one_message(site, agent):
    alice, dora = agent("alice"), agent("dora", site.other_address)
    call_id = token()
    assert alice.message("dora@example.com", "draft for friday", call_id=call_id).status == 200
    assert dora.get_request("MESSAGE").body == b"draft for friday"
    row = one_message(site, call_id)
    assert nodes(row) == [HOME, OTHER]
    assert {seen["direction"] for seen in row["observations"]} == {"internal"}
    answers = site.records(call_id, method="MESSAGE", request=False, status=200)
    assert len(answers) == 1 and nodes(answers[0]) == [HOME, OTHER]


def test_a_refusal_at_the_second_server_is_the_messages_verdict(site, agent):
    """The front-end passes what the home blocks: both are told of one message."""
    agent("bob")
    eve = agent("eve", site.front_end_address, register=False, host="127.0.1.1",
                domain="elsewhere.example")
    call_id = token()
    assert eve.message("bob@example.com", "the falcon", call_id=call_id).status == 403
    row = one_message(site, call_id)
    assert row["verdict"] == "blocked" and nodes(row) == [FRONT_END, HOME]
    answers = {seen["node"]: seen["answer"]["status"] for seen in row["observations"]}
    assert answers == {FRONT_END: 0, HOME: 403}


def test_a_forked_message_is_one_with_two_branches(site, agent):
    alice = agent("alice")
    desk = agent("bob")
    phone = agent("bob", transport="tcp", answers={"MESSAGE": 480})
    call_id = token()
    assert alice.message("bob@example.com", "to both of you", call_id=call_id).status == 200
    for one in (desk, phone):
        assert one.get_request("MESSAGE").body == b"to both of you"
    row = one_message(site, call_id)
    seen, = row["observations"]
    assert seen["node"] == HOME and len(seen["branches"]) == 2
    finals = {event["branch"]: event["status"] for event in seen["outcome"]
              if event["branch"] and event["status"] >= 200}
    assert sorted(finals.values()) == [200, 480]
    targets = {branch["next_hop"]["transport"]: finals[branch["number"]]
               for branch in seen["branches"]}
    assert targets == {"udp": 200, "tcp": 480}


def test_a_forked_message_across_a_front_end_is_one(site, agent):
    desk, phone = agent("bob"), agent("bob", transport="tcp")
    eve = agent("eve", site.front_end_address, register=False, host="127.0.1.1",
                domain="elsewhere.example")
    call_id = token()
    assert eve.message("bob@example.com", "to all", call_id=call_id).status == 200
    for one in (desk, phone):
        one.get_request("MESSAGE")
    row = one_message(site, call_id)
    assert nodes(row) == [FRONT_END, HOME]
    assert sorted(len(seen["branches"]) for seen in row["observations"]) == [1, 2]


def test_the_text_of_an_invite_repeated_as_a_message_is_linked(site, agent):
    alice, bob = agent("alice"), agent("bob", answers={"INVITE": 200})
    call_id, text = token(), "are you there?"
    bare = base64.b64encode(text.encode("utf-8")).decode()
    alice.send(alice.request(
        "INVITE", "sip:bob@example.com", call_id=call_id, body=SDP, headers=[
            "Contact: <%s>" % alice.contact, "Content-Type: application/sdp",
            "ms-text-format: text/plain; charset=UTF-8; ms-body=" + bare]))
    ok = alice.answer_to(call_id, "INVITE")
    assert ok.status == 200
    alice.ack(ok, call_id)
    for cseq, words in ((2, text), (3, "another text")):
        alice.within("MESSAGE", ok, call_id, cseq, words, ["Content-Type: text/plain"])
        assert alice.answer_to(call_id, "MESSAGE").status == 200
    alice.within("BYE", ok, call_id, 4)
    assert alice.answer_to(call_id, "BYE").status == 200
    invite = one_message(site, call_id, "INVITE")
    repeated, other = sorted(site.records(call_id, method="MESSAGE", request=True),
                             key=lambda row: row["cseq"])
    assert [one["text"] for one in repeated["texts"]] == [text]
    done = site.rows(site.home, "show", str(invite["conversation"]))[-1]
    assert done["same_text_as"] == {str(repeated["record"]): invite["record"]}
    assert "repeats" in repeated and "repeats" not in other
    transcript = site.command(site.home, "show", str(invite["conversation"])).stdout
    assert "same text as record %d" % invite["record"] in transcript


@pytest.mark.parametrize("user,home", [("bob", "home_address"), ("dora", "other_address")])
def test_a_register_from_inside_is_sent_home(site, user, home):
    agent = site.unregistered(user)
    answer = agent.register()
    host, port = getattr(site, home)
    assert answer.status == 301
    contact, = answer.all("Contact")
    assert "%s@%s:%d" % (user, host, port) in contact and "maddr=%s" % host in contact
    agent.server = (host, port)  # as a client would that follows it
    assert agent.register().status == 200
    assert agent.register(expires=0).status == 200


def test_a_register_from_outside_is_refused(site):
    answer = site.unregistered("bob", host="127.0.1.1").register()
    assert answer.status == 403 and not answer.all("Contact")


def test_a_register_of_nobody_is_refused(site):
    assert site.unregistered("nobody").register().status in (403, 404)


def test_users_of_both_homes_talk_within_a_dialog(site, agent):
    alice, dora = agent("alice"), agent("dora", site.other_address, answers={"INVITE": 200})
    call_id = token()
    alice.send(alice.request(
        "INVITE", "sip:dora@example.com", call_id=call_id, body=SDP,
        headers=["Contact: <%s>" % alice.contact, "Content-Type: application/sdp"]))
    ok = alice.answer_to(call_id, "INVITE")
    assert ok.status == 200 and len(ok.all("Record-Route")) == 2
    alice.ack(ok, call_id)
    dora.get_request("ACK")
    alice.within("MESSAGE", ok, call_id, 2, "hello", ["Content-Type: text/plain"])
    assert alice.answer_to(call_id, "MESSAGE").status == 200
    alice.within("BYE", ok, call_id, 3)
    assert alice.answer_to(call_id, "BYE").status == 200
    for method in ("INVITE", "MESSAGE", "BYE"):
        assert nodes(one_message(site, call_id, method)) == [HOME, OTHER]
    acks = site.records(call_id, method="ACK")
    assert len(acks) == 1 and nodes(acks[0]) == [HOME, OTHER]
    rows = site.records(call_id)
    assert len({row["conversation"] for row in rows}) == 1


def test_the_whole_verifies(site):
    done = site.rows(site.home, "verify")[-1]
    assert done["faults"] == 0 and done["records"] > 20
