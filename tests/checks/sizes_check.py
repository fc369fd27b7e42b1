"""sizes_check.py -- a long file or function carries its reason."""
import re

import tree

FILE_LINES, FUNCTION_LINES = 600, 80
ADVICE = ("Look for the second thing in it and give that its own file or "
          "function; or say why it is long in a comment that begins with "
          "'Long:' (at the top of the file, or just before the function).")
REASON = re.compile(r"\bLong: \S")


def functions(lines):
    """(line of the opening brace, lines, text of the head) of each."""
    start = None
    for number, line in enumerate(lines):
        if line == "{":
            start = number
        elif line == "}" and start is not None:
            head = "\n".join(lines[max(0, start - 12):start + 1])
            yield start + 1, number - start + 1, head
            start = None


def faults_of(name):
    lines = tree.text(name).splitlines()
    # A unit test may be one long table of cases.
    if not name.startswith("tests/") and len(lines) > FILE_LINES and \
            not REASON.search("\n".join(lines[:30])):
        yield f"{name}: {len(lines)} lines, over {FILE_LINES}"
    for start, count, head in functions(lines):
        if count > FUNCTION_LINES and not REASON.search(head):
            yield (f"{name}:{start}: a function of {count} lines, over "
                   f"{FUNCTION_LINES}")


def main():
    tree.report([fault for name in tree.files(".c", ".h")
                 for fault in faults_of(name)], ADVICE)


main()
