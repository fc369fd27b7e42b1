"""broker.py -- a real Apache Kafka broker for the show, and a consumer that reads what it holds."""
import collections
import os
import shutil
import subprocess
import sys
import time

from programs import Fault, Waiting, last_lines, until
from stage import SUPPORT

sys.path.append(SUPPORT)

import journal_files  # pylint: disable=wrong-import-position
import kafka  # pylint: disable=wrong-import-position

NEEDED = {"java": "default-jre-headless", "mvn": "maven", "kcat": "kcat"}
TOPIC = "sipwarden.records"
FETCH_SECONDS = 600
START_SECONDS = 90
DRAIN_SECONDS = 60


def require_kafka():
    missing = [name for name in NEEDED if not shutil.which(name)]
    if missing:
        raise Fault("--kafka needs %s. On Debian: apt-get install --no-install-recommends %s" % (
            ", ".join(missing), " ".join(NEEDED[name] for name in missing)))


def fetch_jars(stage):
    """Maven runs apart, so that the show can say that it waits and can stop it."""
    log = stage.path("log", "kafka-jars.log")
    fetching = stage.launch(
        "Maven", [sys.executable, "-B", "-c", "import kafka; kafka.jars()"], log,
        {"PYTHONPATH": SUPPORT}, group=True)
    until(lambda: fetching.process.poll() is not None, "Maven fetches Kafka (once)",
          "Maven did not fetch Kafka within %d s; its log: %s" % (FETCH_SECONDS, log),
          FETCH_SECONDS)
    stage.programs.remove(fetching)
    if fetching.process.returncode != 0:
        raise Fault("Maven could not fetch Kafka from Maven Central (is there a network?). "
                    "The last lines of %s:\n%s" % (log, last_lines(log)))


class Broker:
    """One broker; its data and log lie in the show's folder."""

    def __init__(self, stage):
        self.stage = stage
        fetch_jars(stage)
        self.kafka = kafka.Kafka(stage.path("data", "kafka"))
        self.kafka.log = stage.path("log", "kafka.log")
        try:
            self.kafka.format()
        except subprocess.SubprocessError as error:
            raise Fault("Kafka's data folder could not be formatted: %s\n%s" % (
                error, (getattr(error, "stderr", None) or b"").decode("utf-8", "replace"))
            ) from error
        self.program = stage.launch(
            "Kafka", self.kafka.java("kafka.Kafka", self.kafka.properties), self.kafka.log,
            folder=self.kafka.folder, fine=(143,))
        until(self.answers, "Kafka starts", lambda: "Kafka does not answer at %s. The last lines "
              "of %s:\n%s" % (self.kafka.brokers, self.kafka.log, last_lines(self.kafka.log)),
              START_SECONDS)
        stage.brokers = self.kafka.brokers

    def answers(self):
        self.program.must_live()
        return self.kafka.answers()

    def consume(self):
        """What kcat reads, committed transactions alone."""
        try:
            return self.kafka.consume(TOPIC)
        except AssertionError as error:
            self.program.must_live()
            if "Unknown topic" in str(error):
                return []
            raise Fault("kcat could not read the topic %s: %s" % (TOPIC, error)) from error

    def drained(self, journal):
        """Waits until the topic has as many records as the journal; returns both's ids
        and how many there are of each kind."""
        waiting = Waiting("the publisher hands the journal to Kafka")
        while True:
            wanted = journal_numbers(journal)
            messages = self.consume()
            if len(messages) >= len(wanted):
                break
            if waiting.seconds() > DRAIN_SECONDS:
                raise Fault("The journal holds %d records, but a consumer of %s read %d. The "
                            "publisher's log: %s" % (
                                len(wanted), TOPIC, len(messages),
                                self.stage.path("log", "sipwarden-publisher.log")))
            waiting.tick()
            time.sleep(0.2)
        kinds = collections.Counter(
            message.headers["ce_type"].rpartition(".")[2] for message in messages)
        return wanted, [int(message.headers["ce_id"]) for message in messages], kinds


def journal_numbers(folder):
    """The record numbers on disk, read by the format's description alone."""
    try:
        return [record.number for record in journal_files.records(folder)]
    except (OSError, AssertionError, ValueError, IndexError) as error:
        raise Fault("The journal in %s cannot be read: %s" % (folder, error)) from error
