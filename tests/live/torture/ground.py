"""ground.py -- running proxies and bare sockets around them, for the torture messages.

Every server gets each message once, unchanged: so there are four of them, a
relay and a home for each transport. The relay has no domain of its own, all
that it takes goes to one next hop; the home has example.com, whose user is
bound at the same next hop.
"""
import queue
import re
import select
import socket
import threading

from two_servers import ALL
from warden_site import Site, free_pair

SERVER = {"udp": "127.0.0.41", "tcp": "127.0.0.42"}
CLIENT = "127.0.44.75"
PROBER = "127.0.44.76"
NEXT_HOP = "127.0.0.51"
SIX = "::1"
# Answers go to the port in the Via where there is no rport (RFC 3261 18.2.2).
VIA_PORTS = (5060, 5050, 6050, 19823)


def family(host):
    return socket.AF_INET6 if ":" in host else socket.AF_INET


def whole_messages(pending):
    """Cuts a stream into messages by Content-Length; gives back what is left."""
    found = []
    while True:
        end = pending.find(b"\r\n\r\n")
        if end < 0:
            return found, pending
        length = re.search(rb"(?im)^(?:content-length|l)[ \t]*:\s*(\d+)", pending[:end])
        size = end + 4 + (int(length.group(1)) if length else 0)
        if len(pending) < size:
            return found, pending
        found.append(pending[:size])
        pending = pending[size:]


class NextHop:
    """Takes what is sent to it, over UDP and TCP, and says what it is told."""

    def __init__(self):
        self.came = queue.Queue()
        self.port = free_pair(NEXT_HOP)
        self.datagrams = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.datagrams.bind((NEXT_HOP, self.port))
        self.listener = socket.create_server((NEXT_HOP, self.port))
        self.closed = False
        self.threads = [threading.Thread(target=run, daemon=True)
                        for run in (self._datagrams, self._accept)]
        for thread in self.threads:
            thread.start()

    def _datagrams(self):
        try:
            while not self.closed:
                data, source = self.datagrams.recvfrom(65536)
                self.came.put((data, lambda answer, to=source: self.datagrams.sendto(answer, to)))
        except OSError:
            pass

    def _accept(self):
        try:
            while not self.closed:
                stream, _ = self.listener.accept()
                threading.Thread(target=self._stream, args=(stream,), daemon=True).start()
        except OSError:
            pass

    def _stream(self, stream):
        pending = b""
        try:
            while data := stream.recv(65536):
                found, pending = whole_messages(pending + data)
                for message in found:
                    self.came.put((message, stream.sendall))
        except OSError:
            pass

    def close(self):
        self.closed = True
        self.datagrams.close()
        self.listener.close()


class Client:
    """A sender without any SIP in it; `came` holds what was sent back, `ended` says
    that its stream was closed."""

    def __init__(self, transport, server, host=CLIENT):
        self.transport, self.server = transport, server
        self.came, self.ended = [], False
        if transport == "udp":
            self.sockets = [socket.socket(family(host), socket.SOCK_DGRAM) for _ in VIA_PORTS]
            for one, port in zip(self.sockets, VIA_PORTS):
                one.bind((host, port))
        else:
            self.sockets = [socket.socket(family(host), socket.SOCK_STREAM)]
            self.sockets[0].bind((host, 0))
            self.sockets[0].connect(server)
        self.source = self.sockets[0].getsockname()[:2]
        self.pending = b""

    def send(self, data):
        if self.transport == "udp":
            self.sockets[0].sendto(data, self.server)
        else:
            self.sockets[0].sendall(data)

    def look(self, seconds):
        """Takes what is there, or comes within so many seconds."""
        ready, _, _ = select.select([] if self.ended else self.sockets, [], [], seconds)
        for one in ready:
            try:
                data = one.recv(65536)
            except ConnectionError:
                data = b""
            if self.transport == "udp":
                self.came.append(data)
            elif data:
                found, self.pending = whole_messages(self.pending + data)
                self.came += found
            else:
                self.ended = True

    def close(self):
        for one in self.sockets:
            one.close()


class Ground(Site):
    def __init__(self, folder):
        super().__init__(folder)
        self.next_hop = NextHop()
        self.addresses = {}
        first = True
        for transport, host in SERVER.items():
            for role in ("relay", "home"):
                name = "%s-%s" % (role, transport)
                v4, v6 = (host, free_pair(host)), (SIX, free_pair(SIX))
                self.addresses[role, transport] = {4: v4, 6: v6}
                config = self.configure(
                    name + ".example", "home",
                    [(kind, "%s:%d" % v4) for kind in SERVER] +
                    [(kind, "[%s]:%d" % v6) for kind in SERVER],
                    server={"domains": ["example.com" if role == "home" else "relay.example"],
                            "inside": ["127.0.0.0/8", "::1/128"]},
                    registrar={"third_party": True},  # the user is at the next hop
                    routes=[] if role == "home" else [{
                        "to": "*@*", "next_hop": "sip:%s:%d;transport=%s" % (
                            NEXT_HOP, self.next_hop.port, transport)}],
                    before_routing=ALL, after_routing=ALL)
                if first:
                    self.archiver(config)
                    self.scanner(config)
                    first = False
                self.proxy(config, name)

    def contact(self, transport):
        return "sip:user@%s:%d;transport=%s" % (NEXT_HOP, self.next_hop.port, transport)

    def client(self, role, transport, host=CLIENT, kind=None):
        """At the server for this transport; kind: over another one."""
        version = 6 if host == SIX else 4
        return Client(kind or transport, self.addresses[role, transport][version], host)

    def stop(self):
        for label in self.programs:
            if label.startswith(("relay", "home")):
                self.programs[label].kill()  # what nobody ACKed is not waited for
        super().stop()
        self.next_hop.close()
