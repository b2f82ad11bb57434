"""What a process tree costs, read from /proc."""

import os
import socket
import subprocess
import time
from dataclasses import dataclass

TICKS = os.sysconf("SC_CLK_TCK")


@dataclass
class Cost:
    """CPU seconds used so far and resident memory now."""

    cpu: float
    resident_mib: float


def tree(roots: list[int]) -> set[int]:
    """The processes and all that descend from them."""
    children: dict[int, list[int]] = {}
    for entry in filter(str.isdigit, os.listdir("/proc")):
        try:
            stat = open(f"/proc/{entry}/stat").read()
        except OSError:
            continue  # It ended while we looked.
        parent = int(stat[stat.rindex(")") + 2 :].split()[1])
        children.setdefault(parent, []).append(int(entry))
    seen, todo = set(), list(roots)
    while todo:
        process = todo.pop()
        if process not in seen:
            seen.add(process)
            todo += children.get(process, [])
    return seen


def cost(roots: list[int]) -> Cost:
    """What the processes and their children have cost. Memory is proportional, so that shared pages count once."""
    cpu = memory = 0.0
    for process in tree(roots):
        try:
            stat = open(f"/proc/{process}/stat").read()
            fields = stat[stat.rindex(")") + 2 :].split()
            cpu += (int(fields[11]) + int(fields[12])) / TICKS
            for line in open(f"/proc/{process}/smaps_rollup"):
                if line.startswith("Pss:"):
                    memory += int(line.split()[1]) / 1024
        except OSError:
            continue
    return Cost(cpu, memory)


def stolen() -> tuple[int, int]:
    """Ticks of the machine and those that the hypervisor took."""
    fields = [int(field) for field in open("/proc/stat").readline().split()[1:9]]
    return sum(fields), fields[7]


def free_port() -> int:
    """A port that nobody listens on now."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def wait_for_port(port: int, process: subprocess.Popen, seconds: float = 180) -> None:
    """Returns when the port takes connections."""
    end = time.monotonic() + seconds
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            return
        except OSError:
            if time.monotonic() > end or process.poll() is not None:
                process.kill()
                raise RuntimeError(f"{process.args}: not ready")
            time.sleep(0.05)
