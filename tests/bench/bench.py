"""bench.py -- the benchmarks: the same load on a bare relay, sipwarden and Kamailio in turn.

Prints a table and, last, one line of JSON. Processor time per message is the
figure: it is steadier than rates. The clock stops when publisher and index
have nothing left to do.
"""
import argparse
import contextlib
import glob
import json
import os
import shutil
import statistics
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(os.path.dirname(HERE), "support"))

import measure  # noqa: E402
import sites  # noqa: E402
import soak  # noqa: E402
from kafka import Kafka  # noqa: E402
from warden_site import ROOT, binary  # noqa: E402

IN_MEMORY = {"tmpfs", "ramfs", "hugetlbfs"}
DRAIN_SECONDS = 300
# of the highest rate: so few may fail, go twice, or not be sent in time
FAILED, RESENT, REACHED = 0.001, 0.01, 0.97


def say(text):
    print(text, file=sys.stderr, flush=True)


def options_read():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="each piece, a few seconds")
    parser.add_argument("--soak", type=float, nargs="?", const=600, metavar="SECONDS",
                        help="mixed traffic for so long: are memory and descriptors flat?")
    parser.add_argument("--rates", default=None, help="1000,5000,half")
    parser.add_argument("--seconds", type=float, default=None, help="of a run (10)")
    parser.add_argument("--rounds", type=int, default=None, help="runs of each (3)")
    parser.add_argument("--settings", default=None, help="some of " + ", ".join(
        setting.name for setting in sites.ORDER))
    parser.add_argument("--workers", type=int, default=os.cpu_count())
    parser.add_argument("--users", type=int, default=200, help="senders, and receivers")
    parser.add_argument("--signatures", help="folder of virus signatures (the sample's)")
    parser.add_argument("--data", default=os.path.join(ROOT, "build", "bench", "data"),
                        help="a folder on a real disk")
    parser.add_argument("--keep", action="store_true", help="leave data and logs there")
    parser.add_argument("--soak-rate", type=float, default=500)
    options = parser.parse_args()
    options.data = os.path.abspath(options.data)
    options.rates = (options.rates or ("200" if options.quick else "1000,5000,half")).split(",")
    options.seconds = options.seconds or (2 if options.quick else 10)
    options.rounds = options.rounds or (1 if options.quick else 3)
    return options


def real_folder(path):
    os.makedirs(path, exist_ok=True)
    kind = subprocess.run(["stat", "-f", "-c", "%T", path], capture_output=True, text=True,
                          check=True).stdout.strip()
    if kind in IN_MEMORY:
        raise SystemExit(
            "%s is on %s, in memory: a sync costs nothing there and the figures would be "
            "worth nothing. Name a folder on a disk with --data." % (path, kind))
    own = os.path.join(path, "run-%d" % os.getpid())
    os.makedirs(own)
    return own, kind


def wait_until_drained(setting):
    """Seconds it took."""
    start = time.monotonic()
    while not setting.drained():
        if time.monotonic() > start + DRAIN_SECONDS:
            raise SystemExit("%s: publisher or index did not drain in %d s; data: %s" % (
                setting.name, DRAIN_SECONDS, setting.folder))
        time.sleep(0.25)
    return time.monotonic() - start


def answered_200(result):
    return result["answered"].get("200", 0)


def run(setting, rate, seconds, seed):
    """One run: what it cost, by program."""
    roots = setting.roots()
    resident_before = {name: measure.memory_of(pid)[0] for name, pid in roots.items()}
    before = {name: measure.cpu_of(pid) for name, pid in roots.items()}
    result = setting.load(rate, seconds, seed)
    at_end = setting.stats()
    memory = {name: measure.memory_of(pid) for name, pid in roots.items()}
    drain = wait_until_drained(setting)
    after = {name: measure.cpu_of(pid) for name, pid in roots.items()}
    count = max(answered_200(result), 1)
    cost = {}
    for name in roots:
        spent = measure.cpu_between(before[name], after[name])
        cost[name] = {part: getattr(spent, part) / count * 1e6
                      for part in ("total", "user", "system")}
    ours = [name for name in roots if not name.startswith("(")]
    return {
        "rate": rate, "sent": result["sent"], "answered": count,
        "failed": result["sent"] - count, "resent": result["resent"],
        "received": result["received"], "received_twice": result["received_twice"],
        "rate_reached": result["rate_reached"],
        "cpu_us": {part: sum(cost[name][part] for name in ours)
                   for part in ("total", "user", "system")},
        "by_program_us": cost,
        "generator_us": (result["user_s"] + result["system_s"]) / count * 1e6,
        "memory_kb": {name: {"rss": memory[name][0], "pss": memory[name][1],
                             "grown": memory[name][0] - resident_before[name]}
                      for name in roots},
        "transactions_kept": at_end.get("programs", {}).get("proxy", {}).get(
            "values", {}).get("queue.transactions.depth", 0),
        "answer_us": result["answer_us"], "receive_us": result["receive_us"],
        "late_us": result["late_us"], "drain_s": drain,
    }


def bears(setting, rate, seconds, seed):
    result = setting.load(rate, seconds, seed)
    wait_until_drained(setting)
    sent = max(result["sent"], 1)
    return sent - answered_200(result) <= FAILED * sent and \
        result["resent"] <= RESENT * sent and result["rate_reached"] >= REACHED * rate


def saturation(kind, options, folder, broker):
    """The highest rate that it bears: by steps of a half up, then halving the interval."""
    seconds = 1 if options.quick else 3
    seed, low, high = 10000, 0, None
    with kind(options, folder, broker) as setting:
        rate = 1000
        setting.load(rate, 1, seed)
        while high is None and rate < 200000:
            seed += 1
            if bears(setting, rate, seconds, seed):
                low, rate = rate, int(rate * 1.5)
            else:
                high = rate
        for _ in range(1 if options.quick else 3):
            if high is None:
                break
            seed += 1
            middle = (low + high) // 2
            if bears(setting, middle, seconds, seed):
                low = middle
            else:
                high = middle
    say("  %-9s bears %d/s" % (kind.name, low))
    return low


def plan_rates(options, kinds, folder, broker):
    """rate's name -> setting's name -> messages a second."""
    plan = {}
    highest = {}
    for name in options.rates:
        if name != "half":
            plan[name] = {kind.name: float(name) for kind in kinds}
            continue
        say("the highest rate of each:")
        highest = {kind.name: saturation(kind, options, folder, broker) for kind in kinds}
        plan[name] = {kind: max(rate // 2, 1) for kind, rate in highest.items()}
        if "full" in plan[name]:
            plan[name]["unwaited"] = plan[name]["full"]
    return plan, highest


def run_all(options, kinds, folder, broker):
    plan, highest = plan_rates(options, kinds, folder, broker)
    runs = {}
    seed = 1
    for number in range(options.rounds):
        for rate_name, rates in plan.items():
            # what waiting for the disk adds is the difference of these two
            extra = [sites.Unwaited] if sites.Full in kinds else []
            for kind in kinds + extra:
                rate = rates.get(kind.name, rates.get("full"))
                with kind(options, folder, broker) as setting:
                    setting.load(rate, 0.5 if options.quick else 2, seed)
                    wait_until_drained(setting)
                    found = run(setting, rate, options.seconds, seed + 1)
                seed += 2
                runs.setdefault(rate_name, {}).setdefault(kind.name, []).append(found)
                say("  round %d  %-9s %6d/s  %6.1f us a message  p99 %6d us" % (
                    number + 1, kind.name, rate, found["cpu_us"]["total"],
                    found["receive_us"]["p99"]))
    return runs, highest


def median_of(found, *path):
    values = []
    for one in found:
        for name in path:
            one = one[name]
        values.append(one)
    return statistics.median(values)


def summary(found):
    """The median of several runs."""
    programs = found[0]["by_program_us"]
    return {
        "rate": found[0]["rate"], "runs": len(found),
        "failed": sum(one["failed"] for one in found),
        "received_twice": sum(one["received_twice"] for one in found),
        "cpu_us": {part: median_of(found, "cpu_us", part)
                   for part in ("total", "user", "system")},
        "cpu_us_each": [one["cpu_us"]["total"] for one in found],
        "by_program_us": {name: {part: median_of(found, "by_program_us", name, part)
                                 for part in ("total", "user", "system")}
                          for name in programs},
        "memory_kb": {name: {part: median_of(found, "memory_kb", name, part)
                             for part in ("rss", "pss")} for name in programs},
        "answer_us": {share: median_of(found, "answer_us", share)
                      for share in ("p50", "p90", "p99", "p99.9", "max")},
        "receive_us": {share: median_of(found, "receive_us", share)
                       for share in ("p50", "p90", "p99", "p99.9", "max")},
        "generator_us": median_of(found, "generator_us"),
        "drain_s": max(one["drain_s"] for one in found),
    }


def programs_of(folder):
    """What the small benchmark programs say, each a line of JSON. One that needs disk is
    given a folder to make."""
    found = []
    for path in sorted(glob.glob(os.path.join(os.path.dirname(binary("x")), "*_bench"))):
        say("  " + os.path.basename(path))
        own = [os.path.join(folder, "index")] if "index_bench" in path else []
        done = subprocess.run([path, *own], capture_output=True, text=True, cwd=folder,
                              stdin=subprocess.DEVNULL, check=False, timeout=900)
        lines = [line for line in done.stdout.splitlines() if line.startswith("{")]
        if done.returncode != 0 or not lines:
            say("%s ended with %d: %s" % (path, done.returncode, done.stderr))
            continue
        found += [json.loads(line) for line in lines]
    return found


def target(targets, what, value, most, unit):
    if value is not None:
        targets.append({"what": what, "value": round(value, 3), "most": most, "unit": unit,
                        "met": value <= most})


def targets_of(table, small):
    """Section by section: what was promised, and what came out."""
    targets = []
    rate = "5000" if "5000" in table else next(iter(table))
    at = table[rate]
    if "kamailio" in at:
        peer = at["kamailio"]["cpu_us"]["total"]
        for name, most in (("bare", 0.4), ("full", 1.0)):
            if name in at:
                target(targets, "%s relay to Kamailio's at %s/s" % (name, rate),
                       at[name]["cpu_us"]["total"] / peer, most, "x")
    last = table.get("half", at)
    if "full" in last and "unwaited" in last:
        for share, most in (("p50", 1000), ("p99", 5000)):
            target(targets, "delay by archiving before delivery, %s" % share,
                   last["full"]["receive_us"][share] - last["unwaited"]["receive_us"][share],
                   most, "us")
    for one in small:
        target(targets, "64 KB of anything, read", one.get("worst_64k_us"), 1000, "us")
        for rules in one.get("rules", []):
            if rules["terms"] == 10000:
                target(targets, "content-filter, 10,000 terms, 500 B", rules["mixed_us"], 20,
                       "us")
        if one.get("bench") == "index":
            # a transaction is two messages, request and answer
            rate = round(2e6 / one["cpu_us_per_transaction"])
            targets.append({"what": "index, messages a second of processor time",
                            "unit": "/s", "least": 40000, "value": rate,
                            "met": rate >= 40000})
    return targets


def print_table(options, table, highest, targets, kind, small):
    print("\n%d workers each, %d users, runs of %g s, median of %d; data on %s"
          % (options.workers, 2 * options.users, options.seconds, options.rounds, kind))
    names = {one.name: one.text for one in sites.ORDER + [sites.Unwaited]}
    for rate_name, rows in table.items():
        print("\nat %s" % (rate_name + "/s" if rate_name != "half" else
                           "half of what each bears"))
        print("%-10s %8s %9s %8s %8s %10s | %s" % (
            "", "rate", "us/msg", "user", "system", "x Kamailio",
            "sent to received, us: p50 p90 p99 p99.9 max"))
        peer = rows.get("kamailio", {}).get("cpu_us", {}).get("total")
        for name, row in rows.items():
            times = row["receive_us"]
            print("%-10s %8d %9.1f %8.1f %8.1f %10s | %d %d %d %d %d%s" % (
                name, row["rate"], row["cpu_us"]["total"], row["cpu_us"]["user"],
                row["cpu_us"]["system"],
                "%.2f" % (row["cpu_us"]["total"] / peer) if peer else "-",
                times["p50"], times["p90"], times["p99"], times["p99.9"], times["max"],
                "  FAILED %d" % row["failed"] if row["failed"] else ""))
        print("by program, us a message (user + system), MB resident:")
        for name, row in rows.items():
            print("  %-10s %s" % (name, ", ".join(
                "%s %.1f (%.1f + %.1f) %.0f MB" % (
                    program, cost["total"], cost["user"], cost["system"],
                    row["memory_kb"][program]["rss"] / 1024)
                for program, cost in row["by_program_us"].items())))
    if highest:
        print("\nhighest rate borne, the load generator on the same processors: " + ", ".join(
            "%s %d/s" % item for item in highest.items()))
    for one in small:
        print("small: " + json.dumps(one))
    print("\ntargets")
    for one in targets:
        print("  %-50s %9.2f %-3s %s %g: %s" % (
            one["what"], one["value"], one["unit"], "at most" if "most" in one else "at least",
            one.get("most", one.get("least")), "met" if one["met"] else "MISSED"))
    print("\n" + "\n".join("%-10s %s" % item for item in names.items()))
    print("(kafka) is not ours and not in the sums.\n")


def bench(options, folder, kind):
    wanted = options.settings.split(",") if options.settings else None
    kinds = [one for one in sites.ORDER if not wanted or one.name in wanted]
    with contextlib.ExitStack() as stack:
        broker = None
        if any(one in kinds for one in (sites.Full, sites.Scanned)):
            say("Kafka starts")
            broker = stack.enter_context(Kafka(os.path.join(folder, "kafka")))
            broker.start()
        runs, highest = run_all(options, kinds, folder, broker)
    table = {rate: {name: summary(found) for name, found in rows.items()}
             for rate, rows in runs.items()}
    small = [] if options.quick or wanted else programs_of(folder)
    targets = targets_of(table, small)
    print_table(options, table, highest, targets, kind, small)
    print(json.dumps({"bench": "sipwarden", "quick": options.quick, "workers": options.workers,
                      "filesystem": kind, "rates": table, "highest": highest,
                      "targets": targets, "small": small}), flush=True)
    return 0


def main():
    options = options_read()
    folder, kind = real_folder(options.data)
    try:
        if options.soak:
            return soak.soak(options, folder)
        return bench(options, folder, kind)
    finally:
        if not options.keep:
            shutil.rmtree(folder, ignore_errors=True)


sys.exit(main())
