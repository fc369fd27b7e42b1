"""test_content.py -- what is infected, clean or unscannable."""
import gzip
import hashlib
import os
import pathlib
import subprocess
import zipfile

import pytest

import samples
from conftest import binary
from samples import EICAR, zipped

CORPUS = pathlib.Path("/usr/share/clamav-testfiles")


def infected(content, name="Eicar-Test-Signature", **settings):
    return (content, "infected", name, settings)


def unscannable(content, name, **settings):
    return (content, "unscannable", name, settings)


def clean(content, **settings):
    return (content, "clean", "", settings)


CASES = {
    "empty": lambda: clean(b""),
    "text": lambda: clean(b"lunch at noon?"),
    "random": lambda: clean(os.urandom(100000)),
    "ordinary-zip": lambda: clean(zipped(("a.txt", b"hello" * 100))),
    "ordinary-ole2": lambda: clean(samples.ole2("WordDocument")),
    "eicar": lambda: infected(EICAR),
    "eicar-in-zip": lambda: infected(zipped(("eicar.com", EICAR))),
    "eicar-12-deep": lambda: infected(samples.nested(12)),
    "eicar-17-deep": lambda: unscannable(
        samples.nested(17), "Heuristics.Limits.Exceeded.MaxRecursion"),
    "encrypted-zip": lambda: unscannable(
        samples.encrypted_zip(), "Heuristics.Encrypted.Zip"),
    # cut to scanner.file it would be clean
    "member-over-file-limit": lambda: infected(
        samples.bomb(16 << 20), scan="20MB", file="10MB"),
    "zip-bomb": lambda: unscannable(
        samples.bomb(64 << 20), "Heuristics.Limits.Exceeded.MaxScanSize",
        scan="20MB", file="10MB"),
    "gzip-bomb": lambda: unscannable(
        gzip.compress(bytes(64 << 20) + EICAR),
        "Heuristics.Limits.Exceeded.MaxScanSize", scan="20MB", file="10MB"),
    "zip-bomb-in-pieces": lambda: unscannable(
        zipped(*[(f"z{n}", bytes(4 << 20)) for n in range(10)]),
        "Heuristics.Limits.Exceeded.MaxScanSize", scan="20MB", file="10MB"),
    "20000-members": lambda: unscannable(
        samples.crowd(20000), "Heuristics.Limits.Exceeded.MaxFiles"),
    "too-large": lambda: unscannable(
        bytes(65537), "size limit", file="64KB", scan="64KB"),
    "largest": lambda: clean(bytes(65536), file="64KB", scan="1MB"),
    "encrypted-ole2": lambda: unscannable(
        samples.ole2("EncryptedPackage"), "EncryptedOle2"),
    "encrypted-ole2-in-zip": lambda: unscannable(
        zipped(("secret.docx", samples.ole2("EncryptedPackage"))),
        "EncryptedOle2"),
    "rar": lambda: unscannable(b"Rar!\x1a\x07\x00" + bytes(64), "Rar"),
    "rar5-in-zip": lambda: unscannable(
        zipped(("a.rar", b"Rar!\x1a\x07\x01\x00" + bytes(64))), "Rar5"),
    "zip-with-lzma": lambda: unscannable(
        zipped(("eicar.com", EICAR), method=zipfile.ZIP_LZMA), "ZipMethod"),
    "zip-with-bzip2": lambda: infected(
        zipped(("eicar.com", EICAR), method=zipfile.ZIP_BZIP2)),
    "two-zips": lambda: unscannable(
        zipped(("a", b"hello")) + zipped(("eicar.com", EICAR)),
        "zip directory is not where it says"),
    "gzip-then-zip": lambda: unscannable(
        gzip.compress(b"hello") + zipped(("eicar.com", EICAR)),
        "zip directory is not where it says"),
    "zip-with-zeroed-head": lambda: unscannable(
        samples.zeroed_head(), "zip with two descriptions of a member"),
    "zip-with-zeroed-head-in-zip": lambda: unscannable(
        zipped(("inner.zip", samples.zeroed_head())),
        "zip with two descriptions of a member"),
    "zip-with-zeroed-head-in-gzip": lambda: unscannable(
        gzip.compress(samples.zeroed_head()),
        "zip with two descriptions of a member"),
    "zip-with-zeroed-head-in-tar": lambda: unscannable(
        samples.tarred(samples.zeroed_head()),
        "zip with two descriptions of a member"),
    "zip-with-zeroed-head-in-stored-zip": lambda: unscannable(
        zipped(("inner.zip", samples.zeroed_head()),
               method=zipfile.ZIP_STORED),
        "zip with two descriptions of a member"),
    "ordinary-zip-in-tar": lambda: clean(
        samples.tarred(zipped(("a", b"hello" * 100)))),
    "ordinary-zip-in-stored-zip": lambda: clean(
        zipped(("a.zip", zipped(("a", b"hello" * 100))),
               method=zipfile.ZIP_STORED)),
    "streamed-zip": lambda: infected(samples.streamed(EICAR)),
    "ordinary-streamed-zip": lambda: clean(samples.streamed(b"hello")),
    "zstandard": lambda: unscannable(
        bytes.fromhex("28b52ffd2044220200") + EICAR, "Zstandard"),
}


@pytest.mark.parametrize("case", CASES)
def test_verdict(start, case):
    content, outcome, name, settings = CASES[case]()
    verdict = start(**settings).ask().judge(content, name=case)
    assert (verdict.outcome, verdict.name) == (outcome, name)
    assert verdict.size == len(content)


def test_verdict_names_what_was_read(start):
    asker = start().ask()
    generation, count = asker.hello()
    content = os.urandom(300000)
    verdict = asker.judge(content)
    assert verdict.sha256 == hashlib.sha256(content).digest()
    assert verdict.generation == generation != 0
    assert count == 3


def test_infected_twin_is_found_after_its_harmless_twin(start, signatures):
    (signatures / "twin.ndb").write_text(samples.TWIN_SIGNATURE)
    harmless, twin = samples.HARMLESS_TWIN, samples.INFECTED_TWIN
    assert hashlib.md5(harmless).digest() == hashlib.md5(twin).digest()
    asker = start(signatures).ask()
    assert asker.judge(harmless).outcome == "clean"
    assert asker.judge(harmless).outcome == "clean"
    verdict = asker.judge(twin)
    assert (verdict.outcome, verdict.name) == ("infected", "Twin")


@pytest.mark.skipif(not CORPUS.is_dir(), reason="needs clamav-testfiles")
def test_whole_corpus_is_found(start):
    asker = start(depth=20).ask()
    files = sorted(CORPUS.iterdir())
    assert len(files) >= 44
    verdicts = {file.name: asker.judge(file.read_bytes(), name=file.name)
                for file in files}
    assert {name: (v.outcome, v.name) for name, v in verdicts.items()
            if (v.outcome, v.name) != ("infected", "Clam.Test")} == {}


@pytest.mark.parametrize("seals", [0, 2, 4, 8, 2 | 4, 4 | 8, 2 | 8])
def test_what_can_still_change_is_refused(start, seals):
    verdict = start().ask().judge(EICAR, seals=seals)
    assert (verdict.outcome, verdict.name) == ("failed", "not a sealed memfd")


def test_other_descriptors_are_refused(start, tmp_path):
    asker = start().ask()
    (tmp_path / "file").write_bytes(EICAR)
    reader, writer = os.pipe()
    os.close(writer)
    for descriptor in (os.open(tmp_path / "file", os.O_RDONLY), reader,
                       os.open("/", os.O_RDONLY)):
        assert asker.judge(descriptor).outcome == "failed"


@pytest.mark.parametrize("name", ["../../etc/passwd", "a\0b", "\u202efdp.exe",
                                  "", "x" * 255, "a\nb", "/"])
def test_any_name_will_do(start, name):
    assert start().ask().judge(EICAR, name=name).outcome == "infected"


@pytest.mark.parametrize("content, status, word", [
    (b"harmless", 0, "clean"), (EICAR, 1, "infected Eicar-Test-Signature"),
    (samples.encrypted_zip(), 2, "unscannable Heuristics.Encrypted.Zip")])
def test_command_line_asks(start, tmp_path, content, status, word):
    scanner = start()
    (tmp_path / "file").write_bytes(content)
    run = subprocess.run(
        [binary("sipwarden-scanner"), "--config", scanner.config, "--scan",
         tmp_path / "file"], capture_output=True, text=True)
    assert run.returncode == status
    assert run.stdout.startswith(f"{tmp_path}/file: {word} ")
    assert hashlib.sha256(content).hexdigest() in run.stdout


def test_command_line_without_a_scanner_fails(start, tmp_path):
    scanner = start()
    scanner.stop()
    (tmp_path / "file").write_bytes(b"x")
    run = subprocess.run(
        [binary("sipwarden-scanner"), "--config", scanner.config, "--scan",
         tmp_path / "file"], capture_output=True, text=True)
    assert run.returncode == 3
    assert str(scanner.socket) in run.stderr
