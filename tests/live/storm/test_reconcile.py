"""test_reconcile.py -- the reconciliation sees each fault in evidence that is forged to have it."""
import hashlib

import pytest
from storms.evidence import GAP, MESSAGE, Gap, InTopic, Seen, Told
from storms.reconcile import Evidence, check
from storms.traffic import Request

SECOND = 1000000
BEGAN = 1795000000 * SECOND
SERVERS = {"home1": "home1.example.com", "home2": "home2.example.com", "fe1": "fe1.example.com"}
BODY = hashlib.sha256(b"lunch at noon").hexdigest()


class Forgery:
    """Three exchanges that agree with their records, to be spoilt by a test."""

    def __init__(self):
        self.requests = {}
        self.records = []
        self.said = []
        self.verify = {"homes": (0, ""), "fe1": (0, "")}
        self.exchange("a@load", "MESSAGE", "message", BODY)
        self.exchange("b@load", "OPTIONS", "options", "-")
        self.exchange("c@load", "MESSAGE", "message", BODY)
        self.topic = [InTopic(seen.number, 1, place, seen.node, seen.stream, seen.digest)
                      for place, seen in enumerate(self.records)]
        self.index = {"homes": [seen.number for seen in self.records], "fe1": []}

    def exchange(self, call_id, method, kind, body):
        at_us = BEGAN + len(self.requests) * SECOND
        request = Request(kind, "home1", at_us)
        request.answered_us, request.status = at_us + 3000, 200
        request.received.append((at_us + 2000, "r1", body))
        self.requests[(call_id, 1, method)] = request
        for node in ("home1", "home2"):
            for is_request in (True, False):
                self.record(call_id, method, node, is_request, body, at_us + 1000)

    def record(self, call_id, method, node, is_request, body, at_us, **changes):
        sequence = 1 + sum(seen.node == SERVERS[node] for seen in self.records)
        told = Told(is_request, method, 0 if is_request else 200, call_id, 1,
                    "forward" if is_request else "relay", 0, 1, method == "MESSAGE",
                    body if is_request else "-")._replace(**changes)
        self.records.append(Seen(
            "homes", (len(self.records) + 1) << 12 | 1, at_us, MESSAGE, SERVERS[node],
            node.encode() * 3, 0, sequence, at_us, b"m" * 16, b"s" * 16,
            len(self.records).to_bytes(16, "big"), told))

    def place(self, call_id, node, is_request=True):
        return next(place for place, seen in enumerate(self.records)
                    if seen.kind == MESSAGE and seen.what.call_id == call_id and
                    seen.node == SERVERS[node] and seen.what.is_request == is_request)

    def without(self, call_id, node, is_request=True):
        """As if the record had never been: nowhere, and no number is missed."""
        gone = self.records.pop(self.place(call_id, node, is_request))
        self.records = [seen._replace(sequence=seen.sequence - 1)
                        if seen.node == gone.node and seen.sequence > gone.sequence else seen
                        for seen in self.records]
        self.topic = [message for message in self.topic if message.number != gone.number]
        self.index["homes"].remove(gone.number)

    def sorts(self):
        homes = {"r1": "home2"}
        findings, _ = check(Evidence(self.requests, SERVERS, homes, self.records, self.topic,
                                     self.index, self.verify, [], self.said, []))
        return {finding.sort for finding in findings}


@pytest.fixture
def forged():
    return Forgery()


def test_what_agrees_is_let_be(forged):
    assert forged.sorts() == set()


@pytest.mark.parametrize("node", ["home1", "home2"])
def test_a_message_without_a_record(forged, node):
    forged.without("a@load", node)
    assert forged.sorts() == {"unrecorded"}


def test_a_message_that_was_recorded_after_it_arrived(forged):
    place = forged.place("a@load", "home2")
    forged.records[place] = forged.records[place]._replace(taken_us=BEGAN + 2001)
    assert forged.sorts() == {"late"}


def test_a_refusal_without_a_record(forged):
    request = forged.requests[("a@load", 1, "MESSAGE")]
    request.received.clear()
    request.status = 403
    assert forged.sorts() == {"unrecorded"}
    place = forged.place("a@load", "home1")
    seen = forged.records[place]
    forged.records[place] = seen._replace(what=seen.what._replace(
        disposition="answer", answer_status=403))
    assert forged.sorts() == set()


def test_a_message_without_a_record_is_not_excused_by_a_gap(forged):
    forged.without("a@load", "home1")
    gap(forged, BEGAN, BEGAN + SECOND)
    assert forged.sorts() == {"unrecorded"}


def gap(forged, from_us, to_us):
    last = forged.records[-1]
    seen = last._replace(kind=GAP, number=last.number + 4096, boot=b"g" * 16, sequence=1,
                         node=SERVERS["home1"], digest=b"g" * 16, stream=b"g" * 16,
                         what=Gap(0, from_us, to_us, b"b" * 16, 0, 4, "it ended"))
    forged.records.append(seen)
    forged.topic.append(InTopic(seen.number, 0, 1, seen.node, seen.stream, seen.digest))
    forged.index["homes"].append(seen.number)


@pytest.mark.parametrize("is_request", [True, False])
def test_another_request_without_a_record_lies_in_a_gap_or_is_found(forged, is_request):
    forged.without("b@load", "home1", is_request)
    assert forged.sorts() == {"untold"}
    gap(forged, BEGAN - 9 * SECOND, BEGAN - 8 * SECOND)
    assert forged.sorts() == {"untold"}
    gap(forged, BEGAN, BEGAN + 2 * SECOND)
    forged.records[-1] = forged.records[-1]._replace(sequence=2)
    assert forged.sorts() == set()


def test_other_bytes_than_those_recorded(forged):
    forged.requests[("a@load", 1, "MESSAGE")].received[0] = (BEGAN + 2000, "r1", "f" * 64)
    assert forged.sorts() == {"other bytes"}


def test_a_second_delivery(forged):
    forged.requests[("a@load", 1, "MESSAGE")].received.append((BEGAN + 9000, "r1", BODY))
    assert forged.sorts() == {"doubled"}


def test_an_answer_to_what_nobody_received(forged):
    forged.requests[("a@load", 1, "MESSAGE")].received.clear()
    assert forged.sorts() == {"lost"}


@pytest.mark.parametrize("kind", ["infected", "forbidden"])
def test_something_harmful_that_arrived(forged, kind):
    forged.requests[("a@load", 1, "MESSAGE")].kind = kind
    assert forged.sorts() == {"harmful"}


def test_a_record_that_lets_something_harmful_pass(forged):
    request = Request("infected", "home1", BEGAN)
    request.answered_us, request.status = BEGAN + 9, 503
    forged.requests[("a@load", 1, "MESSAGE")] = request
    assert forged.sorts() == {"harmful"}


def test_a_number_that_stands_twice(forged):
    forged.records[3] = forged.records[3]._replace(number=forged.records[2].number)
    assert {"number twice", "number falls", "only in topic", "only in index"} <= forged.sorts()


def test_a_submission_that_is_missing(forged):
    gone = forged.records.pop(forged.place("b@load", "home2"))
    forged.topic = [message for message in forged.topic if message.number != gone.number]
    forged.index["homes"].remove(gone.number)
    assert "submission missing" in forged.sorts()


def test_a_submission_that_was_taken_twice(forged):
    place = forged.place("c@load", "home2", False)
    forged.records[place] = forged.records[place]._replace(
        sequence=forged.records[place].sequence - 1)
    assert forged.sorts() == {"submission twice"}


def test_a_record_that_the_topic_lost(forged):
    del forged.topic[4]
    assert forged.sorts() == {"not in topic"}


def test_a_record_that_the_topic_has_twice(forged):
    forged.topic.append(forged.topic[-1]._replace(offset=99))
    assert forged.sorts() == {"repeated in topic"}


def test_a_message_of_the_topic_that_is_no_record(forged):
    forged.topic.append(forged.topic[-1]._replace(number=12345 << 12 | 1, offset=99))
    assert forged.sorts() == {"only in topic"}


def test_a_record_with_other_bytes_in_the_topic(forged):
    forged.topic[2] = forged.topic[2]._replace(digest=b"x" * 16)
    assert forged.sorts() == {"other bytes"}


def test_a_topic_out_of_order(forged):
    forged.topic[0], forged.topic[1] = (forged.topic[0]._replace(offset=50),
                                        forged.topic[1]._replace(offset=0))
    assert forged.sorts() == {"order"}


def test_a_stream_on_two_partitions(forged):
    forged.topic[1] = forged.topic[1]._replace(partition=0)
    assert forged.sorts() == {"partitions"}


def test_a_record_that_the_index_lost(forged):
    forged.index["homes"].pop()
    assert forged.sorts() == {"not in index"}


def test_a_record_that_the_index_has_twice(forged):
    forged.index["homes"].append(forged.index["homes"][0])
    assert forged.sorts() == {"repeated in index"}


def test_faults_of_verify_and_words_of_programs(forged):
    forged.verify["homes"] = (1, "a bad CRC")
    forged.said.append((0, "homes-archiver ended by itself with -11"))
    assert forged.sorts() == {"verify", "said"}
