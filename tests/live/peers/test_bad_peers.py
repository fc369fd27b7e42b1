"""test_bad_peers.py -- peers that do nothing, drip, do not read, flood: nobody else notices.

While each of them is at work, people talk over UDP and over TCP: every message
of theirs is answered 200 and delivered. The 99th percentile of their waiting is
compared with that of a run before and printed; on a machine of its own,
SIPWARDEN_PEERS_LONG=1 makes the numbers large, the runs long, and fails when it
has more than doubled.
"""
import contextlib
import io
import json
import os
import re
import resource
import socket
import struct
import subprocess
import sys
import threading
import time
import zipfile

import pytest
from sip import Agent, token
from warden_site import Site, free_pair, until

HOME = "127.0.0.11"
LONG = bool(os.environ.get("SIPWARDEN_PEERS_LONG"))
SECONDS = 20 if LONG else 4
RATE = 100 if LONG else 50
IDLE = 10000 if LONG else 3000
DRIPS = 1000 if LONG else 300
GARBAGE = 50000 if LONG else 20000
CALLS = 5000 if LONG else 2000
REGISTERS = 2000 if LONG else 1000
ARCHIVES = 1000 if LONG else 150
TRANSACTIONS = 200000 if LONG else 20000
BINDINGS = 20000 if LONG else 2000
LOAD = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "support", "peers", "load.py")
# As proxy/transports has them.
UNFINISHED, QUEUED, LINES_A_MINUTE = 64 << 20, 128 << 20, 20


class House(Site):
    """A home server of two workers with archiver and scanner."""

    def __init__(self, folder, **changes):
        super().__init__(folder)
        self.address = (HOME, free_pair(HOME))
        self.agents = []
        self.write_rules([{"name": "falcon", "terms": ["falcon"], "action": "block", "reason": "no"}])
        self.limits = {"client_requests": 200, "transactions": TRANSACTIONS, "connections": 8000}
        self.config = self.configure(
            "home1.example.com", "home",
            [(transport, "%s:%d" % self.address) for transport in ("udp", "tcp")],
            limits=self.limits, registrar={"bindings": BINDINGS, "contacts": 4}, **changes)
        config = json.load(open(self.config))
        config["server"]["workers"] = 2
        self.config = self.write("home.yaml", json.dumps(config))
        self.archiver(self.config)
        self.scanner(self.config)
        self.main = self.proxy(self.config)

    def agent(self, user, **more):
        made = Agent(user, self.address, **more)
        self.agents.append(made)
        return made

    @property
    def pid(self):
        return self.main.process.pid

    def rss(self):
        with open("/proc/%d/status" % self.pid) as file:
            return int(re.search(r"VmRSS:\s+(\d+)", file.read()).group(1)) * 1024

    def descriptors(self):
        return len(os.listdir("/proc/%d/fd" % self.pid))

    def cpu(self):
        with open("/proc/%d/stat" % self.pid) as file:
            fields = file.read().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def stop(self):
        for agent in self.agents:
            agent.close()
        super().stop()


def begin(port, what, seconds, rate, *more):
    return subprocess.Popen(
        [sys.executable, "-B", LOAD, what, str(port), str(seconds), str(rate), *more],
        stdout=subprocess.PIPE, text=True)


def finish(process):
    out, _ = process.communicate(timeout=180)
    assert process.returncode == 0, out
    return json.loads(out.splitlines()[-1])


@contextlib.contextmanager
def people(house, figures, name):
    """Honest traffic while the body runs; then all of it must have gone through."""
    running = {transport: begin(house.address[1], "honest", SECONDS, RATE, transport)
               for transport in ("udp", "tcp")}
    try:
        yield
    finally:
        results = {transport: finish(process) for transport, process in running.items()}
    figures[name] = results
    for transport, result in results.items():
        assert result["statuses"] == {"200": result["sent"]}, (name, transport, result)
        assert result["delivered"] == result["sent"], (name, transport, result)
        before = figures.get("before", results)[transport]["p99_ms"]
        print("%-9s %s p99 %8.2f ms, before %8.2f ms, ratio %5.2f  %s" % (
            name, transport, result["p99_ms"], before, result["p99_ms"] / before, result))
        if LONG:
            assert result["p99_ms"] <= 2 * before, (name, transport, result, before)


@pytest.fixture(scope="module")
def figures():
    return {}


@pytest.fixture(scope="module")
def house(tmp_path_factory, figures):
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    with House(tmp_path_factory.mktemp("bad-peers")) as house:
        house.began = time.monotonic()
        house.rss_before, house.descriptors_before = house.rss(), house.descriptors()
        for name in ("warm-up", "before"):
            with people(house, figures, name):
                pass
        yield house


def connect(house, count, of_each=400):
    """Connections from 127.0.2.1, 127.0.2.2 and so on."""
    made = []
    for number in range(count):
        one = socket.socket()
        one.bind(("127.0.2.%d" % (1 + number // of_each), 0))
        one.connect(house.address)
        made.append(one)
    return made


def close_all(sockets):
    for one in sockets:
        one.close()


def test_connections_that_do_nothing(house, figures):
    before, begun = house.rss(), house.descriptors()
    idle = connect(house, IDLE)
    until(lambda: house.descriptors() >= begun + IDLE, "all are accepted")
    each = (house.rss() - before) / IDLE
    print("idle connection: %d bytes" % each)
    assert each <= 4096
    with people(house, figures, "idle"):
        pass
    for one in idle[::100]:  # RFC 5626: kept, and its ping answered
        one.sendall(b"\r\n\r\n")
        one.settimeout(20)
        assert one.recv(16) == b"\r\n"
    close_all(idle)
    until(lambda: house.descriptors() < begun + 50, "descriptors are given back")


def test_connections_that_drip(house, figures):
    text = b"MESSAGE sip:bob@example.com SIP/2.0\r\nVia: SIP/2.0/TCP 127.0.2.1\r\nX: "
    drips = connect(house, DRIPS)
    stop = threading.Event()

    def drip():
        for at in range(10000):
            for one in drips:
                with contextlib.suppress(OSError):
                    one.send(text[at:at + 1] or b"x")
            if stop.wait(1):
                return
    thread = threading.Thread(target=drip, daemon=True)
    thread.start()
    with people(house, figures, "drips"):
        pass
    stop.set()
    thread.join()
    close_all(drips)


def test_one_that_never_reads(house, figures):
    """His messages fail; nobody else's wait behind them."""
    deaf = socket.socket()
    deaf.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    deaf.bind(("127.0.0.3", 0))
    deaf.connect(house.address)
    me = deaf.getsockname()
    deaf.sendall(("REGISTER sip:example.com SIP/2.0\r\nVia: SIP/2.0/TCP %s:%d;branch=z9hG4bKd;rport\r\n"
                  "From: <sip:deaf@example.com>;tag=1\r\nTo: <sip:deaf@example.com>\r\nCall-ID: deaf\r\n"
                  "CSeq: 1 REGISTER\r\nMax-Forwards: 70\r\nContact: <sip:deaf@%s:%d;transport=tcp>\r\n"
                  "Expires: 600\r\nContent-Length: 0\r\n\r\n" % (*me, *me)).encode())
    assert deaf.recv(65536).startswith(b"SIP/2.0 200")
    before = house.rss()
    spammer = house.agent("spammer", host="127.0.0.4")
    with people(house, figures, "deaf"):
        for number in range(150):
            spammer.send(spammer.request(
                "MESSAGE", "sip:deaf@example.com", body="word " * 8000, call_id="deaf-%d-%s" % (number, token()),
                headers=["Content-Type: text/plain"]))
            time.sleep(SECONDS / 200)
    assert house.rss() - before < 64 << 20
    deaf.close()


def test_garbage(house, figures):
    mark = len(house.main.text())
    with people(house, figures, "garbage"):
        result = finish(begin(house.address[1], "garbage", SECONDS, GARBAGE))
    print("garbage", result)
    assert result["sent"] >= SECONDS * GARBAGE / 4  # a busy machine sends fewer
    said = [line for line in house.main.text()[mark:].splitlines() if "source=127.0.1.7:" in line]
    assert 1 <= len(said) <= 2 * 2, said  # a line of each worker and minute
    assert all("silenced=" in line for line in said)


def test_new_calls(house, figures):
    with people(house, figures, "calls"):
        result = finish(begin(house.address[1], "calls", SECONDS, CALLS))
    print("calls", result)
    assert set(result["statuses"]) <= {"404", "480", "503"} and result["statuses"]


def test_registers(house, figures):
    with people(house, figures, "registers"):
        result = finish(begin(house.address[1], "registers", SECONDS, REGISTERS))
    print("registers", result)
    assert set(result["statuses"]) <= {"200", "503"}
    if "503" in result["statuses"]:
        print("he had his share, others still register")


def test_one_call_to_one_worker(house, figures):
    with people(house, figures, "one-call"):
        result = finish(begin(house.address[1], "one-call", SECONDS, CALLS))
    print("one-call", result)


def finals(agent):
    return [answer.status for answer in list(agent.seen)
            if not answer.is_request and answer.status >= 200]


def test_one_sender_of_archives(house, figures):
    """He waits for himself: a file of somebody else's is judged meanwhile."""
    shelf = io.BytesIO()
    with zipfile.ZipFile(shelf, "w", zipfile.ZIP_DEFLATED) as archive:
        for number in range(200):
            archive.writestr("%d.txt" % number, os.urandom(100) + b"words " * 1000)
    body = shelf.getvalue()
    sender = house.agent("hoarder", transport="tcp", host="127.0.1.5")
    carol, dave = house.agent("carol", transport="tcp"), house.agent("dave", transport="tcp")
    assert dave.register().status == 200
    statuses = []
    with people(house, figures, "archives"):
        thread = threading.Thread(target=lambda: [sender.message(
            "dave@example.com", body, "application/zip", wait=False) for _ in range(ARCHIVES)])
        thread.start()
        for _ in range(5):
            answer = carol.message("dave@example.com", body, "application/zip")
            statuses.append((answer.status, answer.reason))
            time.sleep(0.2)
        thread.join()
    assert {status for status, _ in statuses} == {200}, statuses
    until(lambda: len(finals(sender)) >= ARCHIVES, "each of his is answered", 120)
    said = {status: finals(sender).count(status) for status in set(finals(sender))}
    print("archives", said)
    assert set(said) <= {200, 503}


def test_connections_come_and_are_reset(house, figures):
    stop = time.monotonic() + SECONDS
    count = 0
    with people(house, figures, "resets"):
        while time.monotonic() < stop:
            one = socket.socket()
            one.bind(("127.0.2.9", 0))
            one.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            with contextlib.suppress(OSError):
                one.connect(house.address)
                if count % 2:
                    one.send(b"MESSAGE sip:b@example.com SIP/2.0\r\n")
            one.close()
            count += 1
    print("resets", count)


class BlackHole:
    """An address that takes connections up to its backlog, then leaves them unanswered."""

    def __init__(self, host):
        self.listener = socket.socket()
        self.listener.bind((host, 0))
        self.listener.listen(0)
        self.port = self.listener.getsockname()[1]
        self.fillers = []
        for _ in range(8):
            filler = socket.socket()
            filler.setblocking(False)
            filler.connect_ex((host, self.port))
            self.fillers.append(filler)

    def close(self):
        close_all([self.listener, *self.fillers])


def test_dead_contacts(house, figures):
    """Black holes and refusing ports: whoever sends to them hears of it, in time."""
    holes = [BlackHole("127.0.0.4") for _ in range(4)]
    closed = socket.socket()
    closed.bind(("127.0.0.4", 0))  # bound, not listening: refuses
    owner = house.agent("owner", host="127.0.0.4")
    ports = [hole.port for hole in holes] + [closed.getsockname()[1]]
    for number, port in enumerate(ports):
        call_id = token()
        owner.send(owner.request(
            "REGISTER", "sip:example.com", to="sip:dead%d@example.com" % number, call_id=call_id,
            headers=["Contact: <sip:d@127.0.0.4:%d;transport=tcp>" % port, "Expires: 600"]))
        assert owner.answer_to(call_id).status == 200
    with people(house, figures, "dead"):
        waiting = [owner.message("dead%d@example.com" % (number % len(ports)), "hello", wait=False)
                   for number in range(100)]
    for call_id in waiting:
        assert owner.answer_to(call_id, seconds=30).status >= 500
    for hole in holes:
        hole.close()
    closed.close()


def test_in_the_end_nothing_is_left(house, figures):
    """Memory within what the limits allow, descriptors as at the beginning, a log that can be read."""
    until(lambda: house.descriptors() <= house.descriptors_before + 20, "descriptors are given back", 60)
    workers = 2
    bound = (house.rss_before + workers * (UNFINISHED + QUEUED) + workers * TRANSACTIONS * 2048
             + BINDINGS * 1024 + (64 << 20))
    print("memory: %d MB at first, %d MB now, %d MB allowed" % (
        house.rss_before >> 20, house.rss() >> 20, bound >> 20))
    assert house.rss() <= bound
    minutes = 1 + int((time.monotonic() - house.began) / 60)
    lines = house.main.text().splitlines()
    print("log: %d lines in %d minutes" % (len(lines), minutes))
    # each worker's two sources of lines about peers, and what a start says
    assert len(lines) <= 2 * workers * LINES_A_MINUTE * (minutes + 1) + 30, house.main.text()[-3000:]


def test_out_of_descriptors_those_who_are_there_go_on(tmp_path):
    """Few descriptors: said at the start; more connections are turned away, and nobody spins."""
    code = ("import os, resource, sys; resource.setrlimit(resource.RLIMIT_NOFILE, (640, 640)); "
            "os.execv(sys.argv[1], sys.argv[1:])")
    with House(tmp_path) as house:
        house.main.stop()
        house.main.arguments = [sys.executable, "-c", code, *house.main.arguments]
        house.main.start("ready server=")
        assert "Fewer descriptors than limits.connections needs" in house.main.text()
        bob, alice = house.agent("bob", transport="tcp"), house.agent("alice", transport="tcp")
        assert bob.register().status == 200
        assert alice.message("bob@example.com", "before").status == 200
        crowd = connect(house, 1500)
        assert house.descriptors() < 640
        assert alice.message("bob@example.com", "meanwhile").status == 200
        # A file to be scanned needs descriptors too.
        assert alice.message("bob@example.com", b"PK\x03\x04 is no archive", "application/zip").status in (200, 403)
        used = house.cpu()
        time.sleep(2)
        assert house.cpu() - used < 1.0
        close_all(crowd)
        assert house.agent("carol", transport="tcp").message("bob@example.com", "after").status == 200
        assert bob.got("MESSAGE", "meanwhile") and bob.got("MESSAGE", "after")
        assert house.main.text().count("no more connections are accepted") <= 4
