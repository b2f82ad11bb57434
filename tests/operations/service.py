"""A real service for tests: the program on free ports with a data directory of its own."""

import json
import os
import pathlib
import subprocess
import tempfile
import threading
import urllib.error
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parents[2]
PROGRAM = str((ROOT / os.environ.get("BINARY", "target/debug/moderato")).resolve())


def plain_environment(**more):
    """An environment without settings of whoever runs the tests."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("MODERATO")}
    return {**kept, **more}


def moderato(*args, check=True, cwd=None, **environment):
    """Runs a command of the program to its end."""
    done = subprocess.run(
        [PROGRAM, *args], cwd=cwd, env=plain_environment(**environment), capture_output=True, text=True, check=False
    )
    if check and done.returncode != 0:
        raise AssertionError(f"moderato {' '.join(args)} ended with {done.returncode}: {done.stderr}")
    return done


class Service:
    """Runs from `with` to its end; `url` is the main listener, `monitoring` the other one."""

    def __init__(self, *args, program=PROGRAM, key=None, **environment):
        """`key` is one that its data has already; else it is that of the first start."""
        self.program, self.key = program, key
        self.directory = tempfile.TemporaryDirectory()
        self.data = pathlib.Path(self.directory.name) / "data"
        self.args = args
        self.environment = {
            "MODERATO_LISTEN": "127.0.0.1:0",
            "MODERATO_METRICS_LISTEN": "127.0.0.1:0",
            "MODERATO_DATA_DIR": str(self.data),
            **{f"MODERATO_LIMITS_{limit}": "off" for limit in ("SITE", "ADDRESS", "EMAIL", "TEXT")},
            **environment,
        }
        self.said = []

    def __enter__(self):
        self.process = subprocess.Popen(
            [self.program, "serve", *self.args],
            cwd=self.directory.name,
            env=plain_environment(**self.environment),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        self.listener = threading.Thread(target=self._listen, daemon=True)
        self.listener.start()
        line = self.process.stdout.readline()
        if not line.startswith("listening on "):
            self.__exit__()
            raise AssertionError("it did not start: " + "".join(self.said))
        self.url = line.removeprefix("listening on ").strip()
        apart = self.environment["MODERATO_METRICS_LISTEN"]
        self.monitoring = self._word_after("metrics are served at ").removesuffix("/metrics") if apart else self.url
        self.key = self.key or self._word_after("site key: ")
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()
        self.process.stdout.close()
        self.listener.join()
        self.process.stderr.close()
        self.directory.cleanup()

    def _listen(self):
        for line in self.process.stderr:
            self.said.append(line)

    def _word_after(self, label):
        """The word after a label in what it says; it is said before the address, through another pipe."""
        while True:
            for line in list(self.said):
                if label in line:
                    return line.split(label, 1)[1].split()[0].strip('"')
            if self.process.poll() is not None:
                raise AssertionError("it ended: " + "".join(self.said))

    def get(self, url):
        """Status and text of an address."""
        try:
            with urllib.request.urlopen(url, timeout=30) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            with error:
                return error.code, error.read().decode()

    def comment(self, **fields):
        """Posts a comment that must be taken."""
        request = urllib.request.Request(
            self.url + "/v1/comments",
            data=json.dumps(fields).encode(),
            headers={"Authorization": f"Bearer {self.key}", "Content-Type": "application/json"},
        )
        with urllib.request.urlopen(request, timeout=30) as answer:
            return json.load(answer)

    def run(self, *args):
        """Another command on the same data."""
        return moderato(*args, "--data-dir", str(self.data))
