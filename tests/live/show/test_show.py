"""test_show.py -- the show does what it says, or says what did not happen and leaves nothing running."""
import contextlib
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile

import pytest

from warden_site import ROOT

BUILD = os.path.dirname(os.environ.get("SIPWARDEN_BIN", os.path.join(ROOT, "build", "dev", "bin")))
COMMAND = [sys.executable, "-B", os.path.join(ROOT, "show", "show.py")]
OBSERVED = ["delivered", "blocked", "infected", "archived", "found"]


@pytest.fixture
def folder():
    """Short, since local sockets lie in it."""
    with tempfile.TemporaryDirectory(prefix="show-") as made:
        yield os.path.join(made, "run")


def running_with(folder):
    """Command lines of programs that were started with something of this folder."""
    found = []
    for name in filter(str.isdigit, os.listdir("/proc")):
        with contextlib.suppress(OSError):
            with open("/proc/%s/cmdline" % name, "rb") as file:
                line = file.read()
            cwd = os.readlink("/proc/%s/cwd" % name)
            if int(name) != os.getpid() and (folder.encode() in line or cwd.startswith(folder)):
                found.append(line)
    return found


def show(folder, *options, build=BUILD):
    done = subprocess.run([*COMMAND, "--build", build, "--folder", folder, *options],
                          capture_output=True, text=True, timeout=540, stdin=subprocess.DEVNULL)
    assert "Traceback" not in done.stdout + done.stderr, done.stderr
    assert running_with(folder) == []
    return done


def counts_of(done):
    assert done.returncode == 0, done.stdout + done.stderr
    return json.loads(done.stdout.splitlines()[-1])


def refused(done, *words):
    """It ended with a sentence that has these words, and without counts."""
    assert done.returncode == 1, done.stdout
    for word in words:
        assert word in done.stdout
    assert not done.stdout.splitlines()[-1].startswith("{")


@contextlib.contextmanager
def running(folder, *options, until_line=None):
    """A show under way, up to a line that it prints; it is ended at the end in any case."""
    with subprocess.Popen([*COMMAND, "--build", BUILD, "--folder", folder, *options],
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as process:
        said = []
        try:
            for line in process.stdout:
                said.append(line)
                if not until_line or re.search(until_line, line):
                    break
            else:
                raise AssertionError("It ended:\n" + "".join(said))
            yield process
        finally:
            process.terminate()


def test_all_of_it_happens(folder):
    done = show(folder, "--once")
    counts = counts_of(done)
    assert sorted(counts) == sorted(OBSERVED) and all(counts.values()), counts
    assert (counts["delivered"], counts["blocked"], counts["infected"]) == (3, 1, 1)
    for line in (r" 1  alice → bob +home1 .*delivered", r" 2  alice → dora +home1 → home2 .*delivered",
                 r" 3  eve \(outside\) → bob +fe1 → home1 .*two observations, one message",
                 r" 4  eve \(outside\) → bob +fe1 .*403, rule falcon-names",
                 r" 5  bob → alice +home1 .*403, Eicar-Test-Signature; bob told",
                 r"found .*2 messages, 2 conversations", r"whole .*records, chain and counts agree"):
        assert re.search("^" + line, done.stdout, re.M), line


def test_a_consumer_reads_what_the_journal_holds(folder):
    counts = counts_of(show(folder, "--once", "--kafka"))
    assert sorted(counts) == sorted([*OBSERVED, "published"]) and all(counts.values()), counts
    assert counts["published"] >= counts["archived"]


def test_it_stays_until_it_is_stopped(folder):
    with running(folder, until_line=r"sipwarden stats$") as stays:
        assert running_with(folder)
        refused(subprocess.run([*COMMAND, "--build", BUILD, "--folder", folder, "--once"],
                               capture_output=True, text=True, timeout=60),
                "A show is running in")
        found = subprocess.run(
            [os.path.join(BUILD, "bin", "sipwarden"), "search", "from:eve"], text=True,
            capture_output=True, env=dict(
                os.environ, SIPWARDEN_CONFIG=os.path.join(folder, "home1.yaml")))
        assert "see you at the fair" in found.stdout, found.stderr
        stays.send_signal(signal.SIGINT)
        rest = stays.stdout.read()
        assert stays.wait(60) == 0, rest
        assert "Traceback" not in rest
    assert running_with(folder) == []


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_stop_in_the_middle_leaves_nothing_running(folder, number):
    with running(folder, "--once") as stopped:
        stopped.send_signal(number)
        rest = stopped.stdout.read()
        assert stopped.wait(60) == 128 + number, rest
        assert "Traceback" not in rest
    assert running_with(folder) == []


def test_a_program_that_dies_is_named_with_its_last_words(folder):
    with running(folder, until_line="^Try, ") as stays:
        store, = children_named(stays.pid, "sipwarden-store")
        os.kill(store, signal.SIGKILL)
        rest = stays.stdout.read()
        assert stays.wait(60) == 1
    assert "sipwarden-store ended by itself (signal SIGKILL)" in rest
    assert "index at record" in rest
    assert running_with(folder) == []


def children_named(parent, name):
    found = []
    for child in filter(str.isdigit, os.listdir("/proc")):
        with contextlib.suppress(OSError):
            with open("/proc/%s/stat" % child, encoding="utf-8") as file:
                mother = int(file.read().rpartition(")")[2].split()[1])
            if mother == parent and os.path.basename(os.readlink("/proc/%s/exe" % child)) == name:
                found.append(int(child))
    return found


def test_without_signatures_it_says_so(folder, tmp_path):
    refused(show(folder, "--once", "--signatures", str(tmp_path)), "sipwarden-scanner ended",
            str(tmp_path), os.path.join(folder, "log"))


def test_signatures_that_do_not_know_eicar_are_noticed(folder, tmp_path):
    (tmp_path / "other.hdb").write_text("aa15bcf478d165efd2065190eb473bcb:544:Other\n")
    refused(show(folder, "--once", "--signatures", str(tmp_path)),
            "report.zip should be refused with 403 Eicar-Test-Signature")


def test_a_missing_program_is_named(folder, tmp_path):
    shutil.copytree(os.path.join(BUILD, "bin"), tmp_path / "bin", ignore=lambda _, names: [
        name for name in names if not name.startswith("sipwarden") or name == "sipwarden-archiver"])
    refused(show(folder, "--once", build=str(tmp_path)), "Not built: sipwarden-archiver")


def test_a_folder_that_no_show_made_stays_as_it_is(folder):
    os.makedirs(folder)
    kept = os.path.join(folder, "precious")
    with open(kept, "w", encoding="utf-8") as file:
        file.write("mine")
    refused(show(folder, "--once"), "was not made by the show")
    assert os.listdir(folder) == ["precious"]
