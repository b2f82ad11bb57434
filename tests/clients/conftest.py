"""The real binary on a free port with a fresh data directory."""

import json
import os
import pathlib
import re
import subprocess
import threading
import urllib.error
import urllib.request

import pytest

HERE = pathlib.Path(__file__).parent
ROOT = HERE.parent.parent
BINARY = os.environ.get("BINARY", str(ROOT / "target/debug/moderato"))


class Service:
    """A running service with a short key and one that may do everything."""

    def __init__(self, data: pathlib.Path):
        self.data = data
        off = {f"MODERATO_LIMITS_{limit}": "off" for limit in ("SITE", "ADDRESS", "EMAIL", "TEXT")}
        self.child = subprocess.Popen(
            [BINARY, "serve", "--listen", "127.0.0.1:0", "--data-dir", str(data)],
            cwd=data, env={**os.environ, **off}, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )
        # What it says to people must be read, or it waits.
        threading.Thread(target=self.child.stderr.read, daemon=True).start()
        self.url = re.match(r"listening on (\S+)", self.child.stdout.readline()).group(1)
        self.host = self.url.removeprefix("http://")
        self.port = int(self.host.rsplit(":", 1)[1])
        self.short_key = self.run("key", "create", "--site", "default", "--akismet")
        self.submit_key = self.run("key", "create", "--site", "default", "--scopes", "submit")
        self.key = self.run("key", "create", "--site", "default", "--scopes", "submit,read,moderate,admin")

    def run(self, *arguments: str, stdin: str = "") -> str:
        """Runs another command on the same data; its standard output."""
        done = subprocess.run(
            [BINARY, *arguments, "--data-dir", str(self.data)], input=stdin, capture_output=True, text=True, check=True
        )
        return done.stdout.strip()

    def get(self, path: str):
        request = urllib.request.Request(self.url + path, headers={"Authorization": f"Bearer {self.key}"})
        with urllib.request.urlopen(request) as answer:
            return json.load(answer)

    def comments(self) -> list:
        """What is stored, newest first."""
        return self.get("/v1/comments?limit=200")["items"]

    def close(self):
        self.child.terminate()
        self.child.wait()


@pytest.fixture
def service(tmp_path):
    service = Service(tmp_path)
    yield service
    service.close()
