"""test_acks.py -- an ACK that we do not pass on ends no dialog of others, and costs little."""
import time

import pytest
from sip import tag_of, token
from two_servers import ALL, TwoServers

EVERYWHERE = {"before": ALL, "after": ALL}
SDP = "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio 40000 RTP/AVP 0\r\n"


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    with TwoServers(tmp_path_factory.mktemp("acks"), home=EVERYWHERE) as site:
        yield site


def call(alice, bob):
    call_id = token()
    alice.send(alice.request(
        "INVITE", "sip:bob@example.com", call_id=call_id, body=SDP,
        headers=["Contact: <%s>" % alice.contact, "Content-Type: application/sdp"]))
    bob.reply(bob.get_request("INVITE"), 200, "OK", SDP, ["Content-Type: application/sdp"])
    ok = alice.answer_to(call_id, "INVITE")
    alice.ack(ok, call_id)
    bob.get_request("ACK")
    return call_id, ok


def ack(agent, site, call_id, from_tag, to_tag, uri, body=b"", hops=70):
    bytes = agent.request("ACK", uri, call_id=call_id, from_tag=from_tag, to_tag=to_tag, body=body,
                          from_address="alice@example.com", to="sip:bob@example.com",
                          headers=["Content-Type: text/plain",
                                   "Route: <sip:%s:%d;lr>" % site.home_address])
    agent.send(bytes.replace(b"Max-Forwards: 70", b"Max-Forwards: %d" % hops))


@pytest.mark.parametrize("what", ["no hops left", "nowhere to go", "another dialog's"])
def test_an_ack_that_goes_nowhere_ends_nothing(site, what):
    alice, bob = site.agent("alice"), site.agent("bob")
    call_id, ok = call(alice, bob)
    tag = tag_of(ok.get("To"))
    mallory = site.agent("mallory", register=False)
    if what == "no hops left":
        ack(mallory, site, call_id, alice.tag, tag, "sip:bob@example.com", hops=0)
    elif what == "nowhere to go":
        ack(mallory, site, call_id, alice.tag, tag, "sip:nobody@nowhere.example")
    else:
        ack(mallory, site, call_id, alice.tag, "forked", "sip:bob@example.com", "the falcon")
    time.sleep(1)
    assert not bob.got("BYE") and not alice.got("BYE")
