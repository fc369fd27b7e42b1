"""threats_check.py -- each boundary of the threat model names tests that are there."""
import re

import tree

MODEL = "docs/threat-model.md"
# What the model has to speak of, by words of its rows.
BOUNDARIES = [("network", "proxy"), ("proxy", "scanner"), ("proxy", "archiver"),
              ("journal", "publisher, store"), ("store", "archiver"),
              ("command line", "store"), ("administrator", "programs"),
              ("broker", "publisher")]
ADVICE = (f"Each row under \"Boundaries\" in {MODEL} ends with the tests that hold it: "
          "`tests/…/file` or `tests/…/test_file.py::test_name`.")


def rows():
    """(left, right, last cell) of each boundary."""
    part = tree.text(MODEL).partition("\n## Boundaries\n")[2].partition("\n## ")[0]
    for line in part.splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        ends = re.split(r" [→↔] ", cells[0])
        if line.startswith("|") and len(ends) == 2:
            yield ends[0], ends[1], cells[-1]


def fault_of(name, files):
    path, _, test = name.partition("::")
    if path not in files:
        return f"{MODEL}: {path} is not there"
    if test and not re.search(rf"^def {re.escape(test)}\(", tree.text(path), re.M):
        return f"{MODEL}: {path} has no {test}"
    return None


def main():
    files = set(tree.files(".py", ".c"))
    found = list(rows())
    faults = [f"{MODEL}: no boundary {left} – {right}" for left, right in BOUNDARIES
              if not any(left in row[0] and right in row[1] for row in found)]
    for left, right, cell in found:
        names = re.findall(r"`(tests/[^`]+)`", cell)
        if not names:
            faults.append(f"{MODEL}: {left} – {right} names no test")
        faults += filter(None, (fault_of(name, files) for name in names))
    tree.report(faults, ADVICE)


main()
