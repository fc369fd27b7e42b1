"""test_within_dialogs.py -- stages see what passes within a dialog, answers and ACKs too."""
import time

from sip import EICAR, tag_of, token
from two_servers import ALL, TwoServers

EVERYWHERE = {"before": ALL, "after": ALL}
SDP = "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio 40000 RTP/AVP 0\r\n"


def site_of(folder, **more):
    return TwoServers(folder, home=EVERYWHERE, **more)


def invite(alice, call_id, headers=()):
    alice.send(alice.request(
        "INVITE", "sip:bob@example.com", call_id=call_id, body=SDP,
        headers=["Contact: <%s>" % alice.contact, "Content-Type: application/sdp", *headers]))


def call(alice, bob):
    """A dialog from alice to bob: its Call-ID and the 200."""
    call_id = token()
    invite(alice, call_id)
    bob.reply(bob.get_request("INVITE"), 200, "OK", SDP, ["Content-Type: application/sdp"])
    ok = alice.answer_to(call_id, "INVITE")
    assert ok.status == 200, ok
    alice.ack(ok, call_id)
    bob.get_request("ACK")
    return call_id, ok


def test_a_message_within_a_dialog_is_judged(tmp_path):
    with site_of(tmp_path) as site:
        alice, bob = site.agent("alice"), site.agent("bob", transport="tcp")
        call_id, ok = call(alice, bob)
        assert "Route" not in ok.data.decode().split("Record-Route")[0]
        alice.within("MESSAGE", ok, call_id, 2, "hello again", ["Content-Type: text/plain"])
        assert alice.answer_to(call_id, "MESSAGE").status == 200
        alice.within("MESSAGE", ok, call_id, 3, "the falcon", ["Content-Type: text/plain"])
        assert alice.answer_to(call_id, "MESSAGE").status == 403
        alice.within("MESSAGE", ok, call_id, 4, EICAR, ["Content-Type: application/zip"])
        assert alice.answer_to(call_id, "MESSAGE").status == 403
        assert len(bob.got("MESSAGE")) == 1
        alice.within("BYE", ok, call_id, 5)
        assert alice.answer_to(call_id, "BYE").status == 200


def test_a_refused_200_of_a_message_becomes_403(tmp_path):
    def answer(agent, request, source):
        agent.reply(request, 200, "OK", "the falcon has landed", ["Content-Type: text/plain"],
                    source=source)

    with site_of(tmp_path) as site:
        alice = site.agent("alice")
        site.agent("bob", answers={"MESSAGE": answer})
        got = alice.message("bob@example.com", "where is it?")
        assert got.status == 403 and b"falcon" not in got.data


def test_a_refused_200_of_an_invite_is_withheld_and_the_callee_let_go(tmp_path):
    with site_of(tmp_path) as site:
        alice, bob = site.agent("alice"), site.agent("bob")
        call_id = token()
        invite(alice, call_id)
        request = bob.get_request("INVITE")
        bob.reply(request, 200, "OK", EICAR, ["Content-Type: application/zip"], tag="callee")
        got = alice.answer_to(call_id, "INVITE")
        assert got.status == 403 and EICAR not in got.data
        ack = bob.get_request("ACK")
        assert ack.get("CSeq") == "1 ACK" and tag_of(ack.get("To")) == "callee" and not ack.body
        bye = bob.get_request("BYE")
        assert bye.get("CSeq") == "2 BYE" and tag_of(bye.get("To")) == "callee"
        # Its retransmission is acknowledged again, and neither BYE nor 200 comes of it.
        bob.reply(request, 200, "OK", EICAR, ["Content-Type: application/zip"], tag="callee")
        bob.get_request("ACK")
        time.sleep(1)
        assert len(bob.got("BYE")) == 1
        assert all(message.status in (100, 403) for message in alice.seen
                   if not message.is_request and message.method == "INVITE")


def test_a_refused_ack_ends_the_dialog_at_both_ends(tmp_path):
    with site_of(tmp_path) as site:
        alice, bob = site.agent("alice"), site.agent("bob")
        call_id = token()
        invite(alice, call_id)
        bob.reply(bob.get_request("INVITE"), 200, "OK", SDP, ["Content-Type: application/sdp"])
        ok = alice.answer_to(call_id, "INVITE")
        alice.ack(ok, call_id, body="the falcon price list", headers=["Content-Type: text/plain"])
        ack = bob.get_request("ACK")
        assert ack.body == b"" and b"falcon" not in ack.data
        assert bob.get_request("BYE").get("Call-ID") == call_id
        assert alice.get_request("BYE").get("Call-ID") == call_id


def test_a_provisional_answer_with_forbidden_text_ends_the_call(tmp_path):
    with site_of(tmp_path) as site:
        alice, bob = site.agent("alice"), site.agent("bob")
        call_id = token()
        invite(alice, call_id)
        bob.reply(bob.get_request("INVITE"), 183, "Progress", "the falcon",
                  ["Content-Type: text/plain"])
        assert alice.answer_to(call_id, "INVITE").status == 403
        assert bob.get_request("CANCEL")
        assert not [message for message in alice.seen
                    if not message.is_request and message.status == 183]
