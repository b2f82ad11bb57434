#!/usr/bin/env python3
"""Where the processor time of a submission goes: perf looks at the server under load, and its samples are sorted by what was done.

Writes docs/PROFILE.md. MODERATO is a program with symbols and frame pointers, see `profile`.
"""

import collections
import os
import subprocess
import tempfile
from pathlib import Path

import bodies
import servers
from load import closed
from processes import tree

CONNECTIONS, SECONDS, SAMPLES_A_SECOND = 64, 8, 999

# What was done, by the first of these that a sample's stack holds.
ALLOCATION = ("malloc", "_int_malloc", "_int_free", "cfree", "realloc", "_int_realloc", "malloc_consolidate", "unlink_chunk", "__libc_calloc")
KINDS = (
    ("sockets", ("tcp_", "sock_", "__libc_recv", "writev")),
    ("threads waiting for and waking each other", ("do_futex", "do_epoll", "eventfd_", "__schedule")),
    ("the full-text index, behind the commit", ("fts5", "store::indexing", "store::search")),
    ("looking authors up", ("author_facts",)),
    ("the write-ahead log and its flush", ("pwrite", "fsync", "pagerWalFrames", "sqlite3WalCheckpoint", "walCheckpoint")),
    ("pages read again after a commit", ("pread", "pcache1TruncateUnsafe")),
    ("the decision: normalise, rules, classifier, policy", ("Pipeline::assess", "Pipeline::normalize", "recent::", "Comment::text_hash")),
    ("reasons and the answer as JSON", ("Recording::new", "with_receipt", "serde_json::ser")),
    ("inserting and counting", ("sqlite3", "store::writer", "store::batch", "sqlx")),
    ("HTTP: reading, routing, middleware", ("moderato::server", "hyper", "axum")),
    ("background work", ("moderato::worker",)),
    ("the runtime", ("tokio::",)),
)
NAMES = ["PostgreSQL", "memory allocation", *(name for name, _ in KINDS), "not told"]


def kind(command: str, stack: list[str]) -> str:
    """What a sample is counted as; `stack` begins with the innermost function."""
    if command.startswith("postgres"):
        return "PostgreSQL"
    if not stack:
        return "not told"
    if stack[0].startswith(ALLOCATION) or any("__lll_lock" in name for name in stack):
        return "memory allocation"
    whole = " ".join(stack)
    return next((name for name, signs in KINDS if any(sign in whole for sign in signs)), "not told")


def samples(recorded: Path) -> collections.Counter[str]:
    """How many samples are of which kind."""
    told = subprocess.run(["perf", "script", "-i", recorded, "-F", "comm,ip,sym"], check=True, capture_output=True, text=True, errors="replace")
    counted: collections.Counter[str] = collections.Counter()
    for block in told.stdout.split("\n\n"):
        head, *frames = block.strip("\n").split("\n")
        if head.strip():
            counted[kind(head.strip(), [frame.split(maxsplit=1)[-1] for frame in frames])] += 1
    return counted


def profile(server: servers.Server, work: Path) -> tuple[float, float, collections.Counter[str]]:
    """Answers a second, processor time of each in microseconds, and the samples."""
    closed(server, CONNECTIONS, 2)
    recorded = work / "perf.data"
    pids = ",".join(str(pid) for pid in server.pids)
    record = ["perf", "record", "-q", "-F", str(SAMPLES_A_SECOND), "-g", "--inherit", "-p", pids, "-o", recorded, "--", "sleep", str(SECONDS)]
    measured = closed(server, CONNECTIONS, SECONDS)
    with subprocess.Popen(record, stderr=subprocess.DEVNULL):
        closed(server, CONNECTIONS, SECONDS + 1)
    return measured.rate, measured.cpu_us, samples(recorded)


def page(found: dict[str, tuple[float, float, collections.Counter[str]]]) -> str:
    """The page."""
    head = f"""# Where the time goes

Written by `make profile`: perf looks {SAMPLES_A_SECOND} times a second at a server that {CONNECTIONS} connections keep busy, each sample is counted
by what its stack holds, and shares are of the processor time of a submission as it was measured just before, without perf. The
program is the release build with symbols and without link-time optimisation, so it is slower than that of the benchmarks: read the shares.

"""
    lines = ["| what | " + " | ".join(f"{label}, µs" for label in found) + " |", "|---|" + "--:|" * len(found)]
    for name in NAMES:
        cells = [counted[name] / max(counted.total(), 1) * cost for _, cost, counted in found.values()]
        if any(cell >= 0.5 for cell in cells):
            lines.append(f"| {name} | " + " | ".join(f"{cell:.0f}" for cell in cells) + " |")
    lines.append("| **together** | " + " | ".join(f"**{cost:.0f}**" for _, cost, _ in found.values()) + " |")
    lines.append("| answers a second | " + " | ".join(f"{rate:,.0f}" for rate, _, _ in found.values()) + " |")
    return head + "\n".join(lines) + "\n"


def main() -> None:
    """Both databases, one after the other."""
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder)
        program = Path(os.environ["MODERATO"]).absolute()
        posted = bodies.write(Path(os.environ["DATA"]), work)["moderato"]
        found = {}
        server = servers.moderato(program, work, posted, "SQLite", None)
        try:
            found["SQLite"] = profile(server, work)
        finally:
            server.stop()
        database = servers.Database(work)
        try:
            server = servers.moderato_on(database, program, work, posted)
            # Each connection is a process of its own.
            server.with_it = sorted(tree(server.with_it))
            try:
                found["PostgreSQL"] = profile(server, work)
            finally:
                server.stop()
        finally:
            database.stop()
        Path("docs/PROFILE.md").write_text(page(found))


if __name__ == "__main__":
    main()
