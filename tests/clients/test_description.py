"""schemathesis on /openapi.json: every check, made-up requests that fit the description and ones that do not."""

import os
import pathlib
import subprocess
import sys

HERE = pathlib.Path(__file__).parent


def test_what_is_described_is_what_is_served(service):
    done = subprocess.run(
        [
            str(pathlib.Path(sys.executable).parent / "schemathesis"), "--config-file", str(HERE / "schemathesis.toml"), "run",
            f"{service.url}/openapi.json", "--url", service.url, "--header", f"Authorization: Bearer {service.key}",
            "--checks", "all", "--max-examples", os.environ.get("EXAMPLES", "20"), "--seed", "1",
        ],
        cwd=service.data, capture_output=True, text=True,
    )
    assert done.returncode == 0, done.stdout[-20_000:] + done.stderr[-2_000:]
