"""The documentation: it builds, its links lead somewhere, and its commands run."""

import json
import pathlib
import re
import shlex
import shutil
import subprocess
import tempfile
import unittest

from service import PROGRAM, ROOT, Service, moderato, plain_environment

PAGES = sorted((ROOT / "docs").glob("*.md")) + [ROOT / name for name in ("README.md", "SECURITY.md", "UPGRADING.md", "CHANGELOG.md")]
# Programs that need a cluster, an init system or an image; `manifests_test.py` and `image_test.py` have what they are told.
NOT_RUN = {"buildah", "cd", "kubectl", "kustomize", "mkdir", "mv", "du", "systemctl"}


def commands(page):
    """Lines of the blocks marked `sh`, but of those that `walk_test.py` and `image_test.py` take."""
    text = re.sub(r"^## (?:PostgreSQL, several replicas|In containers)\n.*?(?=^## )", "", page.read_text(), flags=re.M | re.S)
    for block in re.findall(r"^```sh\n(.*?)^```", text, re.M | re.S):
        for line in block.splitlines():
            if line.strip() and not line.startswith("#"):
                yield line


class Book(unittest.TestCase):
    def test_it_builds_without_a_warning(self):
        with tempfile.TemporaryDirectory() as directory:
            done = subprocess.run(
                ["mdbook", "build", str(ROOT / "docs"), "--dest-dir", directory], capture_output=True, text=True, check=False
            )
            said = done.stdout + done.stderr
            self.assertEqual(done.returncode, 0, said)
            self.assertNotRegex(said, r"(?i)warn|error")

    def test_every_page_is_in_the_summary(self):
        summary = (ROOT / "docs/SUMMARY.md").read_text()
        for page in (ROOT / "docs").glob("*.md"):
            if page.name != "SUMMARY.md":
                self.assertIn(f"({page.name})", summary)

    def test_links_lead_to_files_and_headings(self):
        for page in PAGES:
            text = re.sub(r"^```.*?^```", "", page.read_text(), flags=re.M | re.S)
            for link in re.findall(r"\]\(([^)\s]+)\)", text):
                if re.match(r"\w+:", link):
                    continue
                name, _, heading = link.partition("#")
                target = (page.parent / name).resolve() if name else page
                self.assertTrue(target.exists(), f"{page.name}: {link}")
                if heading:
                    headings = {
                        re.sub(r"[^\w -]", "", line.lstrip("# ").lower()).replace(" ", "-")
                        for line in target.read_text().splitlines()
                        if line.startswith("#")
                    }
                    self.assertIn(heading, headings, f"{page.name}: {link}")


class Commands(unittest.TestCase):
    def test_commands_of_the_documentation_run(self):
        ran = 0
        for page in sorted((ROOT / "docs").glob("*.md")) + [ROOT / "UPGRADING.md"]:
            # Each page on a service and a directory of its own, in the order of the page.
            with Service() as service, tempfile.TemporaryDirectory() as directory:
                directory = pathlib.Path(directory)
                (directory / "bin").mkdir()
                (directory / "bin/moderato").symlink_to(PROGRAM)
                (directory / "backups").mkdir()
                environment = plain_environment(
                    MODERATO_DATA_DIR=str(service.data), MODERATO_KEY=service.key, PATH=f"{directory}/bin:/usr/bin:/bin"
                )
                for line in commands(page):
                    words = shlex.split(line)
                    program = next(word for word in words if "=" not in word)
                    if program in NOT_RUN or "serve" in words or ".db" in line and "restore /var" in line:
                        continue
                    self.assertIn(program, ("moderato", "curl", "echo"), f"{page.name}: {line}")
                    line = line.replace("/var/backups/moderato", f"{directory}/backups")
                    line = line.replace("http://127.0.0.1:9090", service.monitoring).replace("http://127.0.0.1:8080", service.url)
                    done = subprocess.run(
                        ["bash", "-o", "pipefail", "-c", line], cwd=directory, env=environment, capture_output=True, text=True, check=False
                    )
                    self.assertEqual(done.returncode, 0, f"{page.name}: {line}: {done.stderr}")
                    ran += 1
        self.assertGreater(ran, 20)

    @unittest.skipIf(shutil.which("systemd-analyze") is None, "this machine has no systemd")
    def test_the_unit_is_as_safe_as_is_said_and_knows_the_program(self):
        unit = ROOT / "packaging/moderato.service"
        done = subprocess.run(["systemd-analyze", "security", "--offline=true", unit], capture_output=True, text=True, check=False)
        exposure = re.search(r"exposure level for moderato.service: (\S+) ", done.stdout + done.stderr)
        for page in (ROOT / "README.md", ROOT / "docs/operate.md"):
            self.assertEqual(re.findall(r"`systemd-analyze security`: ([\d.]+\d)", page.read_text()), [exposure[1]], page.name)
        for unit in (ROOT / "packaging").glob("*.service"):
            start = re.search(r"^ExecStart=/usr/local/bin/moderato (.*)$", unit.read_text(), re.M)[1]
            moderato(*start.split(), "--help")

    @unittest.skipIf(shutil.which("systemd-analyze") is None, "this machine has no systemd")
    def test_systemd_understands_every_line_of_the_units(self):
        with tempfile.TemporaryDirectory() as directory:
            units = []
            for unit in (ROOT / "packaging").glob("moderato*"):
                units.append(f"{directory}/{unit.name}")
                pathlib.Path(units[-1]).write_text(unit.read_text().replace("/usr/local/bin/moderato", "/bin/true"))
            done = subprocess.run(["systemd-analyze", "verify", "--man=no", *units], capture_output=True, text=True, check=False)
            self.assertEqual((done.returncode, done.stderr), (0, ""))

    def test_commands_and_options_that_are_named_in_a_sentence_exist(self):
        helps = {}

        def help_of(words):
            if words not in helps:
                done = moderato(*words, "--help", check=False)
                helps[words] = done.stdout if done.returncode == 0 else None
            return helps[words]

        for page in PAGES:
            for command in re.findall(r"`moderato ((?!\.)[^`]+)`", page.read_text()):
                words = []
                for word in command.split():
                    if not re.fullmatch("[a-z]+", word) or help_of((*words, word)) is None:
                        break
                    words.append(word)
                self.assertTrue(words or command.startswith("--"), f"{page.name}: {command}")
                for option in re.findall(r"(?<!\S)--[a-z][a-z-]+", command):
                    self.assertIn(f"{option}", help_of(tuple(words)), f"{page.name}: {command}")
        self.assertGreater(len(helps), 20)

    def test_the_page_of_the_api_has_every_call_with_its_scope_and_no_other(self):
        with Service(MODERATO_METRICS_LISTEN="") as service:
            described = json.loads(service.get(service.url + "/openapi.json")[1])["paths"]
        calls = {}
        for path, methods in described.items():
            for method, operation in methods.items():
                scopes = [scope for need in operation.get("security", []) for of in need.values() for scope in of]
                calls[f"{method.upper()} {path}"] = scopes[0] if scopes else "–"
        page = (ROOT / "docs/api.md").read_text()
        self.assertEqual(dict(re.findall(r"^\| `([A-Z]+ /[^`]*)` \| ([^ ]+) \|", page, re.M)), calls)

    def test_settings_that_the_documentation_names_exist(self):
        example = moderato("config", "example").stdout
        keys, table = set(), ""
        for line in example.splitlines():
            table = re.sub(r"[\[\]]", "", line) + "." if line.startswith("[") else table
            match = re.match(r"# (\w+) = ", line)
            if match:
                keys.add(table + match[1])
        variables = {"MODERATO_" + key.upper().replace(".", "_") for key in keys} | {"MODERATO_CONFIG", "MODERATO_KEY"}
        variables |= set(re.findall(r"'(MODERATO_[A-Z_]+)'", (ROOT / "integrations/wordpress/moderato.php").read_text()))
        for page in PAGES:
            for name in re.findall(r"\bMODERATO_[A-Z_]+[A-Z]\b", page.read_text()):
                self.assertIn(name.removesuffix("_FILE"), variables, page.name)


if __name__ == "__main__":
    unittest.main()
