"""observers.py -- the ids in journal, topic and index, each read where it stands."""
import collections
import glob
import os
import sqlite3

import journal_files
from warden_site import until

TOPIC = "sipwarden.records"


def journal(site):
    return journal_files.records(site.path("journal"))


def index_numbers(site):
    """The record numbers in every shard of the index."""
    numbers = []
    for shard in glob.glob(os.path.join(site.path("index"), "*.sqlite")):
        with sqlite3.connect("file:%s?mode=ro" % shard, uri=True) as data:
            tables = [row[0] for row in data.execute(
                "SELECT name FROM sqlite_master WHERE type = 'table'")]
            if "record" in tables:
                numbers += [row[0] for row in data.execute("SELECT number FROM record")]
    return sorted(numbers)


def numbers(messages):
    return [int(message.headers["ce_id"]) for message in messages]


def drained(site, kafka, refused=0, seconds=90):
    """(records of the journal, messages of the topic) when the topic has all but the refused."""
    state = {}

    def whole():
        # outcomes come a little after the answers that they tell of
        state["records"] = journal(site)
        state["messages"] = kafka.consume(TOPIC)
        return len(state["messages"]) + refused >= len(state["records"])
    until(whole, "the topic has the records of the journal", seconds)
    return state["records"], state["messages"]


def check_same(records, messages):
    """The topic is the journal: each record once, byte for byte, in order per stream."""
    wanted = [record.number for record in records]
    assert len(set(wanted)) == len(wanted)
    counts = collections.Counter(numbers(messages))
    assert [number for number, count in counts.items() if count > 1] == [], "repeated"
    assert sorted(set(wanted) - set(counts)) == [], "lost"
    assert sorted(set(counts) - set(wanted)) == [], "from nowhere"
    streams = collections.defaultdict(list)
    for message in messages:
        streams[(message.headers["ce_source"], message.key)].append(message)
    expected = collections.defaultdict(list)
    for record in records:
        expected[(record.node, record.stream or record.node.encode())].append(record)
    assert set(streams) == set(expected)
    for name, sent in streams.items():
        assert len({message.partition for message in sent}) == 1, name
        sent.sort(key=lambda message: message.offset)
        assert numbers(sent) == [record.number for record in expected[name]], name
        assert [message.value for message in sent] == [
            record.payload for record in expected[name]], name
