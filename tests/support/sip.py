"""sip.py -- a small SIP user agent for tests: says what it is told, keeps what it gets."""
import base64
import itertools
import queue
import re
import socket
import threading
import time
import uuid

CRLF = "\r\n"
_numbers = itertools.count(1)


def token(prefix=""):
    return prefix + uuid.uuid4().hex[:12]


class Message:
    """A SIP message that came: start line, headers in order, body (bytes)."""

    def __init__(self, data):
        self.data = data
        head, _, self.body = data.partition(b"\r\n\r\n")
        lines = head.decode("utf-8", "replace").split(CRLF)
        self.start = lines[0]
        self.headers = []
        for line in lines[1:]:
            if line[:1] in (" ", "\t") and self.headers:
                name, value = self.headers[-1]
                self.headers[-1] = (name, value + " " + line.strip())
            else:
                name, _, value = line.partition(":")
                self.headers.append((name.strip(), value.strip()))
        self.is_request = not self.start.startswith("SIP/2.0")
        words = self.start.split(" ", 2)
        self.method = words[0] if self.is_request else self.get("CSeq").split()[-1]
        self.uri = words[1] if self.is_request else None
        self.status = None if self.is_request else int(words[1])
        self.reason = None if self.is_request else words[2]

    def all(self, name):
        return [value for key, value in self.headers if key.lower() == name.lower()]

    def get(self, name):
        values = self.all(name)
        return values[0] if values else ""

    def __repr__(self):
        return "<%s>" % self.start


def tag_of(value):
    found = re.search(r";tag=([^;>\s]+)", value)
    return found.group(1) if found else None


def uri_of(value):
    found = re.search(r"<([^>]+)>", value)
    return found.group(1) if found else value.split(";")[0].strip()


class Agent:
    """One user over UDP or TCP. By default it answers MESSAGE and others with 200
    (and INVITE too, when `answers` says so); everything that comes is in
    `requests` and `responses`."""

    def __init__(self, user, server, transport="udp", host="127.0.0.1", domain="example.com",
                 answers=None):
        self.user = user
        self.domain = domain
        self.address = "%s@%s" % (user, domain)
        self.transport = transport
        self.server = server
        self.tag = token()
        self.requests = queue.Queue()
        self.responses = queue.Queue()
        self.seen = []
        self.answers = answers or {}
        self.closed = False
        self.seen_branches = set()
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        if transport == "udp":
            self.socket = socket.socket(family, socket.SOCK_DGRAM)
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 << 20)
            self.socket.bind((host, 0))
        else:
            self.socket = socket.socket(family, socket.SOCK_STREAM)
            self.socket.bind((host, 0))
            self.socket.connect(server)
        self.host, self.port = self.socket.getsockname()[:2]
        self.hostport = ("[%s]:%d" if family == socket.AF_INET6 else "%s:%d") % (
            self.host, self.port)
        self.contact = "sip:%s@%s;transport=%s" % (user, self.hostport, transport)
        self.lock = threading.Lock()
        self.thread = threading.Thread(target=self._read, daemon=True)
        self.thread.start()

    def close(self):
        self.closed = True
        try:
            self.socket.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass
        self.socket.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    # -- bytes ----------------------------------------------------------------

    def send(self, data, to=None):
        if isinstance(data, str):
            data = data.encode("utf-8")
        with self.lock:
            if self.transport == "udp":
                self.socket.sendto(data, to or self.server)
            else:
                self.socket.sendall(data)

    def _read(self):
        try:
            if self.transport == "udp":
                while not self.closed:
                    data, source = self.socket.recvfrom(65536)
                    self._take(data, source)
            else:
                self._read_stream()
        except OSError:
            pass

    def _read_stream(self):
        pending = b""
        while not self.closed:
            data = self.socket.recv(65536)
            if not data:
                return
            pending += data
            while True:
                pending = pending.lstrip(b"\r\n")
                end = pending.find(b"\r\n\r\n")
                if end < 0:
                    break
                length = re.search(rb"(?im)^(?:content-length|l)\s*:\s*(\d+)", pending[:end])
                size = end + 4 + (int(length.group(1)) if length else 0)
                if len(pending) < size:
                    break
                whole, pending = pending[:size], pending[size:]
                self._take(whole, None)

    def _take(self, data, source):
        if not data.strip():
            return
        message = Message(data)
        self.seen.append(message)
        if not message.is_request:
            self.responses.put(message)
            return
        self.requests.put(message)
        answer = self.answers.get(message.method, 200)
        if callable(answer):
            answer(self, message, source)
        elif message.method not in ("ACK", "INVITE", "CANCEL") and answer:
            self.reply(message, answer, source=source)
        elif message.method == "CANCEL":
            self.reply(message, 200, source=source)
        elif message.method == "INVITE" and "INVITE" in self.answers and answer:
            self.reply(message, answer, source=source)

    # -- messages ---------------------------------------------------------------

    def via(self, branch=None):
        return "Via: SIP/2.0/%s %s;branch=%s;rport" % (
            self.transport.upper(), self.hostport, branch or token("z9hG4bK"))

    def request(self, method, uri, to=None, body=b"", headers=(), call_id=None, cseq=1,
                to_tag=None, from_tag=None, branch=None, from_address=None):
        if isinstance(body, str):
            body = body.encode("utf-8")
        lines = [
            "%s %s SIP/2.0" % (method, uri), self.via(branch), "Max-Forwards: 70",
            "From: <sip:%s>;tag=%s" % (from_address or self.address, from_tag or self.tag),
            "To: <%s>%s" % (to or uri, ";tag=" + to_tag if to_tag else ""),
            "Call-ID: %s" % (call_id or token()), "CSeq: %d %s" % (cseq, method),
            *headers, "Content-Length: %d" % len(body), "", ""]
        return CRLF.join(lines).encode("utf-8") + body

    def reply(self, request, status, reason="", body=b"", headers=(), tag=None, source=None):
        if isinstance(body, str):
            body = body.encode("utf-8")
        to = request.get("To")
        if not tag_of(to) and status > 100:
            to += ";tag=" + (tag or self.tag)
        lines = ["SIP/2.0 %d %s" % (status, reason or "Said")]
        lines += ["Via: " + value for value in request.all("Via")]
        lines += ["Record-Route: " + value for value in request.all("Record-Route")]
        lines += ["From: " + request.get("From"), "To: " + to,
                  "Call-ID: " + request.get("Call-ID"), "CSeq: " + request.get("CSeq"),
                  "Contact: <%s>" % self.contact, *headers, "Content-Length: %d" % len(body),
                  "", ""]
        self.send(CRLF.join(lines).encode("utf-8") + body, to=source)

    def answer_to(self, call_id, method=None, final=True, seconds=20):
        """The next (final) response of this Call-ID."""
        end = time.monotonic() + seconds
        put_back = []
        try:
            while time.monotonic() < end:
                try:
                    got = self.responses.get(timeout=0.1)
                except queue.Empty:
                    continue
                if got.get("Call-ID") == call_id and (not final or got.status >= 200) and (
                        not method or got.method == method):
                    return got
                if got.get("Call-ID") != call_id:
                    put_back.append(got)
            raise AssertionError("no answer to %s came at %s; seen: %r" % (
                call_id, self.user, self.seen[-5:]))
        finally:
            for other in put_back:
                self.responses.put(other)

    def get_request(self, method=None, seconds=20, where=lambda request: True):
        """The next request of this method."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            try:
                got = self.requests.get(timeout=0.1)
            except queue.Empty:
                continue
            if (not method or got.method == method) and where(got):
                return got
        raise AssertionError("no %s came at %s; seen: %r" % (method, self.user, self.seen[-5:]))

    def got(self, method, contains=b""):
        """Requests of this method that came so far, with these bytes in them."""
        if isinstance(contains, str):
            contains = contains.encode("utf-8")
        return [message for message in self.seen
                if message.is_request and message.method == method and contains in message.data]

    # -- what a user does ---------------------------------------------------------

    def register(self, expires=3600):
        call_id = token()
        self.send(self.request(
            "REGISTER", "sip:" + self.domain, to="sip:" + self.address, call_id=call_id,
            headers=["Contact: <%s>" % self.contact, "Expires: %d" % expires]))
        return self.answer_to(call_id)

    def message(self, to, body, content_type="text/plain", headers=(), call_id=None, wait=True,
                **more):
        """Sends a MESSAGE and gives back its final answer (or the Call-ID)."""
        call_id = call_id or token()
        kind = ["Content-Type: " + content_type] if content_type else []
        self.send(self.request("MESSAGE", "sip:" + to, body=body, call_id=call_id,
                               headers=[*kind, *headers], **more))
        return self.answer_to(call_id) if wait else call_id

    def ack(self, invite_response, call_id, cseq=1, body=b"", headers=(), to_uri=None):
        """ACK of a 2xx along the route set."""
        routes = list(reversed([route.strip() for value in invite_response.all("Record-Route")
                                for route in value.split(",")]))
        target = uri_of(invite_response.get("Contact"))
        self.send(self.request(
            "ACK", target, to=uri_of(invite_response.get("To")), body=body, call_id=call_id,
            cseq=cseq, to_tag=tag_of(invite_response.get("To")),
            headers=[*("Route: " + route for route in routes), *headers]))

    def within(self, method, invite_response, call_id, cseq, body=b"", headers=()):
        """A request within the dialog that this 2xx made, from the caller."""
        routes = list(reversed([route.strip() for value in invite_response.all("Record-Route")
                                for route in value.split(",")]))
        self.send(self.request(
            method, uri_of(invite_response.get("Contact")),
            to=uri_of(invite_response.get("To")), body=body, call_id=call_id, cseq=cseq,
            to_tag=tag_of(invite_response.get("To")),
            headers=[*("Route: " + route for route in routes), *headers]))


EICAR = base64.b64decode(
    "WDVPIVAlQEFQWzRcUFpYNTQoUF4pN0NDKTd9JEVJQ0FSLVNUQU5EQVJELUFOVElWSVJVUy1U"
    "RVNULUZJTEUhJEgrSCo=")
