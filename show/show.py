#!/usr/bin/env python3
"""show.py -- the show: starts a site on loopback, lets people talk, and shows what was kept.

Every figure that it prints comes from somebody other than the one who did the work: what was
delivered and refused from the people's own clients, what was archived from `sipwarden verify`,
what was found from the search, what was published from a Kafka consumer.
"""
import argparse
import base64
import io
import json
import os
import shlex
import signal
import sys
import textwrap
import time
import zipfile

from archive import Archive, reasons_of, servers_of
from broker import TOPIC, Broker, journal_numbers, require_kafka
from clients import Alice, Dora, Sipp, require_clients
from programs import STOPS, Fault, say, until
from stage import ROOT, Stage, empty_folder, locked

EICAR = base64.b64decode(
    "WDVPIVAlQEFQWzRcUFpYNTQoUF4pN0NDKTd9JEVJQ0FSLVNUQU5EQVJELUFOVElWSVJVUy1U"
    "RVNULUZJTEUhJEgrSCo=")
BOUNDARY = "part-of-the-show"


class Stopped(Exception):
    """Ctrl-C, or a request to end."""


def report_zip():
    """multipart/mixed with a line of text and report.zip, in which EICAR sits."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("report.txt", "Sales of the third quarter\n")
        archive.writestr("figures.com", EICAR)
    lines = ["--" + BOUNDARY, "Content-Type: text/plain", "", "here is the report",
             "--" + BOUNDARY, "Content-Type: application/zip; name=report.zip",
             "Content-Transfer-Encoding: base64",
             "Content-Disposition: attachment; filename=report.zip", "",
             *base64.encodebytes(packed.getvalue()).decode("ascii").splitlines(),
             "--" + BOUNDARY + "--", ""]
    return "\r\n".join(lines)


def must(happened, sentence, *values):
    if not happened:
        raise Fault(sentence % values if values else sentence)


class Show:
    """The five messages, one after the other, and what people and archive say of each."""

    def __init__(self, stage, broker):
        self.stage = stage
        self.broker = broker
        self.archive = Archive(stage)
        self.counts = {"delivered": 0, "blocked": 0, "infected": 0, "archived": 0, "found": 0}
        self.conversations = []
        self.records = set()

    def gather(self):
        """Everybody registers where they are at home; eve is outside and does not."""
        self.alice, self.dora = Alice(self.stage), Dora(self.stage)
        self.bob = Sipp(self.stage, "bob@example.com", "home1", "127.0.0.1")
        self.eve = Sipp(self.stage, "eve@elsewhere.example", "fe1", "127.0.1.1")
        self.bob.listen()
        self.bob.register()
        self.alice.register()
        self.dora.register()

    def line(self, number, who, message, what, outcome):
        say("%2d  %-22s %-14s %-30s %s" % (
            number, who, " → ".join(servers_of(message)), what, outcome))

    def find(self, query, observations, verdict, **who):
        """Finds the message by search, reads it in its transcript, and compares both."""
        found = self.archive.find(query, observations)
        must(found["verdict"] == verdict, "The archive calls '%s' %s; it should be %s.",
             query, found["verdict"], verdict)
        for side, address in who.items():
            must(found[side] == address, "The archive says that '%s' is %s %s; it was %s.",
                 query, side, found[side], address)
        message = self.archive.message(found)
        must(len(message["observations"]) == observations,
             "'%s' should have %d observation(s), but the transcript has %d.", query,
             observations, len(message["observations"]))
        self.counts["found"] += 1
        self.records.update(seen["record"] for seen in message["observations"])
        if found["conversation"] not in self.conversations:
            self.conversations.append(found["conversation"])
        return message

    def delivered(self, receiver, text):
        until(lambda: receiver.got(text), "\"%s\" is delivered" % text,
              "\"%s\" did not reach its recipient; the logs lie in %s." % (
                  text, self.stage.path("log")))
        must(receiver.got(text) == 1, "\"%s\" was delivered more than once.", text)
        self.counts["delivered"] += 1

    def same_home(self):
        text = "lunch at noon?"
        self.alice.message("Bob", text)
        self.delivered(self.bob, text)
        message = self.find("lunch", 1, "passed", **{
            "from": "alice@example.com", "to": "bob@example.com"})
        self.line(1, "alice → bob", message, "\"%s\"" % text, "delivered")

    def across_homes(self):
        text = "draft for friday"
        self.alice.message("Dora", text)
        self.delivered(self.dora, text)
        message = self.find("draft", 2, "passed", **{
            "from": "alice@example.com", "to": "dora@example.com"})
        self.line(2, "alice → dora", message, "\"%s\"" % text, "delivered")

    def from_outside(self):
        text = "see you at the fair"
        answer = self.eve.message("bob@example.com", text, "text/plain", 200)
        must(answer.status == 200, "eve's \"%s\" was answered %d %s.", text, answer.status,
             answer.reason)
        self.delivered(self.bob, text)
        message = self.find("fair", 2, "passed", **{
            "from": "eve@elsewhere.example", "to": "bob@example.com"})
        self.line(3, "eve (outside) → bob", message, "\"%s\"" % text,
                  "delivered; two observations, one message")

    def forbidden(self):
        text = "falcon price list"
        answer = self.eve.message("bob@example.com", text, "text/plain", 403)
        must(answer.status == 403, "eve's \"%s\" should be refused, but was answered %d %s.",
             text, answer.status, answer.reason)
        must(self.bob.got(text) == 0, "\"%s\" was refused, and yet bob has it.", text)
        message = self.find("rule:falcon-names", 1, "blocked", **{
            "from": "eve@elsewhere.example"})
        must(reasons_of(message) == ["falcon-names"],
             "The archive names %s as what stopped \"%s\".", reasons_of(message), text)
        self.counts["blocked"] += 1
        self.line(4, "eve (outside) → bob", message, "\"%s\"" % text,
                  "%d, rule falcon-names" % answer.status)

    def infected(self):
        answer = self.bob.message("alice@example.com", report_zip(),
                                  "multipart/mixed;boundary=" + BOUNDARY, 403)
        must((answer.status, answer.reason) == (403, "Eicar-Test-Signature"),
             "bob's report.zip should be refused with 403 Eicar-Test-Signature, but was answered "
             "%d %s.", answer.status, answer.reason)
        notice = "was not delivered: %s" % answer.reason
        until(lambda: self.bob.got(notice), "bob is told",
              "bob was not told that his file was refused; the logs lie in %s." %
              self.stage.path("log"))
        message = self.find("verdict:infected", 1, "infected", **{"from": "bob@example.com"})
        files = [part["file_name"] for part in message["attachments"] if part.get("file")]
        must(files == ["report.zip"], "The archive names %s as what was attached.", files)
        self.find("from:sipwarden AND \"not delivered\"", 1, "passed", to="bob@example.com")
        self.counts["infected"] += 1
        self.line(5, "bob → alice", message, "report.zip",
                  "%d, %s; bob told" % (answer.status, answer.reason))

    # -- the archive -------------------------------------------------------------

    def searched(self):
        text = self.archive.text("search", "lunch OR fair")
        told("found", "sipwarden search 'lunch OR fair'", text.splitlines()[-1])

    def shown(self):
        for number in sorted(self.conversations):
            text = self.archive.text("show", str(number))
            told("shown", "sipwarden show %d" % number, text.splitlines()[0])

    def counted(self):
        stats = self.archive.rows("stats")[-1]
        verdicts = {name: count for name, count in stats["verdicts"].items() if count}
        told("counted", "sipwarden stats", "%d conversations; requests %s" % (
            stats["conversations"],
            ", ".join("%d %s" % (count, name) for name, count in verdicts.items())))
        for name in ("blocked", "infected"):
            must(verdicts.get(name) == self.counts[name],
                 "The clients saw %d %s, `sipwarden stats` says %s.", self.counts[name], name,
                 verdicts.get(name, 0))

    def verified(self):
        text = self.archive.text("verify").strip()
        done = self.archive.verify()
        must(done["faults"] == 0, "sipwarden verify found %d faults.", done["faults"])
        self.counts["archived"] = done["kinds"]["message"]
        told("whole", "sipwarden verify", "%s; %d are messages" % (
            text, self.counts["archived"]))
        must(self.counts["archived"] >= len(self.records), "sipwarden verify counts %d messages, "
             "the transcripts have %d.", self.counts["archived"], len(self.records))

    def held(self):
        """Without a broker the journal is what keeps everything."""
        folder = self.stage.path("data", "journal")
        on_disk = journal_numbers(folder)
        must(self.records <= set(on_disk), "Records that were found are not in the journal: %s.",
             sorted(self.records - set(on_disk)))
        told("held", "ls " + shown_path(folder),
             "%d records on disk, kept until a broker takes them" % len(on_disk))

    def published(self):
        """What a consumer of committed transactions read is the journal, each record once."""
        wanted, got, kinds = self.broker.drained(self.stage.path("data", "journal"))
        must(len(set(got)) == len(got), "A consumer read %d records twice.",
             len(got) - len(set(got)))
        must(set(got) == set(wanted), "Journal and topic differ: %d records are in the journal "
             "alone, %d in the topic alone.", len(set(wanted) - set(got)),
             len(set(got) - set(wanted)))
        must(self.records <= set(got), "Records that were found are not in the topic.")
        self.counts["published"] = len(got)
        told("read", "kcat -C -t %s ..." % TOPIC, "%d records (%s), each once, ids as in the "
             "journal" % (len(got), ", ".join(
                 "%d %s" % (count, kind) for kind, count in kinds.most_common())))

    def transcript(self):
        say()
        say("$ sipwarden show %d" % self.conversations[0])
        say(textwrap.indent(self.archive.text("show", str(self.conversations[0])).rstrip(),
                            "    "))

    def play(self):
        self.gather()
        for scene in (self.same_home, self.across_homes, self.from_outside, self.forbidden,
                      self.infected):
            scene()
        say()
        self.searched()
        self.shown()
        self.counted()
        self.verified()
        if self.broker:
            self.published()
        else:
            self.held()
        self.transcript()
        self.stage.must_live()
        empty = [name for name, count in self.counts.items() if not count]
        must(not empty, "Nothing was %s.", " or ".join(empty))


def told(word, command, what):
    say("%-8s %-38s %s" % (word, command, what))


def shown_path(path):
    """Relative where that is shorter, as one would type it."""
    relative = os.path.relpath(path)
    return shlex.quote(relative if len(relative) < len(path) else path)


def heading(stage):
    say("%s   fe1 (front-end)   home1, home2 (home)   archive %s   Kafka: %s" % (
        Archive(stage).version(), shown_path(stage.path("data")), stage.brokers or "none, the journal holds"))


def farewell(stage):
    command = shown_path(stage.program_path("sipwarden"))
    say()
    say("Everything runs until Ctrl-C. The folder is emptied when the show runs again.")
    say("  configuration  %s  (one per server)" % " ".join(
        shown_path(stage.config(name)) for name in ("home1", "home2", "fe1")))
    say("  data           %s" % shown_path(stage.path("data")))
    say("  logs           %s" % shown_path(stage.path("log")))
    say("  SIP            home1 %s, home2 %s, fe1 %s (UDP and TCP)" % tuple(
        stage.address(name) for name in ("home1", "home2", "fe1")))
    say("Try, in another terminal:")
    say("  cd %s" % shlex.quote(os.getcwd()))
    say("  export SIPWARDEN_CONFIG=%s" % shown_path(stage.config()))
    for words in ("search from:eve", "search 'participants:bob AND NOT verdict:passed'",
                  "show 3", "verify", "stats",
                  "rules %s --try 'the Falcon list'" % shown_path(stage.path("content.yaml"))):
        say("  %s %s" % (command, words))
    if stage.brokers:
        say("  kcat -C -b %s -t %s -o beginning -e -X isolation.level=read_committed -f '%%h\\n'" %
            (stage.brokers, TOPIC))


def stay(stage):
    farewell(stage)
    while True:
        stage.must_live()
        time.sleep(0.5)


def arguments():
    parser = argparse.ArgumentParser(
        prog="./dev run", description="Starts a site of sipwarden on loopback, sends SIP "
        "traffic through it and shows what was kept.")
    parser.add_argument("--build", default=os.path.join(ROOT, "build", "release"),
                        help="the build folder (build/release)")
    parser.add_argument("--once", action="store_true",
                        help="end after the show; the last line is a JSON object")
    parser.add_argument("--kafka", action="store_true",
                        help="with a real Kafka broker and the publisher")
    parser.add_argument("--folder", default=os.path.join(ROOT, "run"),
                        help="where configuration, data and logs go; emptied first (run)")
    parser.add_argument("--signatures", help="a folder of virus signatures other than ours")
    return parser.parse_args()


def perform(stage, options):
    broker = None
    if options.kafka:
        say("Starting a Kafka broker.")
        broker = Broker(stage)
    stage.configure()
    stage.start_all()
    heading(stage)
    show = Show(stage, broker)
    show.play()
    if not options.once:
        stay(stage)
    return show.counts


def interrupted(number, _frame):
    raise Stopped(number)


def heed_signals(handler):
    for number in STOPS:
        signal.signal(number, handler)


def run(options):
    """Returns the exit status, and the counts when all of it happened."""
    stage = Stage(os.path.abspath(options.folder), os.path.abspath(options.build),
                  options.signatures and os.path.abspath(options.signatures))
    stage.require_programs(["sipwarden-publisher"] if options.kafka else [])
    require_clients()
    if options.kafka:
        require_kafka()
    empty_folder(stage.folder)
    with locked(stage.folder):
        stage.make_folders()
        counts, status = None, 1
        try:
            counts, status = perform(stage, options), 0
        except Fault as fault:
            say()
            say("The show did not come to its end. %s" % fault)
            say("All logs: %s" % stage.path("log"))
        except Stopped as stopped:
            status = 128 + stopped.args[0] if options.once else 0
            say()
            say("Stopping.")
        finally:
            heed_signals(signal.SIG_IGN)
            faults = stage.stop()
    for fault in faults:
        say("%s; all logs: %s" % (fault, stage.path("log")))
    return (1 if faults else status), (None if faults else counts)


def main():
    sys.stdout.reconfigure(encoding="utf-8", errors="replace")
    heed_signals(interrupted)
    options = arguments()
    try:
        status, counts = run(options)
        if counts:
            say(json.dumps(counts))
    except Fault as fault:
        say(str(fault))
        status = 1
    except Stopped as stopped:
        status = 128 + stopped.args[0]
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        status = 1
    return status


if __name__ == "__main__":
    sys.exit(main())
