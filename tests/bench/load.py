"""Load: closed loop by wrk, open loop by oha."""

import json
import os
import random
import re
import subprocess
from dataclasses import dataclass
from pathlib import Path

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
    stolen_percent: float = 0.0


def closed(server: Server, connections: int, seconds: int, url: str | None = None) -> Measured:
    """As many requests as `connections` clients get answered that each wait for their answer; GET when `url` is given."""
    command = ["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "--timeout", "30s", "--latency"]
    script = HERE / ("get.lua" if url else "post.lua")
    start = str(random.randrange(1_000_000))
    environment = {**os.environ, **server.environment, "BODIES": str(server.bodies), "START": start}
    before, (ticks, taken) = cost(server.pids), stolen()
    done = subprocess.run([*command, "-s", script, url or server.url], env=environment, capture_output=True, text=True)
    after, (ticks_after, taken_after) = cost(server.pids), stolen()
    result = re.search(r"^RESULT (.*)$", done.stdout, re.MULTILINE)
    if not result:
        raise SystemExit(f"wrk against {server.label}: {done.stdout[-500:]}{done.stderr[-500:]}")
    values = {name: float(value) for name, value in (part.split("=") for part in result.group(1).split())}
    good = values["requests"] - values["refused"]
    return Measured(
        rate=good / values["seconds"],
        p50=values["p50"] / 1e3,
        p99=values["p99"] / 1e3,
        p999=values["p999"] / 1e3,
        refused=int(values["refused"]),
        broken=int(values["broken"]),
        cpu_us=(after.cpu - before.cpu) / max(values["requests"], 1) * 1e6,
        resident_mib=after.resident_mib,
        stolen_percent=100 * (taken_after - taken) / max(ticks_after - ticks, 1),
    )


def open_loop(server: Server, rate: float, connections: int, seconds: int) -> tuple[Measured, dict[str, int]]:
    """Requests at a fixed rate, whatever the answers do; latency counts from the intended time. Also: how many of each status."""
    command = [os.environ.get("OHA", "oha"), "--no-tui", "--output-format", "json", "-z", f"{seconds}s", "-q", str(int(rate))]
    command += ["-c", str(connections), "--latency-correction", "-m", "POST", "-Z", str(server.bodies)]
    command += ["-H", f"Content-Type: {server.environment.get('CONTENT_TYPE', 'application/json')}"]
    if server.key:
        command += ["-H", f"Authorization: {server.key}"]
    before, (ticks, taken) = cost(server.pids), stolen()
    done = subprocess.run([*command, server.url], capture_output=True, text=True)
    after, (ticks_after, taken_after) = cost(server.pids), stolen()
    if done.returncode != 0:
        raise SystemExit(f"oha against {server.label}: {done.stderr[-500:]}")
    answer = json.loads(done.stdout)
    statuses = {code: int(count) for code, count in answer["statusCodeDistribution"].items()}
    good = sum(count for code, count in statuses.items() if code.startswith("2"))
    times = answer.get("latencyPercentilesSuccessful") or answer["latencyPercentiles"]
    measured = Measured(
        rate=good / answer["summary"]["total"],
        p50=(times["p50"] or 0) * 1e3,
        p99=(times["p99"] or 0) * 1e3,
        p999=(times["p99.9"] or 0) * 1e3,
        refused=sum(statuses.values()) - good,
        broken=sum(answer["errorDistribution"].values()),
        cpu_us=(after.cpu - before.cpu) / max(sum(statuses.values()), 1) * 1e6,
        resident_mib=after.resident_mib,
        stolen_percent=100 * (taken_after - taken) / max(ticks_after - ticks, 1),
    )
    return measured, statuses
