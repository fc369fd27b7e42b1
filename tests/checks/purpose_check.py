"""purpose_check.py -- the first line of a file says what the file is."""
import pathlib
import re

import tree

ADVICE = ("Begin the file with its name, two hyphens and its purpose: "
          "/* name.c -- purpose. */, or # or three quotes in scripts.")


def first_line(name):
    lines = tree.text(name).splitlines() or [""]
    if lines[0].startswith("#!") and len(lines) > 1:
        return lines[1]
    return lines[0]


def says(name):
    begin = {".c": r"/\* ", ".h": r"/\* ", ".py": r'"""'}.get(
        pathlib.Path(name).suffix, "# ")
    own = re.escape(pathlib.Path(name).name)
    return re.match(begin + own + r" -- \S", first_line(name))


def main():
    names = tree.files(".c", ".h", ".py", ".sh") + ["dev", ".ci/run"]
    tree.report([f"{name}: {first_line(name)[:60]!r}"
                 for name in names if not says(name)], ADVICE)


main()
