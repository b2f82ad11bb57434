"""Runs programs in Rust with the crates of tests/clients/rust, which are compiled once."""

import os
import pathlib
import shutil
import subprocess
import tempfile

HERE = pathlib.Path(__file__).parent
TARGET = HERE.parent.parent / "target/clients-rust"


def run(program: str, **variables: str) -> subprocess.CompletedProcess:
    """Compiles and runs a program. On a machine whose resolver does not know names below localhost, they are this machine."""
    with tempfile.TemporaryDirectory() as directory:
        crate = pathlib.Path(directory)
        for name in ("Cargo.toml", "Cargo.lock"):
            shutil.copy(HERE / "rust" / name, crate)
        (crate / "src").mkdir()
        (crate / "src/main.rs").write_text(program)
        return subprocess.run(
            ["cargo", "run", "--locked", "--quiet"], cwd=crate, capture_output=True, text=True,
            env={**os.environ, "CARGO_TARGET_DIR": str(TARGET), "NO_PROXY": "*", **variables},
        )
