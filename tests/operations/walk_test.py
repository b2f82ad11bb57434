"""A newcomer's walk: the deployments of docs/operate.md, with the commands and settings that stand there, and then used."""

import contextlib
import json
import os
import pathlib
import re
import shutil
import socket
import subprocess
import tempfile
import time
import unittest
import urllib.error
import urllib.request

from postgres import Postgres
from service import PROGRAM, ROOT, plain_environment

PAGE = (ROOT / "docs/operate.md").read_text()


def section(title):
    return re.search(rf"^## {title}\n(.*?)^## ", PAGE, re.M | re.S)[1]


def blocks(text, kind):
    return re.findall(rf"^```{kind}\n(.*?)^```", text, re.M | re.S)


def on_free_ports(text):
    """The text with other ports in place of those that it names, and which took the place of which."""
    taken = {}
    with contextlib.ExitStack() as held:
        for port in re.findall(r"127\.0\.0\.1:(\d+)", text):
            if port not in taken and port != "5432":
                one = held.enter_context(socket.socket())
                one.bind(("127.0.0.1", 0))
                taken[port] = str(one.getsockname()[1])
    return re.sub(r"\b(?:%s)\b" % "|".join(taken), lambda match: taken[match[0]], text), taken


class Newcomer(unittest.TestCase):
    """Somebody who types what a page says, in a directory of their own."""

    def setUp(self):
        self.directory = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory(prefix="moderato-walk-")))
        (self.directory / "bin").mkdir()
        (self.directory / "bin/moderato").symlink_to(PROGRAM)
        self.environment = plain_environment(PATH=f"{self.directory}/bin:{os.environ['PATH']}:/usr/sbin")
        self.said = {}

    def take(self, block):
        """Runs a block line by line, as somebody types it; what serves goes on in a terminal of its own."""
        for line in block.splitlines():
            if match := re.fullmatch(r"export (\w+)=(\S+)", line):
                self.environment[match[1]] = match[2]
            elif re.match(r"haproxy|.*\bmoderato serve\b", line):
                self.serve(line)
            else:
                done = subprocess.run(["bash", "-c", line], cwd=self.directory, env=self.environment, capture_output=True, text=True, check=False)
                self.assertEqual(done.returncode, 0, f"{line}: {done.stdout}{done.stderr}")

    def serve(self, line):
        log = self.directory / f"log{len(self.said)}"
        with log.open("w") as said:
            process = subprocess.Popen(["bash", "-c", f"exec {line}"], cwd=self.directory, env=self.environment, stdout=said, stderr=said)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        self.said[line] = log
        while "moderato serve" in line and "listening on" not in log.read_text():
            self.assertIsNone(process.poll(), f"{line}: {log.read_text()}")
            time.sleep(0.05)

    def everything_said(self):
        return "".join(log.read_text() for log in self.said.values())

    def check(self, address):
        """The site's key takes a comment, and the address for the administrator is a page."""
        said = self.everything_said()
        key = re.search(r"site key: (\S+)", said)[1]
        for n in range(4):
            request = urllib.request.Request(
                f"{address}/v1/comments", data=json.dumps({"text": f"Nice article, number {n}."}).encode(),
                headers={"Authorization": f"Bearer {key}", "Content-Type": "application/json"},
            )
            while True:
                try:
                    with urllib.request.urlopen(request, timeout=60) as answer:
                        self.assertEqual(answer.status, 201)
                    break
                except urllib.error.HTTPError as error:
                    # The balancer has not asked its replicas yet.
                    with error:
                        self.assertEqual(error.code, 503)
                except urllib.error.URLError:
                    pass
                time.sleep(0.1)
        self.assertRegex(said, r"setup code: \w{4}-\w{4}")
        with urllib.request.urlopen(f"{address}/setup", timeout=60) as page:
            self.assertIn("<form", page.read().decode())


class Walk(Newcomer):
    def test_one_machine_with_sqlite(self):
        text, ports = on_free_ports(section("One machine, SQLite"))
        first, *others = blocks(text, "sh")
        self.take(first)
        for block in others:
            self.take(block)
        self.check(f"http://127.0.0.1:{ports['8080']}")
        # The settings that stand there are settings.
        (self.directory / "moderato.toml").write_text(blocks(text, "toml")[0])
        self.take("moderato config check")

    def test_replicas_on_postgresql_behind_haproxy(self):
        with Postgres() as database:
            port = re.search(r":(\d+)/", database.url)[1]
            text, ports = on_free_ports(section("PostgreSQL, several replicas"))
            text = text.replace("127.0.0.1:5432", f"127.0.0.1:{port}")
            self.environment |= {"PGHOST": "127.0.0.1", "PGPORT": port, "PGUSER": "moderato", "PGDATABASE": "postgres"}
            # The test's server has this role already, as its superuser.
            text = re.sub(r"(?m)^psql .*CREATE ROLE.*\n", "", text)
            (self.directory / "haproxy.cfg").write_text(blocks(text, "haproxy")[0])
            for block in blocks(text, "sh"):
                self.take(block)
            self.assertEqual((self.directory / "database-url").stat().st_mode & 0o077, 0)
            self.check(f"http://127.0.0.1:{ports['8080']}")
            export = subprocess.run([PROGRAM, "export"], cwd=self.directory, env=self.environment, capture_output=True, text=True, check=True)
            self.assertEqual(len(export.stdout.splitlines()), 4)
            self.assertEqual(self.everything_said().count("site key: "), 1)

    def test_the_proxy_of_the_page_is_one_that_nginx_takes(self):
        nginx = shutil.which("nginx", path=self.environment["PATH"])
        if nginx:
            server = blocks(section("One machine, SQLite"), "nginx")[0].replace("443 ssl", "127.0.0.1:0")
            (self.directory / "nginx.conf").write_text("events {}\nhttp {\n%s}\n" % server.replace("127.0.0.1:0", "127.0.0.1:8099"))
            done = subprocess.run([nginx, "-t", "-c", str(self.directory / "nginx.conf")], capture_output=True, text=True, check=False)
            self.assertEqual(done.returncode, 0, done.stderr)


if __name__ == "__main__":
    unittest.main()
