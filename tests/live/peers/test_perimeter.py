"""test_perimeter.py -- who may use a static route, who may register, and where nobody can have us send.

People of ours are at 127.0.0.1 (inside is 127.0.0.0/24); eve is outside, at
127.0.1.1. Authentication is none, so where somebody is must do.
"""
import json
import socket
import struct
import subprocess

import pytest
from sip import Agent, token
from warden_site import Site, binary, free_pair, free_port

HOME = "127.0.0.11"
WAIT = 1.0


class House(Site):
    """A home server with a gateway's door, a closed route and an open one, two gateways behind them."""

    def __init__(self, folder, **changes):
        super().__init__(folder)
        self.address = (HOME, free_pair(HOME))
        self.door = (HOME, free_pair(HOME))
        self.agents = []
        self.gateway = self.agent("gateway", host="127.0.3.1", domain="pstn.example")
        self.hotline = self.agent("hotline", host="127.0.3.2", domain="hotline.example")
        config = self.settings("home1.example.com", "home", [], routes=[
            {"to": "*@pstn.example", "next_hop": self.next_hop(self.gateway)},
            {"to": "*@hotline.example", "next_hop": self.next_hop(self.hotline),
             "from_outside": "allow"}],
            before_routing=["log"], after_routing=["log"], **changes)
        config["listen"] = [
            {"transport": transport, "address": "%s:%d" % self.address}
            for transport in ("udp", "tcp")] + [
            {"transport": "udp", "address": "%s:%d" % self.door, "treat_as_server": True}]
        self.config = self.write("home.yaml", json.dumps(config))
        self.archiver(self.config)
        self.proxy(self.config)

    @staticmethod
    def next_hop(agent):
        return "sip:%s:%d;transport=udp" % (agent.host, agent.port)

    def agent(self, user, server=None, **more):
        made = Agent(user, server or self.address, **more)
        self.agents.append(made)
        return made

    def eve(self, **more):
        return self.agent("eve", host="127.0.1.1", domain="elsewhere.example", **more)

    def stop(self):
        for agent in self.agents:
            agent.close()
        super().stop()


@pytest.fixture(scope="module")
def house(tmp_path_factory):
    with House(tmp_path_factory.mktemp("perimeter")) as house:
        yield house


class Ear:
    """A socket that nobody should send to."""

    def __init__(self, host, kind=socket.SOCK_DGRAM, group=None):
        self.socket = socket.socket(socket.AF_INET, kind)
        self.socket.bind((group or host, 0))
        self.port = self.socket.getsockname()[1]
        if group:
            self.socket.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, struct.pack(
                "4s4s", socket.inet_aton(group), socket.inet_aton("127.0.0.1")))
        if kind == socket.SOCK_STREAM:
            self.socket.listen(8)
        self.kind = kind

    def heard(self):
        self.socket.settimeout(WAIT)
        try:
            return self.socket.recv(65536) if self.kind == socket.SOCK_DGRAM else self.socket.accept()
        except OSError:
            return None

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()


def register(agent, contact, user=None):
    call_id = token()
    agent.send(agent.request(
        "REGISTER", "sip:example.com", to="sip:%s@example.com" % (user or agent.user),
        call_id=call_id, headers=["Contact: <%s>" % contact, "Expires: 600"]))
    return agent.answer_to(call_id)


def test_a_route_is_for_our_own(house):
    alice, eve = house.agent("alice"), house.eve()
    assert alice.message("0049@pstn.example", "words").status == 200
    refused = eve.message("0049@pstn.example", "toll fraud")
    assert (refused.status, refused.reason) == (403, "This route is not for outsiders")
    assert house.gateway.got("MESSAGE", "words") and not house.gateway.got("MESSAGE", "fraud")


def test_a_route_is_for_our_own_whatever_the_request_says(house):
    """Our address or name in Route, maddr, another port, a From of ours: none makes eve one of us."""
    eve = house.eve()
    here = "%s:%d" % house.address
    for uri, headers in (
            ("sip:1@pstn.example;maddr=" + HOME, []),
            ("sip:1@pstn.example", ["Route: <sip:%s;lr>" % here]),
            ("sip:1@pstn.example", ["Route: <sip:home1.example.com;lr>", "Route: <sip:%s;lr>" % here]),
            ("sip:1@pstn.example", ["Route: <%s;lr>" % house.next_hop(house.gateway)]),
            ("sip:1@pstn.example", ["P-Asserted-Identity: <sip:alice@example.com>",
                                    "Record-Route: <sip:%s;lr>" % here]),
            ("sip:1@%s:%d" % (house.gateway.host, house.gateway.port), []),
            ("sip:1@%s:%d" % (HOME, house.address[1] + 1), []),
            ("sip:1@example.com;maddr=%s" % house.gateway.host, [])):
        call_id = token()
        eve.send(eve.request("MESSAGE", uri, call_id=call_id, body="fraud", from_address="alice@example.com",
                             headers=["Content-Type: text/plain", *headers]))
        assert eve.answer_to(call_id).status >= 400, (uri, headers)
    assert not house.gateway.got("MESSAGE", "fraud")


def test_an_open_route_is_for_everybody(house):
    assert house.eve().message("help@hotline.example", "please").status == 200
    assert house.hotline.got("MESSAGE", "please")


def test_a_gateways_door_opens_routes_to_gateways(house):
    trunk = house.agent("trunk", server=house.door, host="127.0.1.2")
    assert trunk.message("0049@pstn.example", "from the trunk").status == 200


def test_nobody_registers_from_outside(house):
    eve = house.eve()
    refused = register(eve, eve.contact, "alice")
    assert (refused.status, refused.reason) == (403, "Register from inside")
    assert house.agent("alice").register().status == 200


@pytest.mark.parametrize("transport, kind", [("udp", socket.SOCK_DGRAM), ("tcp", socket.SOCK_STREAM)])
def test_a_contact_elsewhere_is_reached_where_it_registered(house, transport, kind):
    """Who registers somebody else's address (the broker's, say) gets his messages himself."""
    carol = house.agent("carol-" + transport)
    with Ear("127.0.0.77", kind) as ear:
        contact = "sip:x@127.0.0.77:%d;transport=%s" % (ear.port, transport)
        assert register(carol, contact).status == 200
        assert house.agent("alice").message(carol.user + "@example.com", "hello").status == 200
        assert carol.got("MESSAGE", "hello")
        assert ear.heard() is None


@pytest.mark.parametrize("host", ["0.0.0.0", "255.255.255.255", "240.0.0.1", "224.0.0.75",
                                  "[::ffff:127.0.0.1]", "[::]", "[ff02::1]"])
def test_no_contact_makes_us_send_to_many_or_nobody(house, host):
    carol = house.agent("carol-" + token())
    assert register(carol, "sip:x@%s:5060" % host).status == 200
    assert house.agent("alice").message(carol.user + "@example.com", "hi").status == 200
    assert carol.got("MESSAGE", "hi")


def test_a_group_hears_nothing(tmp_path):
    """Also where contacts elsewhere are believed."""
    with House(tmp_path, registrar={"third_party": True}) as house, Ear(
            "127.0.0.1", group="239.255.7.7") as group, Ear("127.0.0.77") as ear:
        dora, erin = house.agent("dora"), house.agent("erin")
        assert register(dora, "sip:x@239.255.7.7:%d" % group.port).status == 200
        assert register(erin, "sip:x@127.0.0.77:%d" % ear.port).status == 200
        alice = house.agent("alice")
        assert alice.message("dora@example.com", "hello").status == 200
        assert dora.got("MESSAGE") and group.heard() is None
        alice.message("erin@example.com", "hello", wait=False)
        assert ear.heard()


def test_a_contact_at_ourselves_does_not_come_round(house):
    """Else it would come in again from our own address, as one of our own."""
    mallory = house.agent("mallory")
    assert register(mallory, "sip:0049@%s:%d" % house.address).status == 200
    assert house.agent("alice").message("mallory@example.com", "round").status == 200
    assert len(mallory.got("MESSAGE", "round")) == 1


SDP = "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio 9 RTP/AVP 0\r\n"


def dialog(caller, callee, contact=None):
    call_id = token()
    caller.send(caller.request("INVITE", "sip:" + callee.address, call_id=call_id, body=SDP, headers=[
        "Contact: <%s>" % (contact or caller.contact), "Content-Type: application/sdp"]))
    callee.reply(callee.get_request("INVITE"), 200, "OK", SDP, ["Content-Type: application/sdp"])
    ok = caller.answer_to(call_id, "INVITE")
    caller.ack(ok, call_id)
    callee.get_request("ACK")
    return call_id, ok


def test_a_dialog_with_one_of_us_leads_to_nobody_else_inside(house):
    """eve has a dialog with bob: her requests may go to him, and to no other host in our networks."""
    bob, eve = house.agent("bob"), house.eve()
    assert bob.register().status == 200
    call_id, ok = dialog(eve, bob)
    routes = ["Route: " + value for value in reversed(ok.all("Record-Route"))]
    for transport, kind in (("udp", socket.SOCK_DGRAM), ("tcp", socket.SOCK_STREAM)):
        with Ear("127.0.0.77", kind) as ear:
            eve.send(eve.request(
                "MESSAGE", "sip:x@127.0.0.77:%d;transport=%s" % (ear.port, transport), body="hi",
                call_id=call_id, cseq=5, to_tag=bob.tag,
                headers=[*routes, "Content-Type: text/plain"]))
            assert eve.answer_to(call_id, "MESSAGE").status == 403
            assert ear.heard() is None
    eve.within("BYE", ok, call_id, 6)
    assert eve.answer_to(call_id, "BYE").status == 200 and bob.get_request("BYE")


def check(config):
    done = subprocess.run([binary("sipwarden"), "check", config], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stderr


def test_check_and_start_warn_of_sources_that_can_be_forged(tmp_path):
    with Site(tmp_path) as site:
        port = free_port(host="127.0.0.1")
        trusted = {"server": {"inside": ["10.0.0.0/8"]}}
        for address, warned in (("0.0.0.0:%d" % port, True), ("127.0.0.1:%d" % port, False)):
            config = site.configure("home1.example.com", "home", [("udp", address)], **trusted)
            said = check(config)
            assert ("udp " + address in said and "forged" in said) == warned, said
        config = site.configure("home1.example.com", "home", [("udp", "0.0.0.0:%d" % port)], **trusted)
        assert "udp 0.0.0.0:%d may be reached from anywhere" % port in site.proxy(config).text()
