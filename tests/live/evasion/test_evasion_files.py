"""test_evasion_files.py -- harmful content is found in each kind of part, whatever it is called."""
import base64
import io
import zipfile

import pytest

from draft import Draft, encoded, deflated, gzipped, multipart
from sip import EICAR
from warden_site import until

# The smallest file that begins as programs for Windows do; harmless.
PROGRAM = b"MZ\x90\x00\x03\x00\x00\x00\x04\x00\x00\x00\xff\xff\x00\x00" + bytes(112)


def zipped(name, content):
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(name, content)
    return packed.getvalue()


def attached(headers, body, kind="mixed"):
    return multipart("See the file.", (headers, body)), "multipart/%s;boundary=limit" % kind


BASE64 = "Content-Transfer-Encoding: base64"
PLAIN_FILE = ["Content-Type: text/plain",
              "Content-Disposition: attachment; filename=\"notes.txt\""]

# What wraps a file: its body, its Content-Type and further headers.
WRAPPINGS = {
    "a body called zip": lambda file: (file, "application/zip", []),
    "a body called plain text": lambda file: (file, "text/plain", []),
    "a body called html": lambda file: (file, "text/html", []),
    "a body called a picture": lambda file: (file, "image/png", []),
    "a body called a session": lambda file: (file, "application/x-sdp", []),
    "a body without a type": lambda file: (file, None, []),
    "a body of an unknown type": lambda file: (file, "x-odd/x-odd", []),
    "a body in base64": lambda file: (encoded(file), "text/plain", [BASE64]),
    "a body in gzip": lambda file: (gzipped(file), "text/plain", ["Content-Encoding: gzip"]),
    "a body in deflate": lambda file: (deflated(file), "text/plain", ["e: deflate"]),
    "a body in gzip twice": lambda file: (
        gzipped(gzipped(file)), "text/plain", ["Content-Encoding: gzip,gzip"]),
    "a part as it is": lambda file: (*attached(["Content-Type: text/plain"], file), []),
    "a part without a head": lambda file: (*attached([], file), []),
    "a part in base64": lambda file: (
        *attached(["Content-Type: application/zip", BASE64], encoded(file)), []),
    "a part in base64 called plain": lambda file: (
        *attached([*PLAIN_FILE, BASE64], encoded(file)), []),
    "a part in an alternative": lambda file: (
        *attached(["Content-Type: text/plain", BASE64], encoded(file), "alternative"), []),
    "a part in a gzip part": lambda file: (
        *attached(["Content-Type: text/plain", "Content-Encoding: gzip", BASE64],
                  encoded(gzipped(file))), []),
    "a part of a part": lambda file: (
        *attached(["Content-Type: multipart/related;boundary=inner"],
                  multipart("One.", (["Content-Type: text/plain", BASE64], encoded(file)),
                            boundary="inner")), []),
    "message/cpim": lambda file: (
        b"From: <im:a@example.com>\r\nTo: <im:b@example.com>\r\n\r\n"
        b"Content-Type: text/plain\r\n\r\n" + file, "message/cpim", []),
    "message/rfc822": lambda file: (
        b"Subject: Hello\r\nContent-Type: text/plain\r\nContent-Transfer-Encoding: base64\r\n\r\n"
        + encoded(file), "message/rfc822", []),
    "message/sipfrag": lambda file: (
        b"SIP/2.0 200 OK\r\nContent-Type: text/plain\r\n\r\n" + file, "message/sipfrag", []),
}


def draft(wrapping, file, method="MESSAGE"):
    body, content_type, headers = WRAPPINGS[wrapping](file)
    return Draft(body, content_type, headers, method)


@pytest.mark.parametrize("wrapping", WRAPPINGS)
def test_eicar_is_refused(people, wrapping):
    harmless = draft(wrapping, b"Nothing of note.")
    assert harmless.send(people.alice).status == 200
    until(lambda: people.reached(harmless.call_id), "the harmless file reaches bob")
    harmful = draft(wrapping, EICAR)
    assert harmful.send(people.alice).start == "SIP/2.0 403 Eicar-Test-Signature"
    assert not people.reached(harmful.call_id)


@pytest.mark.parametrize("wrapping", ["a body called zip", "a body called plain text",
                                      "a part in base64 called plain"])
def test_eicar_in_an_archive_is_refused(people, wrapping):
    harmful = draft(wrapping, zipped("notes.txt", EICAR))
    assert harmful.send(people.alice).start == "SIP/2.0 403 Eicar-Test-Signature"
    assert not people.reached(harmful.call_id)


def test_eicar_in_a_header_of_an_invite_is_refused(people):
    harmful = Draft("", None, ["ms-text-format: text/plain; ms-body=" +
                               base64.b64encode(EICAR).decode()], "INVITE")
    assert harmful.send(people.alice).start == "SIP/2.0 403 Eicar-Test-Signature"
    assert not people.reached(harmful.call_id)


def test_eicar_in_a_uri_is_refused(people):
    body = "".join("%%%02X" % byte for byte in EICAR)
    harmful = Draft("", None, ["Refer-To: <sip:x@example.com?body=%s>" % body], "REFER")
    assert harmful.send(people.alice).start == "SIP/2.0 403 Eicar-Test-Signature"
    assert not people.reached(harmful.call_id)


def attachments(people, call_id):
    row, = people.site.records(call_id, request=True)
    return row["attachments"]


@pytest.mark.parametrize("file", [PROGRAM, zipped("notes.txt", b"Nothing.")], ids=["exe", "zip"])
def test_a_file_called_plain_text_is_scanned(people, file):
    message = Draft(file, "text/plain")
    assert message.send(people.alice).status == 200
    attachment, = attachments(people, message.call_id)
    assert (attachment["media_type"], attachment["verdict"]) == ("text/plain", "clean")
    assert attachment["size"] == len(file)


def test_the_record_of_a_refused_file_names_what_was_found(people):
    message = draft("a part in base64 called plain", EICAR)
    assert message.send(people.alice).status == 403
    found = [attachment for attachment in attachments(people, message.call_id)
             if attachment["verdict"] == "infected"]
    assert [(one["file_name"], one["threat"], one["size"]) for one in found] == [
        ("notes.txt", "Eicar-Test-Signature", len(EICAR))]


def test_short_plain_text_is_not_scanned(people):
    message = Draft("Nothing of note.")
    assert message.send(people.alice).status == 200
    assert [one["verdict"] for one in attachments(people, message.call_id)
            if one["verdict"]] == []


def test_the_sender_is_told(people):
    message = draft("a body called zip", EICAR)
    assert message.send(people.alice).status == 403
    notice = people.alice.get_request(
        "MESSAGE", where=lambda request: b"Eicar-Test-Signature" in request.body)
    assert notice.get("To").startswith("<sip:alice@example.com>")
