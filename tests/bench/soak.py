"""soak.py -- mixed traffic for a long time: memory and descriptors stay, nothing is stuck."""
import json
import os
import statistics
import subprocess
import sys
import time

import measure
import sites
from kafka import Kafka
from warden_site import binary

SAMPLES = 60           # at least so many, however short
SETTLE_SECONDS = 120   # transactions end by timers of up to 32 s
MEMORY_SHARE, MEMORY_KB = 1.05, 4096
DESCRIPTORS = 2


def sample(setting):
    roots = setting.roots()
    return {name: (measure.memory_of(pid)[0], measure.descriptors_of(pid))
            for name, pid in roots.items() if not name.startswith("(")}


def verdicts(samples):
    """By program: medians of the second quarter and of the last one, and whether they agree."""
    quarter = max(len(samples) // 4, 1)
    early, late = samples[quarter:2 * quarter], samples[-quarter:]
    found = {}
    for name in samples[-1]:
        memory = [statistics.median(one[name][0] for one in part) for part in (early, late)]
        # the median: a file that is just being scanned has a descriptor too
        files = [statistics.median(one[name][1] for one in part) for part in (early, late)]
        found[name] = {
            "early_kb": memory[0], "late_kb": memory[1], "early_descriptors": files[0],
            "late_descriptors": files[1],
            "flat": memory[1] <= memory[0] * MEMORY_SHARE + MEMORY_KB and
            files[1] <= files[0] + DESCRIPTORS}
    return found


def stuck(setting):
    """What is still under way after the traffic has ended and all timers have run."""
    names = ("passages", "queue.transactions.depth", "queue.archive.depth", "queue.scan.depth")
    end = time.monotonic() + SETTLE_SECONDS
    while True:
        stats = setting.stats()
        left = {name: setting.value(stats, "proxy", name) for name in names}
        if not any(left.values()) or time.monotonic() > end:
            return left
        time.sleep(1)


def start_load(setting, options):
    return subprocess.Popen(
        [binary(sites.LOAD), "--server", setting.address, "--rate", str(options.soak_rate),
         "--seconds", str(options.soak), "--seed", "1", "--mix", setting.mix,
         "--senders", str(options.users), "--receivers", str(options.users),
         "--receiver-address", sites.RECEIVERS, "--drain-seconds", "32"],
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)


def print_table(samples, found, left, result, options):
    print("\n%g s at %g exchanges a second: %d requests, %d unanswered, %d received twice" % (
        options.soak, options.soak_rate, result["sent"], result["unanswered"],
        result["received_twice"]))
    print("%-12s %12s %12s %8s %8s" % ("", "KB early", "KB late", "fds", "fds late"))
    for name, row in found.items():
        print("%-12s %12d %12d %8d %8d  %s" % (
            name, row["early_kb"], row["late_kb"], row["early_descriptors"],
            row["late_descriptors"], "flat" if row["flat"] else "GROWS"))
    print("left after the end: " + ", ".join("%s %d" % item for item in left.items()))
    print("%d samples" % len(samples))


def soak(options, folder):
    pause = min(5.0, options.soak / SAMPLES)
    samples = []
    with Kafka(os.path.join(folder, "kafka")) as broker:
        broker.start()
        with sites.Soak(options, folder, broker) as setting:
            load = start_load(setting, options)
            while load.poll() is None and len(samples) < 100000:
                time.sleep(pause)
                samples.append(sample(setting))
            out, _ = load.communicate()
            if load.returncode != 0:
                raise SystemExit("the load ended with %d" % load.returncode)
            result = json.loads(out.splitlines()[-1])
            left = stuck(setting)
    found = verdicts(samples)
    harmful = result["forbidden_received"] + result["infected_received"]
    good = all(row["flat"] for row in found.values()) and not any(left.values()) and \
        not result["unanswered"] and not result["received_twice"] and not harmful
    print_table(samples, found, left, result, options)
    print(json.dumps({"soak": "sipwarden", "seconds": options.soak, "rate": options.soak_rate,
                      "programs": found, "left": left, "sent": result["sent"],
                      "unanswered": result["unanswered"],
                      "received_twice": result["received_twice"],
                      "harmful_received": harmful, "good": good}))
    sys.stdout.flush()
    return 0 if good else 1
