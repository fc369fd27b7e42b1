"""plan.py -- which fault, of whom, when: all of it from one seed, or as written out.

A fault is written `KIND:TARGET@AT+LASTS`, seconds since the load began, as in
`kill:home1-proxy@12.5+0.4`. Kinds:

    kill    kill -9, started again after LASTS
    held    the same, but stopped first until there is work that it has not
            acknowledged, so that it goes in the middle of it
    worker  kill -9 of one worker of a scanner; LASTS has no meaning
    hang    SIGSTOP, SIGCONT after LASTS
    stop    SIGTERM, started again LASTS after it has ended
    full    a disk is full until LASTS after a program has said so
"""
import collections
import random
import re

PROXIES = ("home1-proxy", "home2-proxy", "fe1-proxy")
SCANNERS = ("home1-scanner", "home2-scanner", "fe1-scanner")
ARCHIVERS = ("homes-archiver", "fe1-archiver")
PUBLISHERS = ("homes-publisher", "fe1-publisher")
STORES = ("homes-store", "fe1-store")
DISKS = ("homes-disk", "fe1-disk")
BROKER = "broker"
PROGRAMS = PROXIES + SCANNERS + ARCHIVERS + PUBLISHERS + STORES
KILLS = ("kill", "held", "worker")

# One of each in turn, in an order that the seed shuffles: the kills are spread
# over all programs, most of them where messages are held.
DECK = PROXIES * 2 + ARCHIVERS * 3 + SCANNERS + SCANNERS + PUBLISHERS * 2 + STORES

Fault = collections.namedtuple("Fault", "at kind target lasts")


def text(fault):
    return "%s:%s@%.3f+%.3f" % (fault.kind, fault.target, fault.at, fault.lasts)


def parse(word):
    found = re.fullmatch(r"(\w+):([\w-]+)@([\d.]+)(?:\+([\d.]+))?", word)
    if not found:
        raise ValueError("not KIND:TARGET@AT+LASTS: " + word)
    fault = Fault(float(found[3]), found[1], found[2], float(found[4] or 0.5))
    targets = {"worker": SCANNERS, "full": DISKS, "stop": PROGRAMS + (BROKER,),
               "kill": PROGRAMS + (BROKER,), "hang": PROGRAMS, "held": PROGRAMS}
    if fault.kind not in targets:
        raise ValueError("no kind of fault: %s; there are: %s" % (
            fault.kind, ", ".join(sorted(targets))))
    if fault.target not in targets[fault.kind]:
        raise ValueError("%s is for: %s" % (fault.kind, ", ".join(targets[fault.kind])))
    return fault


def kill_of(dice, target, at):
    if target in SCANNERS and dice.random() < 0.5:
        return Fault(at, "worker", target, 0.0)
    # what publishers, stores and scanners have not done yet is seldom there by
    # chance at one moment; a proxy or an archiver always has some
    if target in PROXIES + ARCHIVERS and dice.random() < 0.6:
        kind = "kill"
    else:
        kind = "held"
    return Fault(at, kind, target, round(dice.uniform(0.1, 1.2), 3))


class Free:
    """A program has one fault at a time, and a while of peace after it."""
    PEACE = 2.5

    def __init__(self):
        self.until = {}

    def take(self, fault):
        busy = self.until.get(fault.target, 0.0) > fault.at
        if not busy:
            self.until[fault.target] = fault.at + fault.lasts + self.PEACE
        return not busy


def kills(dice, count, every, free, start):
    deck = []
    at = start
    made = []
    while len(made) < count:
        if not deck:
            deck = list(DECK)
            dice.shuffle(deck)
        at = round(at + dice.uniform(0.4, 1.6) * every, 3)
        fault = kill_of(dice, deck.pop(), at)
        if free.take(fault):
            made.append(fault)
    return made


def spread(dice, count, end):
    """Moments, one in each of `count` equal stretches."""
    return [round((number + dice.uniform(0.15, 0.85)) * end / count, 3) for number in range(count)]


def others(dice, end, counts, free):
    """Broker stops, full disks, hangs and clean stops between the kills."""
    choices = {
        "broker": lambda at: Fault(at, dice.choice(("stop", "kill")), BROKER,
                                   round(dice.uniform(1, 6), 3)),
        "full": lambda at: Fault(at, "full", dice.choice(DISKS), round(dice.uniform(1, 4), 3)),
        "hung": lambda at: Fault(at, "hang", dice.choice(SCANNERS),
                                 round(dice.uniform(1, 6), 3)),
        "hang": lambda at: Fault(at, "hang", dice.choice(PROGRAMS),
                                 round(dice.uniform(0.5, 5), 3)),
        "stop": lambda at: Fault(at, "stop", dice.choice(PROGRAMS),
                                 round(dice.uniform(0.1, 1), 3)),
    }
    made = []
    for name, make in choices.items():
        for at in spread(dice, counts.get(name, 0), end):
            fault = make(at)
            while not free.take(fault):
                fault = make(round(fault.at + 0.7, 3))
            made.append(fault)
    return made


def plan(seed, kill_count, every, counts, start=3.0):
    """The faults of this seed, in order of time. counts: {"broker", "full",
    "hung", "hang", "stop": how many}."""
    dice = random.Random(seed)
    end = start + kill_count * every
    busy = Free()
    rest = others(dice, end, counts, busy)
    # the kills keep out of the way of what lasts longer
    made = [fault for fault in kills(dice, kill_count * 2, every / 2, Free(), start)
            if all(fault.target != other.target or
                   not other.at - 3 < fault.at < other.at + other.lasts + 8 for other in rest)]
    dice.shuffle(made)
    return sorted(made[:kill_count] + rest)
