"""test_ambiguous.py -- what two readers could read differently, and what nobody can see, is refused."""
import pytest

from draft import Draft, encoded, gzipped, multipart

MIXED = "multipart/mixed;boundary=limit"
PARTS = multipart("Hello.", "Hello again.")


def replaced(old, new, body="Hello.", **more):
    """Bytes of a tidy message with one change in them."""
    def make(agent):
        draft = Draft(body, **more)
        data = draft.bytes(agent)
        assert data.count(old) == 1
        return draft, data.replace(old, new)
    return make


def with_headers(*headers, body="Hello.", **more):
    def make(agent):
        draft = Draft(body, headers=headers, **more)
        return draft, draft.bytes(agent)
    return make


def of_type(content_type, body, *headers):
    return with_headers(*headers, body=body, content_type=content_type)


def deep(levels):
    kind, body = MIXED, PARTS
    for level in range(levels):
        body = multipart((["Content-Type: " + kind], body), boundary="b%d" % level)
        kind = "multipart/mixed;boundary=b%d" % level
    return kind, body


# Refused at the walls: by the reader of SIP. Counted, not recorded.
READER = {
    "Content-Length twice": with_headers("Content-Length: 3"),
    "Content-Length twice, alike": with_headers("Content-Length: 6"),
    "Content-Length and l": with_headers("l: 3"),
    "Content-Type twice": with_headers("Content-Type: text/html"),
    "Content-Type and c": with_headers("c: text/html"),
    "From twice": with_headers("From: <sip:carol@example.com>;tag=2"),
    "To twice, compact": with_headers("t: <sip:carol@example.com>"),
    "Call-ID twice": with_headers("Call-ID: other"),
    "CSeq twice": with_headers("CSeq: 2 MESSAGE"),
    "Max-Forwards twice": with_headers("Max-Forwards: 3"),
    "CSeq of another method": replaced(b"CSeq: 1 MESSAGE", b"CSeq: 1 INVITE"),
    "Content-Length beyond the end": replaced(b"Content-Length: 6", b"Content-Length: 60"),
    "Content-Length below zero": replaced(b"Content-Length: 6", b"Content-Length: -6"),
    "Content-Length with a sign": replaced(b"Content-Length: 6", b"Content-Length: +6"),
    "Content-Length of two numbers": replaced(b"Content-Length: 6", b"Content-Length: 6, 6"),
    "Content-Length too large for a number": replaced(
        b"Content-Length: 6", b"Content-Length: 18446744073709551622"),
    "a bare LF in the head": with_headers("X-Note: one\nX-Other: two"),
    "a bare CR in the head": replaced(b"Max-Forwards: 70\r\n", b"Max-Forwards: 70\rX: y\r\n"),
    "a NUL in the head": replaced(b"Max-Forwards: 70\r\n", b"Max-Forwards: 70\0\r\n"),
    "two media types": replaced(b"text/plain", b"text/plain, text/html"),
    "space before the colon of a length, twice": with_headers("Content-Length : 3"),
}

# Refused by the stages, which look into bodies: recorded, with the reason.
STAGES = {
    "boundary twice": of_type("multipart/mixed;boundary=limit;boundary=other", PARTS),
    "charset twice": of_type("text/plain;charset=utf-8;charset=utf-16", "Hello."),
    "no boundary": of_type("multipart/mixed", PARTS),
    "boundary by RFC 2231": of_type("multipart/mixed;boundary*=utf-8''limit", PARTS),
    "text before the first part": of_type(MIXED, b"Hello.\r\n" + PARTS),
    "text after the last part": of_type(MIXED, PARTS + b"Hello.\r\n"),
    "no end": of_type(MIXED, PARTS.replace(b"--limit--\r\n", b"")),
    "no part": of_type(MIXED, b"--limit--\r\n"),
    "a bare LF before a boundary": of_type(MIXED, PARTS.replace(
        b"Hello.\r\n--limit", b"Hello.\n--limit")),
    "a part's Content-Type twice": of_type(MIXED, multipart(
        (["Content-Type: text/plain", "Content-Type: text/html"], "Hello."))),
    "a part's transfer encoding twice": of_type(MIXED, multipart(
        (["Content-Transfer-Encoding: base64", "Content-Transfer-Encoding: 7bit"], "SGVsbG8="))),
    "parts too deep": of_type(*deep(30)),
    "a container in base64": of_type(MIXED, encoded(PARTS), "Content-Transfer-Encoding: base64"),
    "base64 that is none": of_type(
        "text/plain", "Hello, world!", "Content-Transfer-Encoding: base64"),
    "gzip that is none": of_type("text/plain", "Hello.", "Content-Encoding: gzip"),
    "gzip with a tail": of_type(
        "text/plain", gzipped("Hello.") + b"Hello.", "Content-Encoding: gzip"),
    "gzip that grows without bound": of_type(
        "text/plain", gzipped(bytes(30 << 20)), "Content-Encoding: gzip"),
    "an unknown transfer encoding": of_type(
        "text/plain", "Hello.", "Content-Transfer-Encoding: x-uuencode"),
    "an unknown content encoding": of_type("text/plain", "Hello.", "Content-Encoding: br"),
    "an unknown character set": of_type("text/plain;charset=x-odd", "Hello."),
    "a mark that contradicts the set": of_type(
        "text/plain;charset=utf-16le", b"\xfe\xff\0H\0i"),
    "an enveloped body": of_type("application/pkcs7-mime", "Hello."),
    "a piece of a message": of_type("message/partial;id=1;number=1;total=2", "Hello."),
    "content elsewhere": of_type(
        "message/external-body;access-type=url;URL=\"http://example.com/\"",
        "Content-Type: text/plain\r\n\r\n"),
    "an OpenPGP message": of_type(
        "text/plain", "-----BEGIN PGP MESSAGE-----\r\n\r\nabc=\r\n-----END PGP MESSAGE-----\r\n"),
    "a session that goes past us": with_headers(
        body="v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\n"
             "m=message 40000 TCP/MSRP *\r\na=path:msrp://127.0.0.1:40000/x;tcp\r\n",
        content_type="application/sdp", method="INVITE"),
}


def refused(people, make):
    draft, data = make(people.alice)
    people.alice.send(data)
    answer = people.alice.answer_to(draft.call_id)
    assert 400 <= answer.status < 500, answer.start
    assert not people.reached(draft.call_id)
    return draft, answer


@pytest.mark.parametrize("form", READER)
def test_the_reader_refuses(people, form):
    refused(people, READER[form])


@pytest.mark.parametrize("form", STAGES)
def test_the_stages_refuse(people, form):
    refused(people, STAGES[form])


def test_tidy_forms_of_the_same_pass(people):
    for make in (of_type("text/plain", "Hello."), of_type(MIXED, PARTS),
                 of_type("text/plain", encoded("Hello."), "Content-Transfer-Encoding: base64"),
                 of_type("text/plain", gzipped("Hello."), "Content-Encoding: gzip"),
                 of_type("text/plain;charset=utf-16le", b"H\0i\0")):
        draft, data = make(people.alice)
        people.alice.send(data)
        assert people.alice.answer_to(draft.call_id).status == 200
        assert people.reached(draft.call_id)


def test_what_the_stages_refuse_is_recorded_with_the_reason(people):
    sent = {}
    for form, make in STAGES.items():
        draft, answer = refused(people, make)
        sent[draft.call_id] = (form, answer)
    found = {row["call_id"]: row for row in people.site.records(request=True)}
    assert [form for call_id, (form, _) in sent.items() if call_id not in found] == []
    for call_id, (form, answer) in sent.items():
        assert found[call_id]["verdict"] == "unscannable", form
        entry, = [entry for seen in found[call_id]["observations"] for entry in seen["trail"]
                  if entry["verdict"] == "unscannable"]
        assert entry["status"] == answer.status, form
        assert entry["reason"] == answer.reason, form
        if answer.reason == "Content cannot be seen":
            assert [note["value"] for note in entry["notes"] if note["name"] == "unseen"], form


def test_what_the_reader_refuses_is_counted_only(people):
    before = people.site.stats()
    sent = [refused(people, make)[0].call_id for make in READER.values()]
    known = {row["call_id"] for row in people.site.records()}
    assert not known & set(sent)
    assert people.site.stats()["conversations"] == before["conversations"]


def test_an_unclear_length_ends_a_stream(people):
    """On a stream nobody knows where the next message would begin."""
    agent = people.site.agent("alice", transport="tcp", register=False)
    draft, data = replaced(b"Content-Length: 6", b"Content-Length: six")(agent)
    agent.send(data)
    agent.thread.join(10)
    assert not agent.thread.is_alive()
    assert not people.reached(draft.call_id)
