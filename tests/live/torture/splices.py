"""splices.py -- what a hop may change in a message, worked out once more from the RFCs.

The proxy's own code has no part in this: the bytes that must leave are built
from the bytes that came, and compared whole. Only values that the proxy alone
knows (branch, Record-Route token) are taken from what left.
"""
import re

COMPACT = {b"v": b"via", b"l": b"content-length"}
VIA = re.compile(
    rb"Via: SIP/2\.0/(?:UDP|TCP) [^;\r\n]+;branch=z9hG4bK[0-9a-f]{16}\.[0-9a-f]{16}(?:;rport)?\r\n")
RECORD_ROUTE = re.compile(
    rb"Record-Route: <sip:[^;>\r\n]+;transport=(?:udp|tcp);lr;swt=[^;>\r\n]+>\r\n")
DIALOGS = (b"INVITE", b"SUBSCRIBE", b"NOTIFY", b"REFER")


class Lines:
    """Start line, headers (folds and all) and body of one message, as they stand."""

    def __init__(self, data):
        head, self.blank, self.body = data.partition(b"\r\n\r\n")
        self.start, _, head = (head + b"\r\n").partition(b"\r\n")
        self.headers = re.findall(rb"[^\r\n][^\n]*\n(?:[ \t][^\n]*\n)*", head)
        assert b"".join(self.headers) == head

    @staticmethod
    def name(header):
        name = header.partition(b":")[0].strip().lower()
        return COMPACT.get(name, name)

    def named(self, name):
        return [number for number, header in enumerate(self.headers) if self.name(header) == name]

    def value(self, name):
        """The first value of this name, folds gone; None: there is none."""
        for number in self.named(name):
            return re.sub(rb"\r\n[ \t]+", b" ", self.headers[number]).partition(b":")[2].strip()
        return None

    def bytes(self):
        return self.start + b"\r\n" + b"".join(self.headers) + b"\r\n" + self.body


def cut(data):
    """RFC 3261 18.3: a datagram's bytes behind Content-Length are not of the message."""
    lines = Lines(data.lstrip(b"\r\n"))
    length = lines.value(b"content-length")
    if length is not None:
        lines.body = lines.body[:int(length)]
    return lines.bytes()


def mark_top_via(header, source):
    """RFC 3261 18.2.1 and RFC 3581: received, and rport where it was asked for."""
    host, port = source
    value_end = top_value_end(header)
    value, rest = header[:value_end], header[value_end:]
    sent_by = re.search(rb"/\s*(?:UDP|TCP|TLS|SCTP|UNKNOWN)\s+(\[[^]]+\]|[^\s;:]+)", value, re.I)
    rport = re.search(rb";\s*rport(?=\s*(;|$))", value)
    received = re.search(rb";\s*received\s*=\s*[^;\s]+", value)
    if sent_by.group(1).strip(b"[]") != host or rport or received:
        text = b";received=" + host
        value = (value.replace(received.group(0), text) if received else value + text)
    if rport:
        value = value.replace(rport.group(0), b";rport=%d" % port)
    return value + rest


def top_value_end(header):
    """Where the first of the values of a header ends, white space not counted."""
    quoted = False
    for at, byte in enumerate(header):
        if byte == ord('"'):
            quoted = not quoted
        elif byte == ord(",") and not quoted:
            return len(header[:at].rstrip())
    return len(header.rstrip())


def lower_max_forwards(lines):
    numbers = lines.named(b"max-forwards")
    if not numbers:
        return [b"Max-Forwards: 70\r\n"]
    header = lines.headers[numbers[0]]
    old = re.search(rb":\s*(\d+)", header)
    lines.headers[numbers[0]] = (header[:old.start(1)] + b"%d" % (int(old.group(1)) - 1) +
                                 header[old.end(1):])
    return []


def forwarded(came, left, source, uri=None):
    """The bytes that must leave, given those that came, and what did leave."""
    lines = Lines(cut(came))
    vias, routes = VIA.findall(left), RECORD_ROUTE.findall(left)
    method = lines.start.split(b" ")[0]
    assert len(vias) == 1, "our Via, once: %r" % vias
    assert len(routes) in ((1, 2) if method in DIALOGS else (0,)), routes
    assert not routes or len(set(re.findall(rb";swt=([^>]+)>", b"".join(routes)))) == 1
    if uri:
        lines.start = b" ".join([method, uri, b"SIP/2.0"])
    top, last = lines.named(b"via")[0], lines.named(b"via")[-1]
    lines.headers[top] = vias[0] + mark_top_via(lines.headers[top], source)
    lines.headers[last] += b"".join(lower_max_forwards(lines))
    # A client's Route and Record-Route are not believed; ours stands where his did.
    where = (lines.named(b"record-route") or [None])[0]
    if where is None:
        lines.headers[last] += b"".join(routes)
    else:
        lines.headers[where] = b"".join(routes)
    gone = lines.named(b"route") + lines.named(b"record-route")
    lines.headers = [header for number, header in enumerate(lines.headers)
                     if number == where or number not in gone]
    return lines.bytes()


def without_top_via(data):
    """A response as it must go on: our Via gone, all else as it came."""
    lines = Lines(data)
    ours = lines.named(b"via")[0]
    assert VIA.fullmatch(lines.headers[ours]), lines.headers[ours]
    del lines.headers[ours]
    return lines.bytes()
