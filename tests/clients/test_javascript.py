"""The clients of npm, in their own runtime."""

import os
import pathlib
import subprocess


def test_clients_of_npm(service):
    environment = {**os.environ, "SERVICE": service.url, "SHORT_KEY": service.short_key}
    done = subprocess.run(
        ["node", "--test", "--test-concurrency=1", "akismet.test.mjs"],
        cwd=pathlib.Path(__file__).parent, env=environment, capture_output=True, text=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert len(service.comments()) >= 4
