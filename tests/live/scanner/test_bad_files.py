"""test_bad_files.py -- floods of bad files: what the scanner takes for them is bounded."""
import io
import os
import re
import signal
import zipfile

from conftest import until
from samples import EICAR

SLOW = os.urandom(24 << 20)
ROOM = {"file": "100MB", "scan": "400MB", "time": "60s"}
LINES = 10  # in a minute, about workers that were lost


def rss(pid):
    with open("/proc/%d/status" % pid) as file:
        return int(re.search(r"VmRSS:\s+(\d+)", file.read()).group(1)) * 1024


def archive(files, name="f%d.txt"):
    shelf = io.BytesIO()
    with zipfile.ZipFile(shelf, "w", zipfile.ZIP_DEFLATED) as made:
        for number, content in enumerate(files):
            made.writestr(name % number, content)
    return shelf.getvalue()


def bomb(megabytes):
    return archive([bytes(megabytes << 20)], "zeros%d")


def test_files_that_workers_die_of(start):
    """Each is unscannable; workers come again, the log keeps its measure."""
    deaths = 2 * LINES
    scanner = start(workers=1, **ROOM)
    asker = scanner.ask()
    assert asker.judge(b"x").outcome == "clean"
    before = rss(scanner.process.pid)
    for number in range(deaths):
        asker.send(SLOW, job=1000 + number)
        os.kill(scanner.busy_worker(), signal.SIGKILL)
        assert asker.verdict().outcome == "unscannable"
        # two, and one that is just dying
        assert len(scanner.children("scanner-worker")) <= 3
    assert asker.judge(EICAR).outcome == "infected"
    assert 1 <= scanner.log().count("worker lost") <= LINES
    assert rss(scanner.process.pid) - before < 4 << 20
    until("an empty folder", lambda: not list((scanner.data / "scanner").glob("*/*")))


def test_bombs(start):
    """A series of them costs the parent nothing and leaves nothing behind."""
    scanner = start(workers=1, file="10MB", scan="20MB", time="10s")
    asker = scanner.ask()
    assert asker.judge(b"x").outcome == "clean"
    before = rss(scanner.process.pid)
    for content in (bomb(200), archive([bomb(100), bomb(100)]), archive([bytes(1 << 20)] * 40)) * 10:
        assert asker.judge(content).outcome == "unscannable"
    assert asker.judge(EICAR).outcome == "infected"
    assert rss(scanner.process.pid) - before < 4 << 20
    assert len(scanner.children("scanner-worker")) <= 2
    assert not list((scanner.data / "scanner").glob("*/*"))


def test_a_thousand_archives_of_one_sender(start):
    """They wait for themselves; whoever comes later is judged before most of them."""
    scanner = start(workers=1, queue=256, **ROOM)
    asker = scanner.ask()
    assert asker.judge(b"x").outcome == "clean"
    before = rss(scanner.process.pid)
    content = archive([os.urandom(200) + b"words " * 500] * 50)
    for job in range(1000, 2000):
        asker.send(content, sender=1, job=job)
    for job in range(3000, 3005):
        asker.send(EICAR, sender=job, job=job)
    verdicts = [asker.verdict() for _ in range(1005)]
    others = [at for at, verdict in enumerate(verdicts) if verdict.job >= 3000]
    judged = [verdict for verdict in verdicts if verdict.job < 3000 and verdict.outcome != "busy"]
    assert {verdicts[at].outcome for at in others} == {"infected"}
    after = [verdict for verdict in verdicts[max(others):] if verdict.outcome == "clean"]
    assert len(after) > len(judged) / 4, (len(after), len(judged))
    assert len(judged) >= 200 and {verdict.outcome for verdict in judged} == {"clean"}
    assert rss(scanner.process.pid) - before < 8 << 20
    assert len(scanner.log().splitlines()) < 20
