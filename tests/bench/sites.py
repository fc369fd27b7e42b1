"""sites.py -- what is measured: each setting starts its programs and says who they are."""
import glob
import itertools
import json
import os
import random
import shutil
import subprocess
import time

from warden_site import ROOT, Site, binary, free_pair, until

SERVER = "127.0.0.11"
RECEIVERS = "127.0.0.2"
# The same contacts in each run: others would stay registered beside them.
FIRST_PORT = 20000
NAME = "home1.example.com"
TERMS = 1000
SYLLABLES = "ba ce di fo gu ha je ki lo mu na pe ri so tu va".split()
LOAD = "sipwarden-load"
_numbers = itertools.count(1)


def terms(count):
    """Words like those of the texts but for one letter: near hits are frequent, hits none."""
    source = random.Random(7)
    found = set()
    while len(found) < count:
        word = "".join(source.choice(SYLLABLES) for _ in range(source.randint(3, 5)))
        place = source.randint(0, len(word))
        found.add(word[:place] + "x" + word[place:])
    return sorted(found)


class Setting:
    """One thing to measure. `mix` is what the load consists of."""
    mix = "message:1"
    process = site = None

    def __init__(self, options, folder, broker):
        self.options = options
        self.folder = os.path.join(folder, "%s-%d" % (self.name, next(_numbers)))
        self.broker = broker
        self.address = "%s:%d" % (SERVER, free_pair(SERVER))
        os.makedirs(self.folder)

    def __enter__(self):
        try:
            self.start()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        self.stop()
        if not self.options.keep:
            shutil.rmtree(self.folder, ignore_errors=True)

    def roots(self):
        """Process ids by the program's name."""
        raise NotImplementedError

    def drained(self):
        return True

    def stats(self):
        return {}

    def load(self, rate, seconds, seed, mix=None, more=()):
        """Runs the load generator, gives back what it says of it."""
        command = [binary(LOAD), "--server", self.address, "--rate", str(rate),
                   "--seconds", str(seconds), "--seed", str(seed), "--mix", mix or self.mix,
                   "--senders", str(self.options.users), "--receivers", str(self.options.users),
                   "--receiver-address", RECEIVERS, "--receiver-port", str(FIRST_PORT),
                   "--drain-seconds", "32", *self.load_more(), *more]
        done = subprocess.run(command, capture_output=True, text=True, check=False,
                              stdin=subprocess.DEVNULL, timeout=seconds + 180)
        if done.returncode != 0:
            raise SystemExit("%s: the load failed: %s" % (self.name, done.stderr))
        return json.loads(done.stdout.splitlines()[-1])

    def load_more(self):
        return []


class Relay(Setting):
    name = "relay"
    text = "bare UDP relay, reads nothing"

    def start(self):
        host, port = self.address.split(":")
        self.process = subprocess.Popen(
            [binary("sipwarden-relay"), host, port, RECEIVERS, str(FIRST_PORT),
             str(self.options.users), str(self.options.workers)],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True)
        assert self.process.stdout.readline() == "ready\n"

    def stop(self):
        if self.process:
            self.process.terminate()
            self.process.wait()
            self.process.stdout.close()

    def roots(self):
        return {"relay": self.process.pid}

    def load_more(self):
        return ["--register", "no"]


class Kamailio(Setting):
    name = "kamailio"
    text = "Debian's Kamailio: usrloc look-up, t_relay"

    def start(self):
        modules = glob.glob("/usr/lib/*/kamailio/modules")
        if not modules:
            raise SystemExit("Kamailio is not installed (package kamailio)")
        with open(os.path.join(os.path.dirname(__file__), "kamailio.cfg"),
                  encoding="utf-8") as file:
            text = file.read()
        for name, value in (("WORKERS", self.options.workers), ("ADDRESS", self.address),
                            ("MODULES", modules[0])):
            text = text.replace("@%s@" % name, str(value))
        path = os.path.join(self.folder, "kamailio.cfg")
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        self.log = open(os.path.join(self.folder, "kamailio.log"), "wb")
        self.process = subprocess.Popen(
            ["kamailio", "-DD", "-E", "-f", path, "-m", "512", "-M", "16", "-Y", self.folder,
             "-w", self.folder],
            stdin=subprocess.DEVNULL, stdout=self.log, stderr=self.log)
        time.sleep(1)
        if self.process.poll() is not None:
            raise SystemExit("Kamailio ended; see " + self.log.name)

    def stop(self):
        if self.process and self.process.poll() is None:
            self.process.terminate()
            self.process.wait()
        if self.process:
            self.log.close()

    def roots(self):
        return {"kamailio": self.process.pid}


class Sipwarden(Setting):
    """What differs: stages, archive, what runs behind it."""
    stages = []
    archive = True
    required = True
    scanner = False

    def start(self):
        self.site = Site(self.folder)
        site, options = self.site, self.options
        site.write_users({"%s%d@example.com" % (kind, number): NAME
                          for kind in "rs" for number in range(options.users)})
        if self.stages:
            site.write_rules([{"name": "lexicon", "terms": terms(TERMS), "action": "block"},
                              {"name": "falcon-names", "terms": ["falcon"],
                               "action": "block"}])
        archive = {"record": self.archive, "required": self.required}
        if self.archive and self.broker:
            number = next(_numbers)
            archive.update(node=number, kafka={
                "brokers": self.broker.brokers, "topic": "bench.%d.%d" % (os.getpid(), number),
                "socket": site.socket("publisher")})
        self.config = site.configure(
            NAME, "home", [("udp", self.address), ("tcp", self.address)],
            server={"workers": options.workers}, before_routing=self.stages,
            after_routing=self.stages, archive=archive,
            scanner={"workers": options.workers, "signatures": options.signatures or
                     site.signatures})
        if self.archive:
            site.archiver(self.config)
        if self.scanner:
            site.scanner(self.config)
        proxy = site.proxy(self.config)
        for there in [name for name, wanted in (("archiver", self.archive),
                                                ("scanner", self.scanner)) if wanted]:
            until(lambda: proxy.text().count("The %s is there" % there) == options.workers,
                  "each worker has found the " + there)
        if self.archive:
            site.store(self.config)
            if self.broker:
                site.publisher(self.config)

    def stop(self):
        if self.site:
            self.site.stop()

    def roots(self):
        found = {name.replace("sipwarden-", ""): program.process.pid
                 for name, program in self.site.programs.items()}
        if self.archive and self.broker:
            found["(kafka)"] = self.broker.process.pid
        return found

    def stats(self):
        return self.site.rows(self.config, "stats")[-1] if self.archive else {}

    def value(self, stats, program, name):
        return stats.get("programs", {}).get(program, {}).get("values", {}).get(name, 0)

    def drained(self):
        if not self.archive:
            return True
        stats = self.stats()
        return stats["behind"] == 0 and \
            not self.value(stats, "proxy", "queue.archive.depth") and \
            not self.value(stats, "publisher", "lag.records")


class Bare(Sipwarden):
    name = "bare"
    text = "sipwarden: registrar look-up, no stages, no archive"
    archive = False


class Full(Sipwarden):
    name = "full"
    text = "sipwarden: log, filter of 1,000 terms, archive required, Kafka, index"
    stages = ["log", "content-filter"]


class Unwaited(Full):
    name = "unwaited"
    text = "the same, but nothing waits for the disk (archive.required: false)"
    required = False


class Scanned(Full):
    name = "scanned"
    text = "as full, one attachment in ten, scanned"
    stages = ["log", "content-filter", "virus-scan"]
    scanner = True
    mix = "message:9,attachment:1"


class Soak(Scanned):
    name = "soak"
    text = "all kinds of traffic"
    mix = "message:70,dialog:10,presence:5,attachment:8,infected:1,forbidden:3,options:3"


ORDER = [Relay, Bare, Full, Scanned, Kamailio]
