"""The figures as docs/BENCHMARKS.md."""

import os
import platform
import subprocess
from collections.abc import Callable

PEERS = ("Isso", "Rspamd")
CONNECTIONS = (1, 16, 64, 256)


def markdown(results: dict) -> str:
    """The whole page. A part that was not measured is left out, and named."""
    parts = [introduction(results), targets(results)]
    for needed, part in (("closed", closed), ("half", at_rates), ("filled", filled), ("reads", reads)):
        if needed in results:
            parts.append(part(results))
    return "\n".join([*parts, failed(results), REPEAT])


def machine() -> str:
    cpu = next((line.split(":")[1].strip() for line in open("/proc/cpuinfo") if line.startswith("model name")), "unknown")
    memory = int(open("/proc/meminfo").readline().split()[1]) / 2**20
    return f"{os.cpu_count()} cores ({cpu}), {memory:.0f} GiB, Linux {platform.release()}"


def introduction(results: dict) -> str:
    commit = subprocess.run(["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True).stdout.strip()
    trial = "" if results["profile"] == "release" else f"\n**A trial with a {results['profile']} build: its figures mean nothing.**\n"
    return f"""# Benchmarks

Written by `make bench` ({results["length"]}: {results["seconds"]:g} seconds a run, medians of {results["repetitions"]}) at {commit}.
{trial}
{machine()}. **Servers, databases and the load generator share the cores**, and such machines are noisy: read the ratios, which come
from one run with all servers side by side, before the absolute figures. Bodies are labelled real comments in random order, each
different from the tens of thousands before it, over kept-alive connections. Moderato makes its full decision and answers after a durable
commit (`synchronous=FULL`, `synchronous_commit=on`); its limits are off, so that they are not what is measured. Rspamd scans a mail and
stores nothing, with everything off that asks the network; Isso stores a comment and judges nothing, behind gunicorn with a process for
each core; the bare handler parses the same JSON and answers.
"""


def row(*cells: object) -> str:
    return "| " + " | ".join(f"{cell:,.0f}" if isinstance(cell, float) else str(cell) for cell in cells) + " |"


def rate_at(results: dict, server: str, connections: int) -> float:
    return next(r["rate"] for r in results["closed"] if (r["server"], r["connections"]) == (server, connections))


def best(results: dict, server: str) -> float:
    return max(r["rate"] for r in results["closed"] if r["server"] == server)


class Targets:
    """The table of what was wanted and what was reached."""

    def __init__(self) -> None:
        self.lines = ["## Against the targets", "", "| what | target | here | |", "|---|---|---|---|"]

    def add(self, what: str, target: str, find: Callable[[], tuple[str, bool | None]]) -> None:
        """A line; `find` gives the figure and whether it is good enough, `None` where nothing was promised."""
        try:
            here, reached = find()
        except (KeyError, StopIteration, ValueError, ZeroDivisionError):
            here, reached = "not measured", None
        self.lines.append(row(what, target, here, {None: "", True: "reached", False: "**missed**"}[reached]))

    def at_least(self, what: str, wanted: float, form: str, find: Callable[[], float]) -> None:
        self.add(what, "≥ " + form.format(wanted), lambda: (form.format(value := find()), value >= wanted))

    def at_most(self, what: str, wanted: float, form: str, find: Callable[[], float]) -> None:
        self.add(what, "≤ " + form.format(wanted), lambda: (form.format(value := find()), value <= wanted))

    def told(self, what: str, form: str, find: Callable[[], float]) -> None:
        self.add(what, "–", lambda: (form.format(find()), None))


def targets(results: dict) -> str:
    sqlite, postgres = "Moderato on SQLite", "Moderato on PostgreSQL"
    table = Targets()
    table.at_least("durable decisions, SQLite, 64 connections", 8_000, "{:,.0f}/s", lambda: rate_at(results, sqlite, 64))
    table.at_least("– over the same server's `/healthz`", 0.10, "{:.2f}", lambda: rate_at(results, sqlite, 64) / results["healthz"][sqlite])
    table.at_least("– over Isso at its best", 30, "{:.0f} ×", lambda: rate_at(results, sqlite, 64) / best(results, "Isso"))
    table.told("– over Rspamd at its best", "{:.1f} ×", lambda: rate_at(results, sqlite, 64) / best(results, "Rspamd"))
    table.told("– over the bare handler", "{:.2f}", lambda: rate_at(results, sqlite, 64) / rate_at(results, "bare handler", 64))
    table.at_least("durable decisions, PostgreSQL, 64 connections", 12_000, "{:,.0f}/s", lambda: rate_at(results, postgres, 64))
    for label in (sqlite, postgres):
        table.at_most(f"{label} at half of its best, fixed rate: p99", 25, "{:.1f} ms", lambda: results["half"][label]["p99"])
        table.at_most("– p99.9", 60, "{:.1f} ms", lambda: results["half"][label]["p999"])
    for label in (sqlite, postgres):
        goodput = f"{label}, 10 × its best, fixed rate: answered well, over its best"
        table.at_least(goodput, 0.9, "{:.2f}", lambda: results["overload"][label]["rate"] / best(results, label))
        refusals = "– the rest is refused, p99 of a 503 from when it was sent"
        table.at_most(refusals, 10, "{:.1f} ms", lambda: results["overload"][label]["statuses"]["503"]["since_sent"]["p99"])
        table.at_most("– memory", 150, "{:.0f} MiB", lambda: memory(results, "overload", label))
    table.at_least("`moderato check`, comments", 30_000, "{:,.0f}/s", lambda: results["check_rate"])
    rows = results.get("rows", 0)
    for label in (sqlite, postgres):
        pages = [("queue, far down", 20), ("search, a common word", 50), ("search, two words", 50), ("statistics", 100)]
        for page, wanted in pages:
            table.at_most(f"{label} with {rows:,} comments, {page}: p99", wanted, "{:.1f} ms", lambda: results["reads"][label][page]["p99"])
    table.at_most("idle memory", 40, "{:.0f} MiB", lambda: results["start"]["mib"])
    table.at_most("cold start to ready", 150, "{:.0f} ms", lambda: results["start"]["ms"])
    table.at_most("binary", 30, "{:.1f} MiB", lambda: results["binary_mib"])
    table.at_most("memory at full load, SQLite, 64 connections", 150, "{:.0f} MiB", lambda: memory_at(results, sqlite, 64))
    seen = results.get("many_authors", {}).get("authors", 0)
    table.at_most(f"memory after {seen:,} different authors, limits on", 150, "{:.0f} MiB", lambda: results["many_authors"]["mib"])
    return "\n".join([*table.lines, ""])


def memory(results: dict, part: str, label: str) -> float:
    """Of Moderato alone: a database has a cache of its own, whose size is its operator's choice."""
    return results[part][label]["own_mib"]


def memory_at(results: dict, server: str, connections: int) -> float:
    return next(r["own_mib"] for r in results["closed"] if (r["server"], r["connections"]) == (server, connections))


def closed(results: dict) -> str:
    lines = ["## Closed loop", "", "Processor time and memory are those of all processes of the server, its database included.", ""]
    lines += ["| server | connections | answers/s | p50 ms | p99 ms | p99.9 ms | CPU µs each | memory MiB | not answered well | stolen % |"]
    lines += ["|---|---|---|---|---|---|---|---|---|---|"]
    for r in results["closed"]:
        times = [f"{r[p]:.1f}" for p in ("p50", "p99", "p999")]
        bad = int(r["refused"] + r["broken"])
        cells = [r["server"], r["connections"], r["rate"], *times, r["cpu_us"], r["resident_mib"], bad, f"{r['stolen_percent']:.1f}"]
        lines.append(row(*cells))
    lines += ["", "| ratio | " + " | ".join(f"{connections} connections" for connections in CONNECTIONS) + " |", "|---|---|---|---|---|"]
    labels = list(dict.fromkeys(r["server"] for r in results["closed"]))
    for ours in (label for label in labels if label.startswith("Moderato")):
        for other in (label for label in labels if not label.startswith("Moderato")):
            ratios = [rate_at(results, ours, n) / max(rate_at(results, other, n), 0.001) for n in CONNECTIONS]
            lines.append(row(f"{ours} : {other}", *(f"{ratio:.2f}" for ratio in ratios)))
        if ours in results.get("healthz", {}):
            ratios = [rate_at(results, ours, n) / results["healthz"][ours] for n in CONNECTIONS]
            lines.append(row(f"{ours} : its `/healthz` at 64", *(f"{ratio:.2f}" for ratio in ratios)))
    return "\n".join([*lines, ""])


def at_rates(results: dict) -> str:
    lines = ["## Fixed rates", "", "Requests come at a fixed rate, whatever the answers do. Times count from the moment when a request was due;"]
    lines += ["under overload, where all connections wait for answers, the times in brackets count from when it was sent.", ""]
    lines += ["| server | load | wanted/s | answered well/s | p50 ms | p99 ms | p99.9 ms | statuses (p50, p99 from sending) | memory MiB |"]
    lines += ["|---|---|---|---|---|---|---|---|---|"]
    for name, title in (("half", "half of its best"), ("overload", "ten times its best, 1,000 connections")):
        for label, r in results.get(name, {}).items():
            times = [f"{r[p]:.1f}" for p in ("p50", "p99", "p999")]
            statuses = ", ".join(
                f"{code}: {of['count']:,} ({of['since_sent']['p50']:.1f}, {of['since_sent']['p99']:.1f})" for code, of in r["statuses"].items()
            )
            lines.append(row(label, title, r["wanted"], r["rate"], *times, statuses, r["resident_mib"]))
    return "\n".join([*lines, ""])


def filled(results: dict) -> str:
    lines = ["## Filling", "", "Through the API, 64 connections; the full-text index is filled behind the commits and counts as disk.", ""]
    lines += ["| store | comments | a second, all the while | bytes on disk each |", "|---|---|---|---|"]
    lines += [row(label, f"{r['comments']:,}", r["rate"], r["bytes"]) for label, r in results["filled"].items()]
    return "\n".join([*lines, ""])


def reads(results: dict) -> str:
    lines = [f"## Reading, with {results['rows']:,} comments and those of the parts before", "", "Two readers at a time, one for each core of the reference machine.", ""]
    lines += ["| server | page | answers/s | p50 ms | p99 ms | not answered well |", "|---|---|---|---|---|---|"]
    for label, pages in results["reads"].items():
        for name, r in pages.items():
            lines.append(row(label, name, r["rate"], f"{r['p50']:.1f}", f"{r['p99']:.1f}", int(r["refused"] + r["broken"])))
    return "\n".join([*lines, ""])


def failed(results: dict) -> str:
    if not results["failed"]:
        return ""
    lines = ["## Not measured", ""] + [f"- {name}: {' '.join(why.split())}" for name, why in results["failed"].items()]
    return "\n".join([*lines, ""])


REPEAT = """## How to repeat it

`make bench` installs wrk, Rspamd, PostgreSQL and Isso, builds the release binary and writes this page; `make bench BENCH=--quick` takes
about ten minutes, `BENCH=--full` fills ten million comments. `DATA` names the folder of labelled comments, `MODERATO` a binary that is
built already. A run in which the hypervisor took more than 3 % of the time (last column of the closed loop) says little about latency.
"""
