"""Load: closed loop by wrk, fixed rates by steady.rs."""

import json
import os
import random
import re
import subprocess
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from processes import cost, stolen
from servers import Server

HERE = Path(__file__).parent


@dataclass
class Measured:
    """One run of load. Times in milliseconds; `rate` is what was answered well, a second."""

    rate: float
    p50: float
    p99: float
    p999: float
    refused: int
    broken: int
    cpu_us: float = 0.0
    resident_mib: float = 0.0
    own_mib: float = 0.0
    stolen_percent: float = 0.0


class Watch:
    """What a server costs from here to `read`."""

    def __init__(self, server: Server) -> None:
        self.pids, self.own = server.pids, server.own_pids
        self.before, (self.ticks, self.taken) = cost(self.pids), stolen()

    def read(self, measured: Measured, requests: float) -> Measured:
        after, (ticks, taken) = cost(self.pids), stolen()
        measured.cpu_us = (after.cpu - self.before.cpu) / max(requests, 1) * 1e6
        measured.resident_mib, measured.own_mib = after.resident_mib, cost(self.own).resident_mib
        measured.stolen_percent = 100 * (taken - self.taken) / max(ticks - self.ticks, 1)
        return measured


def closed(server: Server, connections: int, seconds: int, url: str | None = None) -> Measured:
    """As many requests as `connections` clients get answered that each wait for their answer; GET when `url` is given."""
    command = ["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "--timeout", "30s", "--latency"]
    script = HERE / ("get.lua" if url else "post.lua")
    start = str(random.randrange(1_000_000))
    environment = {**os.environ, **server.environment, "BODIES": str(server.bodies), "START": start}
    watch = Watch(server)
    done = subprocess.run([*command, "-s", script, url or server.url], env=environment, capture_output=True, text=True)
    result = re.search(r"^RESULT (.*)$", done.stdout, re.MULTILINE)
    if not result:
        raise RuntimeError(f"wrk against {server.label}: {done.stdout[-500:]}{done.stderr[-500:]}")
    values = {name: float(value) for name, value in (part.split("=") for part in result.group(1).split())}
    good = values["requests"] - values["refused"]
    measured = Measured(
        rate=good / values["seconds"],
        p50=values["p50"] / 1e3,
        p99=values["p99"] / 1e3,
        p999=values["p999"] / 1e3,
        refused=int(values["refused"]),
        broken=int(values["broken"]),
    )
    return watch.read(measured, values["requests"])


def steady(server: Server, rate: float, connections: int, seconds: float, requests: int | None = None) -> tuple[Measured, dict]:
    """Requests at a fixed rate, whatever the answers do; with rate 0 as many as get answered. Also: each status, with its times."""
    where = urlsplit(server.url)
    command = [server.loader, where.netloc, where.path, server.bodies, rate, connections, seconds]
    command += [] if requests is None else [requests]
    watch = Watch(server)
    environment = {**os.environ, **server.environment}
    done = subprocess.run([str(part) for part in command], env=environment, capture_output=True, text=True)
    if done.returncode != 0:
        raise RuntimeError(f"steady against {server.label}: {done.stderr[-500:]}")
    answer = json.loads(done.stdout)
    statuses = answer["statuses"]
    good = statuses.get("201", {"count": 0, "since_due": dict.fromkeys(("p50", "p99", "p999"), 0.0)})
    count = sum(status["count"] for status in statuses.values())
    measured = Measured(
        rate=good["count"] / answer["seconds"], **good["since_due"], refused=count - good["count"], broken=answer["broken"]
    )
    return watch.read(measured, count), statuses
