"""test_starts.py -- what keeps a program from starting is said in a sentence that names it."""
import os
import socket
import subprocess

import pytest

from warden_site import Site, binary, free_pair

HOST = "127.0.0.11"


@pytest.fixture
def site(tmp_path):
    with Site(tmp_path) as made:
        yield made


def configure(site, **changes):
    port = free_pair(HOST)
    return port, site.configure("home1.example.com", "home",
                                [("udp", "%s:%d" % (HOST, port)), ("tcp", "%s:%d" % (HOST, port))],
                                before_routing=[], after_routing=[], **changes)


def fails(program, config, *words):
    done = subprocess.run([binary(program), "--config", config], capture_output=True, text=True,
                          timeout=30, stdin=subprocess.DEVNULL)
    assert done.returncode not in (0, -6, -11), done.stderr
    for word in words:
        assert word in done.stderr, done.stderr


@pytest.mark.parametrize("kind", [socket.SOCK_DGRAM, socket.SOCK_STREAM], ids=["udp", "tcp"])
def test_a_port_in_use(site, kind):
    port, config = configure(site)
    with socket.socket(socket.AF_INET, kind) as taken:
        taken.bind((HOST, port))
        if kind == socket.SOCK_STREAM:
            taken.listen()
        fails("sipwarden-proxy", config, "%s:%d" % (HOST, port), "in use")


def test_an_address_that_is_not_ours(site):
    config = site.configure("home1.example.com", "home", [("udp", "192.0.2.1:5060")],
                            before_routing=[], after_routing=[])
    fails("sipwarden-proxy", config, "192.0.2.1:5060")


def test_a_missing_key(site):
    _, config = configure(site, server={"deployment_key": site.path("no.key")})
    fails("sipwarden-proxy", config, site.path("no.key"), "No such file", "make the file")


def test_a_key_that_is_no_file(site):
    os.mkdir(site.path("folder.key"))
    _, config = configure(site, server={"deployment_key": site.path("folder.key")})
    fails("sipwarden-proxy", config, site.path("folder.key"), "is no file")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read every file")
def test_an_unreadable_key(site):
    os.chmod(site.deployment_key, 0)
    _, config = configure(site)
    fails("sipwarden-proxy", config, site.deployment_key, "right to read")


def test_a_short_key(site):
    key = site.write("short.key", "short")
    os.chmod(key, 0o600)
    _, config = configure(site, server={"deployment_key": key})
    fails("sipwarden-proxy", config, site.path("short.key"), "openssl rand")


def test_a_key_that_others_may_read(site):
    os.chmod(site.deployment_key, 0o644)
    _, config = configure(site)
    fails("sipwarden-proxy", config, site.deployment_key, "open to others", "chmod 600")


def test_a_missing_users_file(site):
    _, config = configure(site, users=site.path("nobody.yaml"))
    fails("sipwarden-proxy", config, site.path("nobody.yaml"))


def test_wrong_rules(site):
    rules = site.write_rules([{"name": "odd", "expressions": ["("], "action": "block"}])
    _, config = configure(site)
    fails("sipwarden-proxy", config, rules)


def test_a_data_folder_that_cannot_be_made(site):
    site.write("file", "")
    _, config = configure(site)
    with open(config, encoding="utf-8") as file:
        text = file.read()
    with open(config, "w", encoding="utf-8") as file:
        file.write(text.replace(site.path("data-home1.example.com"), site.path("file", "data")))
    fails("sipwarden-proxy", config, site.path("file", "data"))


def test_a_missing_signature_folder(site):
    _, config = configure(site, scanner={"signatures": site.path("none")})
    fails("sipwarden-scanner", config, site.path("none"))


def test_a_signature_folder_without_signatures(site):
    os.mkdir(site.path("empty"))
    _, config = configure(site, scanner={"signatures": site.path("empty")})
    fails("sipwarden-scanner", config, site.path("empty"))


def test_a_journal_that_is_no_folder(site):
    site.write("file", "")
    _, config = configure(site, archive={"journal": site.path("file")})
    fails("sipwarden-archiver", config, site.path("file"))


def test_a_second_archiver(site):
    _, config = configure(site)
    site.archiver(config)
    fails("sipwarden-archiver", config, site.path("journal"))


def test_a_second_scanner(site):
    _, config = configure(site)
    site.scanner(config)
    fails("sipwarden-scanner", config, site.socket("scanner"))


def test_a_second_store(site):
    _, config = configure(site)
    site.archiver(config)
    site.store(config)
    fails("sipwarden-store", config, "Another store", site.path("index"))


@pytest.mark.parametrize("program", ["sipwarden-proxy", "sipwarden-archiver", "sipwarden-scanner",
                                     "sipwarden-store"])
def test_a_missing_configuration(site, program):
    done = subprocess.run([binary(program), "--config", site.path("none.yaml")],
                          capture_output=True, text=True, timeout=30, stdin=subprocess.DEVNULL)
    assert done.returncode == 78 and site.path("none.yaml") in done.stderr
