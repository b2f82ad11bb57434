"""A PostgreSQL of our own on a free port, with its settings for durability as they come."""

import os
import pathlib
import shutil
import socket
import subprocess
import tempfile


def programs():
    """The directory of the server's programs, which is not on the search path in Debian."""
    found = shutil.which("initdb")
    if found:
        return pathlib.Path(found).parent
    return max(pathlib.Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: int(path.parent.name))


class Postgres:
    """Runs from `with` to its end; `url` is that of an empty database."""

    def __enter__(self):
        self.directory = tempfile.mkdtemp(prefix="moderato-postgres-")
        # The server refuses to run as root.
        self.user = ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups"] if os.getuid() == 0 else []
        if self.user:
            shutil.chown(self.directory, "postgres", "postgres")
        self.data = f"{self.directory}/data"
        self.run("initdb", "--pgdata", self.data, "--auth=trust", "--username=moderato", "--no-sync", "--encoding=UTF8")
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        options = f"-c listen_addresses=127.0.0.1 -c port={port} -c unix_socket_directories={self.directory}"
        self.run("pg_ctl", "--pgdata", self.data, "--wait", "--silent", "--log", f"{self.directory}/log", "--options", options, "start")
        self.url = f"postgres://moderato@127.0.0.1:{port}/postgres"
        return self

    def __exit__(self, *_):
        self.run("pg_ctl", "--pgdata", self.data, "--mode=immediate", "--silent", "stop")
        shutil.rmtree(self.directory)

    def run(self, program, *args):
        command = [*self.user, str(programs() / program), *args]
        done = subprocess.run(command, cwd="/", stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
        if done.returncode != 0:
            raise AssertionError(f"{' '.join(command)}: {done.stdout}")
