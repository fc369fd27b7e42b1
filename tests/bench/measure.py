"""measure.py -- what processes cost: processor time, memory, descriptors."""
import collections
import os

TICK = os.sysconf("SC_CLK_TCK")

Cpu = collections.namedtuple("Cpu", "total user system")


def words_of(path):
    with open(path, encoding="ascii", errors="replace") as file:
        return file.read()


def stat_of(pid):
    """The fields of /proc/PID/stat from the state on: the name may hold anything."""
    return words_of("/proc/%d/stat" % pid).rpartition(")")[2].split()


def tree(root):
    """A process and all that descend from it."""
    children = collections.defaultdict(list)
    for name in os.listdir("/proc"):
        if name.isdigit():
            try:
                children[int(stat_of(int(name))[1])].append(int(name))
            except (OSError, IndexError):
                pass
    found, waiting = [], [root]
    while waiting:
        pid = waiting.pop()
        found.append(pid)
        waiting += children[pid]
    return found


def scheduled_ns(pid):
    """Exact, of the threads that live: stat counts in hundredths of a second."""
    total = 0
    for task in os.listdir("/proc/%d/task" % pid):
        try:
            total += int(words_of("/proc/%d/task/%s/schedstat" % (pid, task)).split()[0])
        except OSError:
            pass
    return total


def cpu_of(root):
    """Seconds since the start, of a process and its children, dead ones too."""
    exact = user = system = dead = 0.0
    for pid in tree(root):
        try:
            fields = stat_of(pid)
            exact += scheduled_ns(pid) / 1e9
        except OSError:
            continue
        user += int(fields[11]) / TICK
        system += int(fields[12]) / TICK
        dead += (int(fields[13]) + int(fields[14])) / TICK
    return exact + dead, user, system


def cpu_between(before, after):
    total = max(after[0] - before[0], 0)
    user, system = after[1] - before[1], after[2] - before[2]
    share = user / (user + system) if user + system > 0 else 0.5
    return Cpu(total, total * share, total * (1 - share))


def memory_of(root):
    """KiB: resident, and its proportional share of what several have in common."""
    resident = share = 0
    for pid in tree(root):
        try:
            for line in words_of("/proc/%d/smaps_rollup" % pid).splitlines():
                if line.startswith("Rss:"):
                    resident += int(line.split()[1])
                elif line.startswith("Pss:"):
                    share += int(line.split()[1])
        except OSError:
            pass
    return resident, share


def descriptors_of(root):
    count = 0
    for pid in tree(root):
        try:
            count += len(os.listdir("/proc/%d/fd" % pid))
        except OSError:
            pass
    return count
