"""test_configuration.py -- five errors in one configuration are told at once; nothing starts."""
import re
import subprocess

import pytest

from warden_site import Site, binary

PROGRAMS = ["sipwarden-proxy", "sipwarden-archiver", "sipwarden-scanner", "sipwarden-store",
            "sipwarden-publisher"]
CONFIGURATION = """\
server:
  name: home1.example.com
  role: house
  domains: [example.com]
  data: data
listen:
  - {transport: udp, address: "127.0.0.1:99999"}
before_routing: [log, content-fliter]
archive:
  requird: true
  hold: 3
"""
FAULTS = {(3, 9): "home", (7, 31): "port", (8, 23): "content-filter", (10, 3): "required",
          (11, 9): "unit"}


@pytest.fixture
def faulty(tmp_path):
    site = Site(tmp_path)
    return site.write("faulty.yaml", CONFIGURATION)


def run(*arguments):
    return subprocess.run([binary(arguments[0]), *arguments[1:]], capture_output=True, text=True,
                          timeout=30, stdin=subprocess.DEVNULL)


def faults_of(path, text):
    """{(line, column): sentence}."""
    return {(int(line), int(column)): sentence for line, column, sentence in re.findall(
        re.escape(path) + r":(\d+):(\d+): (.*)", text)}


def test_check_names_all_of_them_with_line_and_column(faulty):
    done = run("sipwarden", "check", faulty)
    assert done.returncode == 78
    found = faults_of(faulty, done.stderr)
    assert set(found) == set(FAULTS), done.stderr
    for place, word in FAULTS.items():
        assert word in found[place], found[place]


@pytest.mark.parametrize("program", PROGRAMS)
def test_no_program_starts_on_it(faulty, program):
    done = run(program, "--config", faulty)
    assert done.returncode == 78
    assert faults_of(faulty, done.stderr) == faults_of(
        faulty, run("sipwarden", "check", faulty).stderr)


def test_without_its_errors_it_is_right(faulty):
    text = CONFIGURATION
    for wrong, right in (("house", "home"), (":99999", ":5060"), ("fliter", "filter"),
                         ("requird", "required"), ("hold: 3", "hold: 3s")):
        assert text.count(wrong) == 1
        text = text.replace(wrong, right)
    with open(faulty, "w", encoding="utf-8") as file:
        file.write(text)
    done = run("sipwarden", "check", faulty)
    assert done.returncode == 0, done.stderr
