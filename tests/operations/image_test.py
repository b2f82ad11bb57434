"""The image: built by buildah without a daemon, and used. IMAGE=release builds the program for it, static, as a release has it (long);
IMAGE=PATH takes one that is built already. Otherwise it holds the program of the other tests with the libraries that it needs.
Only root may use `chroot` isolation."""

import json
import os
import pathlib
import re
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
import time
import tomllib
import unittest
import urllib.request

import yaml
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
from postgres import Postgres
from service import PROGRAM, ROOT
from walk_test import Newcomer, blocks, on_free_ports, section

RELEASE = os.environ.get("IMAGE")
LARGEST = 15_000_000
USER = 65532
# Where the program may write, and what a container's runtime makes itself.
WRITABLE = ("var/lib/moderato", "tmp", "proc", "sys", "dev", "run", "etc/hosts", "etc/hostname", "etc/resolv.conf")


def run(*command, **options):
    done = subprocess.run(command, capture_output=True, text=True, check=False, **options)
    if done.returncode != 0:
        raise AssertionError(f"{' '.join(map(str, command))}: {done.stdout[-2000:]}{done.stderr[-4000:]}")
    return done.stdout.strip()


def with_libraries(program, root):
    """What a program that is not static needs from this machine."""
    for library in re.findall(r"(/\S+) \(0x", run("ldd", program)):
        target = root / library.removeprefix("/")
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(library, target)


def files(root):
    """All files of a directory outside of what may change, with what tells that one has changed."""
    found = {}
    for path in root.rglob("*"):
        name = str(path.relative_to(root))
        if not name.startswith(WRITABLE):
            about = path.lstat()
            # The runtime mounts files into directories, which changes their times.
            found[name] = (about.st_mode, *([] if path.is_dir() else [about.st_size, about.st_mtime_ns]))
    return found


class Release(unittest.TestCase):
    def test_the_workflow_is_well_formed_and_names_files_that_exist(self):
        jobs = yaml.safe_load((ROOT / ".github/workflows/release.yml").read_text())["jobs"]
        commands = "\n".join(step.get("run", "") for job in jobs.values() for step in job["steps"])
        for name in re.findall(r"(?<!\S)(?:\./)?((?:packaging|tests|\.ci)/\S+)", commands):
            self.assertTrue(os.access(ROOT / name, os.X_OK), name)
        # The image is that of the tests: the last stage of the same recipe, on the same directory.
        self.assertIn("--timestamp 0 --build-context build=out", commands)
        self.assertRegex((ROOT / "Dockerfile").read_text(), r"(?m)^COPY --from=build /root-of-image/ /$")
        for job in jobs.values():
            self.assertIn("timeout-minutes", job)
            self.assertIn("permissions", job)
            for step in job["steps"]:
                self.assertRegex(step.get("uses", "a/b@v1"), r"^[\w./-]+@v\d+$")

    def test_one_compiler_makes_every_release(self):
        workflow = yaml.safe_load((ROOT / ".github/workflows/release.yml").read_text())
        pinned = workflow["env"]["RUSTUP_TOOLCHAIN"]
        self.assertIn(f"FROM docker.io/library/rust:{pinned}-", (ROOT / "Dockerfile").read_text())
        for name, job in workflow["jobs"].items():
            commands = "\n".join(step.get("run", "") for step in job["steps"])
            self.assertIn('rustup toolchain install "$RUSTUP_TOOLCHAIN"', commands, name)

    def test_updates_are_asked_for_everything_that_is_locked(self):
        updates = yaml.safe_load((ROOT / ".github/dependabot.yml").read_text())["updates"]
        asked = {(update["package-ecosystem"], name.strip("/")) for update in updates for name in update.get("directories", [update.get("directory")])}
        for lock, ecosystem in (("package-lock.json", "npm"), ("requirements.txt", "pip"), ("Cargo.toml", "cargo")):
            for path in run("git", "ls-files", f"*{lock}", lock, cwd=ROOT).splitlines():
                directory = str(pathlib.Path(path).parent)
                self.assertIn((ecosystem, "" if directory == "." else directory), asked)


@unittest.skipIf(os.getuid() != 0, "building an image without a daemon needs root")
@unittest.skipIf(shutil.which("buildah") is None, "buildah is not installed")
class Image(Newcomer):
    @classmethod
    def setUpClass(cls):
        cls.work = pathlib.Path(cls.enterClassContext(tempfile.TemporaryDirectory(prefix="moderato-image-")))
        cls.addClassCleanup(cls.buildah, "rm", "--all")
        root = cls.work / "built/root-of-image"
        if RELEASE:
            run(ROOT / "packaging/image/root", root, *([] if RELEASE == "release" else [RELEASE]))
        else:
            run(ROOT / "packaging/image/root", root, PROGRAM)
            with_libraries(PROGRAM, root)
        cls.digests = []
        for n in ("1", "2"):
            # Times of files are not part of an image: both builds see other ones.
            os.utime(root / "moderato")
            cls.buildah("bud", "--isolation", "chroot", "--timestamp", "0", "--build-context", f"build={cls.work}/built", "--tag", f"moderato:{n}", str(ROOT))
            cls.buildah("push", "--quiet", f"moderato:{n}", f"oci-archive:{cls.work}/{n}.tar")
            cls.digests.append(cls.buildah("inspect", "--type", "image", "--format", "{{.FromImageDigest}}", f"moderato:{n}"))
        cls.about = json.loads(cls.buildah("inspect", "--type", "image", "moderato:1"))["OCIv1"]
        cls.container = cls.buildah("from", "moderato:1")
        cls.root = pathlib.Path(cls.buildah("mount", cls.container))

    @classmethod
    def buildah(cls, *args):
        return run("buildah", "--root", str(cls.work / "storage"), "--runroot", str(cls.work / "run"), "--storage-driver", "vfs", *args)

    def moderato(self, *args):
        return self.buildah("run", "--isolation", "chroot", self.container, "--", "/moderato", *args)

    def test_two_builds_are_one_image(self):
        self.assertRegex(self.digests[0], "^sha256:[0-9a-f]{64}$")
        self.assertEqual(*self.digests)
        print(f"image: {(self.work / '1.tar').stat().st_size / 1e6:.1f} MB, {self.digests[0]}")

    def test_it_is_one_layer_of_one_program_for_a_user_without_rights(self):
        self.assertEqual(len(self.about["rootfs"]["diff_ids"]), 1)
        config = self.about["config"]
        self.assertEqual((config["User"], config["Entrypoint"], config["Cmd"]), (f"{USER}:{USER}", ["/moderato"], ["serve"]))
        programs = [name for name, (mode, *_) in files(self.root).items() if stat.S_ISREG(mode) and mode & 0o111 and "lib" not in name]
        self.assertEqual(programs, ["moderato"])
        owned = [str(path) for path in self.root.rglob("*") if path.lstat().st_uid != 0]
        self.assertEqual(owned, [str(self.root / "var/lib/moderato")], "the rest can be mounted read-only")

    if RELEASE:

        def test_it_is_small_and_static(self):
            self.assertLessEqual((self.work / "1.tar").stat().st_size, LARGEST)
            done = subprocess.run(["ldd", self.root / "moderato"], capture_output=True, text=True, check=False)
            self.assertNotIn("=>", done.stdout + done.stderr)
            self.assertEqual([name for name in files(self.root) if ".so" in name], [])

    def test_it_says_what_it_is_made_of(self):
        bom = json.loads((self.root / "usr/share/moderato/bom.json").read_text())
        self.assertEqual((bom["bomFormat"], bom["metadata"]["component"]["name"]), ("CycloneDX", "moderato"))
        lock = tomllib.loads((ROOT / "Cargo.lock").read_text())["package"]
        locked = {(package["name"], package["version"]): package.get("checksum") for package in lock}
        self.assertGreater(len(bom["components"]), 100)
        for component in bom["components"]:
            checksum = locked[component["name"], component["version"]]
            self.assertEqual([entry["content"] for entry in component.get("hashes", [])], [checksum])
        named = {component["name"] for component in bom["components"]}
        self.assertLessEqual({"axum", "sqlx", "tokio", "linfa"}, named)
        self.assertNotIn("insta", named, "what only tests use is not in the image")
        fault = JsonStrictValidator(SchemaVersion.V1_6).validate_str(json.dumps(bom))
        self.assertIsNone(fault, str(fault)[:500])

    def test_the_context_has_everything_that_the_build_reads(self):
        (self.work / "context").mkdir()
        recipe = self.work / "context/Dockerfile"
        recipe.write_text("FROM scratch\nCOPY . /source\n")
        self.buildah("bud", "--isolation", "chroot", "--tag", "context", "--file", str(recipe), str(ROOT))
        source = pathlib.Path(self.buildah("mount", self.buildah("from", "context"))) / "source"
        for name in run("git", "ls-files", "src", "migrations", "models", "packaging", cwd=ROOT).splitlines():
            self.assertTrue((source / name).exists(), name)
        # Cargo wants every file that the manifest names.
        run("cargo", "metadata", "--locked", "--offline", "--no-deps", "--format-version", "1", cwd=source)
        self.assertFalse((source / "target").exists() or (source / ".git").exists())

    def test_it_runs_and_writes_to_its_data_only(self):
        before = files(self.root)
        self.assertRegex(self.moderato("--version"), r"^moderato \d+\.\d+\.\d+")
        self.assertNotIn("FAULT", self.moderato("doctor"))
        command = ["buildah", "--root", str(self.work / "storage"), "--runroot", str(self.work / "run"), "--storage-driver", "vfs",
                   "run", "--isolation", "chroot", self.container, "--", "/moderato", "serve", "--listen", "127.0.0.1:0"]
        with open(self.work / "said", "w") as said, subprocess.Popen(command, stdout=subprocess.PIPE, stderr=said, text=True) as runner:
            try:
                line = runner.stdout.readline()
                self.assertRegex(line, "^listening on ", (self.work / "said").read_text())
                self.check_service(line.removeprefix("listening on ").strip())
            finally:
                for pid in service_processes(self.root):
                    os.kill(pid, signal.SIGTERM)
                runner.stdout.read()
        self.assertEqual(runner.returncode, 0, (self.work / "said").read_text())
        self.assertEqual(set(files(self.root).items()) ^ set(before.items()), set())

    def test_the_containers_of_the_documentation_serve_on_both_databases(self):
        (self.work / "storage.conf").write_text(f'[storage]\ndriver = "vfs"\ngraphroot = "{self.work}/storage"\nrunroot = "{self.work}/run"\n')
        self.environment["CONTAINERS_STORAGE_CONF"] = str(self.work / "storage.conf")
        self.buildah("tag", "moderato:1", "moderato")
        with Postgres() as database:
            text, ports = on_free_ports(section("In containers"))
            text = text.replace("postgres://moderato:choose-one@127.0.0.1:5432/moderato", database.url)
            # The image is there; how it is built is what `setUpClass` does.
            on_sqlite, on_postgresql = [block for block in blocks(text, "sh") if "buildah bud" not in block]
            for block, name, port in ((on_sqlite, "one", "8080"), (on_postgresql, "two", "8081")):
                self.said = {}
                self.addCleanup(self.stop, name)
                self.take(block)
                self.check(f"http://127.0.0.1:{ports[port]}")
                self.stop(name)

    def stop(self, container):
        root = pathlib.Path(self.buildah("mount", container))
        while running := list(service_processes(root)):
            for pid in running:
                os.kill(pid, signal.SIGTERM)
            time.sleep(0.2)

    def check_service(self, url):
        # What comes through another pipe may come later than the address.
        while not (key := re.search(r"site key: (\S+)\s", (self.work / "said").read_text())):
            time.sleep(0.05)
        request = urllib.request.Request(
            f"{url}/v1/comments", data=b'{"text": "Nice article!"}',
            headers={"Authorization": f"Bearer {key[1]}", "Content-Type": "application/json"},
        )
        with urllib.request.urlopen(request, timeout=60) as answer:
            self.assertIn("decision", json.load(answer))
        with urllib.request.urlopen(f"{url}/readyz", timeout=60) as answer:
            self.assertEqual(json.load(answer)["status"], "ready")
        owners = {os.stat(f"/proc/{pid}").st_uid for pid in service_processes(self.root)}
        self.assertEqual(owners, {USER})


def service_processes(root):
    """Processes whose program is the one of this image."""
    program = os.stat(root / "moderato")
    for process in pathlib.Path("/proc").glob("[0-9]*"):
        try:
            running = os.stat(process / "exe")
        except OSError:
            continue
        if (running.st_dev, running.st_ino) == (program.st_dev, program.st_ino):
            yield int(process.name)


if __name__ == "__main__":
    sys.exit(unittest.main())
