"""test_relay.py -- nobody outside makes a server send where he likes.

Our Record-Route carries a token that lets later requests of the dialog follow
their Routes. Whoever has seen one may go on with that dialog and do nothing else.
"""
import time

import pytest
from sip import Agent, tag_of, token
from two_servers import ALL, TwoServers

EVERYWHERE = {"before": ALL, "after": ALL}
SDP = "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio 40000 RTP/AVP 0\r\n"


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    with TwoServers(tmp_path_factory.mktemp("relay"), home=EVERYWHERE, front_end=EVERYWHERE) as site:
        yield site


def call(caller, callee):
    """A dialog between two people: its Call-ID and the 200 that the caller got."""
    call_id = token()
    caller.send(caller.request(
        "INVITE", "sip:" + callee.address, call_id=call_id, body=SDP,
        headers=["Contact: <%s>" % caller.contact, "Content-Type: application/sdp"]))
    callee.reply(callee.get_request("INVITE"), 200, "OK", SDP, ["Content-Type: application/sdp"])
    ok = caller.answer_to(call_id, "INVITE")
    assert ok.status == 200, ok
    caller.ack(ok, call_id)
    callee.get_request("ACK")
    return call_id, ok


def routes_of(ok):
    return ["Route: " + value for value in reversed(ok.all("Record-Route"))]


def nothing_came(agent, method="MESSAGE"):
    time.sleep(1)
    return not agent.got(method)


def ask(eve, uri, call_id, ok, headers, **more):
    tags = {"to_tag": tag_of(ok.get("To"))}
    tags.update(more)
    eve.send(eve.request("MESSAGE", uri, call_id=call_id, cseq=7, body="hello",
                         headers=["Content-Type: text/plain", *headers], **tags))
    return eve.answer_to(call_id, "MESSAGE")


def victim_at(host):
    return Agent("victim", ("127.0.0.1", 9), host=host, domain="victim.example")


def test_a_dialog_goes_on_through_both_servers(site):
    eve, bob = site.eve(), site.agent("bob")
    call_id, ok = call(eve, bob)
    assert ask(eve, bob.contact, call_id, ok, routes_of(ok)).status == 200
    assert bob.got("MESSAGE", "hello")


@pytest.mark.parametrize("host", ["127.0.2.1", "127.0.1.9", "127.0.0.99"])
def test_the_front_end_is_no_relay_to_an_address(site, host):
    eve, bob = site.eve(), site.agent("bob")
    call_id, ok = call(eve, bob)
    with victim_at(host) as victim:
        answer = ask(eve, victim.contact, call_id, ok, routes_of(ok)[:1])
        assert nothing_came(victim) and answer.status >= 400, answer


@pytest.mark.parametrize("host", ["127.0.2.1", "127.0.0.99"])
def test_the_front_end_is_no_relay_by_route(site, host):
    eve, bob = site.eve(), site.agent("bob")
    call_id, ok = call(eve, bob)
    with victim_at(host) as victim:
        ask(eve, bob.contact, call_id, ok,
            [*routes_of(ok)[:1], "Route: <%s;lr>" % victim.contact])
        assert nothing_came(victim)


def test_the_home_server_is_no_relay_behind_the_front_end(site):
    eve, bob = site.eve(), site.agent("bob")
    call_id, ok = call(eve, bob)
    with victim_at("127.0.2.1") as victim:
        ask(eve, bob.contact, call_id, ok, [*routes_of(ok), "Route: <%s;lr>" % victim.contact])
        assert nothing_came(victim)
        ask(eve, victim.contact, call_id, ok, routes_of(ok))
        assert nothing_came(victim)


def test_a_route_behind_the_front_end_that_nobody_proved_is_not_followed(site):
    eve = site.eve()
    site.agent("bob")
    call_id = token()
    with victim_at("127.0.2.1") as victim:
        eve.send(eve.request("MESSAGE", "sip:bob@example.com", call_id=call_id, body="hello", headers=[
            "Content-Type: text/plain", "Route: <sip:%s:%d;lr>" % site.front_end_address,
            "Route: <sip:%s:%d;lr>" % site.home_address, "Route: <%s;lr>" % victim.contact]))
        eve.answer_to(call_id, "MESSAGE")
        assert nothing_came(victim)


def test_a_token_is_of_one_dialog(site):
    """The Call-ID alone does not do: the tags must be those of the dialog, and it must be one."""
    eve, bob = site.eve(), site.agent("bob")
    call_id, ok = call(eve, bob)
    mallory = site.eve()
    bob.seen.clear()
    ask(mallory, bob.contact, call_id, ok, routes_of(ok))
    assert nothing_came(bob)
    ask(eve, bob.contact, call_id, ok, routes_of(ok), to_tag=None)
    assert nothing_came(bob)
