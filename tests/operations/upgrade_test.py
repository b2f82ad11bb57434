"""Changes of the schema: the file is copied first, and a migration that is killed goes on at the next start."""

import hashlib
import pathlib
import signal
import sqlite3
import subprocess
import tempfile
import unittest

from service import PROGRAM, ROOT, moderato, plain_environment

MIGRATIONS = sorted((ROOT / "migrations/sqlite").glob("*.sql"))


def first_version(path):
    """A database as the first version of the program leaves it, with some sites in it."""
    first = MIGRATIONS[0]
    text = first.read_bytes()
    database = sqlite3.connect(path)
    database.execute("PRAGMA journal_mode = wal")
    database.executescript(text.decode())
    database.execute(
        "CREATE TABLE _sqlx_migrations (version BIGINT PRIMARY KEY, description TEXT NOT NULL,"
        " installed_on TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP, success BOOLEAN NOT NULL, checksum BLOB NOT NULL,"
        " execution_time BIGINT NOT NULL)"
    )
    version, description = first.stem.split("_", 1)
    database.execute(
        "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time) VALUES (?, ?, TRUE, ?, 0)",
        (int(version), description, hashlib.sha384(text).digest()),
    )
    database.executemany(
        "INSERT INTO sites (id, name, created_at) VALUES (?, ?, 0)", [(n, f"site {n}") for n in range(1, 1001)]
    )
    database.commit()
    database.close()


def sites(path):
    database = sqlite3.connect(path)
    try:
        return database.execute("SELECT COUNT(*) FROM sites").fetchone()[0]
    finally:
        database.close()


@unittest.skipIf(len(MIGRATIONS) < 2, "there is one migration only, so there is no older schema")
class Upgrade(unittest.TestCase):
    def test_the_file_is_copied_before_its_schema_changes(self):
        with tempfile.TemporaryDirectory() as directory:
            path = pathlib.Path(directory) / "moderato.db"
            first_version(path)
            doctor = moderato("doctor", "--data-dir", directory, check=False)
            self.assertEqual(doctor.returncode, 1)
            self.assertIn("lacks", doctor.stdout)
            moderato("migrate", "--data-dir", directory)
            copies = list(pathlib.Path(directory).glob("moderato.db.before-*"))
            self.assertEqual(len(copies), 1, copies)
            self.assertEqual((sites(copies[0]), sites(path)), (1000, 1000))
            self.assertEqual(moderato("doctor", "--data-dir", directory).returncode, 0)
            # The copy can be put back, and is brought up to date again.
            restored = pathlib.Path(directory) / "restored"
            moderato("restore", str(copies[0]), "--data-dir", str(restored))
            moderato("migrate", "--data-dir", str(restored))

    def test_a_migration_that_is_killed_goes_on_at_the_next_start(self):
        for n in range(20):
            with tempfile.TemporaryDirectory() as directory:
                path = pathlib.Path(directory) / "moderato.db"
                first_version(path)
                process = subprocess.Popen(
                    [PROGRAM, "migrate", "--data-dir", directory],
                    env=plain_environment(), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                )
                try:
                    process.wait(timeout=0.004 * n)
                except subprocess.TimeoutExpired:
                    process.send_signal(signal.SIGKILL)
                process.wait()
                moderato("migrate", "--data-dir", directory)
                self.assertEqual(sites(path), 1000)
                self.assertEqual(moderato("doctor", "--data-dir", directory).returncode, 0)


if __name__ == "__main__":
    unittest.main()
