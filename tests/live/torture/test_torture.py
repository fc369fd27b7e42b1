"""test_torture.py -- the messages of RFC 4475 and RFC 5118 end as README.md says."""
import glob
import itertools
import os
import queue
import re
import time

import pytest

from ground import CLIENT, PROBER, SIX, Ground
from splices import Lines, forwarded, without_top_via
from warden_site import ROOT

HERE = os.path.dirname(os.path.abspath(__file__))
MESSAGES = os.path.join(ROOT, "tests", "support", "torture")
COLUMNS = [("relay", "udp"), ("relay", "tcp"), ("home", "udp"), ("home", "tcp")]
LONG = 15
numbers = itertools.count(1)


def table():
    """{(rfc, name): {(role, transport): outcome}} as README.md has it."""
    found, rfc = {}, None
    with open(os.path.join(HERE, "README.md"), encoding="utf-8") as file:
        for line in file:
            if heading := re.match(r"## RFC (\d+)", line):
                rfc = "rfc" + heading.group(1)
            cells = [cell.strip() for cell in line.split("|")[1:-1]]
            if rfc and len(cells) == 8 and cells[0][:1].isdigit():
                found[rfc, cells[1]] = dict(zip(COLUMNS, cells[3:7]))
    return found


TABLE = table()
CASES = [(rfc, name, role, transport) for role, transport in COLUMNS for rfc, name in TABLE]


def bytes_of(rfc, name):
    """RFC 5118 has one branch in many messages; here each gets one of its own."""
    with open(os.path.join(MESSAGES, rfc, name + ".sip"), "rb") as file:
        data = file.read()
    if rfc == "rfc5118":
        data = data.replace(b"branch=z9hG4bK", b"branch=z9hG4bK" + name.encode(), 1)
    return data


def call_id_of(data):
    lines = Lines(data.lstrip(b"\r\n"))
    return lines.value(b"call-id") or lines.value(b"i")


@pytest.fixture(scope="module")
def ground(tmp_path_factory):
    with Ground(tmp_path_factory.mktemp("torture")) as started:
        started.sent_on = {}
        yield started


def request(method, uri, call_id, via, headers=()):
    return ("\r\n".join([
        "%s %s SIP/2.0" % (method, uri), "Via: SIP/2.0/%s;branch=z9hG4bK%s%d" % (
            via, method, next(numbers)), "Max-Forwards: 70", "From: <sip:prober@probe.example>;tag=1",
        "To: <sip:user@example.com>", "Call-ID: " + call_id, "CSeq: 1 " + method, *headers,
        "Content-Length: 0", "", ""])).encode()


def ask(client, method, uri, headers=()):
    """A request of the test's own: the final answer, or None where the stream ended."""
    call_id = "own%d" % next(numbers)
    client.send(request(method, uri, call_id, "%s %s" % (client.transport.upper(), CLIENT), headers))
    end = time.monotonic() + LONG
    while time.monotonic() < end and not client.ended:
        for data in client.came:
            if call_id_of(data) == call_id.encode() and not data.startswith(b"SIP/2.0 1"):
                return data
        client.look(0.05)
    assert client.ended, "no answer to a request of the test's own"
    return None


def bind(ground, transport):
    """Has the home's user at the next hop, and nowhere else. Over UDP: a stream that
    registered would be taken to reach him, also while it is being closed."""
    client = ground.client("home", transport, kind="udp")
    for headers in (["Contact: *", "Expires: 0"],
                    ["Contact: <%s>" % ground.contact(transport)]):
        assert ask(client, "REGISTER", "sip:example.com", headers).startswith(b"SIP/2.0 200")
    client.close()


def next_request(ground, call_id, seconds):
    """What the next hop got of this Call-ID, and how to answer it. Keeps account of all."""
    end = time.monotonic() + seconds
    while True:
        try:
            data, answer = ground.next_hop.came.get(timeout=max(0, end - time.monotonic()))
        except queue.Empty:
            return None
        if data.startswith((b"ACK ", b"SIP/2.0")):
            continue
        lines = Lines(data)
        server = lines.value(b"via").split(b";")[0].split(b" ")[-1]
        ground.sent_on.setdefault(server, set()).add(lines.value(b"call-id") or lines.value(b"i"))
        if call_id in (lines.value(b"call-id"), lines.value(b"i")):
            return data, answer


def probe(ground, role, transport):
    """Something that is certainly forwarded: what came before it has had its time."""
    client = ground.client(role, transport, host=PROBER)
    call_id = "probe%d" % next(numbers)
    client.send(request("OPTIONS", "sip:user@example.com", call_id,
                        "%s %s" % (transport.upper(), PROBER)))
    got = next_request(ground, call_id.encode(), LONG)
    client.look(0 if got else 1)
    client.close()
    assert got, client.came
    got[1](answer_to(got[0]))


def answer_to(data, status=b"486 Busy, says the next hop"):
    """An answer made of the request's own lines."""
    lines = Lines(data)
    wanted = (b"via", b"from", b"f", b"to", b"t", b"call-id", b"i", b"cseq")
    return b"SIP/2.0 " + status + b"\r\n" + b"".join(
        header for header in lines.headers if lines.name(header) in wanted) + \
        b"X-As-It-Is:  kept \t as\r\n it is\r\nContent-Length: 0\r\n\r\n"


def final_answers(client, data):
    """Answers to this request; others may still be sent again for want of an ACK."""
    def transaction(lines):
        branch = re.search(rb"branch=([^;\s]+)", lines.headers[lines.named(b"via")[0]])
        return (lines.value(b"call-id") or lines.value(b"i"), lines.value(b"cseq"),
                branch and branch.group(1))

    sent = transaction(Lines(data.lstrip(b"\r\n")))
    return [came for came in client.came if not came.startswith(b"SIP/2.0 1") and
            transaction(Lines(came)) == sent]


def answered(client, role, data):
    """The number; on a stream also whether that was its end."""
    status = final_answers(client, data)[0].split(b" ")[1].decode()
    if client.transport == "tcp":
        client.look(0.05)
        own = "sip:example.com" if role == "home" else "sip:relay.example"
        try:
            if client.ended or ask(client, "OPTIONS", own) is None:
                status += ", closed"
        except ConnectionError:
            status += ", closed"
    return status


def was_forwarded(ground, client, role, data, got):
    left, answer = got
    uri = ground.contact(client.transport).encode() if role == "home" else None
    wanted = forwarded(data, left, (client.source[0].encode(), client.source[1]), uri)
    reply = answer_to(left)
    answer(reply)
    assert left == wanted
    end = time.monotonic() + LONG
    while not final_answers(client, data) and not client.ended and time.monotonic() < end:
        client.look(0.05)
    if client.ended and not final_answers(client, data):
        return "forwarded, closed"
    assert final_answers(client, data)[0] == without_top_via(reply)
    return "forwarded"


def outcome_of_request(ground, client, role, data, expected):
    call_id = call_id_of(data) or b"none"
    client.send(data)
    if expected in ("dropped", "waits"):
        probe(ground, role, client.transport)
    end = time.monotonic() + (0.3 if expected in ("dropped", "waits") else LONG)
    while time.monotonic() < end:
        client.look(0.01)
        if final_answers(client, data):
            return answered(client, role, data)
        if got := next_request(ground, call_id, 0.01):
            return was_forwarded(ground, client, role, data, got)
        if client.ended:
            return "closed"
    return "dropped" if client.transport == "udp" or expected != "waits" else "waits"


def invite_for(response):
    """The INVITE that this response could answer: its last Via is the sender's."""
    lines = Lines(response)
    via = lines.headers[lines.named(b"via")[-1]].strip()
    cseq = lines.value(b"cseq").split(b" ")[0][:9]
    return b"\r\n".join([
        b"INVITE sip:user@example.com SIP/2.0", via, b"Max-Forwards: 70",
        b"From: " + lines.value(b"from"), b"To: <sip:user@example.edu>",
        b"Call-ID: " + lines.value(b"call-id"), b"CSeq: " + cseq + b" INVITE",
        b"Content-Length: 0", b"", b""])


def outcome_of_response(ground, client, response):
    lines = Lines(response)
    client.send(invite_for(response))
    left, answer = next_request(ground, lines.value(b"call-id"), LONG)
    vias = [header for header in Lines(left).headers if Lines.name(header) == b"via"]
    where = lines.named(b"via")
    lines.headers[where[0]:where[-1] + 1] = vias
    answer(lines.bytes())
    last = answer_to(left)
    answer(last)  # behind it comes one that ends the call
    passed = without_top_via(last)
    end = time.monotonic() + LONG
    while passed not in client.came and time.monotonic() < end:
        client.look(0.05)
        if without_top_via(lines.bytes()) in client.came:
            return "passed back"
    rest = [data for data in client.came
            if data != passed and call_id_of(data) == lines.value(b"call-id")]
    assert all(data.startswith(b"SIP/2.0 100 Trying") for data in rest), rest
    assert passed in client.came
    return "dropped"


@pytest.mark.parametrize("rfc,name,role,transport", CASES)
def test_it_ends_as_the_table_says(ground, rfc, name, role, transport):
    data = bytes_of(rfc, name)
    expected = TABLE[rfc, name][role, transport]
    if role == "home":
        bind(ground, transport)
    client = ground.client(role, transport, SIX if rfc == "rfc5118" else CLIENT)
    try:
        if data.startswith(b"SIP/2.0 "):
            outcome = outcome_of_response(ground, client, data)
        else:
            outcome = outcome_of_request(ground, client, role, data, expected)
    finally:
        client.close()
    assert outcome == expected


@pytest.mark.parametrize("role,transport", COLUMNS)
def test_responses_to_nothing_are_dropped(ground, role, transport):
    for rfc, name in TABLE:
        data = bytes_of(rfc, name)
        if not data.startswith(b"SIP/2.0 "):
            continue
        client = ground.client(role, transport)
        client.send(data)
        probe(ground, role, transport)
        client.look(0.1)
        client.close()
        assert not [came for came in client.came if Lines(came).start == Lines(data).start], name


@pytest.mark.parametrize("role,transport", COLUMNS)
def test_nothing_else_was_sent_on(ground, role, transport):
    """What a server answered or dropped itself never reached the next hop."""
    probe(ground, role, transport)
    host, port = ground.addresses[role, transport][4]
    allowed = {b"dblreq.0ha0isnda977644900765@192.0.2.15"} if transport == "tcp" else set()
    for (rfc, name), outcomes in TABLE.items():
        if outcomes[role, transport].startswith(("forwarded", "passed", "dropped")):
            data = bytes_of(rfc, name)
            if data.startswith(b"SIP/2.0 ") or not outcomes[role, transport].startswith("dropped"):
                allowed.add(call_id_of(data))
    got = {call_id for call_id in ground.sent_on[b"%s:%d" % (host.encode(), port)]
           if not call_id.startswith((b"probe", b"own"))}
    assert got <= allowed


def test_every_message_has_a_row():
    files = {(os.path.basename(os.path.dirname(path)), os.path.basename(path)[:-4])
             for path in glob.glob(os.path.join(MESSAGES, "*", "*.sip"))}
    assert files == set(TABLE)
    assert len(TABLE) >= 64
