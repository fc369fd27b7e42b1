"""town.py -- two homes and a front-end with all their programs and a broker, each of which may fail.

The homes share an archiver, a store and a publisher; the front-end has its own.
Each server has its own scanner. Journal and index of each archive lie on a disk
of their own. A program that ended without being told to is started again, as a
service manager would.
"""
import json
import os
import signal
import subprocess
import threading
import time

from kafka import Kafka
from two_servers import ALL
from warden_site import Site, binary, free_pair

from storms.disks import Disk

SERVERS = {"home1": ("home1.example.com", "home", "127.0.0.11"),
           "home2": ("home2.example.com", "home", "127.0.0.12"),
           "fe1": ("fe1.example.com", "front-end", "127.0.0.21")}
# archive: (its number, whose configuration its programs read)
ARCHIVES = {"homes": (1, "home1"), "fe1": (2, "fe1")}
ARCHIVE_OF = {"home1": "homes", "home2": "homes", "fe1": "fe1"}
READY = {"archiver": "taking records", "scanner": "ready", "store": "index at record",
         "publisher": "publishing", "proxy": "ready server="}
FORBIDDEN = "falconprice"
START_SECONDS = 60
STOP_SECONDS = 60


class Unit:
    """One program under supervision. States: up, down (meant to be), starting."""

    def __init__(self, name, arguments, log, ready):
        self.name = name
        self.arguments = arguments
        self.log = log
        self.ready = ready
        self.process = None
        self.mark = 0
        self.wanted = False
        self.is_up = False
        self.began = 0.0
        self.ends = []  # (time, return code) of ends that nobody asked for
        self.starts = 0

    def launch(self):
        self.mark = os.path.getsize(self.log) if os.path.exists(self.log) else 0
        with open(self.log, "ab") as out:
            self.process = subprocess.Popen(self.arguments, stdin=subprocess.DEVNULL,
                                            stdout=out, stderr=out)
        self.wanted = True
        self.is_up = False
        self.starts += 1
        self.began = time.monotonic()

    def text(self):
        with open(self.log, "rb") as file:
            file.seek(self.mark)
            return file.read().decode("utf-8", "replace")

    def says(self, words):
        return words in self.text()

    def alive(self):
        return self.process is not None and self.process.poll() is None

    def check(self):
        """Notices that it is ready, or that it ended by itself."""
        if not self.wanted:
            return
        if self.process.poll() is not None:
            self.ends.append((time.time(), self.process.returncode))
            self.is_up = False
            self.wanted = False
        elif not self.is_up and self.says(self.ready):
            self.is_up = True

    def signal(self, number):
        if self.alive():
            self.process.send_signal(number)

    def kill(self):
        """Gone when this returns; started again by launch()."""
        self.wanted = self.is_up = False
        self.signal(signal.SIGKILL)
        self.process.wait()

    def terminate(self):
        self.wanted = self.is_up = False
        self.signal(signal.SIGTERM)

    def workers(self):
        """The processes that it has forked."""
        path = "/proc/%d/task/%d/children" % (self.process.pid, self.process.pid)
        try:
            with open(path, encoding="ascii") as file:
                return [int(word) for word in file.read().split()]
        except OSError:
            return []


class Broker(Unit):
    """Kafka, started and stopped in threads: a Java machine takes its time."""

    def __init__(self, folder):
        super().__init__("broker", [], "", "")
        self.kafka = Kafka(folder)
        self.thread = None
        self.fault = None

    def launch(self):
        self.wanted = True
        self.is_up = False
        self.starts += 1
        self.began = time.monotonic()
        self.thread = threading.Thread(target=self.begin, daemon=True)
        self.thread.start()

    def begin(self):
        try:
            self.kafka.start()
            self.is_up = True
        except AssertionError as fault:
            self.wait_longer(fault)

    def wait_longer(self, fault):
        """The load takes what the machine has; it may only be slow."""
        end = time.monotonic() + 4 * START_SECONDS
        while self.alive() and time.monotonic() < end:
            if self.kafka.answers():
                self.is_up = True
                return
        self.fault = fault

    def alive(self):
        return self.kafka.process is not None and self.kafka.process.poll() is None

    def text(self):
        return str(self.fault or "")

    def check(self):
        if self.fault:
            raise AssertionError("Kafka does not start: %s" % self.fault)

    def kill(self):
        self.thread.join()
        self.wanted = self.is_up = False
        self.kafka.kill()

    def terminate(self):
        self.thread.join()
        self.wanted = self.is_up = False
        if self.alive():
            self.kafka.process.send_signal(signal.SIGTERM)


class Town(Site):
    """users: {address: server's short name}."""

    def __init__(self, folder, users, segment="16MB", disk=8 << 30, kafka=None):
        super().__init__(folder)
        self.units = {}
        self.disks = {"%s-disk" % name: Disk(self.path("disk-" + name), disk)
                      for name in ARCHIVES}
        self.segment = segment
        self.forbidden = FORBIDDEN
        self.keep = True  # the disks' images, for a look afterwards
        self.domains = sorted({user.partition("@")[2] for user in users})
        self.write_users({user: SERVERS[home][0] for user, home in users.items()})
        self.write_rules([{"name": "falcon-names", "terms": [FORBIDDEN], "action": "block",
                           "reason": "Blocked by company policy"}])
        self.addresses = {name: (host, free_pair(host))
                          for name, (_, _, host) in SERVERS.items()}
        self.broker = Broker(kafka or self.path("kafka"))
        self.configurations = {name: self.configure_one(name) for name in SERVERS}
        self.add_units()

    def configure_one(self, name):
        full, role, _ = SERVERS[name]
        archive = ARCHIVE_OF[name]
        disk = self.disks[archive + "-disk"].folder
        others = [{"name": SERVERS[other][0], "address": "%s:%d" % self.addresses[other],
                   "transport": "udp", "role": SERVERS[other][1]}
                  for other in SERVERS if other != name]
        return self.configure(
            full, role, [(transport, "%s:%d" % self.addresses[name])
                         for transport in ("udp", "tcp")],
            server={"domains": self.domains}, internal_servers=others,
            before_routing=ALL, after_routing=ALL,
            stages={"virus-scan": {"socket": self.socket(name + "-scanner")}},
            scanner={"workers": 2},
            archive={"node": ARCHIVES[archive][0], "socket": self.socket(archive + "-archiver"),
                     "journal": os.path.join(disk, "journal"), "segment": self.segment,
                     "reserve": "8MB",
                     "kafka": {"brokers": self.broker.kafka.brokers, "partitions": 4,
                               "socket": self.socket(archive + "-publisher")}},
            store={"socket": self.socket(archive + "-store"),
                   "index": os.path.join(disk, "index")})

    def add_units(self):
        self.units["broker"] = self.broker
        for archive, (_, owner) in ARCHIVES.items():
            for program in ("archiver", "store", "publisher"):
                self.add("%s-%s" % (archive, program), program, owner)
        for name in SERVERS:
            self.add(name + "-scanner", "scanner", name)
            self.add(name + "-proxy", "proxy", name)

    def add(self, label, program, server):
        self.units[label] = Unit(
            label, [binary("sipwarden-" + program), "--config", self.configurations[server]],
            self.path(label + ".log"), READY[program])

    # -- where things lie ------------------------------------------------------

    def journal(self, archive):
        return os.path.join(self.disks[archive + "-disk"].folder, "journal")

    def index(self, archive):
        return os.path.join(self.disks[archive + "-disk"].folder, "index")

    def position(self, archive):
        return self.path("data-" + SERVERS[ARCHIVES[archive][1]][0], "publisher", "position")

    def configuration(self, archive):
        return self.configurations[ARCHIVES[archive][1]]

    # -- starting and stopping -------------------------------------------------

    def wait_up(self, labels, seconds=START_SECONDS):
        end = time.monotonic() + seconds
        while not all(self.units[label].is_up for label in labels):
            for label in labels:
                unit = self.units[label]
                unit.check()
                if not unit.wanted:
                    unit.launch()
            if time.monotonic() > end:
                late = [label for label in labels if not self.units[label].is_up]
                raise AssertionError("not up within %d s: %s\n%s" % (
                    seconds, ", ".join(late), self.units[late[0]].text()[-2000:]))
            time.sleep(0.05)

    def start_all(self):
        """The archive first: a store reads a journal that is there."""
        for group in ("archiver",), ("broker", "scanner", "store"), ("publisher", "proxy"):
            labels = [label for label in self.units if label.endswith(group)]
            for label in labels:
                self.units[label].launch()
            self.wait_up(labels)

    def end(self, label):
        """A clean stop; a program that will not is killed and named."""
        unit = self.units[label]
        if unit.process is None:
            return None
        unit.wanted = unit.is_up = False
        unit.signal(signal.SIGCONT)
        unit.signal(signal.SIGTERM)
        try:
            return unit.process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            unit.kill()
            return "does not stop"

    def stop(self):
        for label, unit in self.units.items():
            if label != "broker" and unit.alive():
                unit.signal(signal.SIGCONT)
                unit.kill()
        self.broker.kafka.kill()
        for disk in self.disks.values():
            disk.close(self.keep)


def verified(town, archive):
    """(faults, what it said) of `sipwarden verify` on a journal."""
    done = town.command(town.configuration(archive), "verify", "--journal",
                        town.journal(archive), "--json", check=False)
    lines = done.stdout.splitlines()
    last = json.loads(lines[-1]) if lines else {}
    faults = last.get("faults", 1) or int(done.returncode != 0)
    return faults, "\n".join(lines[:20]) + done.stderr
