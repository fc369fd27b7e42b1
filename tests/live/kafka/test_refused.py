"""test_refused.py -- what Kafka refuses, and where there is no Kafka."""
import os
import subprocess

from kafka import Kafka
from observers import TOPIC, check_same, drained, journal
from warden_site import free_port, until


def test_a_record_that_is_too_large_is_a_dead_letter_and_the_rest_goes_on(site, tmp_path):
    with Kafka(tmp_path / "kafka", message_max_bytes=20000).start() as kafka:
        # made by the first message to it, as the broker's defaults say
        subprocess.run(["kcat", "-P", "-b", kafka.brokers, "-t", TOPIC], input=b"not ours",
                       check=True, timeout=60)
        home = site(kafka.brokers, store=False)
        publisher = home.programs["sipwarden-publisher"]
        alice, bob = home.agent("alice", transport="tcp"), home.agent("bob", transport="tcp")
        large = "large " * 5000
        bodies = ["before", "before too", large, "behind", large.upper(), "at last"]
        for body in bodies:
            assert alice.message(bob.address, body).status == 200
        home.programs["home1"].stop()
        records = journal(home)
        refused = [record for record in records if len(record.payload) > 20000]
        assert len(refused) >= 2
        _, messages = drained(home, kafka, refused=len(refused) - 1)
        check_same([record for record in records if record not in refused],
                   [message for message in messages if message.value != b"not ours"])
        folder = home.path("data-home1.example.com", "publisher", "dead-letters")
        assert sorted(os.listdir(folder)) == sorted("%d.record" % record.number
                                                    for record in refused)
        for record in refused:
            with open(os.path.join(folder, "%d.record" % record.number), "rb") as file:
                assert file.read() == record.payload
            assert publisher.says("Kafka refuses a record for good; it is in the journal and "
                                  "in dead-letters, not in the topic event=dead-letter "
                                  "record=%d" % record.number)
        assert publisher.says("it has 1 partitions where 4 are configured")
        assert publisher.says("max.message.bytes is 20000")


def test_without_a_broker_the_proxy_works_on_and_the_publisher_waits(site):
    home = site("127.0.0.1:%d" % free_port())
    publisher = home.programs["sipwarden-publisher"]
    alice, bob = home.agent("alice"), home.agent("bob")
    until(lambda: publisher.says("does not take records"), "the outage is told")
    for number in range(50):
        assert alice.message(bob.address, "number %d" % number).status == 200
    assert len(bob.got("MESSAGE")) == 50
    assert sum(1 for record in journal(home) if b"number 49" in record.payload) >= 1
    assert publisher.process.poll() is None
    assert publisher.text().count("does not take records") == 1
    assert len(publisher.text().splitlines()) < 10, publisher.text()
    assert publisher.stop() == 0


def test_without_kafka_in_the_configuration_it_says_so_and_ends(site, tmp_path):
    home = site("127.0.0.1:%d" % free_port(), store=False)
    home.programs["sipwarden-publisher"].stop()
    other = home.configure("home9.example.com", "home",
                           [("udp", "127.0.0.1:%d" % free_port())])
    done = subprocess.run([home.programs["sipwarden-publisher"].arguments[0],
                           "--config", other], capture_output=True, text=True, timeout=30)
    assert done.returncode == 78
    assert "There is no archive.kafka" in done.stderr
