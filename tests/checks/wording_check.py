"""wording_check.py -- public text promises no more than a program can keep."""
import re

import tree

ADVICE = ("Say 'designed to support', 'tamper-evident'; take paths of one "
          "machine out; or negate in the same sentence.")
PROMISES = re.compile(r"\b(compliant|certified|tamper-proof|guaranteed|"
                      r"unbreakable|military-grade)\b", re.I)
NEGATION = re.compile(r"\b(not|never|no|nor|nobody|neither|nothing)\b", re.I)
# Written in two halves, so that this file does not find itself.
PLACES = re.compile("/" + r"(root|work|home/\w+)/|\b/tmp/" + r"\w+/\w+/")
PUBLIC = (".md", ".1", ".5", ".8", ".yaml", ".json", ".in", ".conf")


def sentences(text):
    return re.split(r"(?<=[.!?:|])\s+", text)


def faults_of(name):
    text = tree.text(name)
    if name.endswith(PUBLIC):
        for sentence in sentences(text):
            if PROMISES.search(sentence) and not NEGATION.search(sentence):
                yield f"{name}: {' '.join(sentence.split())[:100]}"
    for number, line in enumerate(text.splitlines(), 1):
        if PLACES.search(line):
            yield f"{name}:{number}: {line.strip()[:100]}"


def main():
    tree.report([fault for name in tree.files()
                 if "/corpus/" not in name and "/rfc" not in name
                 for fault in faults_of(name)], ADVICE)


main()
