"""Replicas that are restarted one after the other behind a balancer: no request fails.

ROLLING_RESTARTS and ROLLING_REQUESTS ask for more than the quick form.
"""

import csv
import http.client
import json
import os
import pathlib
import signal
import socket
import subprocess
import tempfile
import threading
import unittest
import urllib.request

from postgres import Postgres
from service import PROGRAM, moderato, plain_environment

RESTARTS = int(os.environ.get("ROLLING_RESTARTS", "6"))
REQUESTS = int(os.environ.get("ROLLING_REQUESTS", "0"))
CLIENTS = 4
# As in the manifests, but each has to end within this time.
ORDERLY = 25

HAPROXY = """
global
    log stderr format raw local0 warning
defaults
    mode http
    timeout connect 2s
    timeout client 30s
    timeout server 30s
    timeout check 10s
    default-server check inter 100ms fall 1 rise 1
frontend websites
    bind 127.0.0.1:{front}
    default_backend replicas
frontend state
    bind 127.0.0.1:{state}
    stats enable
    stats uri /
backend replicas
    balance roundrobin
    option httpchk GET /readyz
    # Only what no replica has seen is tried again.
    retry-on conn-failure
    retries 3
    option redispatch
{servers}
"""


def free_ports(count):
    held = [socket.socket() for _ in range(count)]
    for one in held:
        one.bind(("127.0.0.1", 0))
    ports = [one.getsockname()[1] for one in held]
    for one in held:
        one.close()
    return ports


class Replica:
    """One process on ports that stay the same."""

    def __init__(self, directory, name, url, port, monitoring):
        self.directory = pathlib.Path(directory) / name
        self.directory.mkdir()
        self.environment = plain_environment(
            MODERATO_LISTEN=f"127.0.0.1:{port}", MODERATO_METRICS_LISTEN=f"127.0.0.1:{monitoring}",
            MODERATO_DATA_DIR=str(self.directory), MODERATO_DATABASE_URL=url, MODERATO_HTTP_STOP_NOTICE="1",
            **{f"MODERATO_LIMITS_{limit}": "off" for limit in ("SITE", "ADDRESS", "EMAIL", "TEXT")},
        )
        self.start()

    def start(self):
        self.log = (self.directory / "log").open("a")
        self.process = subprocess.Popen(
            [PROGRAM, "serve"], env=self.environment, cwd=self.directory, stdout=subprocess.PIPE, stderr=self.log, text=True
        )
        line = self.process.stdout.readline()
        if not line.startswith("listening on"):
            raise AssertionError((self.directory / "log").read_text())

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        code = self.process.wait(timeout=ORDERLY)
        self.process.stdout.close()
        self.log.close()
        return code


class Client(threading.Thread):
    """Posts comments over one connection at a time until it is told to stop; nothing is tried again."""

    def __init__(self, port, key, stop):
        super().__init__(daemon=True)
        self.port, self.key, self.stop = port, key, stop
        self.taken, self.failed = [], []

    def run(self):
        connection = None
        n = 0
        while not self.stop.is_set():
            connection = connection or http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
            body = json.dumps({"text": f"A calm remark, number {n} of {self.name}."})
            headers = {"Authorization": f"Bearer {self.key}", "Content-Type": "application/json"}
            n += 1
            try:
                connection.request("POST", "/v1/comments", body, headers)
                answer = connection.getresponse()
                text = answer.read().decode()
                if answer.status == 201:
                    self.taken.append(json.loads(text)["id"])
                else:
                    self.failed.append(f"{answer.status} {text}")
                if answer.will_close:
                    connection.close()
                    connection = None
            except (OSError, http.client.HTTPException) as error:
                self.failed.append(repr(error))
                connection.close()
                connection = None
        if connection:
            connection.close()


class RollingRestart(unittest.TestCase):
    def test_no_request_fails_and_no_comment_is_lost(self):
        with Postgres() as database, tempfile.TemporaryDirectory() as directory:
            front, state, *ports = free_ports(6)
            moderato("migrate", "--database-url", database.url, "--data-dir", directory)
            moderato("site", "create", "blog", "--url", "https://blog.example", "--database-url", database.url, "--data-dir", directory)
            key = moderato(
                "key", "create", "--site", "blog", "--scopes", "submit", "--database-url", database.url, "--data-dir", directory
            ).stdout.strip()
            replicas = [Replica(directory, f"replica{n}", database.url, ports[2 * n], ports[2 * n + 1]) for n in range(2)]
            servers = "\n".join(f"    server r{n} 127.0.0.1:{ports[2 * n]} check port {ports[2 * n + 1]}" for n in range(2))
            config = pathlib.Path(directory) / "haproxy.cfg"
            config.write_text(HAPROXY.format(front=front, state=state, servers=servers))
            balancer = subprocess.Popen(["haproxy", "-db", "-f", str(config)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            stop = threading.Event()
            clients = [Client(front, key, stop) for _ in range(CLIENTS)]
            try:
                wait_until_up(state, balancer, clients=[])
                for client in clients:
                    client.start()
                restarts = 0
                while restarts < RESTARTS or sum(len(client.taken) for client in clients) < REQUESTS:
                    replica = replicas[restarts % 2]
                    self.assertEqual(replica.stop(), 0)
                    replica.start()
                    wait_until_up(state, balancer, clients)
                    restarts += 1
            finally:
                stop.set()
                for client in clients:
                    if client.ident:
                        client.join()
                balancer.kill()
                balancer.wait()
                for replica in replicas:
                    replica.process.kill()
                    replica.process.wait()
                    replica.process.stdout.close()
                    replica.log.close()
            taken = [one for client in clients for one in client.taken]
            failed = [one for client in clients for one in client.failed]
            exported = moderato("export", "--database-url", database.url, "--data-dir", directory).stdout
            stored = {json.loads(line)["id"] for line in exported.splitlines()}
            print(f"rolling restart: {restarts} restarts, {len(taken)} requests taken, {len(failed)} failed")
            self.assertEqual(failed, [])
            self.assertGreater(len(taken), 100)
            self.assertEqual([one for one in taken if one not in stored], [])


def wait_until_up(state, balancer, clients):
    """Until the balancer's health checks have found both replicas, and the clients are still at work."""
    while True:
        if balancer.poll() is not None or not all(client.is_alive() for client in clients):
            raise AssertionError("the balancer or a client ended")
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{state}/;csv", timeout=10) as answer:
                rows = list(csv.DictReader(answer.read().decode().removeprefix("# ").splitlines()))
        except OSError:
            continue
        if [row["status"] for row in rows if row["svname"].startswith("r")] == ["UP", "UP"]:
            return


if __name__ == "__main__":
    unittest.main()
