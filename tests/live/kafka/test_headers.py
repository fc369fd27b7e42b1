"""test_headers.py -- each message of the topic is a CloudEvent, in a topic made as configured."""
import datetime

from kafka import Kafka
from observers import TOPIC, drained

TYPES = {1: "message", 2: "outcome", 4: "boot"}


def test_headers_are_those_of_the_record(site, tmp_path):
    with Kafka(tmp_path / "kafka").start() as kafka:
        home = site(kafka.brokers, store=False)
        alice, bob = home.agent("alice"), home.agent("bob")
        assert alice.message(bob.address, "one word").status == 200
        records, messages = drained(home, kafka)
        by_number = {int(message.headers["ce_id"]): message for message in messages}
        assert {record.kind for record in records} == set(TYPES)
        for record in records:
            message = by_number[record.number]
            at = datetime.datetime.fromisoformat(
                message.headers.pop("ce_time").replace("Z", "+00:00"))
            epoch = datetime.datetime(1970, 1, 1, tzinfo=datetime.timezone.utc)
            assert (at - epoch) // datetime.timedelta(microseconds=1) == record.taken_us
            subject = {"ce_subject": record.message_id.hex()} if record.message_id else {}
            assert message.headers == {
                "content-type": "application/protobuf", "ce_specversion": "1.0",
                "ce_type": "sipwarden.record." + TYPES[record.kind],
                "ce_source": record.node, "ce_id": str(record.number), **subject}
            assert message.key == (record.stream or record.node.encode())
        assert home.programs["sipwarden-publisher"].says(
            "The topic is made topic=%s partitions=4" % TOPIC)
        assert not home.programs["sipwarden-publisher"].says("not as configured")
