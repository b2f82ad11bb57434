"""The table of ASVS in the book: complete, and true to what it names."""

import re
import subprocess
import unittest

from service import ROOT

# How many requirements of levels 1 and 2 each section of version 5.0.0 has; they are the first of their section.
SECTIONS = {
    "1.1": 2, "1.2": 9, "1.3": 11, "1.4": 3, "1.5": 2, "2.1": 3, "2.2": 3, "2.3": 4, "2.4": 1, "3.2": 2, "3.3": 4, "3.4": 6, "3.5": 5, "3.7": 2,
    "4.1": 3, "4.2": 1, "4.3": 2, "4.4": 4, "5.1": 1, "5.2": 3, "5.3": 2, "5.4": 3, "6.1": 3, "6.2": 12, "6.3": 4, "6.4": 4, "6.5": 5, "6.6": 3,
    "6.8": 4, "7.1": 3, "7.2": 4, "7.3": 2, "7.4": 5, "7.5": 2, "7.6": 2, "8.1": 2, "8.2": 3, "8.3": 1, "8.4": 1, "9.1": 3, "9.2": 4, "10.1": 2,
    "10.2": 2, "10.3": 4, "10.4": 11, "10.5": 5, "10.6": 2, "10.7": 3, "11.1": 2, "11.2": 3, "11.3": 3, "11.4": 4, "11.5": 1, "11.6": 1,
    "12.1": 3, "12.2": 2, "12.3": 4, "13.1": 1, "13.2": 5, "13.3": 2, "13.4": 5, "14.1": 2, "14.2": 4, "14.3": 3, "15.1": 3, "15.2": 3,
    "15.3": 7, "16.1": 1, "16.2": 5, "16.3": 4, "16.4": 3, "16.5": 3, "17.1": 1, "17.2": 4, "17.3": 2,
}  # fmt: skip
ROWS = re.findall(r"^\| V(\d+\.\d+) [^|]*\|([^|]*)\|([^|]*)\|([^|]*)\|([^|]*)\|([^|]*)\|$", (ROOT / "docs/security.md").read_text(), re.M)


def numbers(cell):
    """Requirements that a cell names: “1–3, 5 LDAP” are four."""
    found = []
    # What is said of them in brackets or after a colon may have numbers of its own.
    for first, last in re.findall(r"(?:^|[,;] )(\d+)(?:–(\d+))?(?=[ ,;:]|$)", re.sub(r"\([^)]*\)", "", cell.strip())):
        found += range(int(first), int(last or first) + 1)
    return found


class Asvs(unittest.TestCase):
    def test_every_requirement_of_both_levels_is_in_the_table_once(self):
        self.assertEqual(sum(SECTIONS.values()), 253)
        self.assertEqual([section for section, *_ in ROWS], list(SECTIONS))
        for section, *columns, _ in ROWS:
            named = sorted(number for column in columns for number in numbers(column))
            self.assertEqual(named, list(range(1, SECTIONS[section] + 1)), f"V{section}")

    def test_what_shows_it_exists(self):
        listed = subprocess.run(["git", "ls-files", "src", "tests"], cwd=ROOT, capture_output=True, text=True, check=True).stdout.splitlines()
        sources = "".join((ROOT / name).read_text() for name in listed if name.endswith((".rs", ".py", ".mjs")))
        tests = set(re.findall(r"(?:fn|def) (\w+)\(", sources))
        seen = 0
        for section, *_, how in ROWS:
            for name in re.findall(r"`([^`]+)`", how):
                if "/" in name and not name.startswith("/") or re.fullmatch(r"\w+\.toml", name):
                    self.assertTrue((ROOT / name).exists(), f"V{section}: {name}")
                elif re.fullmatch(r"\w+_\w+_\w+", name):
                    self.assertIn(name, tests, f"V{section}")
                    seen += 1
        self.assertGreater(seen, 40)


if __name__ == "__main__":
    unittest.main()
