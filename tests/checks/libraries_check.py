"""libraries_check.py -- each library has its reason and its package."""
import re

import tree

DECISION = "docs/decisions/0005-dependencies.md"
ADVICE = (f"Name it in cmake/Libraries.cmake, in ./dev (build_packages) and, "
          f"with what it is for, in {DECISION}.")
TOOLS = {"gcc", "libc6-dev", "cmake", "ninja-build", "pkg-config",
         "protobuf-c-compiler"}


def modules():
    text = tree.text("cmake/Libraries.cmake")
    found = re.findall(r'"\w+:([^"]+)"', text)
    names = {name for each in found for name in each.split()}
    return names | ({"zlib"} if "find_package(ZLIB" in text else set())


def packages():
    match = re.search(r"^build_packages='([^']*)'", tree.text("dev"), re.M)
    return set(match.group(1).split()) - TOOLS if match else set()


def reasons():
    """(pkg-config names, packages) of the decision's table."""
    names, debian = set(), set()
    for row in re.findall(r"^\| ([^|]+) \| ([\w.+-]+) \|",
                          tree.text(DECISION), re.M):
        names |= set(re.findall(r"`([\w-]+)`", row[0]))
        debian.add(row[1])
    return names, debian - {"Debian"}


def main():
    names, debian = reasons()
    faults = [f"{name}: in cmake/Libraries.cmake or in the decision alone"
              for name in sorted(modules() ^ names)]
    faults += [f"{name}: in ./dev or in the decision alone"
               for name in sorted(packages() ^ debian)]
    tree.report(faults, ADVICE)


main()
