"""carriers.py -- the places and forms in which a word can travel in a SIP message."""
import base64
import quopri

from draft import Draft, deflated, encoded, gzipped, multipart, raw_deflated

SDP = ("v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=%s\r\ni=%s\r\nu=%s\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\n"
       "a=%s\r\nm=audio 40000 RTP/AVP 0\r\n")


def wide(word):
    """Full-width letters."""
    return "".join(chr(ord(letter) + 0xFEE0) for letter in word)


def charset(name, codec=None, prefix=b"", spell=str):
    def carry(word):
        return Draft(prefix + spell("The %s list" % word if spell is str else word)
                     .encode(codec or name), "text/plain;charset=" + name)
    return carry


def undeclared(codec):
    """The bytes alone say what they are."""
    return lambda word: Draft(("The %s list" % word).encode(codec))


def utf7(word):
    text = base64.b64encode(word.encode("utf-16-be")).decode().rstrip("=")
    return Draft("The +%s- list" % text, "text/plain;charset=utf-7")


def typed(content_type, text, headers=()):
    """A body of this type; %s in the text stands for the word."""
    return lambda word: Draft(text.replace("%s", word), content_type, headers)


def body(content_type, change, headers=()):
    return lambda word: Draft(change("The %s list" % word), content_type, headers)


def soft_breaks(word):
    """Quoted-printable with a break after each letter."""
    return "=\r\n".join("The %s list" % word)


def hex_letters(word):
    return "".join("=%02X" % ord(letter) for letter in word)


def transfer(name, change, content_type="text/plain"):
    return body(content_type, change, ["Content-Transfer-Encoding: " + name])


def part(name, change, content_type="text/plain"):
    """The same within a multipart."""
    return lambda word: Draft(multipart("Hello.", (
        ["Content-Type: " + content_type, "Content-Transfer-Encoding: " + name],
        change("The %s list" % word))), "multipart/mixed;boundary=limit")


def header(line, content_type="text/plain", text="Hello.", method="MESSAGE"):
    """A header; the word stands for %s."""
    return lambda word: Draft(text, content_type, [line.replace("%s", word)], method)


def in_parts(kind, make):
    return lambda word: Draft(multipart(*make(word)), "multipart/%s;boundary=limit" % kind)


def q_word(word):
    return "=?utf-8?q?%s?=" % hex_letters(word)


def b_word(word):
    return "=?UTF-8?B?%s?=" % base64.b64encode(word.encode()).decode()


def two_words(word):
    """One word in two encoded ones: the white space between them is none."""
    return "=?utf-8?q?%s?= =?iso-8859-1?b?%s?=" % (
        word[:3], base64.b64encode(word[3:].encode()).decode())


def escaped(word):
    return "".join("%%%02x" % ord(letter) for letter in word)


def nested(word):
    inner = multipart("One.", "The %s list" % word, boundary="inner")
    outer = multipart("Two.", (["Content-Type: multipart/alternative;boundary=inner"], inner),
                      boundary="outer")
    return Draft(multipart((["Content-Type: multipart/related;boundary=\"outer\""], outer)),
                 "multipart/mixed; boundary=\"limit\"")


CPIM = ("From: <im:alice@example.com>\r\nTo: <im:bob@example.com>\r\n%s\r\n"
        "Content-Type: text/plain; charset=utf-8\r\n\r\n%s")
MAIL = "From: a@example.com\r\nSubject: %s\r\nContent-Type: text/plain\r\n\r\n%s\r\n"
SIP = ("MESSAGE sip:x@example.com SIP/2.0\r\nVia: SIP/2.0/UDP x;branch=z9hG4bKx\r\n"
       "From: <sip:a@example.com>;tag=1\r\nTo: <sip:x@example.com>\r\nCall-ID: x\r\n"
       "CSeq: 1 MESSAGE\r\nSubject: %s\r\nContent-Type: text/plain\r\nContent-Length: %d\r\n\r\n%s")


def inner_sip(subject, text):
    return SIP % (subject, len(text), text)


def sdp(subject="-", info="all", uri="http://example.com/", attribute="sendrecv"):
    return lambda word: Draft(SDP % tuple(
        value.replace("%s", word) for value in (subject, info, uri, attribute)),
        "application/sdp", method="INVITE")


def ms_text(word):
    text = base64.b64encode(("The %s list" % word).encode()).decode()
    return Draft(SDP % ("-", "all", "http://example.com/", "sendrecv"), "application/sdp",
                 ["ms-text-format: text/plain; charset=UTF-8; ms-body=" + text], "INVITE")


CARRIERS = {
    # character sets
    "utf-8": charset("utf-8"),
    "utf-8 with a mark": charset("UTF-8", prefix=b"\xef\xbb\xbf"),
    "utf-16le": charset("utf-16le"),
    "utf-16be": charset("utf-16be"),
    "utf-16 with a mark": charset("utf-16"),
    "utf-16, big end first, with a mark": charset("utf-16", "utf-16be", b"\xfe\xff"),
    "utf-16 without a mark, little end first": charset("utf-16", "utf-16le"),
    "utf-16 without a mark, big end first": charset("utf-16", "utf-16be"),
    "utf-32le": charset("utf-32le"),
    "utf-16 undeclared, with a mark": undeclared("utf-16"),
    "utf-16le undeclared": undeclared("utf-16le"),
    "utf-16be undeclared": undeclared("utf-16be"),
    "utf-7": utf7,
    "iso-8859-1": charset("iso-8859-1", spell=lambda word: "\xe0 la %s d\xe9j\xe0" % word),
    "windows-1252": charset("windows-1252", spell=lambda word: "\u201c%s\u201d \u20ac" % word),
    "us-ascii": charset("us-ascii"),
    "shift_jis, full width": charset("shift_jis", spell=wide),
    "euc-jp, full width": charset("euc-jp", spell=wide),
    "iso-2022-jp, full width": charset("iso-2022-jp", spell=wide),
    "gb18030, full width": charset("gb18030", spell=wide),
    "big5, full width": charset("big5", spell=wide),
    "euc-kr, full width": charset("euc-kr", spell=wide),
    "koi8-r": charset("koi8-r"),
    "ebcdic": charset("cp037", "cp037"),
    "a quoted name of a set": body("text/plain; CHARSET=\"Utf-16LE\"",
                                   lambda text: text.encode("utf-16-le")),
    # transfer encodings
    "base64": transfer("base64", encoded),
    "base64, mixed case": transfer("BaSe64", encoded),
    "quoted-printable": transfer("quoted-printable", soft_breaks),
    "quoted-printable, letters as numbers": transfer("Quoted-Printable", hex_letters),
    "a part in base64": part("base64", encoded),
    "a part in base64, mixed case": part("bASE64", encoded),
    "a part in quoted-printable": part("quoted-printable", soft_breaks),
    "a part in quoted-printable, by quopri": part(
        "QUOTED-printable", lambda text: quopri.encodestring(text.encode(), quotetabs=True)),
    "a part in base64 of utf-16": part(
        "base64", lambda text: encoded(text.encode("utf-16-le")), "text/plain;charset=utf-16le"),
    # content encodings
    "gzip": body("text/plain", gzipped, ["Content-Encoding: gzip"]),
    "x-gzip, compact": body("text/plain", gzipped, ["e: X-Gzip"]),
    "deflate": body("text/plain", deflated, ["Content-Encoding: deflate"]),
    "deflate without its head": body("text/plain", raw_deflated, ["Content-Encoding: deflate"]),
    "gzip in gzip": body("text/plain", lambda text: gzipped(gzipped(text)),
                         ["Content-Encoding: gzip, gzip"]),
    # parts
    "mixed, first": in_parts("mixed", lambda word: ["The " + word, "Hello."]),
    "mixed, last": in_parts("mixed", lambda word: ["Hello.", "The " + word]),
    "alternative": in_parts("alternative", lambda word: [
        "Hello.", (["Content-Type: text/html"], "<p>The %s</p>" % word)]),
    "related": in_parts("related", lambda word: ["Hello.", "The " + word]),
    "a kind of multipart that nobody knows": in_parts("x-odd", lambda word: ["The " + word]),
    "a part without a head": in_parts("mixed", lambda word: [([], "The " + word)]),
    "a part's other header": in_parts("mixed", lambda word: [
        (["Content-Description: " + word], "Hello.")]),
    "a part's file name": in_parts("mixed", lambda word: [
        (["Content-Disposition: attachment; filename=\"%s.txt\"" % word], "Hello.")]),
    "a part's file name, encoded": in_parts("mixed", lambda word: [
        (["Content-Disposition: attachment; filename*=utf-8''" + escaped(word)], "Hello.")]),
    "nested": nested,
    "message/cpim": lambda word: Draft(CPIM % ("", "The " + word), "message/cpim"),
    "message/cpim, its subject": lambda word: Draft(
        CPIM % ("Subject: %s\r\n" % word, "Hello."), "message/cpim"),
    "message/rfc822": lambda word: Draft(MAIL % ("Hello", "The " + word), "message/rfc822"),
    "message/rfc822, its subject": lambda word: Draft(MAIL % (q_word(word), "Hello."),
                                                      "message/rfc822"),
    "message/sip": lambda word: Draft(inner_sip("Hello", "The " + word), "message/sip"),
    "message/sip, its subject": lambda word: Draft(inner_sip(word, "Hello."), "message/sip"),
    "message/sipfrag": typed("message/sipfrag;version=2.0", "SIP/2.0 200 The %s\r\n"),
    "message/sipfrag, a header": typed("message/sipfrag", "SIP/2.0 200 OK\r\nSubject: %s\r\n"),
    # kinds of text
    "no Content-Type": lambda word: Draft("The " + word, None),
    "an unknown type": typed("application/x-unknown", "The %s list"),
    "a binary type": typed("application/octet-stream", "The %s list"),
    "html": typed("text/html", "<p>The %s</p>"),
    "html, split by tags": lambda word: Draft(
        "<p>The <b>%s</b><i>%s</i></p>" % (word[:2], word[2:]), "text/html"),
    "html, split by comments": lambda word: Draft(
        "<p>The %s<!-- not -->%s</p>" % (word[:2], word[2:]), "text/html"),
    "html, character references": lambda word: Draft(
        "<p>" + "".join("&#%d;" % ord(letter) for letter in word), "text/html"),
    "html, hexadecimal references": lambda word: Draft(
        "<p>" + "".join("&#x%x;" % ord(letter) for letter in word), "text/html"),
    "html, a soft hyphen": lambda word: Draft(
        "<p>%s&shy;%s" % (word[:3], word[3:]), "text/html"),
    "html in an attribute": typed("text/html", "<img alt=\"%s\">Hello."),
    "html called plain": lambda word: Draft(
        "<p>The <b>%s</b>%s</p>" % (word[:2], word[2:])),
    "rtf": typed("application/rtf", "{\\rtf1 The %s}"),
    "rtf, escapes": lambda word: Draft(
        "{\\rtf1 " + "".join("\\'%02x" % ord(letter) for letter in word) + "}", "text/rtf"),
    "rtf, unicode and groups": lambda word: Draft(
        "{\\rtf1 {\\b %s}{\\i \\u%d ?}%s}" % (word[:2], ord(word[2]), word[3:]), "text/rtf"),
    "json": lambda word: Draft("{\"text\": \"" + "".join(
        "\\u%04x" % ord(letter) for letter in word) + "\"}", "application/json"),
    "a form": lambda word: Draft("text=" + escaped(word), "application/x-www-form-urlencoded"),
    "xml": lambda word: Draft("<?xml version='1.0'?><note>%s<![CDATA[%s]]></note>" % (
        word[:3], word[3:]), "application/x-note+xml"),
    "an offer of a file": typed(
        "text/x-msmsgsinvite; charset=UTF-8",
        "Application-Name: File Transfer\r\nApplication-File: %s.doc\r\n\r\n"),
    # headers
    "Subject": header("Subject: the %s list"),
    "Subject, compact": header("s: the %s list"),
    "Subject, folded": header("Subject: the\r\n  %s\r\n\tlist"),
    "Subject, encoded": lambda word: header("Subject: " + q_word(word))(word),
    "Subject, encoded in base64": lambda word: header("Subject: " + b_word(word))(word),
    "Subject, one word encoded as two": lambda word: header("Subject: " + two_words(word))(word),
    "Subject, encoded and folded": lambda word: header(
        "Subject: " + two_words(word).replace(" ", "\r\n "))(word),
    "display name of From": lambda word: Draft("Hello.", from_name="\"The %s\" " % word),
    "display name of From, bare": lambda word: Draft("Hello.", from_name="The %s " % word),
    "display name of From, quoted pairs": lambda word: Draft(
        "Hello.", from_name="\"" + "".join("\\" + letter for letter in word) + "\" "),
    "display name of To": lambda word: Draft("Hello.", to_name="\"The %s\" " % word),
    "display name of Contact": header("Contact: \"The %s\" <sip:alice@127.0.0.1>",
                                      method="INVITE", content_type=None, text=""),
    "display name of Contact, compact": header("m: \"The %s\" <sip:alice@127.0.0.1>",
                                               method="INVITE", content_type=None, text=""),
    "a body in the URI of Refer-To": header(
        "Refer-To: <sip:x@example.com?body=%s>", method="REFER", content_type=None, text=""),
    "a body in the URI of Refer-To, escaped": lambda word: header(
        "Refer-To: <sip:x@example.com?body=%s>" % escaped(word), method="REFER",
        content_type=None, text="")(word),
    "a body in the URI of Refer-To, compact": lambda word: header(
        "r: <sip:x@example.com?body=%s>" % escaped(word), method="REFER", content_type=None,
        text="")(word),
    "a Subject in the URI of Refer-To": lambda word: header(
        "Refer-To: <sip:x@example.com?Subject=%s&Priority=urgent>" % escaped(word),
        method="REFER", content_type=None, text="")(word),
    "Call-Info": header("Call-Info: <http://example.com/%s>;purpose=info"),
    "an unknown header": header("X-Note: the %s list"),
    "an unknown header, escaped": lambda word: header("X-Note: " + escaped(word))(word),
    "User-Agent": header("User-Agent: %s/1.0"),
    "a parameter of the request's URI": lambda word: Draft(
        "Hello.", uri="sip:bob@example.com;note=" + word),
    "a parameter of Content-Type": lambda word: Draft("Hello.", "text/plain; note=" + word),
    "compact forms": lambda word: Draft("The " + word, None, ["c: text/plain", "k: 100rel"],
                                        length="l"),
    "ms-text-format in an INVITE": ms_text,
    "session name": sdp(subject="The %s list"),
    "session information": sdp(info="The %s list"),
    "session address": sdp(uri="http://example.com/%s"),
    "session attribute": sdp(attribute="note:%s"),
    "session attribute, escaped": lambda word: sdp(attribute="note:" + escaped(word))(word),
    "session in latin-1": lambda word: Draft((SDP % (
        "caf\xe9 " + word, "all", "http://example.com/", "charset:iso-8859-1")).encode("latin-1"),
        "application/sdp", method="INVITE"),
}

SPELLINGS = {
    "capitals": "FaLCoN",
    "full width": wide("falcon"),
    "mathematical letters": "\U0001d4ef\U0001d4ea\U0001d4f5\U0001d4ec\U0001d4f8\U0001d4f7",
    "zero-width space": "fal\u200bcon",
    "zero-width joiners": "f\u200da\u200cl\u2060con",
    "soft hyphen": "fal\u00adcon",
    "direction marks": "fal\u200e\u202acon",
    "Cyrillic": "f\u0430l\u0441\u043en",
    "Greek": "falc\u03bfn",
    "accents": "f\u00e4lc\u00f8n",
    "marks put on": "f\u0336a\u0336l\u0336c\u0336o\u0336n\u0336",
    "circled": "\u24d5\u24d0\u24db\u24d2\u24de\u24dd",
    "signs around": "(falcon)",
}
