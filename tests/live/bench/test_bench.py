"""test_bench.py -- each piece of the benchmarks runs, delivers everything and says so."""
import json
import os
import subprocess
import sys

import pytest

from warden_site import ROOT

BENCH = os.path.join(ROOT, "tests", "bench", "bench.py")
SETTINGS = {"relay", "bare", "full", "scanned", "kamailio", "unwaited"}


def bench(folder, *options):
    done = subprocess.run(
        [sys.executable, "-B", BENCH, "--data", str(folder), "--users", "20", "--workers", "2",
         *options], capture_output=True, text=True, timeout=400, stdin=subprocess.DEVNULL,
        check=False)
    return done.returncode, done.stdout, done.stderr


@pytest.fixture
def folder(tmp_path):
    """On a real disk: pytest's own may be in memory."""
    return os.path.join(os.environ.get("SIPWARDEN_BUILD", os.path.join(ROOT, "build")),
                        "bench-test", str(os.getpid()))


def test_each_setting_delivers_every_message(folder):
    status, out, errors = bench(folder, "--quick", "--rates", "100")
    assert status == 0, errors
    said = json.loads(out.splitlines()[-1])
    assert set(said["rates"]["100"]) == SETTINGS
    for name, row in said["rates"]["100"].items():
        assert row["failed"] == row["received_twice"] == 0, (name, row)
        assert row["cpu_us"]["total"] > 0, (name, row)
        assert row["receive_us"]["p50"] > 0, (name, row)
    assert {"archiver", "proxy", "publisher", "store", "scanner"} <= \
        set(said["rates"]["100"]["scanned"]["by_program_us"])
    assert [one for one in said["targets"] if "Kamailio" in one["what"]]
    assert os.listdir(folder) == []


def test_the_soak_finds_nothing_stuck(folder):
    _, out, errors = bench(folder, "--soak", "8", "--soak-rate", "100")
    assert out, errors
    said = json.loads(out.splitlines()[-1])
    # eight seconds are too few to call memory flat
    assert said["left"] and not any(said["left"].values())
    assert said["unanswered"] == said["received_twice"] == said["harmful_received"] == 0
    assert {"archiver", "proxy", "publisher", "store", "scanner"} <= set(said["programs"])


def test_a_folder_in_memory_is_refused():
    status, out, errors = bench("/dev/shm", "--quick")
    assert status != 0 and "in memory" in errors and not out
