"""test_full_disk.py -- the archive's disk is full: said in a sentence, words are refused, nothing is lost."""
import json
import os
import subprocess

import pytest

from two_servers import ALL, TwoServers
from warden_site import until

BOTH = {"before": ALL, "after": ALL}
WORDS = "words and words and more words " * 100  # 3 KB: below what is scanned


def mount(*arguments):
    done = subprocess.run(["mount", "-t", "tmpfs", *arguments], capture_output=True, text=True,
                          check=False)
    return done.returncode == 0


@pytest.fixture
def disk(tmp_path):
    """A disk with room for two segments."""
    folder = str(tmp_path / "disk")
    os.mkdir(folder)
    if not mount("-o", "size=20m", "tmpfs", folder):
        pytest.skip("no right to mount a disk of its own")
    yield folder
    subprocess.run(["umount", folder], check=True)


def test_a_full_disk(tmp_path, disk):
    with TwoServers(tmp_path, home=BOTH, store=False, archive={
            "journal": os.path.join(disk, "journal"), "segment": "8MB", "hold": "500ms"}) as site:
        alice = site.agent("alice", transport="tcp")
        bob = site.agent("bob", transport="tcp")
        archiver = site.programs["sipwarden-archiver"]
        sent = refused = 0
        while not refused:
            answer = alice.message("bob@example.com", "%d %s" % (sent, WORDS))
            assert answer.status in (200, 503)
            sent += 1
            refused += answer.status == 503
            assert sent < 10000, "the disk never fills"
        assert answer.get("Retry-After").isdigit()
        assert len(bob.got("MESSAGE")) == sent - 1
        said = [line for line in archiver.text().splitlines() if "make room on its disk" in line]
        assert len(said) == 1 and "No space left on device" in said[0], archiver.text()
        assert os.path.join(disk, "journal") in said[0]
        assert alice.register().status == 200
        assert mount("-o", "remount,size=100m", "tmpfs", disk)
        until(lambda: alice.message("bob@example.com", "room again").status == 200,
              "words flow again")
        came = len(bob.got("MESSAGE"))
        site.programs["home1"].stop()
        archiver.stop()
        done = site.command(site.home, "verify", "--journal", os.path.join(disk, "journal"),
                            "--json")
        assert json.loads(done.stdout.splitlines()[-1])["faults"] == 0
        assert came == sent  # all but the refused one, and the last
