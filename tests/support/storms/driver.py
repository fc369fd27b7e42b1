"""driver.py -- does what a plan says to a town under load, and keeps what it did.

A fault of a program waits until the program is up, so that each falls on
something. `done` holds what was done, with wall-clock times; a kill counts when
requests had been sent through that program's servers and not been answered, as
the generators' logs tell afterwards.
"""
import os
import random
import signal
import time

from storms import plan as plans
from storms.traffic import DOORS, SCANNED

TICK = 0.02
HELD_SECONDS = 2.0
FULL_SECONDS = 25.0
AGAIN_SECONDS = 0.5
FULL_WORDS = "make room on its disk"


def doors_of(target):
    """The doors whose requests pass this program."""
    if target.startswith("homes"):
        # what comes in at the front-end goes on to a home
        return DOORS
    return (target.split("-")[0],)


def wall_us():
    return int(time.time() * 1e6)


class Done:
    """One fault as it happened. counts: a kill with unacknowledged work."""

    def __init__(self, fault, pid=0):
        self.fault = fault
        self.pid = pid
        self.from_us = wall_us()
        self.to_us = 0
        self.behind = None  # what it had not done yet, where that is known

    def text(self):
        return "%s pid=%d" % (plans.text(self.fault), self.pid)


class Driver:
    def __init__(self, town, traffic, faults, say):
        self.town = town
        self.traffic = traffic
        self.waiting = list(faults)
        self.say = say
        self.done = []
        self.later = []  # (monotonic time, what to do)
        self.held = []
        self.full = []
        self.ends = []  # (us, label, return code): nobody asked for it
        self.began = 0.0
        self.dice = random.Random(repr(faults))

    # -- the loop ----------------------------------------------------------------

    def after(self, seconds, action):
        self.later.append((time.monotonic() + seconds, action))

    def run(self, seconds):
        """Until the plan is done, everything is up again and the load has ended."""
        self.began = time.monotonic()
        limit = seconds + 180
        while self.waiting or self.later or self.held or self.full or self.traffic.running():
            self.tick()
            if self.waiting and not self.traffic.running():
                self.say("no load any more, left out: %s" % ", ".join(
                    plans.text(fault) for fault in self.waiting))
                self.waiting.clear()
            if time.monotonic() - self.began > limit:
                raise AssertionError("not over after %d s: %s" % (limit, ", ".join(
                    [plans.text(fault) for fault in self.waiting] +
                    [done.text() for done, *_ in self.held + self.full]) or "the load"))
            time.sleep(TICK)
        self.town.wait_up(list(self.town.units))

    def tick(self):
        self.traffic.read()
        self.supervise()
        now = time.monotonic()
        due = [action for at, action in self.later if at <= now]
        self.later = [(at, action) for at, action in self.later if at > now]
        for action in due:
            action()
        self.hold()
        self.watch_full()
        for fault in [fault for fault in self.waiting if self.began + fault.at <= now]:
            if self.is_free(fault):
                self.waiting.remove(fault)
                self.begin(fault)

    def supervise(self):
        for label, unit in self.town.units.items():
            ends = len(unit.ends)
            unit.check()
            if len(unit.ends) > ends:
                self.ends.append((wall_us(), label, unit.ends[-1][1]))
                self.say("%s ended by itself with %d" % (label, unit.ends[-1][1]))
                self.after(AGAIN_SECONDS, unit.launch)

    def is_free(self, fault):
        if fault.kind == "full":
            return all(done.fault.target != fault.target for done, *_ in self.full)
        return self.town.units[fault.target].is_up and \
            all(done.fault.target != fault.target for done, *_ in self.held) and \
            all(done.to_us or done.fault.target != fault.target for done in self.done)

    # -- faults ------------------------------------------------------------------

    def begin(self, fault):
        unit = self.town.units.get(fault.target)
        pid = unit.process.pid if unit and unit.process else 0
        done = Done(fault, pid)
        self.done.append(done)
        self.say(plans.text(fault))
        getattr(self, "do_" + fault.kind)(done, unit)

    def ended(self, done):
        done.to_us = wall_us()

    def relaunch(self, done, unit):
        def launch():
            unit.launch()
            self.ended(done)
        self.after(done.fault.lasts, launch)

    def do_kill(self, done, unit):
        done.from_us = wall_us()
        unit.kill()
        self.relaunch(done, unit)

    def do_stop(self, done, unit):
        unit.terminate()

        def wait():
            if unit.alive():
                self.after(0.1, wait)
            else:
                self.relaunch(done, unit)
        wait()

    def do_hang(self, done, unit):
        unit.signal(signal.SIGSTOP)

        def go_on():
            unit.signal(signal.SIGCONT)
            self.ended(done)
        self.after(done.fault.lasts, go_on)

    def do_worker(self, done, unit):
        workers = unit.workers()
        if workers:
            done.pid = self.dice.choice(sorted(workers))
            os.kill(done.pid, signal.SIGSTOP)
            self.held.append((done, unit, time.monotonic() + HELD_SECONDS, None))
        else:
            self.ended(done)

    def do_held(self, done, unit):
        unit.signal(signal.SIGSTOP)
        self.held.append((done, unit, time.monotonic() + HELD_SECONDS, self.durable(done)))

    def do_full(self, done, _):
        disk = self.town.disks[done.fault.target]
        if disk.form == "folder":
            self.say("no right to mount a disk: it is not filled")
            self.ended(done)
            return
        disk.fill()
        archiver = self.town.units[done.fault.target.replace("disk", "archiver")]
        self.full.append((done, disk, archiver, os.path.getsize(archiver.log),
                          time.monotonic() + FULL_SECONDS))

    # -- what is held until it has work ------------------------------------------

    def durable(self, done):
        """Up to where the journal that the program works on is durable."""
        archive = done.fault.target.split("-")[0]
        if archive not in ("homes", "fe1"):
            return None
        with open(os.path.join(self.town.journal(archive), "durable"), "rb") as file:
            return file.read()

    def has_work(self, done, before):
        target = done.fault.target
        if target in plans.PUBLISHERS + plans.STORES:
            return self.durable(done) != before
        since = done.from_us
        kinds = SCANNED if target in plans.SCANNERS else None
        for door in doors_of(target):
            log = self.traffic.logs[door]
            if any((kinds is None or kind in kinds) and log.requests[key].sent_us > since
                   for key, kind in log.open.items()):
                return True
        return False

    def hold(self):
        for entry in list(self.held):
            done, unit, until, before = entry
            work = self.has_work(done, before)
            if not work and time.monotonic() < until:
                continue
            self.held.remove(entry)
            done.behind = bool(work)
            if done.fault.kind == "worker":
                self.kill_worker(done)
                continue
            unit.kill()
            done.from_us = wall_us()
            self.relaunch(done, unit)

    def kill_worker(self, done):
        done.from_us = wall_us()
        try:
            os.kill(done.pid, signal.SIGKILL)
        except ProcessLookupError:
            done.behind = False  # its parent was quicker
        self.ended(done)

    def watch_full(self):
        """LASTS seconds after the archiver has said that its disk is full."""
        for entry in list(self.full):
            done, disk, archiver, mark, until = entry
            with open(archiver.log, "rb") as file:
                file.seek(mark)
                said = FULL_WORDS.encode() in file.read()
            if said:
                self.say("%s: the archiver says so" % done.fault.target)
                done.behind = True
            if said or time.monotonic() > until:
                self.full.remove(entry)

                def empty(done=done, disk=disk):
                    disk.empty()
                    self.ended(done)
                self.after(done.fault.lasts if said else 0, empty)

    # -- afterwards --------------------------------------------------------------

    def counted(self, done):
        """Whether a kill fell on unacknowledged work: by the generators' logs at its
        time, and for what is no part of answering by what it had not read."""
        if done.fault.kind not in plans.KILLS or done.fault.target == plans.BROKER:
            return False
        if done.behind is not None:
            return done.behind
        return any(self.traffic.logs[door].under_way(done.from_us) > 0
                   for door in doors_of(done.fault.target))
