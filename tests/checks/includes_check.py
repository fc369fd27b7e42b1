"""includes_check.py -- no folder includes from a later step or a stranger."""
import re

import tree

ADVICE = ("Move what both need to lib/, to the program's root or to an "
          "earlier step, or turn the call into a function that is lent; or "
          "say why in the line before, /* Included though: ... */.")
REASON = re.compile(r"Included though: \S")
INCLUDE = re.compile(r'^\s*#\s*include\s+(["<])([^">]+)[">]')
# What each folder may include besides itself. archiver/journal is the file
# format that the programs behind it read; only intake writes it.
MAY = {
    "lib": set(),
    "policies": {"lib"},
    "proxy": {"lib", "policies"},
    "scanners": {"lib"},
    "archiver/journal": {"lib"},
    "archiver/intake": {"lib", "archiver/journal"},
    "archiver/publisher": {"lib", "archiver/journal"},
    "archiver/store": {"lib", "archiver/journal"},
    "cli": {"lib", "policies", "archiver/journal"},
}
# System headers that a folder must not see: design by what is not there.
NEVER = {
    # libclamav is GPL-2; and OpenSSL's own API is not for what reads files
    "scanners": r"openssl/|uv\.h|librdkafka/|sqlite3\.h",
    "proxy": r"clamav\.h|librdkafka/",
    "archiver/journal": r"osip|librdkafka/|sqlite3\.h|uv\.h|clamav\.h",
    "archiver/intake": r"osip|librdkafka/|sqlite3\.h|clamav\.h",
    "archiver/publisher": r"osip|sqlite3\.h|clamav\.h",
    "archiver/store": r"osip|clamav\.h",
    "lib": r"osip|uv\.h|librdkafka/|clamav\.h|hs/|sqlite3\.h",
    "policies": r"osip|uv\.h|librdkafka/|clamav\.h|sqlite3\.h",
    "cli": r"osip|uv\.h|librdkafka/|clamav\.h|sqlite3\.h",
}


def step_ranges():
    """folder of proxy/ -> its first and last place in the step table."""
    ranges = {}
    table = tree.text("proxy/lifecycle.h")
    for place, folder in enumerate(
            re.findall(r"STEP\([A-Z_]+, (\w+),", table)):
        first, _ = ranges.get(folder, (place, place))
        ranges[folder] = (first, place)
    return ranges


def owner(name):
    """The key of MAY that a file belongs to, or None."""
    return next((key for key in MAY if name.startswith(key + "/")), None)


def step(name):
    parts = name.split("/")
    return parts[1] if parts[0] == "proxy" and len(parts) > 2 else None


def fault(name, bracket, target, ranges):
    mine, theirs = owner(name), owner(target)
    if bracket == "<":
        bad = NEVER.get(mine)
        return bad and re.match(bad, target) and f"{mine}/ never sees {target}"
    if not theirs:
        if (tree.ROOT / name).parent.joinpath(target).is_file():
            return "include by the path from the root"
        return None  # generated, or a library's
    if theirs != mine and theirs not in MAY[mine]:
        return f"{mine}/ includes nothing of {theirs}/"
    from_step, of_step = step(name), step(target)
    if from_step == of_step or of_step not in ranges or \
            from_step not in ranges:
        return None
    if ranges[of_step][0] > ranges[from_step][1]:
        return f"{of_step} is a later step than {from_step}"
    return None


def main():
    ranges = step_ranges()
    faults = [] if len(ranges) > 5 else ["proxy/lifecycle.h: no step table"]
    for name in tree.files(".c", ".h"):
        if not owner(name):
            continue
        before = ""
        for number, line in enumerate(tree.text(name).splitlines(), 1):
            match = INCLUDE.match(line)
            what = match and fault(name, *match.groups(), ranges)
            reason, before = REASON.search(before), line
            if what and not reason:
                faults.append(f"{name}:{number}: {what}: {line.strip()}")
    tree.report(faults, ADVICE)


main()
