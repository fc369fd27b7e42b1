"""test_users.py -- each program as its own user: the traffic passes, and strangers are turned away."""
import os
import signal
import socket
import subprocess
import sys

import pytest
from own_users import (ARCHIVER, KEY, NOBODY, PROXY, PUBLISHER, SCANNER, STORE, STRANGER, TALKERS,
                       USERS)
from sip import EICAR
from warden_site import until

# One that every user may run: the one that runs the tests may lie in a home.
PYTHON = "/usr/bin/python3" if os.path.exists("/usr/bin/python3") else sys.executable
# Says what comes of speaking to a socket: refused words, or the other's end.
CALL = ("import socket, sys; s = socket.socket(socket.AF_UNIX); s.settimeout(20)\n"
        "try:\n s.connect(sys.argv[1]); print('connected', flush=True)\n"
        "except OSError as error: print(error.strerror); sys.exit()\n"
        "try: print('closed' if not s.recv(1) else 'spoken to')\n"
        "except ConnectionResetError: print('closed')")


def status_of(pid):
    with open("/proc/%d/status" % pid, encoding="ascii", errors="replace") as file:
        return dict(line.rstrip("\n").split(":\t", 1) for line in file if ":\t" in line)


def call(path, user, group=TALKERS):
    done = subprocess.run([PYTHON, "-c", CALL, path], user=user, group=group,
                          extra_groups=[], capture_output=True, text=True, timeout=60,
                          stdin=subprocess.DEVNULL, check=True)
    return done.stdout.split("\n")[:-1]


def test_traffic_passes_from_the_wire_to_the_index(site):
    site.start_all()
    alice, bob = site.agent("alice"), site.agent("bob")
    assert alice.message("bob@example.com", "lunch at noon").status == 200
    assert alice.message("bob@example.com", "the falcon list").status == 403
    assert alice.message("bob@example.com", EICAR, "application/zip").status == 403
    assert [message.body for message in bob.got("MESSAGE")] == [b"lunch at noon"]
    until(lambda: site.found("lunch") == 1, "the store finds it")


@pytest.mark.parametrize("name", list(USERS))
def test_nothing_is_left_after_the_start(site, name):
    if name in ("publisher", "store"):
        site.start("archiver")
    site.start(name)
    assert "confined user=%d capabilities=none" % USERS[name] in site.programs[name].text()
    for pid in site.processes(name):
        status = status_of(pid)
        assert status["Uid"].split() == [str(USERS[name])] * 4
        for which in ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"):
            assert int(status[which], 16) == 0, (pid, which, status[which])
        assert status["NoNewPrivs"] == "1"
        assert status["Seccomp"] == "2"
        with open("/proc/%d/limits" % pid, encoding="ascii") as file:
            core = [line for line in file if line.startswith("Max core file size")][0]
        assert core.split()[4:6] == ["0", "0"]


def test_root_keeps_no_capability(site):
    """As ./dev run starts them where people work as root."""
    program = site.programs["archiver"] = site.start("archiver")
    program.stop()
    for folder in ("data/journal", "run/archiver"):
        os.chown(site.path(folder), 0, 0)
        for name in os.listdir(site.path(folder)):
            os.chown(site.path(folder, name), 0, 0)
    program.arguments = [site.path("bin", "sipwarden-archiver"), "--config", site.config]
    program.start("taking records")
    status = status_of(program.process.pid)
    assert status["Uid"].split()[0] == "0"
    assert {int(status[which], 16) for which in ("CapPrm", "CapEff", "CapBnd", "CapAmb")} == {0}


@pytest.mark.parametrize("name, user", [
    ("archiver", STRANGER), ("archiver", SCANNER), ("archiver", PUBLISHER), ("archiver", 0),
    ("scanner", STRANGER), ("scanner", PUBLISHER), ("scanner", ARCHIVER),
    ("store", STRANGER), ("store", PROXY), ("store", SCANNER),
    ("proxy", STRANGER), ("proxy", SCANNER), ("publisher", STRANGER), ("publisher", PROXY)])
def test_a_stranger_in_the_right_group_is_turned_away(site, name, user):
    if name in ("publisher", "store"):
        site.start("archiver")
    program = site.start(name)
    until(lambda: os.path.exists(site.socket(name)), "the socket of %s is there" % name)
    said = call(site.socket(name), user)
    assert said[0] == "connected"
    # the store says why before it closes
    assert said[1] == ("spoken to" if name == "store" else "closed")
    until(lambda: program.says("turned away"), "the log tells of it")
    lines = [line for line in program.text().splitlines() if "turned away" in line]
    assert len(lines) == 1 and "user=%d " % user in lines[0]


@pytest.mark.parametrize("name, user", [("archiver", PROXY), ("archiver", STORE),
                                        ("scanner", PROXY), ("store", 0)])
def test_who_is_expected_is_heard(site, name, user):
    if name == "store":
        site.start("archiver")
    program = site.start(name)
    with subprocess.Popen([PYTHON, "-c", CALL, site.socket(name)], user=user,
                          group=TALKERS, extra_groups=[], stdout=subprocess.PIPE,
                          stdin=subprocess.DEVNULL, text=True) as caller:
        assert caller.stdout.readline() == "connected\n"
        if name == "scanner":  # says hello
            assert caller.stdout.readline() == "spoken to\n"
        else:
            program.stop()
            assert caller.stdout.readline() == "closed\n"
    assert not program.says("turned away")


@pytest.mark.parametrize("name", list(USERS))
def test_who_is_in_no_group_does_not_reach_the_socket(site, name):
    if name in ("publisher", "store"):
        site.start("archiver")
    site.start(name)
    until(lambda: os.path.exists(site.socket(name)), "the socket of %s is there" % name)
    assert call(site.socket(name), STRANGER, NOBODY) == ["Permission denied"]


def test_a_proxy_does_not_speak_to_a_false_archiver(site):
    """Whoever listens there is not the archiver's user: it hears nothing."""
    with socket.socket(socket.AF_UNIX) as false:
        false.bind(site.socket("archiver"))
        os.chmod(site.socket("archiver"), 0o777)
        false.listen()
        site.start("scanner")
        proxy = site.start("proxy")
        until(lambda: proxy.says("Somebody else answers as the archiver"), "the proxy says so")
        false.settimeout(20)
        for _ in range(2):
            caller, _address = false.accept()
            with caller:
                caller.settimeout(20)
                assert caller.recv(1) == b""
        assert site.agent("alice").message("bob@example.com", "words").status == 503


def in_memory(pid, secret):
    """Whether 16 bytes of it stand anywhere in the process's memory."""
    parts = [secret[at:at + 16] for at in range(0, len(secret) - 15, 16)]
    with open("/proc/%d/maps" % pid, encoding="ascii") as maps, \
            open("/proc/%d/mem" % pid, "rb", buffering=0) as memory:
        for line in maps:
            place, rights = line.split()[:2]
            if not rights.startswith("rw"):
                continue
            first, end = (int(part, 16) for part in place.split("-"))
            try:
                memory.seek(first)
                bytes_there = memory.read(end - first)
                if any(part in bytes_there for part in parts):
                    return True
            except OSError:
                continue
    return False


def test_the_deployment_key_is_not_kept_in_memory(site):
    site.start("archiver")
    site.start("scanner")
    proxy = site.start("proxy")
    site.agent("alice")
    assert in_memory(proxy.process.pid, site.key.encode()), "the search finds nothing at all"
    assert not in_memory(proxy.process.pid, KEY)


def test_other_users_cannot_look_into_the_proxy(site):
    """Not dumpable: even its own user may not read its memory."""
    site.start("archiver")
    proxy = site.start("proxy")
    done = subprocess.run([PYTHON, "-c", "open('/proc/%d/mem' % int(__import__('sys')"
                           ".argv[1]), 'rb')", str(proxy.process.pid)], user=PROXY, group=TALKERS,
                          extra_groups=[], capture_output=True, text=True, check=False)
    assert done.returncode != 0 and "PermissionError" in done.stderr
    proxy.process.send_signal(signal.SIGCONT)


def test_rules_are_read_anew_where_they_were_replaced(site):
    """An editor puts a new file in the place of the old one: the folder is what may be read."""
    for name in ("archiver", "scanner"):
        site.start(name)
    proxy = site.start("proxy")
    alice, _bob = site.agent("alice"), site.agent("bob")
    assert alice.message("bob@example.com", "the heron list").status == 200
    fresh = site.write("content.new", {"rules": [
        {"name": "heron-names", "terms": ["heron"], "action": "block"}]})
    os.rename(fresh, site.path("etc", "content.yaml"))
    proxy.process.send_signal(signal.SIGHUP)
    until(lambda: alice.message("bob@example.com", "the heron list").status == 403,
          "the new rules are in force:\n" + proxy.text())
