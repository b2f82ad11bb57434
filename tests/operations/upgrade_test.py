"""Changes of the schema: the file is copied first, and a migration that is killed goes on at the next start."""

import hashlib
import os
import pathlib
import re
import signal
import sqlite3
import subprocess
import tempfile
import unittest

from service import PROGRAM, ROOT, Service, moderato, plain_environment

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


def served(data, key=None, program=PROGRAM):
    """Starts a program on this data, posts a comment, and ends it in order; the key."""
    with Service(program=program, key=key, MODERATO_DATA_DIR=str(data)) as service:
        service.comment(text="A calm remark.", name="Ann", email="ann@example.org")
        service.process.terminate()
        assert service.process.wait() == 0
        return service.key


class GoingBack(unittest.TestCase):
    """The version before works on the schema of the next one."""

    def test_migrations_add_and_remove_nothing(self):
        for migration in (ROOT / "migrations").glob("*/*.sql"):
            text = re.sub(r"--.*", "", migration.read_text())
            self.assertNotRegex(text, r"(?i)\bDROP\s+(TABLE|COLUMN|VIEW)|\bRENAME\b|\bSET\s+NOT\s+NULL", migration.name)
            for column in re.findall(r"(?is)\bADD\s+COLUMN\s+([^;]*)", text):
                self.assertTrue("NOT NULL" not in column.upper() or "DEFAULT" in column.upper(), f"{migration.name}: {column}")

    def test_this_program_works_on_a_schema_that_a_later_one_added_to(self):
        with tempfile.TemporaryDirectory() as directory:
            data = pathlib.Path(directory)
            key = served(data)
            database = sqlite3.connect(data / "moderato.db")
            for table in ("comments", "events", "sites", "outbox", "users"):
                database.execute(f"ALTER TABLE {table} ADD COLUMN later TEXT")
            database.execute("CREATE TABLE later (id INTEGER PRIMARY KEY) STRICT")
            database.execute(
                "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time) VALUES (9999, 'later', TRUE, x'00', 0)"
            )
            database.commit()
            database.close()
            served(data, key)
            self.assertEqual(moderato("doctor", "--data-dir", directory).returncode, 0)
            self.assertEqual(len(moderato("export", "--data-dir", directory).stdout.splitlines()), 2)

    if os.environ.get("PREVIOUS"):

        def test_the_program_of_the_release_before_works_on_the_schema_of_today(self):
            with tempfile.TemporaryDirectory() as directory:
                data = pathlib.Path(directory)
                before = str(pathlib.Path(os.environ["PREVIOUS"]).resolve())
                key = served(data, program=before)
                served(data, key)
                served(data, key, program=before)
                self.assertEqual(len(moderato("export", "--data-dir", directory).stdout.splitlines()), 3)


if __name__ == "__main__":
    unittest.main()
