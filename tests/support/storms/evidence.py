"""evidence.py -- what stands in journals, topic and indexes, each read where it stands.

Records are read by their description alone; nothing here asks a program of ours.
"""
import collections
import concurrent.futures
import glob
import hashlib
import os
import sqlite3
import struct
import subprocess

from journal_files import RECORD, entries, segments

MESSAGE, OUTCOME, GAP, BOOT, CHECKPOINT, AUDIT = 1, 2, 3, 4, 5, 6
INTAKE = 88
TOPIC = "sipwarden.records"

# One record. what: for a message its Told, for a gap its Gap, else None.
Seen = collections.namedtuple(
    "Seen", "archive number taken_us kind node boot worker sequence observed_us message_id "
            "stream digest what")
Told = collections.namedtuple(
    "Told", "is_request method status call_id cseq disposition answer_status branches waits "
            "body")
Gap = collections.namedtuple("Gap", "messages from_us to_us boot worker last_sequence reason")
InTopic = collections.namedtuple("InTopic", "number partition offset source key digest")


def scan(data, wanted):
    """The values of the wanted fields of a packed message: {number: [values]}."""
    found = {}
    at, end = 0, len(data)
    while at < end:
        key = data[at]
        at += 1
        if key & 0x80:
            key = key & 0x7f | data[at] << 7
            at += 1
        kind = key & 7
        if kind == 2 or kind == 0:
            value = data[at]
            at += 1
            if value & 0x80:
                value &= 0x7f
                shift = 7
                while True:
                    byte = data[at]
                    at += 1
                    value |= (byte & 0x7f) << shift
                    if byte < 0x80:
                        break
                    shift += 7
            if kind == 2:
                if key >> 3 in wanted:
                    found.setdefault(key >> 3, []).append(data[at:at + value])
                at += value
                continue
        elif kind == 1:
            value = int.from_bytes(data[at:at + 8], "little")
            at += 8
        else:
            raise AssertionError("a field of wire type %d" % kind)
        if key >> 3 in wanted:
            found.setdefault(key >> 3, []).append(value)
    if at != end:
        raise AssertionError("a field is cut off")
    return found


def one(found, number, otherwise):
    return found[number][-1] if number in found else otherwise


SIGNALLING = (b"application/sdp", b"application/pidf+xml", b"application/xpidf+xml",
              b"text/xml+msrtc.pidf")


def waits_for_disk(data, method, is_request):
    """Whether design and manual have this message wait, by its bytes alone."""
    if is_request and method == "MESSAGE":
        return True
    head, _, body = data.partition(b"\r\n\r\n")
    kind = b""
    for line in head.split(b"\r\n")[1:]:
        name, _, value = line.partition(b":")
        name = name.strip().lower()
        if name in (b"subject", b"s", b"ms-text-format"):
            return True
        if name in (b"content-type", b"c"):
            kind = value.partition(b";")[0].strip().lower()
    return bool(body) and kind not in SIGNALLING


def told_of(metadata, content):
    found = scan(metadata, {5, 6, 8, 9, 14, 18, 19, 20})
    received = one(scan(content, {1}), 1, b"") if content else b""
    method = one(found, 6, b"").decode("utf-8", "replace")
    is_request = bool(one(found, 5, 0))
    body = received.partition(b"\r\n\r\n")[2]
    return Told(is_request, method, one(found, 8, 0),
                one(found, 9, b"").decode("utf-8", "replace"), one(found, 14, 0),
                one(found, 19, b"").decode(), one(found, 20, 0), len(found.get(18, ())),
                waits_for_disk(received, method, is_request),
                hashlib.sha256(body).hexdigest() if body else "-")


def gap_of(metadata):
    found = scan(metadata, {1, 2, 3, 4, 5, 6, 7})
    return Gap(one(found, 1, 0), one(found, 2, 0), one(found, 3, 0), one(found, 5, b""),
               one(found, 6, 0), one(found, 7, 0), one(found, 4, b"").decode())


def seen_of(archive, payload):
    found = scan(payload, {2, 3, 4, 5, 6, 7, 8, 9})
    number, taken_us = struct.unpack_from("<QxQ", payload, len(payload) - 85)
    submission = scan(one(found, 3, b""), {1, 2, 3})
    kind = one(found, 2, 0)
    what = None
    if kind in (MESSAGE, GAP):
        metadata = one(scan(one(found, 8, b""), {2}), 2, b"")
        if kind == GAP:
            what = gap_of(metadata)
        else:
            content = one(scan(one(found, 9, b""), {2}), 2, b"") if 9 in found else b""
            what = told_of(metadata, content)
    return Seen(archive, number, taken_us, kind, one(found, 4, b"").decode(),
                one(submission, 1, b""), one(submission, 2, 0), one(submission, 3, 0),
                one(found, 7, 0), one(found, 5, b""), one(found, 6, b""),
                hashlib.sha256(payload).digest()[:16], what)


def segment_records(task):
    archive, path, end = task
    with open(path, "rb") as file:
        data = file.read()
    return [seen_of(archive, payload) for kind, payload in entries(data, end)
            if kind == RECORD]


def journal(archive, folder):
    """Every durable record of a journal, in order: [Seen]."""
    tasks = [(archive, os.path.join(folder, "%012d.journal" % number), end)
             for number, _, end in segments(folder)]
    with concurrent.futures.ProcessPoolExecutor(2) as pool:
        return [seen for part in pool.map(segment_records, tasks) for seen in part]


def last_number(folder):
    """The number of the journal's last durable record."""
    last = 0
    for _, data, end in segments(folder):
        for kind, payload in entries(data, end):
            if kind == RECORD:
                last = struct.unpack_from("<Q", payload, len(payload) - 85)[0]
    return last


def index_numbers(folder):
    """The record numbers in every shard of an index, as often as they stand there."""
    numbers = []
    for shard in sorted(glob.glob(os.path.join(folder, "*.sqlite"))):
        with sqlite3.connect("file:%s?mode=ro" % shard, uri=True) as data:
            tables = [row[0] for row in data.execute(
                "SELECT name FROM sqlite_master WHERE type = 'table'")]
            if "record" in tables:
                numbers += [row[0] for row in data.execute("SELECT number FROM record")]
    return numbers


def indexed_words(folder):
    """How many rows the shards hold that can be searched, and how many messages."""
    rows = 0
    for shard in sorted(glob.glob(os.path.join(folder, "*.sqlite"))):
        with sqlite3.connect("file:%s?mode=ro" % shard, uri=True) as data:
            rows += data.execute("SELECT count(*) FROM message").fetchone()[0]
    return rows


def topic(brokers):
    """Every message of the topic that a read-committed consumer sees: [InTopic]."""
    command = ["kcat", "-C", "-q", "-b", brokers, "-t", TOPIC, "-o", "beginning", "-e",
               "-X", "isolation.level=read_committed", "-X", "allow.auto.create.topics=false",
               "-f", "%p %o %K %S %h\n%k%s\n"]
    found = []
    with subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, bufsize=1 << 20) as process:
        out = process.stdout
        for line in out:
            partition, offset, key, value, headers = line.split(b" ", 4)
            key = out.read(max(int(key), 0))
            value = out.read(max(int(value), 0))
            if out.read(1) != b"\n":
                raise AssertionError("kcat's sizes do not agree with what it printed")
            head = dict(pair.split("=", 1) for pair in headers.decode().strip().split(","))
            found.append(InTopic(int(head["ce_id"]), int(partition), int(offset),
                                 head["ce_source"], key, hashlib.sha256(value).digest()[:16]))
        errors = process.stderr.read().decode("utf-8", "replace")
    if process.returncode != 0:
        raise AssertionError("kcat: " + errors)
    return found
