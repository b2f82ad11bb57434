"""The manifests in k8s/: as expected, valid, safe, and true to the program. No cluster is needed."""

import os
import pathlib
import re
import subprocess
import tempfile
import tomllib
import unittest

import yaml
from service import ROOT, Service, moderato

OVERLAYS = ["cnpg", "dev", "postgres", "sqlite"]
MINORS = ["1.34", "1.35", "1.36", "1.37"]
# Kinds of operators, whose schemas are not part of Kubernetes.
FOREIGN = {"Cluster", "PrometheusRule", "ServiceMonitor"}
GOLDEN = pathlib.Path(__file__).parent / "golden"


def rendered(overlay):
    command = ["kubectl", "kustomize", str(ROOT / "k8s" / "overlays" / overlay)]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


TEXTS = {overlay: rendered(overlay) for overlay in OVERLAYS}
OBJECTS = {overlay: list(yaml.safe_load_all(text)) for overlay, text in TEXTS.items()}


def everywhere(kind=None):
    for overlay, objects in OBJECTS.items():
        for item in objects:
            if kind is None or item["kind"] == kind:
                yield overlay, item


def pod_template(item):
    spec = item.get("spec", {})
    if item["kind"] == "CronJob":
        spec = spec["jobTemplate"]["spec"]
    return spec.get("template") if item["kind"] in ("Deployment", "StatefulSet", "Job", "CronJob") else None


def containers():
    for overlay, item in everywhere():
        template = pod_template(item)
        if template:
            for container in template["spec"]["containers"]:
                yield overlay, item, template, container


def config_map(overlay, name):
    """The generated map whose name begins so, and goes on with a hash."""
    found = [m for _, m in everywhere("ConfigMap") if re.fullmatch(name + "(-[a-z0-9]{10})?", m["metadata"]["name"])]
    return next(m for m in found if m in OBJECTS[overlay])["data"]


class Manifests(unittest.TestCase):
    maxDiff = None

    def test_every_overlay_is_as_expected(self):
        for overlay in OVERLAYS:
            objects = [dict(item) for item in yaml.safe_load_all(TEXTS[overlay])]
            for item in objects:
                # These have files and tests of their own.
                if item["metadata"]["name"] == "moderato-dashboard":
                    item["data"] = "k8s/components/dashboard/moderato.json"
                if item["kind"] == "PrometheusRule":
                    item["spec"] = "k8s/components/prometheusrule/prometheusrule.yaml"
            text = yaml.safe_dump_all(objects, sort_keys=True, allow_unicode=True)
            file = GOLDEN / f"{overlay}.yaml"
            if os.environ.get("UPDATE"):
                file.write_text(text)
            self.assertEqual(text, file.read_text(), f"{file}: UPDATE=1 tests/operations/run writes it anew")

    def test_every_overlay_is_valid_on_the_four_newest_minors(self):
        with tempfile.TemporaryDirectory() as directory:
            files = []
            for overlay, text in TEXTS.items():
                files.append(pathlib.Path(directory) / f"{overlay}.yaml")
                files[-1].write_text(text)
            for minor in MINORS:
                command = ["kubernetes-validate", "--strict", "-k", minor, *map(str, files)]
                done = subprocess.run(command, capture_output=True, text=True, check=False)
                said = (done.stdout + done.stderr).splitlines()
                unknown = [re.search(r"schema for kind (\w+)", line) for line in said]
                self.assertLessEqual({match[1] for match in unknown if match}, FOREIGN)
                self.assertEqual([line for line in said if line.startswith("ERROR")], [], minor)
                self.assertEqual(done.returncode, 0, minor)

    def test_checkov_finds_nothing(self):
        with tempfile.TemporaryDirectory() as directory:
            for overlay, text in TEXTS.items():
                (pathlib.Path(directory) / f"{overlay}.yaml").write_text(text)
            waivers = str(pathlib.Path(__file__).parent / "checkov.yaml")
            command = ["checkov", "--config-file", waivers, "--directory", directory, "--output", "json"]
            # Not the variables of whoever runs the tests: some make it ask a service in the network.
            done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=directory)
            report = yaml.safe_load(done.stdout)
            self.assertGreater(report["summary"]["passed"], 300, done.stdout + done.stderr)
            failed = [f"{c['check_id']} {c['resource']}" for c in report["results"]["failed_checks"]]
            self.assertEqual(failed, [])

    def test_no_overlay_contains_a_secret(self):
        self.assertEqual([item for _, item in everywhere("Secret")], [])
        for overlay, item, _, container in containers():
            for variable in container.get("env", []):
                self.assertNotIn("valueFrom", variable, f"{overlay}: {item['metadata']['name']}")
        for overlay in OVERLAYS:
            for name in config_map(overlay, "moderato-settings"):
                self.assertTrue(name.endswith("_FILE") or not re.search("PASSWORD|SECRET|TOKEN|DATABASE_URL", name), name)

    def test_every_object_is_in_its_namespace_and_has_the_usual_labels(self):
        for overlay, item in everywhere():
            metadata = item["metadata"]
            self.assertEqual(metadata["labels"]["app.kubernetes.io/name"], "moderato", f"{overlay}: {metadata['name']}")
            if item["kind"] != "Namespace":
                self.assertEqual(metadata["namespace"], "moderato", f"{overlay}: {metadata['name']}")
            if pod_template(item):
                self.assertEqual(pod_template(item)["metadata"]["labels"]["app.kubernetes.io/name"], "moderato")


class TrueToTheProgram(unittest.TestCase):
    def test_every_setting_exists_and_has_a_valid_value(self):
        for overlay in OVERLAYS:
            with tempfile.TemporaryDirectory() as directory:
                file = pathlib.Path(directory) / "moderato.toml"
                file.write_text(config_map(overlay, "moderato")["moderato.toml"])
                environment = dict(config_map(overlay, "moderato-settings"))
                for name, value in environment.items():
                    if name.endswith("_FILE"):
                        secret = pathlib.Path(directory) / name
                        secret.write_text("postgres://moderato:secret@db.example/moderato\n")
                        environment[name] = str(secret)
                moderato("config", "check", "--config", str(file), cwd=directory, **environment)
                # The check itself works.
                wrong = moderato("config", "check", "--config", str(file), check=False, MODERATO_NO_SUCH="1")
                self.assertEqual(wrong.returncode, 78)

    def test_secret_files_are_where_the_settings_say(self):
        for overlay, item, template, container in containers():
            mounted = {mount["name"]: mount["mountPath"] for mount in container["volumeMounts"]}
            files = {
                f"{mounted[volume['name']]}/{entry['path']}"
                for volume in template["spec"]["volumes"]
                for entry in volume.get("secret", {}).get("items", [])
            }
            for name, value in config_map(overlay, "moderato-settings").items():
                if name.endswith("_FILE"):
                    self.assertIn(value, files, f"{overlay}: {item['metadata']['name']}")

    def test_ports_are_those_that_the_program_listens_on(self):
        for overlay, item, _, container in containers():
            settings = tomllib.loads(config_map(overlay, "moderato")["moderato.toml"])
            ports = {port["name"]: port["containerPort"] for port in container.get("ports", [])}
            if not ports:
                self.assertNotEqual(container["args"], ["serve"], overlay)
                continue
            listens = {name: int(settings[key].rsplit(":", 1)[1]) for name, key in (("http", "listen"), ("metrics", "metrics_listen"))}
            self.assertEqual(ports, listens, overlay)
        names = {"http", "metrics"}
        for overlay, service in everywhere("Service"):
            self.assertLessEqual({port["targetPort"] for port in service["spec"]["ports"]}, names)
        for overlay, ingress in everywhere("Ingress"):
            for rule in ingress["spec"]["rules"]:
                for path in rule["http"]["paths"]:
                    self.assertEqual(path["backend"]["service"], {"name": "moderato", "port": {"name": "http"}})
        for overlay, policy in everywhere("NetworkPolicy"):
            if policy["metadata"]["name"] == "moderato-ingress":
                ports = {port["port"] for rule in policy["spec"]["ingress"] for port in rule["ports"]}
                self.assertEqual(ports, names)

    def test_probes_and_scrapes_ask_what_the_monitoring_listener_answers(self):
        paths = {endpoint["path"] for _, monitor in everywhere("ServiceMonitor") for endpoint in monitor["spec"]["endpoints"]}
        for _, _, _, container in containers():
            for probe in ("startupProbe", "livenessProbe", "readinessProbe"):
                if probe in container:
                    self.assertEqual(container[probe]["httpGet"]["port"], "metrics")
                    paths.add(container[probe]["httpGet"]["path"])
        self.assertEqual(len(paths), 3)
        with Service() as service:
            for path in paths:
                self.assertEqual(service.get(service.monitoring + path)[0], 200, path)

    def test_commands_and_options_exist(self):
        commands = {tuple(container["args"]) for _, _, _, container in containers()}
        self.assertGreaterEqual(len(commands), 3)
        for command in commands:
            moderato(*command, "--help")
            wrong = moderato(*command, "--no-such-option", "--help", check=False)
            self.assertEqual(wrong.returncode, 2)

    def test_the_grace_period_is_longer_than_an_orderly_stop(self):
        source = (ROOT / "src/server.rs").read_text()
        notice, drain = (int(re.search(rf"const {name}: Duration = Duration::from_secs\((\d+)\)", source)[1]) for name in ("NOTICE", "DRAIN"))
        for overlay, _, template, container in containers():
            if container["args"] == ["serve"]:
                asleep = container["lifecycle"]["preStop"]["sleep"]["seconds"]
                self.assertGreaterEqual(template["spec"]["terminationGracePeriodSeconds"], asleep + notice + drain + 10, overlay)

    def test_each_claim_and_reference_has_its_object(self):
        for overlay, item, template, container in containers():
            names = {(other["kind"], other["metadata"]["name"]) for other in OBJECTS[overlay]}
            names |= {
                ("PersistentVolumeClaim", f"{claim['metadata']['name']}-{owner['metadata']['name']}-0")
                for owner in OBJECTS[overlay]
                for claim in owner.get("spec", {}).get("volumeClaimTemplates", [])
            }
            for volume in template["spec"]["volumes"]:
                if "configMap" in volume:
                    self.assertIn(("ConfigMap", volume["configMap"]["name"]), names)
                if "persistentVolumeClaim" in volume:
                    self.assertIn(("PersistentVolumeClaim", volume["persistentVolumeClaim"]["claimName"]), names)
            for source in container["envFrom"]:
                self.assertIn(("ConfigMap", source["configMapRef"]["name"]), names)
            volumes = {volume["name"] for volume in template["spec"]["volumes"]} | {
                claim["metadata"]["name"] for claim in item["spec"].get("volumeClaimTemplates", [])
            }
            self.assertLessEqual({mount["name"] for mount in container["volumeMounts"]}, volumes, overlay)


if __name__ == "__main__":
    unittest.main()
