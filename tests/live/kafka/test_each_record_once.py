"""test_each_record_once.py -- each record is in the topic once, in order, whatever is away or killed meanwhile."""
import threading

from kafka import Kafka
from observers import TOPIC, check_same, drained, index_numbers, journal, numbers
from warden_site import until


class Talk:
    """alice and bob talk until told to stop; every body is said once."""

    def __init__(self, site):
        self.pairs = [(site.agent("alice"), site.agent("bob", transport="tcp"))]
        self.pairs.append(tuple(reversed(self.pairs[0])))
        self.said = []
        self.answers = []
        self.faults = []
        self.over = threading.Event()
        self.threads = [threading.Thread(target=self.talk, args=pair) for pair in self.pairs]
        for thread in self.threads:
            thread.start()

    def talk(self, sender, recipient):
        count = 0
        try:
            while not self.over.is_set():
                count += 1
                body = "%s says number %d, and no more" % (sender.user, count)
                answer = sender.message(recipient.address, body)
                self.answers.append(answer.status)
                self.said.append(body)
                self.over.wait(0.02)
        except AssertionError as fault:
            self.faults.append(fault)

    def goes_on(self, more=40):
        """More was said and answered since."""
        so_far = len(self.said)
        until(lambda: self.faults or len(self.said) >= so_far + more, "the talk goes on")
        assert not self.faults, self.faults

    def stop(self):
        self.over.set()
        for thread in self.threads:
            thread.join()
        assert not self.faults, self.faults

    def received(self):
        return [request.body for agent, _ in self.pairs for request in agent.got("MESSAGE")]


def kill_and_start(publisher):
    publisher.kill()
    publisher.start("publishing")


def test_journal_topic_and_index_are_the_same_set_through_outages_and_kills(site, tmp_path):
    with Kafka(tmp_path / "kafka") as kafka:
        home = site(kafka.brokers)
        publisher = home.programs["sipwarden-publisher"]
        talk = Talk(home)
        try:
            talk.goes_on()
            until(lambda: publisher.says("does not take records"), "the outage is told")
            kafka.start()
            until(lambda: publisher.says("published up to"), "the topic has what came before")
            talk.goes_on()
            for _ in range(3):
                kill_and_start(publisher)
                talk.goes_on(10)
            until(lambda: publisher.says("published up to"), "the publisher has caught up")
            kafka.kill()
            talk.goes_on()
            kill_and_start(publisher)
            until(lambda: publisher.says("does not take records"), "the outage is told")
            talk.goes_on()
            kafka.start()
            talk.goes_on(10)
            kill_and_start(publisher)
            until(lambda: publisher.says("published up to"), "the publisher has caught up")
            kafka.stop()
            talk.goes_on()
            kafka.start()
            talk.goes_on(10)
        finally:
            talk.stop()
        home.programs["home1"].stop()
        records, messages = drained(home, kafka)
        assert journal(home) == records
        check_same(records, messages)
        until(lambda: len(index_numbers(home)) == len(messages), "the index has caught up")
        assert index_numbers(home) == sorted(numbers(messages))
        assert set(talk.answers) == {200}
        received = talk.received()
        assert sorted(body.decode() for body in set(received)) == sorted(talk.said)
        for body in received:
            assert any(record.kind == 1 and body in record.payload for record in records), body
        assert publisher.stop() == 0


def test_the_position_survives_a_restart_and_nothing_comes_twice(site, tmp_path):
    with Kafka(tmp_path / "kafka").start() as kafka:
        home = site(kafka.brokers)
        alice, bob = home.agent("alice"), home.agent("bob")
        publisher = home.programs["sipwarden-publisher"]
        for number in range(3):
            for word in ("one", "two", "three"):
                assert alice.message(bob.address, "%s %d" % (word, number)).status == 200
            drained(home, kafka)
            assert publisher.stop() == 0
            published = kafka.consume(TOPIC)
            with open(home.path("data-home1.example.com", "publisher", "position"),
                      encoding="utf-8") as file:
                assert int(file.read().split()[1]) == max(numbers(published))
            publisher.start("publishing")
            until(lambda: publisher.says("published up to"), "the publisher has caught up")
        home.programs["home1"].stop()
        check_same(*drained(home, kafka))
