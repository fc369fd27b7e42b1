"""layout_check.py -- table, folders and documents name the same steps."""
import re

import tree

ADVICE = ("proxy/lifecycle.h is the order; bring the other into line with it, "
          "or change the order there and in all of them.")
STORY = "docs/life-of-a-message.md"
# Folders of proxy/ that serve several steps would stand here with a reason.
NOT_STEPS = set()


def table():
    """[(constant, folder)] in the order of proxy/lifecycle.h."""
    return re.findall(r"^\tSTEP\(([A-Z_]+), (\w+),",
                      tree.text("proxy/lifecycle.h"), re.M)


def words():
    """constant -> the word that trail, log and documents use."""
    return dict(re.findall(r"case LIFECYCLE_(\w+):\s*return \"([\w-]+)\";",
                           tree.text("proxy/lifecycle.c")))


def section(name, heading):
    match = re.search(rf"^## {heading}\n(.*?)(?=^## |\Z)", tree.text(name),
                      re.M | re.S)
    return match.group(1) if match else ""


def compare(where, steps, wanted):
    if steps != wanted:
        yield f"{where}: has {', '.join(steps) or 'no steps'}"
        yield f"{'proxy/lifecycle.h':>{len(where)}}: has {', '.join(wanted)}"


def documents(wanted):
    numbered = [f"{place} {word}" for place, word in enumerate(wanted, 1)]
    readme = re.findall(r"^\| (\d+) \| ([\w-]+) \|",
                        section("README.md", "Life of a message"), re.M)
    story = re.findall(r"^## (\d+)\. ([\w-]+)$", tree.text(STORY), re.M)
    yield from compare("README.md", [" ".join(row) for row in readme],
                       numbered)
    yield from compare(STORY, [" ".join(row) for row in story], numbered)


def places(steps, word_of):
    proxy = tree.ROOT / "proxy"
    for constant, folder in steps:
        chapter = word_of.get(constant, "?").replace("-", "_") + ".c"
        if not (proxy / chapter).is_file() and not (proxy / folder).is_dir():
            yield (f"step {constant}: neither proxy/{chapter} nor "
                   f"proxy/{folder}/ is there")
    folders = {name.split("/")[1] for name in tree.files(".c", ".h")
               if name.startswith("proxy/") and name.count("/") > 1}
    for folder in sorted(folders - {folder for _, folder in steps} - NOT_STEPS):
        yield f"proxy/{folder}/ is no step's folder"


def top_folders():
    told = set(re.findall(r"^\| `(\w+)/` \|",
                          section("README.md", "Where things are"), re.M))
    there = {name.split("/")[0] for name in tree.files()
             if "/" in name and not name.startswith(".")}
    for folder in sorted(told ^ there):
        yield (f"{folder}/: in the tree or in README.md, \"Where things are\", "
               "alone")


def main():
    steps, word_of = table(), words()
    wanted = [word_of.get(constant, constant) for constant, _ in steps]
    faults = [] if len(steps) > 5 else ["proxy/lifecycle.h: no step table"]
    faults += documents(wanted)
    faults += places(steps, word_of)
    faults += top_folders()
    tree.report(faults, ADVICE)


main()
