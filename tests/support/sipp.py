"""sipp.py -- sipp processes without a terminal: started, awaited, and read by their own statistics."""
import csv
import glob
import os
import shutil
import signal
import subprocess
import time

from sip import Agent
from warden_site import ROOT, Site, free_port, until

TIME_LIMIT = 120
SCENARIOS = os.path.join(ROOT, "tests", "live", "sipp")


def ready(transport, host, port):
    """Whether somebody listens there: the kernel's own tables say so."""
    table = transport + ("6" if ":" in host else "")
    state = {"udp": "07", "tcp": "0A"}[transport]
    with open("/proc/net/" + table, encoding="ascii") as lines:
        rows = [line.split() for line in lines][1:]
    return any(row[1].endswith(":%04X" % port) and row[3] == state for row in rows)


class Sipp:
    """One sipp. A server (`remote` is None) listens until it is told to stop; a client
    ends with its calls. `lose` is the part of packets in a hundred that it loses."""

    def __init__(self, folder, scenario, transport, host, remote=None, calls=0, rate=400,
                 at_once=50, lose=0):
        self.name = os.path.basename(scenario)[:-len(".xml")]
        self.folder = os.path.join(str(folder), "%s-%d" % (self.name, time.monotonic_ns()))
        os.makedirs(self.folder)
        scenario = shutil.copy(scenario, self.folder)
        self.transport, self.host = transport, host
        self.port = free_port(2 if transport == "udp" else 1, host)
        at = "[%s]" % host if ":" in host else host
        self.address = "%s:%d" % (at, self.port)
        arguments = ["sipp", "-sf", scenario, "-t", transport[0] + "1", "-i", at,
                     "-p", str(self.port), "-mi", at, "-mp", str(free_port(2, host)),
                     "-ci", "127.0.0.1", "-cp", str(free_port(2)), "-nostdin",
                     "-trace_stat", "-stf", "stat.csv", "-fd", "1", "-trace_counts",
                     "-trace_err", "-error_file", "errors.log", "-timeout", str(TIME_LIMIT),
                     "-timeout_error", "-buff_size", "4194304", "-deadcall_wait", "0",
                     "-watchdog_minor_maxtriggers", "10000",
                     "-watchdog_major_maxtriggers", "1000"]
        if lose:
            arguments += ["-lost", str(lose)]
        if remote:
            arguments += ["-m", str(calls), "-r", str(rate), "-l", str(at_once), remote]
        with open(os.path.join(self.folder, "out.log"), "wb") as out:
            self.process = subprocess.Popen(
                arguments, cwd=self.folder, stdin=subprocess.DEVNULL, stdout=out, stderr=out,
                env=dict(os.environ, TERM="dumb"))
        if not remote:
            until(lambda: self.process.poll() is not None or ready(transport, host, self.port),
                  "sipp listens: " + self.text("out.log"))

    def text(self, name):
        path = os.path.join(self.folder, name)
        if not os.path.exists(path):
            return ""
        with open(path, encoding="utf-8", errors="replace") as file:
            return file.read()[-4000:]

    def finish(self, told=False):
        """Waits for its end (a server is told to end), and gives back what it counted:
        calls that succeeded and that failed, and for every step of the scenario how
        often it was met, repeated or unexpected."""
        if told and self.process.poll() is None:
            self.process.send_signal(signal.SIGUSR1)
        try:
            self.process.wait(TIME_LIMIT)
        except subprocess.TimeoutExpired:
            self.kill()
        rows = self.table("stat.csv")
        last = rows[-1] if rows else {}
        return {"exit": self.process.returncode,
                "succeeded": int(last.get("SuccessfulCall(C)", 0)),
                "failed": int(last.get("FailedCall(C)", -1)),
                "steps": self.steps(), "errors": self.text("errors.log")}

    def table(self, name):
        path = os.path.join(self.folder, name)
        if not os.path.exists(path):
            return []
        with open(path, encoding="utf-8", errors="replace", newline="") as file:
            return list(csv.DictReader(file, delimiter=";"))

    def steps(self):
        found = glob.glob(os.path.join(self.folder, "*_counts.csv"))
        rows = self.table(os.path.basename(found[0])) if found else []
        return {name: int(value) for name, value in (rows[-1] if rows else {}).items()
                if name and value and value.isdigit()}

    def kill(self):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()


PEOPLE = 1000
STAGES = ["log", "content-filter", "virus-scan"]
RULES = [{"name": "falcon-names", "terms": ["falcon"], "action": "block"},
         {"name": "price-lists", "expressions": ["price list [0-9]+"], "action": "tag"}]
WAYS = [("udp", "127.0.0.1"), ("tcp", "127.0.0.1"), ("udp", "::1"), ("tcp", "::1")]


class SippSite(Site):
    """A home server with every stage in both places, and its archive; alice calls bob."""

    def __init__(self, folder, transport, host, **changes):
        super().__init__(folder)
        self.transport, self.host = transport, host
        self.sipps = []
        users = ["alice", "bob"] + ["user%d" % number for number in range(1, PEOPLE + 1)]
        self.write_users({user + "@example.com": "home1.example.com" for user in users})
        self.write_rules(RULES)
        home = "::1" if ":" in host else "127.0.0.11"
        self.port = free_port(2, home)
        self.server = ("[%s]:%d" if ":" in home else "%s:%d") % (home, self.port)
        self.address = (home, self.port)
        self.config = self.configure(
            "home1.example.com", "home", [("udp", self.server), ("tcp", self.server)],
            before_routing=STAGES, after_routing=STAGES, **changes)
        self.archiver(self.config)
        self.scanner(self.config)
        self.home = self.proxy(self.config)
        self.store(self.config)

    def sipp(self, scenario, transport=None, **more):
        scenario = os.path.join(SCENARIOS, scenario + ".xml")
        self.sipps.append(
            Sipp(self.folder, scenario, transport or self.transport, self.host, **more))
        return self.sipps[-1]

    def client(self, scenario, **more):
        return self.sipp(scenario, remote=self.server, **more)

    def unregister_bob(self, *servers):
        """Bob is there no more."""
        self.register_bob(*servers, expires=0)

    def register_bob(self, *servers, expires=3600):
        """Bob is where these sipps listen."""
        with Agent("bob", self.address, transport=self.transport, host=self.host) as agent:
            for server in servers:
                agent.contact = "sip:bob@%s;transport=%s" % (
                    server.address, server.transport)
                assert agent.register(expires).status == 200

    def counts(self):
        """Records of each kind, when the index holds what the journal holds."""
        until(lambda: self.rows(self.config, "stats")[-1]["behind"] == 0, "the index caught up")
        return self.rows(self.config, "stats")[-1]["kinds"]

    def counts_with(self, requests):
        """The same, as soon as all of so many first requests have their outcome."""
        until(lambda: self.counts().get("outcome", 0) == requests, "the first are recorded")
        return self.counts()

    def kinds_since(self, before):
        """Message and outcome records since then, the proxy having stopped cleanly and
        the whole chain having been verified."""
        assert self.home.stop() == 0
        assert not self.home.says("work under way"), self.home.text()
        now = self.counts()
        proved = self.rows(self.config, "verify")[-1]
        assert proved["faults"] == 0, proved
        assert {kind: proved["kinds"][kind] for kind in ("message", "outcome")} == {
            kind: now[kind] for kind in ("message", "outcome")}
        assert now.get("gap", 0) == 0
        return {kind: now[kind] - before.get(kind, 0) for kind in ("message", "outcome")}

    def stop(self):
        for sipp in self.sipps:
            sipp.kill()
        super().stop()
