"""The servers that are compared. Each starts on a free port of the loopback and knows how to be loaded."""

import os
import pwd
import re
import shutil
import signal
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from processes import free_port, wait_for_port

HERE = Path(__file__).parent
EXAMPLES = Path(os.environ["EXAMPLES"])


@dataclass
class Server:
    """One that runs."""

    label: str
    url: str
    bodies: Path
    processes: list[subprocess.Popen]
    environment: dict[str, str] = field(default_factory=dict)
    stored: Callable[[], int] | None = None
    with_it: list[int] = field(default_factory=list)

    @property
    def loader(self) -> Path:
        """The program of steady.rs."""
        return EXAMPLES / "steady"

    @property
    def own_pids(self) -> list[int]:
        return [process.pid for process in self.processes]

    @property
    def pids(self) -> list[int]:
        """With those of its database."""
        return self.own_pids + self.with_it

    def stop(self) -> None:
        for process in reversed(self.processes):
            process.terminate()
        for process in self.processes:
            try:
                process.wait(30)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def files_bytes(folder: Path) -> int:
    """Bytes on disk of everything in a folder."""
    return sum(file.stat().st_blocks * 512 for file in folder.rglob("*") if file.is_file())


NO_LIMITS = {f"MODERATO_LIMITS_{name}": "off" for name in ("SITE", "ADDRESS", "EMAIL", "TEXT")}
# Authors have theirs: each of many is remembered.
AUTHORS_LIMITED = {f"MODERATO_LIMITS_{name}": "off" for name in ("SITE", "TEXT")}


def moderato(program: Path, work: Path, bodies: Path, label: str, database: str | None, limits: dict[str, str] = NO_LIMITS) -> Server:
    """Moderato on SQLite, or on PostgreSQL when `database` is its address."""
    data = work / label.replace(" ", "-").lower()
    data.mkdir(parents=True)
    command = [program, "serve", "--listen", "127.0.0.1:0", "--data-dir", data]
    if database:
        command += ["--database-url", database]
    errors = data / "stderr"
    environment = {**os.environ, **limits, "MODERATO_LOG_FILTER": "warn"}
    process = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=errors.open("w"), text=True)
    line = process.stdout.readline()
    found = re.search(r"http://\S+", line)
    if not found:
        raise RuntimeError(f"{label} did not start: {errors.read_text()}")
    url = found.group()
    key = subprocess.run(
        [program, "key", "create", "--site", "default", "--scopes", "submit,read", *command[4:]],
        stdout=subprocess.PIPE,
        check=True,
        text=True,
    )
    header = f"Bearer {key.stdout.split()[-1]}"
    return Server(label, f"{url}/v1/comments", bodies, [process], {"AUTHORIZATION": header}, lambda: files_bytes(data))


def ceiling(bodies: Path) -> Server:
    """The bare handler of `ceiling.rs`."""
    process = subprocess.Popen([EXAMPLES / "ceiling"], stdout=subprocess.PIPE, text=True)
    url = process.stdout.readline().split()[-1]
    return Server("bare handler", f"{url}/v1/comments", bodies, [process])


class Database:
    """A PostgreSQL of Debian with its default, durable settings."""

    def __init__(self, work: Path) -> None:
        programs = sorted(Path("/usr/lib/postgresql").glob("*/bin"))[-1]
        port, folder = free_port(), work / "postgres"
        folder.mkdir()
        user, prefix = pwd.getpwuid(os.getuid()).pw_name, []
        if os.getuid() == 0:
            # The server refuses to run as root.
            user, prefix = "postgres", ["setpriv", "--reuid=postgres", "--regid=postgres", "--init-groups"]
            shutil.chown(folder, "postgres", "postgres")
            work.chmod(0o755)
        initdb = [*prefix, programs / "initdb", "-D", folder / "data", "-A", "trust", "-U", user, "-E", "UTF8", "--locale=C"]
        subprocess.run(initdb, check=True, stdout=subprocess.DEVNULL)
        command = [*prefix, programs / "postgres", "-D", folder / "data", "-p", str(port), "-k", folder, "-h", "127.0.0.1"]
        self.process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=(work / "postgres.log").open("w"))
        wait_for_port(port, self.process)
        time.sleep(1)
        server = f"postgres://{user}@127.0.0.1:{port}"
        subprocess.run(["psql", f"{server}/postgres", "-qc", "CREATE DATABASE moderato"], check=True)
        self.address = f"{server}/moderato"

    def size(self) -> int:
        query = ["psql", self.address, "-Atc", "SELECT pg_database_size('moderato')"]
        return int(subprocess.run(query, check=True, capture_output=True, text=True).stdout)

    def stop(self) -> None:
        # At once, whoever is connected.
        self.process.send_signal(signal.SIGINT)
        self.process.wait(60)


def moderato_on(database: Database, program: Path, work: Path, bodies: Path) -> Server:
    """Moderato with this database, whose costs count as its own."""
    server = moderato(program, work, bodies, "Moderato on PostgreSQL", database.address)
    server.stored, server.with_it = database.size, [database.process.pid]
    return server


def isso(work: Path, bodies: Path) -> Server:
    """Isso of PyPI behind gunicorn with a process for each core, as its deployment page says; its own limit is off."""
    folder, port = work / "isso", free_port()
    folder.mkdir()
    settings = folder / "isso.cfg"
    settings.write_text(
        f"[general]\ndbpath = {folder}/comments.db\nhost = http://127.0.0.1:{port}/\nnotify =\n[guard]\nenabled = false\n"
    )
    command = [work / "venv/bin/gunicorn", "-b", f"127.0.0.1:{port}", "-w", str(os.cpu_count()), "--preload", "isso.run"]
    environment = {**os.environ, "ISSO_SETTINGS": str(settings)}
    log = (folder / "log").open("w")
    process = subprocess.Popen(command, env=environment, stdout=log, stderr=log)
    wait_for_port(port, process)
    time.sleep(5)
    return Server("Isso", f"http://127.0.0.1:{port}/new", bodies, [process], {"PAGES": "5000"}, lambda: files_bytes(folder))


RSPAMD_OFF = """antivirus arc asn bimi dcc dkim dkim_signing dmarc emails external_services fuzzy_check greylist hfilter
history_redis known_senders metadata_exporter mid milter_headers multimap mx_check neural once_received p0f phishing ratelimit
rbl replies reputation spamtrap spf surbl url_redirector url_reputation whitelist""".split()


def rspamd(work: Path, bodies: Path) -> Server:
    """Rspamd of Debian, `POST /checkv2`; what would ask the network is off."""
    folder = work / "rspamd"
    shutil.copytree("/etc/rspamd", folder / "conf")
    port, local = free_port(), folder / "conf/local.d"
    for module in RSPAMD_OFF:
        (local / f"{module}.conf").write_text("enabled = false;\n")
    (folder / "conf/statistic.conf").write_text("# No Bayes: it would want a Redis.\n")
    (local / "worker-normal.inc").write_text(f'bind_socket = "127.0.0.1:{port}";\ncount = {os.cpu_count()};\n')
    for worker in ("controller", "proxy", "fuzzy"):
        (local / f"worker-{worker}.inc").write_text("enabled = false;\n")
    (local / "logging.inc").write_text('type = "console"; level = "error";\n')
    (local / "options.inc").write_text('dns { nameserver = ["127.0.0.1:1"]; timeout = 0.1s; retransmits = 1; }\n')
    run = folder / "run"
    run.mkdir()
    variables = {"CONFDIR": folder / "conf", "LOCAL_CONFDIR": folder / "conf", "DBDIR": run, "RUNDIR": run}
    command = ["rspamd", "-f", "-i", "-c", folder / "conf/rspamd.conf"] + [f"--var={k}={v}" for k, v in variables.items()]
    for entry in [folder, *folder.rglob("*")]:
        entry.chmod(0o777 if entry.is_dir() else 0o666)
    log = (work / "rspamd.log").open("w")
    process = subprocess.Popen(command, stdout=log, stderr=log)
    wait_for_port(port, process)
    time.sleep(20)  # Its helper process compiles regular expressions first.
    environment = {"CONTENT_TYPE": "text/plain", "UNESCAPE": "1"}
    return Server("Rspamd", f"http://127.0.0.1:{port}/checkv2", bodies, [process], environment)
