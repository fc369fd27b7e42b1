"""load.py -- honest traffic and bad peers, each a process of its own.

    python3 load.py honest SERVER_PORT SECONDS RATE TRANSPORT
    python3 load.py garbage SERVER_PORT SECONDS RATE
    python3 load.py calls SERVER_PORT SECONDS RATE        new Call-IDs, to nobody
    python3 load.py registers SERVER_PORT SECONDS RATE    new names
    python3 load.py one-call SERVER_PORT SECONDS RATE     one Call-ID, new CSeqs

The server is at 127.0.0.11. Each prints one JSON line when it has ended.
"""
import json
import random
import selectors
import socket
import sys
import time

SERVER = "127.0.0.11"
BUFFER = 4 << 20
T1, GIVE_UP = 0.5, 32.0


def udp(host):
    made = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    made.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, BUFFER)
    made.bind((host, 0))
    made.setblocking(False)
    return made


def request(method, uri, me, call_id, cseq, body=b"", headers="", branch=None, transport="UDP", user="x"):
    return ("%s %s SIP/2.0\r\nVia: SIP/2.0/%s %s:%d;branch=z9hG4bK%s;rport\r\nMax-Forwards: 70\r\n"
            "From: <sip:%s@example.com>;tag=f\r\nTo: <%s>\r\nCall-ID: %s\r\nCSeq: %d %s\r\n%s"
            "Content-Length: %d\r\n\r\n" % (
                method, uri, transport, *me, branch or call_id, user, uri, call_id, cseq, method, headers,
                len(body))).encode() + body


def header(data, name):
    start = data.find(b"\r\n" + name + b": ")
    return data[start + len(name) + 4:data.index(b"\r\n", start + 2)] if start >= 0 else b""


def answer(data, status=b"200 OK"):
    """Of a request, with all its Vias."""
    lines = data[:data.index(b"\r\n\r\n")].split(b"\r\n")[1:]
    kept = [line for line in lines
            if line.split(b":")[0] in (b"Via", b"From", b"Call-ID", b"CSeq")]
    return b"\r\n".join([b"SIP/2.0 " + status, *kept, b"To: " + header(data, b"To") + b";tag=t",
                         b"Content-Length: 0", b"", b""])


class Honest:
    """alice sends to bob at a modest rate, over UDP with RFC 3261's repeats or over one connection."""

    def __init__(self, port, transport):
        self.server = (SERVER, port)
        self.transport = transport
        self.bob = udp("127.0.0.1")
        if transport == "udp":
            self.alice = udp("127.0.0.1")
        else:
            self.alice = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
            self.alice.bind(("127.0.0.1", 0))
            self.alice.connect(self.server)
            self.alice.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self.alice.setblocking(False)
        self.me = self.alice.getsockname()
        self.pending = b""
        self.open = {}
        self.times, self.statuses, self.delivered = [], {}, set()
        self.repeats = 0
        self.run = "%08x" % random.getrandbits(32)

    def register(self):
        contact = "Contact: <sip:bob@%s:%d>\r\nExpires: 600\r\n" % self.bob.getsockname()
        self.bob.settimeout(1)
        for attempt in range(40):
            call_id = "r%d%s" % (attempt, self.run)
            self.bob.sendto(request("REGISTER", "sip:example.com", self.bob.getsockname(), call_id, 1,
                                    headers=contact).replace(
                b"To: <sip:example.com>", b"To: <sip:bob-%s@example.com>" % self.run.encode()),
                self.server)
            try:
                if self.bob.recv(65536).startswith(b"SIP/2.0 200"):
                    break
            except OSError:
                pass
        else:
            raise SystemExit("bob could not register")
        self.bob.setblocking(False)

    def send(self, data):
        if self.transport == "udp":
            self.alice.sendto(data, self.server)
        else:
            self.alice.send(data)

    def begin(self, number):
        call_id = "h%d%s" % (number, self.run)
        data = request("MESSAGE", "sip:bob-%s@example.com" % self.run, self.me, call_id, 1,
                       b"honest words", "Content-Type: text/plain\r\n", transport=self.transport.upper())
        now = time.monotonic()
        self.open[call_id] = [now, now + T1, T1, data]
        self.send(data)

    def take_answer(self, data):
        call_id = header(data, b"Call-ID").decode()
        status = int(data[8:11])
        if status >= 200 and call_id in self.open:
            self.times.append(time.monotonic() - self.open.pop(call_id)[0])
            self.statuses[status] = self.statuses.get(status, 0) + 1

    def read_alice(self):
        data = self.alice.recv(65536)
        if self.transport == "udp":
            self.take_answer(data)
            return
        if not data:
            raise SystemExit("the honest connection was closed")
        self.pending += data
        while b"\r\n\r\n" in self.pending:
            one, self.pending = self.pending.split(b"\r\n\r\n", 1)
            self.take_answer(one + b"\r\n\r\n")

    def read_bob(self):
        data, source = self.bob.recvfrom(65536)
        if data.startswith(b"MESSAGE"):
            self.delivered.add(header(data, b"Call-ID").decode())
            self.bob.sendto(answer(data), source)

    def repeat(self, now):
        for call_id, waiting in list(self.open.items()):
            if now - waiting[0] > GIVE_UP:
                del self.open[call_id]
                self.statuses[0] = self.statuses.get(0, 0) + 1
            elif self.transport == "udp" and now >= waiting[1]:
                waiting[2] = min(2 * waiting[2], 4.0)
                waiting[1] = now + waiting[2]
                self.repeats += 1
                self.send(waiting[3])

    def go(self, seconds, rate):
        selector = selectors.DefaultSelector()
        selector.register(self.alice, selectors.EVENT_READ, self.read_alice)
        selector.register(self.bob, selectors.EVENT_READ, self.read_bob)
        begin = time.monotonic()
        sent, wanted = 0, int(seconds * rate)
        while sent < wanted or self.open:
            now = time.monotonic()
            while sent < wanted and now >= begin + sent / rate:
                self.begin(sent)
                sent += 1
            self.repeat(now)
            for key, _ in selector.select(0.002):
                try:
                    key.data()
                except BlockingIOError:
                    pass
        times = sorted(self.times) or [0]
        return {"sent": sent, "statuses": self.statuses, "delivered": len(self.delivered),
                "repeats": self.repeats, "p50_ms": round(1000 * times[len(times) // 2], 2),
                "p99_ms": round(1000 * times[int(len(times) * 0.99)], 2)}


def honest(port, seconds, rate, transport):
    people = Honest(port, transport)
    people.register()
    return people.go(seconds, rate)


def at_rate(seconds, rate, act):
    begin = time.monotonic()
    done = 0
    while True:
        passed = time.monotonic() - begin
        if passed >= seconds:
            return done
        due = min(int(passed * rate), done + 1000)
        for number in range(done, due):
            act(number)
        done = due
        time.sleep(0.0005)


def flood(host, port, seconds, rate, make, sockets=1):
    """Sends as fast as asked; what comes back is read only as far as it is free."""
    made = [udp(host) for _ in range(sockets)]
    server = (SERVER, port)
    lost = [0]

    def act(number):
        out = made[number % sockets]
        try:
            out.sendto(make(number, out), server)
        except OSError:
            lost[0] += 1
    sent = at_rate(seconds, rate, act)
    statuses = {}
    for out in made:
        try:
            while True:
                data = out.recv(65536)
                if data.startswith(b"SIP/2.0 "):
                    status = data[8:11].decode()
                    statuses[status] = statuses.get(status, 0) + 1
        except OSError:
            pass
    return {"sent": sent - lost[0], "statuses": statuses}


def garbage(port, seconds, rate):
    chance = random.Random(5)
    pieces = [chance.randbytes(size) for size in (1, 20, 100, 300, 1400)]
    pieces += [b"INVITE sip:a SIP/2.0\r\n\r\n", b"\0" * 64, b"GET / HTTP/1.1\r\nHost: x\r\n\r\n",
               b"SIP/2.0 200 OK\r\nVia: x\r\n\r\n", b"REGISTER\r\n" * 30]
    return flood("127.0.1.7", port, seconds, rate, lambda number, out: pieces[number % len(pieces)])


def calls(port, seconds, rate):
    return flood("127.0.1.8", port, seconds, rate, lambda number, out: request(
        "OPTIONS", "sip:nobody@example.com", ("127.0.1.8", out.getsockname()[1]), "c%d" % number, 1), 16)


def registers(port, seconds, rate):
    def make(number, out):
        me = ("127.0.0.66", out.getsockname()[1])
        return request("REGISTER", "sip:example.com", me, "g%d" % number, 1,
                       headers="Contact: <sip:n%d@%s:%d>\r\nExpires: 600\r\n" % (number, *me)).replace(
            b"To: <sip:example.com>", b"To: <sip:n%d@example.com>" % number)
    return flood("127.0.0.66", port, seconds, rate, make, 16)


def one_call(port, seconds, rate):
    return flood("127.0.1.9", port, seconds, rate, lambda number, out: request(
        "MESSAGE", "sip:nobody@example.com", ("127.0.1.9", out.getsockname()[1]), "the-one", number + 1,
        b"x", "Content-Type: text/plain\r\n", branch="o%d" % number))


if __name__ == "__main__":
    what, port, seconds, rate = sys.argv[1], int(sys.argv[2]), float(sys.argv[3]), float(sys.argv[4])
    kinds = {"honest": honest, "garbage": garbage, "calls": calls, "registers": registers,
             "one-call": one_call}
    print(json.dumps(kinds[what](port, seconds, rate, *sys.argv[5:])))
