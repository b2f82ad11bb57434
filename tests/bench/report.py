"""The figures as docs/BENCHMARKS.md."""

import os
import platform
import subprocess


def markdown(results: dict) -> str:
    """The whole page."""
    parts = [introduction(results), targets(results), closed(results), open_loop(results), reads(results), small(results), missed()]
    return "\n".join(parts)


def machine() -> str:
    cpu = next((line.split(":")[1].strip() for line in open("/proc/cpuinfo") if line.startswith("model name")), "unknown")
    memory = int(open("/proc/meminfo").readline().split()[1]) / 2**20
    return f"{os.cpu_count()} cores ({cpu}), {memory:.0f} GiB, Linux {platform.release()}"


def introduction(results: dict) -> str:
    commit = subprocess.run(["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True).stdout.strip()
    return f"""# Benchmarks

Written by `make bench` ({results["length"]}: {results["seconds"]} seconds a run, medians of {results["repetitions"]}) at {commit}.

{machine()}. **Servers, databases and the load generator share the cores**, and such machines are noisy: read the ratios, which come
from one run with all servers side by side, before the absolute figures. Bodies are labelled real comments in random order, each
different, over kept-alive connections. Moderato makes its full decision and answers after a durable commit (`synchronous=FULL`,
`synchronous_commit=on`); the limits are off, so that the limits are not what is measured. Rspamd scans a mail and stores nothing; Isso
stores a comment and judges nothing.
"""


def run(results: dict, server: str, connections: int) -> dict:
    return next(r for r in results["closed"] if r["server"] == server and r["connections"] == connections)


def row(*cells: object) -> str:
    return "| " + " | ".join(f"{cell:,.0f}" if isinstance(cell, float) else str(cell) for cell in cells) + " |"


def verdict(reached: bool) -> str:
    return "reached" if reached else "**missed**"


def targets(results: dict) -> str:
    sqlite, postgres = (run(results, f"Moderato on {name}", 64) for name in ("SQLite", "PostgreSQL"))
    isso, rspamd, ceiling = (run(results, name, 64) for name in ("Isso", "Rspamd", "bare axum handler"))
    best_isso = max(run(results, "Isso", connections)["rate"] for connections in (1, 16, 64))
    lines = ["## Against the targets", "", "| what | target | here | |", "|---|---|---|---|"]

    def line(what: str, target: str, here: str, reached: bool) -> None:
        lines.append(row(what, target, here, verdict(reached)))

    rate = sqlite["rate"]
    line("durable decisions, SQLite, 64 connections", "8,000/s", f"{rate:,.0f}/s", rate >= 8_000)
    share = rate / results["healthz"]
    line("– over the same server's `/healthz`", "0.10", f"{share:.2f}", share >= 0.10)
    line("– over Isso at its best", "30 ×", f"{rate / best_isso:.0f} ×", rate >= 30 * best_isso)
    line("– over Rspamd", "–", f"{rate / rspamd['rate']:.1f} ×", True)
    line("– over the bare handler", "–", f"{rate / ceiling['rate']:.2f}", True)
    line("durable decisions, PostgreSQL", "12,000/s", f"{postgres['rate']:,.0f}/s", postgres["rate"] >= 12_000)
    for label, half in results["half"].items():
        reached = half["p99"] <= 25 and half["p999"] <= 60
        line(f"{label} at half of it, open loop: p99, p99.9", "25, 60 ms", f"{half['p99']:.1f}, {half['p999']:.1f} ms", reached)
    for label, overload in results["overload"].items():
        peak = run(results, label, 64)["rate"]
        line(f"{label}, 10 × overload: goodput over peak", "0.90", f"{overload['rate'] / peak:.2f}", overload["rate"] >= 0.9 * peak)
    line("`moderato check`", "30,000/s", f"{results['check_rate']:,.0f}/s", results["check_rate"] >= 30_000)
    line("cold start to ready", "150 ms", f"{results['start_ms']:.0f} ms", results["start_ms"] <= 150)
    line("idle memory", "40 MiB", f"{results['idle_mib']:.0f} MiB", results["idle_mib"] <= 40)
    line("binary", "30 MiB", f"{results['binary_mib']:.1f} MiB", results["binary_mib"] <= 30)
    line("memory at full load, SQLite", "150 MiB", f"{sqlite['resident_mib']:.0f} MiB", sqlite["resident_mib"] <= 150)
    line(f"memory after {results['authors']:,} authors, limits on", "150 MiB", f"{results['authors_mib']:.0f} MiB", results["authors_mib"] <= 150)
    return "\n".join([*lines, ""])


def closed(results: dict) -> str:
    lines = ["## Closed loop", "", "Processor time and memory are those of all processes of the server, its database included.", ""]
    lines += ["| server | connections | answers/s | p50 ms | p99 ms | p99.9 ms | CPU µs each | memory MiB | not answered well | stolen % |"]
    lines += ["|---|---|---|---|---|---|---|---|---|---|"]
    for r in results["closed"]:
        times = [f"{r[p]:.1f}" for p in ("p50", "p99", "p999")]
        bad = int(r["refused"] + r["broken"])
        cells = [r["server"], r["connections"], r["rate"], *times, r["cpu_us"], r["resident_mib"], bad, f"{r['stolen_percent']:.1f}"]
        lines.append(row(*cells))
    return "\n".join([*lines, ""])


def open_loop(results: dict) -> str:
    lines = ["## Open loop", "", "Requests come at a fixed rate, whatever the answers do; latency counts from the intended time.", ""]
    lines += ["| server | load | wanted/s | answered/s | p50 ms | p99 ms | p99.9 ms | statuses | memory MiB |", "|---|---|---|---|---|---|---|---|---|"]
    for name, title in (("half", "half of the closed loop"), ("overload", "ten times the closed loop")):
        for label, r in results[name].items():
            times = [f"{r[p]:.1f}" for p in ("p50", "p99", "p999")]
            statuses = ", ".join(f"{code}: {count:,}" for code, count in sorted(r["statuses"].items()))
            lines.append(row(label, title, r["wanted"], r["rate"], *times, statuses, r["resident_mib"]))
    return "\n".join([*lines, ""])


def reads(results: dict) -> str:
    lines = [f"## Reading, with {results['rows']:,.0f} comments written to SQLite in this run", "", "Eight readers at a time.", ""]
    lines += ["| server | page | answers/s | p50 ms | p99 ms |", "|---|---|---|---|---|"]
    for label, pages in results["reads"].items():
        for name, r in pages.items():
            lines.append(row(label, name, r["rate"], f"{r['p50']:.1f}", f"{r['p99']:.1f}"))
    return "\n".join([*lines, ""])


def small(results: dict) -> str:
    lines = ["## Disk", "", "| store | bytes a comment |", "|---|---|"]
    lines += [row(label, size) for label, size in results["bytes"].items()]
    return "\n".join([*lines, ""])


def missed() -> str:
    return """## How to repeat it

`make bench` installs wrk, oha, Rspamd, PostgreSQL and Isso, builds the release binary and writes this page; `tests/bench/run --quick`
takes a few minutes, `--full` an hour. `DATA` names the folder of labelled comments. A run in which the hypervisor took more than 3 %
of the time (last column) says little about latency.
"""
