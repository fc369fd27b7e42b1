"""draft.py -- requests put together byte by byte, for what no tidy client would send."""
import base64
import gzip
import zlib

from sip import token

CRLF = b"\r\n"


def as_bytes(text):
    return text.encode("utf-8") if isinstance(text, str) else text


def encoded(body):
    """base64 in lines, as mail has it."""
    return base64.encodebytes(as_bytes(body)).replace(b"\n", CRLF)


def deflated(body):
    return zlib.compress(as_bytes(body))


def raw_deflated(body):
    packer = zlib.compressobj(wbits=-15)
    return packer.compress(as_bytes(body)) + packer.flush()


def gzipped(body):
    return gzip.compress(as_bytes(body), mtime=0)


def multipart(*parts, boundary="limit"):
    """Parts are (headers, body) or a body alone (text/plain)."""
    lines = []
    for part in parts:
        headers, body = part if isinstance(part, tuple) else (["Content-Type: text/plain"], part)
        lines.append(b"--" + as_bytes(boundary))
        lines += [as_bytes(header) for header in headers] + [b"", as_bytes(body)]
    lines += [b"--" + as_bytes(boundary) + b"--", b""]
    return CRLF.join(lines)


class Draft:
    """One request of alice's to bob; what is None is left out."""

    def __init__(self, body=b"", content_type="text/plain", headers=(), method="MESSAGE",
                 uri="sip:bob@example.com", from_name="", to_name="", length="Content-Length"):
        self.body = as_bytes(body)
        self.content_type = content_type
        self.headers = list(headers)
        self.method = method
        self.uri = uri
        self.from_name, self.to_name = from_name, to_name
        self.length = length
        self.call_id = token()

    def bytes(self, agent):
        lines = ["%s %s SIP/2.0" % (self.method, self.uri), agent.via(), "Max-Forwards: 70",
                 "From: %s<sip:%s>;tag=%s" % (self.from_name, agent.address, agent.tag),
                 "To: %s<sip:bob@example.com>" % self.to_name,
                 "Call-ID: " + self.call_id, "CSeq: 1 " + self.method]
        if self.method == "INVITE" and not any(
                as_bytes(header).lower().startswith((b"contact:", b"m:"))
                for header in self.headers):
            lines.append("Contact: <%s>" % agent.contact)
        if self.content_type is not None:
            lines.append("Content-Type: " + self.content_type)
        lines += self.headers
        if self.length:
            lines.append("%s: %d" % (self.length, len(self.body)))
        return CRLF.join([as_bytes(line) for line in lines] + [b"", b""]) + self.body

    def send(self, agent):
        """Sends it and gives back its final answer."""
        agent.send(self.bytes(agent))
        return agent.answer_to(self.call_id, self.method)
