"""tree.py -- what the checks share: the files of the tree, and the report."""
import pathlib
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
NOT_OURS = {".git", "build", "run", "__pycache__"}


def listed_by_git():
    """Names of all files but the ignored ones; None where git does not say."""
    command = ["git", "-C", str(ROOT), "ls-files", "-co", "--exclude-standard"]
    try:
        done = subprocess.run(command, capture_output=True, text=True,
                              check=True)
    except (OSError, subprocess.CalledProcessError):
        return None
    return done.stdout.splitlines()


def walked():
    return [str(path.relative_to(ROOT)) for path in ROOT.rglob("*")
            if path.is_file()
            and not NOT_OURS & set(path.relative_to(ROOT).parts)]


def files(*suffixes):
    """Names from the root, sorted; all of them without suffixes."""
    names = listed_by_git()
    if names is None:
        names = walked()
    return sorted(name for name in set(names)
                  if (not suffixes or name.endswith(suffixes))
                  and (ROOT / name).is_file())


def text(name):
    return (ROOT / name).read_text(encoding="utf-8", errors="replace")


def report(faults, advice):
    """Ends the check: 0 without faults, else each of them and what to do."""
    for fault in faults:
        print(fault)
    if faults:
        print(f"{len(faults)} to mend. {advice}")
    sys.exit(1 if faults else 0)
