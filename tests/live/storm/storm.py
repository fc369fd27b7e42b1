"""storm.py -- faults at random under load on two homes and a front-end, then the count of what came of it.

    python3 tests/live/storm/storm.py --kills 300 --rate 1000
    python3 tests/live/storm/storm.py --only kill:home1-proxy@5+0.4 --rate 200

The seed is printed first; the same seed makes the same plan of faults and the
same requests. `--plan` prints the plan alone. Programs come from SIPWARDEN_BIN
(build/dev/bin).
"""
import argparse
import json
import os
import random
import shutil
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[0] = os.path.join(os.path.dirname(os.path.dirname(HERE)), "support")

from storms import plan as plans  # noqa: E402
from storms.reconcile import printed  # noqa: E402
from storms.run import Storm, with_spare  # noqa: E402


def read_options(words):
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(1 << 31))
    parser.add_argument("--kills", type=int, default=300)
    parser.add_argument("--rate", type=float, default=1000)
    parser.add_argument("--every", type=float, default=1.2, help="seconds between kills")
    for name, count in ("broker", 6), ("full", 3), ("hung", 4), ("hang", 12), ("stop", 12):
        parser.add_argument("--" + name, type=int, default=count,
                            help="how many of these faults besides")
    parser.add_argument("--only", nargs="+", default=[], metavar="KIND:TARGET@AT+LASTS")
    parser.add_argument("--seconds", type=float, default=0, help="of the load")
    parser.add_argument("--drain", type=float, default=40)
    parser.add_argument("--receivers", type=int, default=60)
    parser.add_argument("--senders", type=int, default=60)
    parser.add_argument("--segment", default="8MB")
    parser.add_argument("--disk", type=int, default=16 << 30)
    parser.add_argument("--folder", help="where all of it lies; kept when given")
    parser.add_argument("--plan", action="store_true", help="print the plan, do nothing")
    options = parser.parse_args(words)
    options.counts = {name: getattr(options, name)
                      for name in ("broker", "full", "hung", "hang", "stop")}
    return options


def main(words):
    options = read_options(words)
    if options.plan:
        made = plans.plan(options.seed, with_spare(options.kills), options.every,
                          options.counts)
        print("\n".join(plans.text(fault) for fault in made))
        return 0
    folder = options.folder or tempfile.mkdtemp(prefix="storm-")
    os.makedirs(folder, exist_ok=True)
    findings, counts = Storm(folder, options).run()
    printed(findings, print)
    if not options.only and counts["kills with work under way"] < options.kills:
        print("only %d of %d kills fell on work under way" % (
            counts["kills with work under way"], options.kills))
    if findings:
        print("seed %d; all of it lies in %s" % (options.seed, folder))
    elif not options.folder:
        shutil.rmtree(folder)
    print(json.dumps({"seed": options.seed, "findings": len(findings), **counts}))
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
