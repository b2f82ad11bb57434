#!/usr/bin/env python3
"""Measures Moderato beside what a website would run instead, all in one run, and writes docs/BENCHMARKS.md."""

import argparse
import dataclasses
import json
import os
import statistics
import subprocess
import time
import urllib.request
from pathlib import Path

import bodies
import report
import servers
from load import Measured, closed, open_loop
from processes import cost

CONNECTIONS = (1, 16, 64)


@dataclasses.dataclass
class Length:
    """How long each part takes."""

    seconds: int
    repetitions: int
    authors: int
    rows: int


LENGTHS = {
    "quick": Length(seconds=2, repetitions=1, authors=20_000, rows=20_000),
    "usual": Length(seconds=5, repetitions=3, authors=100_000, rows=200_000),
    "full": Length(seconds=10, repetitions=5, authors=1_000_000, rows=1_000_000),
}


def median(runs: list[Measured]) -> Measured:
    """The median of each figure."""
    fields = (field.name for field in dataclasses.fields(Measured))
    return Measured(**{name: statistics.median(getattr(run, name) for run in runs) for name in fields})


def closed_loops(all_servers: list, length: Length) -> dict:
    """Every server at every number of connections, in turn, again and again, so that a noisy minute hits all."""
    runs: dict[tuple[str, int], list[Measured]] = {}
    for server in all_servers:
        closed(server, 16, 1)
    for _ in range(length.repetitions):
        for connections in CONNECTIONS:
            for server in all_servers:
                runs.setdefault((server.label, connections), []).append(closed(server, connections, length.seconds))
                print(server.label, connections, runs[(server.label, connections)][-1], flush=True)
    return {key: median(found) for key, found in runs.items()}


def bytes_a_comment(server, size, seconds: int) -> float:
    """Bytes that the store grows by for each comment."""
    before = size()
    run = closed(server, 64, seconds)
    return (size() - before) / max(run.rate * seconds, 1)


def start(program: Path, work: Path, number: int) -> tuple[float, float]:
    """Milliseconds from the start of the process to readiness on an existing store, and MiB resident when idle."""
    folder = work / "cold"
    folder.mkdir(exist_ok=True)
    began = time.monotonic()
    command = [program, "serve", "--listen", "127.0.0.1:0", "--data-dir", folder]
    with (work / f"cold-{number}").open("w") as errors:
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=errors, text=True)
    url = process.stdout.readline().split()[-1]
    urllib.request.urlopen(f"{url}/readyz").read()
    took = (time.monotonic() - began) * 1e3
    time.sleep(2)
    resident = cost([process.pid]).resident_mib
    process.terminate()
    process.wait(30)
    return took, resident


def check_rate(program: Path, comments: Path, work: Path) -> float:
    """Comments a second through `moderato check`."""
    lines = comments.read_bytes()
    while lines.count(b"\n") < 60_000:
        lines += lines
    count = lines.count(b"\n")
    several = work / "check.jsonl"
    several.write_bytes(lines)
    began = time.monotonic()
    with several.open("rb") as source:
        subprocess.run([program, "check"], stdin=source, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=True)
    return count / (time.monotonic() - began)


def many_authors(program: Path, work: Path, texts: list[dict], authors: int) -> Measured:
    """Memory after many authors who were each seen once, with the rate limits on."""
    file = work / "authors.bodies"
    with file.open("w") as out:
        for number in range(authors):
            out.write(json.dumps(bodies.submission(texts[number % len(texts)], number)) + "\n")
    server = servers.moderato(program, work, file, "Moderato with limits", None, limits=True)
    server.environment["START"] = "0"
    try:
        done = 0
        while done < authors:
            run = closed(server, 64, 10)
            done += int((run.rate * 10) + run.refused)
        return run
    finally:
        server.stop()


def reads(server, seconds: int) -> dict[str, Measured]:
    """The pages that moderators wait for, eight readers at a time."""
    root = server.url.removesuffix("/v1/comments")
    addresses = {
        "queue, first page": "/v1/comments?status=held",
        "search, a common word": "/v1/comments?q=the",
        "search, two words": "/v1/comments?q=free+money",
        "statistics": "/v1/stats",
    }
    found = {}
    for name, address in addresses.items():
        found[name] = closed(server, 8, seconds, root + address)
    return found


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--quick", dest="length", action="store_const", const="quick", default="usual")
    options.add_argument("--full", dest="length", action="store_const", const="full")
    chosen = options.parse_args().length
    length = LENGTHS[chosen]
    work, program = Path(os.environ["WORK"]), Path(os.environ["MODERATO"])
    files = bodies.write(Path(os.environ["DATA"]), work, 60_000)
    texts = bodies.comments(Path(os.environ["DATA"]), 60_000)

    results: dict = {"length": chosen, "seconds": length.seconds, "repetitions": length.repetitions}
    results["binary_mib"] = program.stat().st_size / 2**20
    starts = [start(program, work, number) for number in range(6)][1:]
    results["start_ms"] = statistics.median(took for took, _ in starts)
    results["idle_mib"] = statistics.median(resident for _, resident in starts)
    results["check_rate"] = statistics.median(check_rate(program, files["moderato"], work) for _ in range(3))

    address, database, database_size = servers.postgres(work)
    running = [database_server := servers.moderato(program, work, files["moderato"], "Moderato on PostgreSQL", address)]
    database_server.processes.insert(0, database)
    try:
        sqlite = servers.moderato(program, work, files["moderato"], "Moderato on SQLite", None)
        running.append(sqlite)
        running.append(servers.ceiling(files["moderato"]))
        running.append(servers.isso(work, files["isso"]))
        running.append(servers.rspamd(work, files["rspamd"]))
        compared = [sqlite, database_server, *running[2:]]
        loops = closed_loops(compared, length)
        results["closed"] = [
            {"server": label, "connections": connections, **dataclasses.asdict(run)} for (label, connections), run in loops.items()
        ]
        health = sqlite.url.removesuffix("/v1/comments") + "/healthz"
        results["healthz"] = closed(sqlite, 64, length.seconds, health).rate
        results["bytes"] = {
            sqlite.label: bytes_a_comment(sqlite, sqlite.stored, length.seconds),
            database_server.label: bytes_a_comment(database_server, database_size, length.seconds),
        }
        for name, share, connections in (("half", 0.5, 128), ("overload", 10.0, 512)):
            results[name] = {}
            for server in (sqlite, database_server):
                rate = loops[(server.label, 64)].rate * share
                run, statuses = open_loop(server, rate, connections, 2 * length.seconds)
                results[name][server.label] = {"wanted": rate, "statuses": statuses, **dataclasses.asdict(run)}
                print(name, server.label, run, statuses, flush=True)
        stored = 0.0
        while stored < length.rows:
            stored += closed(sqlite, 64, 10).rate * 10
        closed(database_server, 64, 10)
        results["rows"] = stored
        results["reads"] = {
            server.label: {name: dataclasses.asdict(run) for name, run in reads(server, length.seconds).items()}
            for server in (sqlite, database_server)
        }
    finally:
        for server in running[1:]:
            server.stop()
        running[0].stop()
    results["authors"] = length.authors
    results["authors_mib"] = many_authors(program, work, texts, length.authors).resident_mib

    Path("target/bench.json").write_text(json.dumps(results, indent=1))
    Path("docs").mkdir(exist_ok=True)
    Path("docs/BENCHMARKS.md").write_text(report.markdown(results))
    print(Path("docs/BENCHMARKS.md").read_text())


if __name__ == "__main__":
    main()
