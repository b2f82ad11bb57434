"""Writes a CycloneDX bill of materials of the program: sbom.py TARGET. What cargo resolved for it, with checksums; no times, so that it is the same each time."""

import json
import subprocess
import sys
import tomllib

target = sys.argv[1]
metadata = json.loads(
    subprocess.run(
        ["cargo", "metadata", "--locked", "--format-version", "1", "--filter-platform", target], capture_output=True, check=True
    ).stdout
)
with open("Cargo.lock", "rb") as lock:
    checksums = {(p["name"], p["version"]): p.get("checksum") for p in tomllib.load(lock)["package"]}
packages = {package["id"]: package for package in metadata["packages"]}
nodes = {node["id"]: node for node in metadata["resolve"]["nodes"]}
root = metadata["resolve"]["root"]


def parts(node):
    """What is linked or used to build; not what only tests use."""
    return [dep["pkg"] for dep in nodes[node]["deps"] if any(kind["kind"] != "dev" for kind in dep["dep_kinds"])]


reached, waiting = {root}, [root]
while waiting:
    for part in parts(waiting.pop()):
        if part not in reached:
            reached.add(part)
            waiting.append(part)


def name(identity):
    package = packages[identity]
    return f"pkg:cargo/{package['name']}@{package['version']}"


def component(identity, kind="library"):
    package = packages[identity]
    found = {
        "type": kind, "bom-ref": name(identity), "name": package["name"], "version": package["version"], "purl": name(identity),
    }
    if package.get("license"):
        found["licenses"] = [{"expression": package["license"].replace("/", " OR ")}]
    checksum = checksums.get((package["name"], package["version"]))
    if checksum:
        found["hashes"] = [{"alg": "SHA-256", "content": checksum}]
    return found


json.dump(
    {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": {"component": component(root, "application")},
        "components": sorted((component(i) for i in reached - {root}), key=lambda c: c["bom-ref"]),
        "dependencies": sorted(
            ({"ref": name(i), "dependsOn": sorted({name(p) for p in parts(i)})} for i in reached), key=lambda d: d["ref"]
        ),
    },
    sys.stdout,
    indent=1,
    sort_keys=True,
)
print()
