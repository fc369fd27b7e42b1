"""journal_files.py -- reads a journal by its description, docs/archive-format.md, alone.

An observer apart from the product's own reader: tests compare what it sees with
what the programs say.
"""
import collections
import os
import struct

HEADER = 12
MAKERS = 1024
RECORD, JOURNAL_HEADER = 1, 4

Record = collections.namedtuple(
    "Record", "number taken_us kind node message_id stream payload")


def varint(data, at):
    value = shift = 0
    while True:
        byte = data[at]
        at += 1
        value |= (byte & 0x7f) << shift
        shift += 7
        if byte < 0x80:
            return value, at


def fields(data):
    """The fields of a Protocol Buffers message: {number: [values]}."""
    found = collections.defaultdict(list)
    at = 0
    while at < len(data):
        key, at = varint(data, at)
        kind = key & 7
        if kind == 0:
            value, at = varint(data, at)
        elif kind == 1:
            value, at = struct.unpack_from("<Q", data, at)[0], at + 8
        elif kind == 2:
            size, at = varint(data, at)
            value, at = data[at:at + size], at + size
        else:
            raise AssertionError("a field of wire type %d" % kind)
        found[key >> 3].append(value)
    if at != len(data):
        raise AssertionError("a field is cut off")
    return found


def record(payload):
    found = fields(payload)
    intake = fields(found[15][0])
    return Record(intake[1][0], intake[2][0], found[2][0], found[4][0].decode(),
                  (found[5] or [b""])[0], (found[6] or [b""])[0], payload)


def entries(data, end):
    at = 0
    while at + HEADER <= end:
        size, _, kind = struct.unpack_from("<III", data, at)
        if not kind:
            return
        yield kind, data[at + HEADER:at + HEADER + size]
        at += (HEADER + size + 7) // 8 * 8


def segments(folder):
    """(number, bytes, where what is valid in it ends) of each segment, in order;
    one at a time is in memory."""
    with open(os.path.join(folder, "durable"), "rb") as file:
        last, durable_end = struct.unpack("<QQ", file.read(16))
    names = sorted(name for name in os.listdir(folder)
                   if name.endswith(".journal") and int(name[:-8]) <= last)
    ends = {last: durable_end}
    for name in names:
        with open(os.path.join(folder, name), "rb") as file:
            kind, header = next(entries(file.read(4096 + HEADER + 40 * MAKERS), 1 << 62))
        assert kind == JOURNAL_HEADER, "a segment without header: %s" % name
        before, end = struct.unpack_from("<QQ", header, 32)
        if before:
            ends[before] = end
    for name in names:
        with open(os.path.join(folder, name), "rb") as file:
            yield int(name[:-8]), file.read(), ends[int(name[:-8])]


def payloads(folder):
    """The packed form of every durable record, in order."""
    for _, data, end in segments(folder):
        for kind, payload in entries(data, end):
            if kind == RECORD:
                yield payload


def records(folder):
    """Every durable record, in order."""
    return [record(payload) for payload in payloads(folder)]
