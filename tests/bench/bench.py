#!/usr/bin/env python3
"""Measures Moderato beside what a website would run instead, all in one run, and writes docs/BENCHMARKS.md.

A part that fails is named in the page, and the rest goes on.
"""

import argparse
import dataclasses
import json
import os
import resource
import statistics
import subprocess
import time
import urllib.request
from collections.abc import Callable
from pathlib import Path

import bodies
import report
import servers
from load import Measured, closed, steady
from processes import cost

CONNECTIONS = (1, 16, 64, 256)
# The service takes 1,024 connections; a few are left for whoever looks at it.
CROWD = 1_000


@dataclasses.dataclass
class Length:
    """How long each part takes."""

    seconds: float
    repetitions: int
    authors: int
    rows: int


LENGTHS = {
    "tiny": Length(seconds=1, repetitions=1, authors=2_000, rows=2_000),
    "quick": Length(seconds=3, repetitions=1, authors=100_000, rows=100_000),
    "usual": Length(seconds=5, repetitions=3, authors=1_000_000, rows=1_000_000),
    "full": Length(seconds=10, repetitions=5, authors=1_000_000, rows=10_000_000),
}


# What a part may fail with.
FAULTS = (OSError, RuntimeError, ValueError, LookupError, ZeroDivisionError, subprocess.SubprocessError)


class Run:
    """What was found so far. It is written down after every part."""

    def __init__(self, chosen: str) -> None:
        self.length = LENGTHS[chosen]
        self.work, self.program = Path(os.environ["WORK"]), Path(os.environ["MODERATO"]).absolute()
        self.files = bodies.write(Path(os.environ["DATA"]), self.work)
        self.results: dict = {"length": chosen, **dataclasses.asdict(self.length), "failed": {}, "profile": os.environ.get("PROFILE", "")}
        self.running: dict[str, servers.Server] = {}

    def part(self, name: str, work: Callable[[], object]) -> None:
        """One part, whose result stands under its name."""
        began = time.monotonic()
        try:
            found = work()
            if found is not None:
                self.results[name] = found
        except FAULTS as error:
            self.note(name, error)
        print(f"{name}: {time.monotonic() - began:.0f} s {self.results['failed'].get(name, '')}", flush=True)
        Path("target/bench.json").write_text(json.dumps(self.results, indent=1))

    def note(self, name: str, error: Exception) -> None:
        self.results["failed"][name] = f"{type(error).__name__}: {str(error).strip()[-300:]}"

    def of_each(self, part: str, compared: list[servers.Server], work: Callable[[servers.Server], object]) -> dict:
        """What `work` finds for each server, by its label; one that fails is left out, and named."""
        found = {}
        for server in compared:
            try:
                found[server.label] = work(server)
            except FAULTS as error:
                self.note(f"{part}, {server.label}", error)
        return found

    def start(self, name: str, server: Callable[[], servers.Server]) -> None:
        """Starts what is compared, if it can be started."""

        def add() -> None:
            started = server()
            self.running[started.label] = started

        self.part(f"starting {name}", add)

    def ours(self) -> list[servers.Server]:
        return [server for label, server in self.running.items() if label.startswith("Moderato")]

    def stop(self) -> None:
        for server in reversed(self.running.values()):
            server.stop()


def median(runs: list[Measured]) -> dict:
    """The median of each figure."""
    fields = (field.name for field in dataclasses.fields(Measured))
    return {name: statistics.median(getattr(run, name) for run in runs) for name in fields}


def closed_loops(run: Run) -> list[dict]:
    """Every server at every number of connections, in turn, again and again, so that a noisy minute hits all."""
    runs: dict[tuple[str, int], list[Measured]] = {}
    compared = list(run.running.values())
    run.of_each("warming up", compared, lambda server: closed(server, 16, 1))
    for _ in range(run.length.repetitions):
        for connections in CONNECTIONS:
            part = f"closed loop, {connections} connections"
            found = run.of_each(part, compared, lambda server: closed(server, connections, run.length.seconds))
            for label, measured in found.items():
                runs.setdefault((label, connections), []).append(measured)
    return [{"server": label, "connections": connections, **median(found)} for (label, connections), found in runs.items()]


def peak(run: Run, label: str) -> float:
    """The best rate of a server in the closed loop."""
    return max(found["rate"] for found in run.results["closed"] if found["server"] == label)


def at_rates(run: Run, part: str, share: float, connections: int) -> dict:
    """Our servers at a share of their best rate."""

    def at_rate(server: servers.Server) -> dict:
        wanted = peak(run, server.label) * share
        measured, statuses = steady(server, wanted, connections, 2 * run.length.seconds)
        return {"wanted": wanted, "statuses": statuses, **dataclasses.asdict(measured)}

    return run.of_each(part, run.ours(), at_rate)


def health(run: Run) -> dict:
    """How often the same servers answer when there is nothing to do."""

    def rate(server: servers.Server) -> float:
        return closed(server, 64, run.length.seconds, server.url.removesuffix("/v1/comments") + "/healthz").rate

    return run.of_each("healthz", run.ours(), rate)


def filled(run: Run) -> dict:
    """Posts until there are enough comments: the rate meanwhile, and what they take on disk."""

    def fill(server: servers.Server) -> dict:
        before, began = server.stored(), time.monotonic()
        measured, _ = steady(server, 0, 64, 3_600, run.length.rows)
        count = run.length.rows - measured.refused - measured.broken
        rate = count / (time.monotonic() - began)
        wait_for_index(server)
        return {"comments": count, "rate": rate, "bytes": (server.stored() - before) / count}

    return run.of_each("filling", run.ours(), fill)


def wait_for_index(server: servers.Server) -> None:
    """Until the server has nothing to do any more: the full-text index is filled behind the commits."""
    for _ in range(1_200):
        before = cost(server.pids).cpu
        time.sleep(1)
        if cost(server.pids).cpu - before < 0.2:
            return


def reads(run: Run) -> dict:
    """The pages that moderators wait for, two readers at a time."""
    addresses = {
        "queue, first page": "/v1/comments?status=held",
        "queue, far down": "/v1/comments?status=held{cursor}",
        "search, a common word": "/v1/comments?q=the",
        "search, two words": "/v1/comments?q=free+money",
        "statistics": "/v1/stats",
    }

    def read(server: servers.Server) -> dict:
        root, cursor, found = server.url.removesuffix("/v1/comments"), deep_cursor(server), {}
        for name, address in addresses.items():
            closed(server, 2, 1, root + address.format(cursor=cursor))
            measured = closed(server, 2, run.length.seconds, root + address.format(cursor=cursor))
            found[name] = dataclasses.asdict(measured)
        return found

    return run.of_each("reading", run.ours(), read)


def deep_cursor(server: servers.Server) -> str:
    """Where a page begins after thousands of comments, as part of an address."""
    cursor = ""
    for _ in range(100):
        address = f"{server.url}?status=held&limit=200{cursor}"
        request = urllib.request.Request(address, headers={"Authorization": server.environment["AUTHORIZATION"]})
        following = json.load(urllib.request.urlopen(request))["next"]
        if not following:
            break
        cursor = f"&cursor={following}"
    return cursor


def start(run: Run, number: int) -> tuple[float, float]:
    """Milliseconds from the start of the process to readiness on an existing store, and MiB resident when idle."""
    folder = run.work / "cold"
    folder.mkdir(exist_ok=True)
    began = time.monotonic()
    command = [run.program, "serve", "--listen", "127.0.0.1:0", "--data-dir", folder]
    with (run.work / f"cold-{number}").open("w") as errors:
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=errors, text=True)
    try:
        url = process.stdout.readline().split()[-1]
        urllib.request.urlopen(f"{url}/readyz").read()
        took = (time.monotonic() - began) * 1e3
        time.sleep(2)
        return took, cost([process.pid]).resident_mib
    finally:
        process.terminate()
        process.wait(30)


def starts(run: Run) -> dict:
    """Start and idle memory."""
    found = [start(run, number) for number in range(6)][1:]
    return {"ms": statistics.median(took for took, _ in found), "mib": statistics.median(resident for _, resident in found)}


def check_rate(run: Run) -> float:
    """Comments a second through `moderato check`, from the start of the process to its end."""
    lines = run.files["moderato"].read_bytes().splitlines(keepends=True)[: run.length.rows]
    began = time.monotonic()
    subprocess.run([run.program, "check"], input=b"".join(lines), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=True)
    return len(lines) / (time.monotonic() - began)


def many_authors(run: Run) -> dict:
    """Memory after many authors who were each seen once, with limits for each."""
    server = servers.moderato(run.program, run.work, run.files["authors"], "Moderato with limits", None, servers.AUTHORS_LIMITED)
    try:
        measured, statuses = steady(server, 0, 64, 3_600, run.length.authors)
        return {"authors": statuses.get("201", {"count": 0})["count"], "mib": measured.resident_mib}
    finally:
        server.stop()


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    for name in LENGTHS:
        options.add_argument(f"--{name}", dest="length", action="store_const", const=name, default="usual")
    soft_limit = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft_limit, soft_limit))
    run = Run(options.parse_args().length)

    run.results["binary_mib"] = run.program.stat().st_size / 2**20
    run.part("start", lambda: starts(run))
    run.part("check_rate", lambda: check_rate(run))
    run.part("many_authors", lambda: many_authors(run))
    database: list[servers.Database] = []
    try:
        run.start("Moderato on SQLite", lambda: servers.moderato(run.program, run.work, run.files["moderato"], "Moderato on SQLite", None))
        run.part("starting PostgreSQL", lambda: database.append(servers.Database(run.work)))
        if database:
            run.start("Moderato on PostgreSQL", lambda: servers.moderato_on(database[0], run.program, run.work, run.files["moderato"]))
        run.start("the bare handler", lambda: servers.ceiling(run.files["moderato"]))
        run.start("Isso", lambda: servers.isso(run.work, run.files["isso"]))
        run.start("Rspamd", lambda: servers.rspamd(run.work, run.files["rspamd"]))
        run.part("closed", lambda: closed_loops(run))
        run.part("healthz", lambda: health(run))
        run.part("half", lambda: at_rates(run, "half of its best", 0.5, 256))
        run.part("overload", lambda: at_rates(run, "overload", 10, CROWD))
        run.part("filled", lambda: filled(run))
        run.part("reads", lambda: reads(run))
    finally:
        run.stop()
        for server in database:
            server.stop()

    Path("docs").mkdir(exist_ok=True)
    Path("docs/BENCHMARKS.md").write_text(report.markdown(run.results))
    print(Path("docs/BENCHMARKS.md").read_text())


if __name__ == "__main__":
    main()
