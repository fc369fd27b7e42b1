"""test_rights.py -- what each program may not do, attempted from within it while it runs."""
import ctypes
import errno
import os
import signal
import socket

import pytest
from own_users import USERS
from warden_site import until

REFUSED = (errno.EACCES, errno.EPERM)
NOT_THERE = errno.ENOSYS
INET, INET6, PACKET, UNIX = (socket.AF_INET, socket.AF_INET6, socket.AF_PACKET, socket.AF_UNIX)
NETWORK = {"proxy": True, "publisher": True, "archiver": False, "store": False, "scanner": False}
# What each may read and write; all else of this is refused.
READS = {"proxy": {"proxy"}, "publisher": {"journal", "publisher"},
         "archiver": {"journal"}, "store": {"journal", "index"}, "scanner": {"scanner"}}
WRITES = {"proxy": {"proxy"}, "publisher": {"publisher"}, "archiver": {"journal"},
          "store": {"index"}, "scanner": {"scanner"}}
PLACES = ("journal", "index", "proxy", "publisher", "scanner")


def kernel_has_landlock():
    """landlock_create_ruleset, asked for its version."""
    return ctypes.CDLL(None).syscall(444, None, 0, 1) > 0


def start_with_archive(site, name, *arguments):
    if name != "archiver":
        site.start("archiver")
    return site.start(name, *arguments)


def open_to_all(site):
    """The modes let everybody in: what refuses now is the program's own list."""
    for folder in PLACES:
        for place, _folders, files in os.walk(site.path("data", folder)):
            os.chmod(place, 0o777)
            for file in files:
                os.chmod(os.path.join(place, file), 0o666)
    os.chmod(site.path("data"), 0o777)
    os.chmod(site.key, 0o666)


def files_attempts(site):
    attempts = []
    for folder in PLACES:
        attempts += ["read:" + site.path("data", folder),
                     "write:" + site.path("data", folder, "made-by-probe")]
    return attempts


def check_files(site, name, tried):
    for folder in PLACES:
        read = tried["read:" + site.path("data", folder)]
        write = tried["write:" + site.path("data", folder, "made-by-probe")]
        assert read == 0 if folder in READS[name] else read in REFUSED, (folder, read)
        assert write == 0 if folder in WRITES[name] else write in REFUSED, (folder, write)


@pytest.mark.parametrize("name", list(USERS))
def test_modes_give_files_to_whose_they_are(site, name):
    """Without the list: users, groups and modes of the folders alone."""
    text = open(site.config, encoding="utf-8").read().replace(
        '"server": {', '"server": {"sandbox": false, ', 1)
    with open(site.config, "w", encoding="utf-8") as file:
        file.write(text)
    key = "read:" + site.key
    program = start_with_archive(site, name, [*files_attempts(site), key])
    assert program.says("server.sandbox is false")
    tried = site.probe(name)
    check_files(site, name, tried)
    assert tried[key] == 0 if name == "proxy" else tried[key] in REFUSED


@pytest.mark.parametrize("name", list(USERS))
def test_the_list_gives_files_to_who_needs_them(site, name):
    """Without the modes: what the program's own list leaves."""
    elsewhere = ["read:/home", "read:/root", "read:/var", "read:/tmp", "write:/tmp/made-by-probe",
                 "write:/etc/made-by-probe", "read:" + site.path("data")]
    if not kernel_has_landlock():
        pytest.skip("this kernel has no Landlock")
    program = start_with_archive(site, name, [*files_attempts(site), *elsewhere])
    assert program.says("by list (Landlock")
    open_to_all(site)
    tried = site.probe(name)
    check_files(site, name, tried)
    for attempt in elsewhere:
        assert tried[attempt] in REFUSED, attempt


@pytest.mark.parametrize("name", list(USERS))
def test_system_calls_are_those_of_the_duty(site, name):
    attempts = ["socket:%d" % family for family in (INET, INET6, PACKET, UNIX)] + ["code", "fork"]
    program = start_with_archive(site, name, attempts)
    assert program.says("by list (seccomp)")
    tried = site.probe(name)
    for family in (INET, INET6):
        assert tried["socket:%d" % family] == (0 if NETWORK[name] else NOT_THERE)
    assert tried["socket:%d" % PACKET] == NOT_THERE
    assert tried["socket:%d" % UNIX] == 0
    assert tried["code"] == NOT_THERE
    assert tried["fork"] == (0 if name == "scanner" else NOT_THERE)


def test_a_scanners_worker_has_its_scratch_and_nothing_else(site):
    attempts = ["socket:%d" % family for family in (INET, INET6, UNIX)] + ["code", "fork"]
    places = ["read:" + path for path in (
        site.config, "/etc/passwd", "/proc", site.path("data", "scanner"), site.path("signatures"),
        site.path("data", "journal"), "/tmp")] + ["write:/tmp/made-by-probe"]
    site.start("scanner", [*attempts, *places])
    processes = []

    def workers():
        processes[:] = site.processes("scanner")[2:]  # parent, loader, workers
        return processes

    until(workers, "workers are there")
    for pid in processes:
        tried = site.probe("scanner", pid)
        for attempt in attempts:
            assert tried[attempt] == NOT_THERE, (attempt, tried)
        if kernel_has_landlock():
            for attempt in places:
                assert tried[attempt] in REFUSED, (attempt, tried)
    site.start("archiver")
    site.start("proxy")
    alice = site.agent("alice")
    assert alice.message("bob@example.com", b"PK\x05\x06" + bytes(18),
                         "application/zip").status in (200, 404, 480), "it scans on"


@pytest.mark.parametrize("name, deed", [
    ("proxy", "execve"), ("archiver", "ptrace"), ("publisher", "process_vm_readv"),
    ("store", "unshare"), ("scanner", "setuid"), ("scanner", "execve")])
def test_what_only_an_intruder_asks_for_ends_the_program(site, name, deed):
    process = start_with_archive(site, name, [], deed).process
    process.send_signal(signal.SIGUSR2)
    until(lambda: process.poll() is not None, "the kernel ends it")
    assert process.returncode == -signal.SIGSYS


def test_a_worker_that_asks_for_a_program_is_ended_and_replaced(site):
    scanner = site.start("scanner", [], "execve")
    until(lambda: len(site.processes("scanner")) > 2, "workers are there")
    first = site.processes("scanner")[2]
    os.kill(first, signal.SIGUSR2)
    until(lambda: first not in site.processes("scanner") and len(site.processes("scanner")) > 2,
          "another worker takes its place")
    assert scanner.process.poll() is None
