"""names_check.py -- headers speak in whole words."""
import re

import tree

ADVICE = ("Write the word out (message, buffer, length), or name the thing "
          "by what it is for.")
SHORT = re.compile(r"(?<![.>])\b(msg|buf|ptr|ctx|cfg|tmp|len|idx|cnt|num|hdr|req|resp)"
                   r"\b(?=\s*[;,)\[=])")
COMMENT = re.compile(r"/\*.*?\*/", re.S)


def blank(match):
    return re.sub(r"[^\n]", " ", match.group())


def main():
    faults = []
    for name in tree.files(".h"):
        code = COMMENT.sub(blank, tree.text(name))
        for number, line in enumerate(code.splitlines(), 1):
            faults += [f"{name}:{number}: {word}"
                       for word in SHORT.findall(line)]
    tree.report(faults, ADVICE)


main()
