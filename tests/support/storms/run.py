"""run.py -- one storm from its seed to its findings."""
import collections
import os
import re
import time

from storms import evidence as evidences
from storms import plan as plans
from storms import reconcile
from storms.driver import Driver
from storms.town import ARCHIVES, SERVERS, Town, verified
from storms.traffic import DOORS, HOMES, Traffic, users
from warden_site import until

DRAINED_SECONDS = 180
# What no program may say, whatever was done to it.
NEVER = re.compile(
    r"AddressSanitizer|ThreadSanitizer|LeakSanitizer|runtime error:|"
    r"goes on behind records that are not here|refused a record|A record was refused|"
    r"A record maker was cut off|is damaged|"
    r"the position is missing|Kafka refuses a record")


def with_spare(kills):
    """Some kills fall on nothing that is under way: a tenth more is planned."""
    return kills + (kills + 9) // 10


class Storm:
    """options: seed, kills, rate, every, counts, only (faults as written), seconds,
    receivers, senders, drain, segment, disk."""

    def __init__(self, folder, options, say=print):
        self.options = options
        self.say = say
        self.folder = str(folder)
        self.faults = [plans.parse(word) for word in options.only] if options.only else \
            plans.plan(options.seed, with_spare(options.kills), options.every, options.counts)
        self.faults.sort()
        last = self.faults[-1] if self.faults else plans.Fault(0, "", "", 0)
        self.seconds = options.seconds or last.at + last.lasts + 5
        self.codes = []
        self.began = time.monotonic()

    def tell(self, text):
        self.say("%8.2f %s" % (time.monotonic() - self.began, text))

    def prologue(self):
        options = self.options
        self.say("seed %d: %d faults in %.0f s at %g/s" % (
            options.seed, len(self.faults), self.seconds, options.rate))
        self.say("the same again: storm.py --seed %d --kills %d --rate %g --every %g %s" % (
            options.seed, options.kills, options.rate, options.every,
            " ".join("--%s %d" % pair for pair in sorted(options.counts.items()))))

    def run(self):
        """(findings, counts)"""
        options = self.options
        self.prologue()
        with Town(self.folder, users(options.receivers), options.segment, options.disk) as town:
            forms = {name: disk.form for name, disk in town.disks.items()}
            self.say("disks: %s" % ", ".join("%s %s" % pair for pair in sorted(forms.items())))
            traffic = Traffic(town, options.rate, self.seconds, options.seed, options.receivers,
                              options.senders, options.drain)
            town.start_all()
            self.began = time.monotonic()
            traffic.start()
            driver = Driver(town, traffic, self.faults, self.tell)
            try:
                driver.run(self.seconds + options.drain)
                summaries = traffic.summaries()
                traffic.read()
                self.tell("the load has ended")
                self.drain(town)
                self.tell("drained")
                findings, counts = self.reconciled(town, traffic, driver, summaries)
                town.keep = bool(findings)
                return findings, counts
            finally:
                traffic.interrupt()

    # -- draining ----------------------------------------------------------------

    def end(self, town, labels):
        for label in labels:
            code = town.end(label)
            if code != 0:
                self.codes.append((label, code))

    def drain(self, town):
        """Makers first, then the archivers: what they leave is all there will be."""
        self.end(town, plans.PROXIES + plans.SCANNERS)
        self.end(town, plans.ARCHIVERS)
        for archive in ARCHIVES:
            last = evidences.last_number(town.journal(archive))
            until(lambda archive=archive, last=last: self.published(town, archive) >= last,
                  "the publisher of %s gets to %d" % (archive, last), DRAINED_SECONDS)
            until(lambda archive=archive, last=last:
                  max(evidences.index_numbers(town.index(archive)), default=0) >= last,
                  "the index of %s gets to %d" % (archive, last), DRAINED_SECONDS)
        self.end(town, plans.STORES + plans.PUBLISHERS)

    @staticmethod
    def published(town, archive):
        try:
            with open(town.position(archive), encoding="ascii") as file:
                return int(file.read().split()[1])
        except (OSError, IndexError):
            return 0

    # -- evidence ----------------------------------------------------------------

    def reconciled(self, town, traffic, driver, summaries):
        requests = traffic.requests()
        records = [seen for archive in ARCHIVES
                   for seen in evidences.journal(archive, town.journal(archive))]
        self.tell("%d records are read" % len(records))
        servers = {door: SERVERS[door][0] for door in DOORS}
        found = reconcile.Evidence(
            requests=requests, servers=servers, homes=Homes(), records=records,
            topic=evidences.topic(town.broker.kafka.brokers),
            index={archive: evidences.index_numbers(town.index(archive))
                   for archive in ARCHIVES},
            verify={archive: verified(town, archive) for archive in ARCHIVES},
            faults=[(done.from_us, done.to_us or done.from_us, done.text())
                    for done in driver.done],
            said=self.sayings(town, driver), strays=traffic.strays())
        findings, counts = reconcile.check(found)
        self.report(driver, requests, counts, summaries)
        return findings, counts

    def sayings(self, town, driver):
        said = [(0, "%s: its clean stop ended with %s" % pair) for pair in self.codes]
        for at_us, label, code in driver.ends:
            full = any(done.fault.kind == "full" and done.from_us <= at_us and
                       (not done.to_us or at_us <= done.to_us + 2000000)
                       for done in driver.done)
            if code < 0 or not full:
                said.append((at_us, "%s ended by itself with %d" % (label, code)))
        for label, unit in town.units.items():
            if unit.log and os.path.exists(unit.log):
                with open(unit.log, encoding="utf-8", errors="replace") as file:
                    said += [(0, "%s says: %s" % (label, line.strip()))
                             for line in file if NEVER.search(line)]
        return said

    def report(self, driver, requests, counts, summaries):
        killed = collections.Counter()
        for done in driver.done:
            if done.fault.kind in plans.KILLS and done.fault.target != plans.BROKER:
                counts["kills"] += 1
                if driver.counted(done):
                    counts["kills with work under way"] += 1
                    killed[done.fault.target] += 1
        kinds = collections.defaultdict(collections.Counter)
        for request in requests.values():
            kinds[request.kind][request.status] += 1
        self.say("kills with work under way: " + ", ".join(
            "%s %d" % pair for pair in sorted(killed.items())))
        for kind, statuses in sorted(kinds.items()):
            self.say("%-10s %s" % (kind, ", ".join(
                "%s: %d" % (status or "none", count)
                for status, count in sorted(statuses.items()))))
        for door, summary in summaries.items():
            self.say("%s: %s" % (door, summary))


class Homes:
    """Which home serves a receiver, r0, r1, …"""

    def __getitem__(self, receiver):
        return HOMES[int(re.match(r"r?(\d+)", receiver)[1]) % len(HOMES)]
