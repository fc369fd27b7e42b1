"""test_signatures.py -- signatures come, change, and break."""
import os
import signal

import pytest

from conftest import until
from samples import EICAR

NEW = b"falcon price list" * 3
NEW_SIGNATURE = f"New:0:*:{NEW.hex()}\n"
GOOD_RULE = 'rule good { strings: $a = "marmalade sky" condition: $a }\n'
BAD_RULE = 'rule bad { strings: $a = "x" condition: $nowhere and }\n'


def replace(folder, name, text):
    """As freshclam does: a temporary name, then rename."""
    temporary = folder / f"{name}.tmp"
    temporary.write_text(text)
    os.rename(temporary, folder / name)


def test_new_signatures_take_effect_on_request(start, signatures):
    scanner = start(signatures)
    asker = scanner.ask()
    first, _ = asker.hello()
    assert asker.judge(NEW).outcome == "clean"
    replace(signatures, "new.ndb", NEW_SIGNATURE)
    scanner.reload()
    second, count = asker.hello()
    assert (second != first, count) == (True, 4)
    verdict = asker.judge(NEW)
    assert (verdict.outcome, verdict.name, verdict.generation) == (
        "infected", "New", second)
    until("the old loader's end",
          lambda: len(scanner.children("scanner-loader")) == 1)


def test_new_signatures_take_effect_by_themselves(start, signatures):
    scanner = start(signatures)
    asker = scanner.ask()
    assert asker.judge(NEW).outcome == "clean"
    replace(signatures, "new.ndb", NEW_SIGNATURE)
    scanner.await_log("info: new signatures")
    assert asker.judge(NEW).outcome == "infected"


def test_old_workers_finish_what_they_began(start, signatures):
    scanner = start(signatures, file="100MB", scan="400MB", time="60s")
    asker = scanner.ask()
    first, _ = asker.hello()
    asker.judge(b"x")
    asker.send(os.urandom(96 << 20), job=101)
    scanner.busy_worker()
    replace(signatures, "new.ndb", NEW_SIGNATURE)
    scanner.reload()
    scanner.await_log("info: new signatures")
    verdict = asker.judge(NEW, job=102, sender=2)
    assert (verdict.outcome, verdict.generation != first) == (
        "infected", True)
    verdict = asker.verdict()
    assert (verdict.job, verdict.outcome, verdict.generation) == (
        101, "clean", first)


def test_generation_is_the_content_alone(start, signatures):
    scanner = start(signatures)
    first, _ = scanner.ask().hello()
    (signatures / "notes.txt").write_text("not a signature file")
    os.utime(signatures / "sipwarden.ndb")
    scanner.reload()
    again, _ = start(signatures).ask().hello()
    assert again == first
    assert "new signatures" not in scanner.log()


def broken_ndb(folder):
    replace(folder, "broken.ndb", "Broken:0:*:zz\n")


def cut_hdb(folder):
    replace(folder, "sipwarden.hdb", "44d88612fea8a8f3")


def broken_yara(folder):
    replace(folder, "rules.yara", BAD_RULE)


def emptied(folder):
    for file in list(folder.iterdir()):
        file.unlink()


def removed(folder):
    os.rename(folder, folder.with_name("elsewhere"))


@pytest.mark.parametrize("fault, named", [
    (broken_ndb, "broken.ndb"), (cut_hdb, "sipwarden.hdb"),
    (broken_yara, "rules.yara"), (emptied, "no signature file"),
    (removed, "no such folder")])
def test_broken_signatures_leave_the_old_ones(
        start, signatures, fault, named):
    (signatures / "rules.yara").write_text(GOOD_RULE)
    scanner = start(signatures)
    asker = scanner.ask()
    first, _ = asker.hello()
    fault(signatures)
    scanner.reload()
    scanner.await_log("error: new signatures are not used")
    assert named in scanner.log()
    for content, name in ((EICAR, "Eicar-Test-Signature"),
                          (b"marmalade sky", "YARA.good")):
        verdict = asker.judge(content)
        assert (verdict.outcome, verdict.name, verdict.generation) == (
            "infected", name, first)


def test_mended_signatures_are_taken(start, signatures):
    scanner = start(signatures)
    broken_ndb(signatures)
    scanner.reload()
    scanner.await_log("error: new signatures are not used")
    replace(signatures, "broken.ndb", NEW_SIGNATURE)
    scanner.await_log("info: new signatures")
    assert scanner.ask().judge(NEW).outcome == "infected"
    assert scanner.log().count("error:") == 1


@pytest.mark.parametrize("fault", [broken_ndb, emptied, removed])
def test_nothing_starts_without_signatures(start, signatures, fault):
    fault(signatures)
    scanner = start(signatures, ready=False)
    assert scanner.process.wait(60) != 0
    assert str(signatures) in scanner.log()
    assert not scanner.socket.exists()


def test_broken_yara_at_start_is_said(start, signatures):
    broken_yara(signatures)
    scanner = start(signatures)
    scanner.await_log("error: some signatures are not in use")
    assert "rules.yara" in scanner.log()
    assert scanner.ask().judge(EICAR).outcome == "infected"


def test_two_scanners_do_not_share_a_socket(start, tmp_path):
    first = start()
    second = start(ready=False, socket=first.socket)
    assert second.process.wait(60) != 0
    assert str(first.socket) in second.log()
    assert first.ask().judge(EICAR).outcome == "infected"


def test_interrupt_stops_cleanly(start):
    scanner = start()
    os.kill(scanner.process.pid, signal.SIGINT)
    assert scanner.process.wait(60) == 0
    assert "stopped" in scanner.log()
