"""test_verify.py -- a flipped bit and a cut tail in the journal are found and named."""
import os
import random
import re
import shutil

import pytest

from two_servers import ALL, TwoServers

SEGMENT = "000000000001.journal"
CUTS = {"one byte": 1, "half a record": 200, "several records": 5000}


@pytest.fixture(scope="module")
def archive(tmp_path_factory):
    """The journal of a stopped site: some hundred records, and where they end."""
    both = {"before": ALL, "after": ALL}
    with TwoServers(tmp_path_factory.mktemp("verify"), home=both, store=False) as site:
        alice, bob = site.agent("alice"), site.agent("bob")
        for number in range(40):
            assert alice.message("bob@example.com", "word number %d" % number).status == 200
        assert len(bob.got("MESSAGE")) == 40
        site.stop()
        with open(site.path("journal", SEGMENT), "rb") as file:
            end = len(file.read().rstrip(b"\0"))
        yield site, end


@pytest.fixture
def journal(archive, tmp_path):
    """A copy of the journal for one test, sparse as the original."""
    site, end = archive
    folder = str(tmp_path / "journal")
    os.makedirs(folder)
    shutil.copy(site.path("journal", "durable"), folder)
    size = os.path.getsize(site.path("journal", SEGMENT))
    with open(site.path("journal", SEGMENT), "rb") as old, \
            open(os.path.join(folder, SEGMENT), "wb") as new:
        new.write(old.read(end))
        new.truncate(size)
    return folder


def verify(site, journal):
    done = site.command(site.home, "verify", "--journal", journal, check=False)
    return done.returncode, done.stdout


def flip(journal, offset, bit):
    with open(os.path.join(journal, SEGMENT), "r+b") as file:
        file.seek(offset)
        byte = file.read(1)[0]
        file.seek(offset)
        file.write(bytes([byte ^ 1 << bit]))


def records_of(words):
    return int(re.search(r"(\d+) records,", words).group(1))


def test_an_intact_journal_is_whole(archive, journal):
    site, _ = archive
    status, words = verify(site, journal)
    assert status == 0 and "the chain agrees" in words and records_of(words) >= 80


def test_verify_without_a_store_reads_the_journal_itself(archive):
    site, _ = archive
    done = site.command(site.home, "verify", check=False)
    assert done.returncode == 0 and "the chain agrees" in done.stdout
    assert "no store answers" in done.stderr


def test_a_flipped_bit_is_named_wherever_it_is(archive, journal):
    site, end = archive
    chance = random.Random(7)
    places = [0, 1, 8, 40, end - 2] + [chance.randrange(end) for _ in range(25)]
    for offset in places:
        bit = chance.randrange(8)
        flip(journal, offset, bit)
        status, words = verify(site, journal)
        assert status == 1, (offset, bit, words)
        named = re.search(r"fault: segment 1, offset (\d+): .*bit (\d) of the byte at offset (\d+)",
                          words)
        assert named, (offset, bit, words)
        assert (int(named.group(3)), int(named.group(2))) == (offset, bit), words
        assert int(named.group(1)) <= offset
        flip(journal, offset, bit)
    assert verify(site, journal)[0] == 0


def test_two_flipped_bits_are_two_faults(archive, journal):
    site, end = archive
    flip(journal, end // 3, 0)
    flip(journal, 2 * end // 3, 7)
    status, words = verify(site, journal)
    named = {int(offset) for offset in re.findall(r"of the byte at offset (\d+)", words)}
    assert status == 1 and named == {end // 3, 2 * end // 3}, words


@pytest.mark.parametrize("cut", CUTS.values(), ids=list(CUTS))
def test_a_cut_tail_is_named(archive, journal, cut):
    site, end = archive
    os.truncate(os.path.join(journal, SEGMENT), end - cut)
    status, words = verify(site, journal)
    named = re.search(r"segment 1, offset (\d+): the tail is cut off: "
                      r"the journal reached to offset (\d+)", words)
    assert status == 1 and named, words
    assert int(named.group(1)) == end - cut and int(named.group(2)) >= end


def test_a_tail_of_zeros_is_named(archive, journal):
    site, end = archive
    with open(os.path.join(journal, SEGMENT), "r+b") as file:
        file.seek(end - 300)
        file.write(bytes(300))
    status, words = verify(site, journal)
    assert status == 1 and "fault: segment 1, offset " in words, words


def test_a_journal_without_its_segments_is_none(archive, journal):
    site, _ = archive
    os.remove(os.path.join(journal, SEGMENT))
    done = site.command(site.home, "verify", "--journal", journal, check=False)
    assert done.returncode == 1 and journal in done.stderr and "there is none" in done.stderr


def test_a_swapped_record_is_named(archive, journal):
    """What is well-formed in itself but not in its place: the end of another copy."""
    site, end = archive
    path = os.path.join(journal, SEGMENT)
    with open(path, "r+b") as file:
        content = file.read(end)
        words = b"word number 7"
        at = content.index(words)
        file.seek(at)
        file.write(b"word number 8")
    status, said = verify(site, journal)
    assert status == 1 and "segment 1, offset " in said
    assert int(re.search(r"segment 1, offset (\d+)", said).group(1)) < at


def test_no_journal_is_said(archive, tmp_path):
    site, _ = archive
    done = site.command(site.home, "verify", "--journal", str(tmp_path / "none"), check=False)
    assert done.returncode == 1 and "there is none" in done.stderr
