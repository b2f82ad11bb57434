"""What deny.toml says of the dependencies is so: licences, sources, bans. `cargo deny` says the same and more, where it is installed."""

import json
import re
import shutil
import subprocess
import tomllib
import unittest

from service import ROOT

DENY = tomllib.loads((ROOT / "deny.toml").read_text())
REGISTRY = "registry+https://github.com/rust-lang/crates.io-index"


def packages():
    """Every package of the lock file that is not ours, for all systems and features."""
    command = ["cargo", "metadata", "--locked", "--all-features", "--format-version", "1"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    return [package for package in json.loads(done.stdout)["packages"] if package["name"] != "moderato"]


def allows(expression, allowed):
    """Whether an SPDX expression can be fulfilled with these licences alone."""
    tokens = re.findall(r"\(|\)|[^\s()]+", expression.replace("/", " OR "))

    def either():
        found = both()
        while tokens and tokens[0] == "OR":
            tokens.pop(0)
            found = both() or found
        return found

    def both():
        found = one()
        while tokens and tokens[0] == "AND":
            tokens.pop(0)
            found = one() and found
        return found

    def one():
        token = tokens.pop(0)
        if token == "(":
            found = either()
            tokens.pop(0)
            return found
        if tokens and tokens[0] == "WITH":
            return f"{token} {tokens.pop(0)} {tokens.pop(0)}" in allowed
        return token in allowed

    return either()


class Dependencies(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.packages = packages()

    def test_licences_are_allowed_and_every_allowed_one_is_needed(self):
        allowed = set(DENY["licenses"]["allow"])
        exceptions = {entry["crate"]: set(entry["allow"]) for entry in DENY["licenses"].get("exceptions", [])}
        for package in self.packages:
            licence = package["license"] or ""
            self.assertTrue(allows(licence, allowed | exceptions.get(package["name"], set())), f"{package['name']}: {licence}")
        named = " ".join(package["license"] or "" for package in self.packages)
        self.assertEqual([licence for licence in allowed if licence not in named], [])

    def test_the_reading_of_an_expression(self):
        for expression, so in {"MIT": True, "GPL-3.0": False, "MIT OR GPL-3.0": True, "MIT AND GPL-3.0": False,
                               "(MIT OR GPL-3.0) AND ISC": False, "Apache-2.0 WITH LLVM-exception": False}.items():  # fmt: skip
            self.assertEqual(allows(expression, {"MIT"}), so, expression)

    def test_all_come_from_the_registry(self):
        self.assertEqual({package["source"] for package in self.packages}, {REGISTRY})

    def test_what_is_banned_is_absent(self):
        banned = {entry["crate"] for entry in DENY["bans"]["deny"]}
        self.assertEqual([package["name"] for package in self.packages if package["name"] in banned], [])

    def test_our_code_has_no_unsafe_blocks(self):
        self.assertEqual(tomllib.loads((ROOT / "Cargo.toml").read_text())["lints"]["rust"]["unsafe_code"], "forbid")

    if shutil.which("cargo-deny"):

        def test_cargo_deny_agrees(self):
            done = subprocess.run(["cargo", "deny", "--offline", "--all-features", "check", "bans", "licenses", "sources"], cwd=ROOT, capture_output=True, text=True, check=False)
            self.assertEqual(done.returncode, 0, done.stderr)


if __name__ == "__main__":
    unittest.main()
