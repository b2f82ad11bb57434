"""Metrics, alerts and dashboard: documented, well-formed, and fed by a service that really runs."""

import json
import pathlib
import re
import shutil
import socket
import subprocess
import tempfile
import time
import unittest
import urllib.parse

import yaml
from service import ROOT, Service

HERE = pathlib.Path(__file__).parent
RULES = yaml.safe_load((ROOT / "k8s/components/prometheusrule/prometheusrule.yaml").read_text())["spec"]
DASHBOARD = json.loads((ROOT / "k8s/components/dashboard/moderato.json").read_text())
ALERTS = {rule["alert"]: rule for group in RULES["groups"] for rule in group["rules"] if "alert" in rule}
RECORDS = {rule["record"] for group in RULES["groups"] for rule in group["rules"] if "record" in rule}
# Metrics of webhooks and of events that no test service has by itself are exposed all the same.
NAME = re.compile(r"\b(?:moderato|process)_[a-z_]+\b")


def queries():
    """Every query of the dashboard: panels, annotations."""
    for panel in DASHBOARD["panels"]:
        for target in panel.get("targets", []):
            yield panel["title"], target["expr"]
    for annotation in DASHBOARD["annotations"]["list"]:
        yield annotation["name"], annotation["expr"]


def exposed(text):
    """Names of all samples of an exposition."""
    return {re.split(r"[{ ]", line, maxsplit=1)[0] for line in text.splitlines() if line and not line.startswith("#")}


def load(service):
    """A little of everything that a service does."""
    spam = "Get a loan in 5 minutes!!! https://easy-cash.example/apply?ref=7 or WhatsApp +1 555 010 9999"
    for n in range(20):
        service.comment(text=f"A calm remark, number {n}.", name="Ann")
        service.comment(text=f"{spam} {n}", name="Best Loans", url="https://easy-cash.example/loans")


class Metrics(unittest.TestCase):
    def test_promtool_finds_nothing_to_complain_about(self):
        with Service() as service:
            load(service)
            status, text = service.get(service.monitoring + "/metrics")
        self.assertEqual(status, 200)
        done = subprocess.run(["promtool", "check", "metrics"], input=text, capture_output=True, text=True, check=False)
        self.assertEqual((done.returncode, done.stdout + done.stderr), (0, ""))

    def test_every_metric_is_documented_and_every_documented_one_exists(self):
        with Service() as service:
            service.run("backup", str(service.data / "copy.db"))
            text = service.get(service.monitoring + "/metrics")[1]
        kinds = dict(line.split()[2:4] for line in text.splitlines() if line.startswith("# TYPE "))
        table = dict(re.findall(r"^\| `([a-z_]+)(?:\{[^`]*\})?` \| (\w+) \|", (ROOT / "docs/metrics.md").read_text(), re.M))
        self.assertEqual(kinds, table)

    def test_labels_are_documented(self):
        with Service() as service:
            load(service)
            text = service.get(service.monitoring + "/metrics")[1]
        table = re.findall(r"^\| `([a-z_]+)(?:\{([^`]*)\})?` \|", (ROOT / "docs/metrics.md").read_text(), re.M)
        documented = {name: set(filter(None, labels.split(","))) for name, labels in table}
        for line in text.splitlines():
            match = re.match(r"([a-z_]+)(?:\{(.*)\})? ", line)
            if line.startswith("#") or not match:
                continue
            name = match[1]
            if name not in documented:
                name = re.sub("_(bucket|sum|count)$", "", name)
            labels = set(re.findall(r'(\w+)="', match[2] or "")) - {"le"}
            self.assertEqual(labels, documented[name], line)


class Alerts(unittest.TestCase):
    def test_rules_are_well_formed_and_every_case_fires_and_clears(self):
        with tempfile.TemporaryDirectory() as directory:
            (pathlib.Path(directory) / "rules.yml").write_text(yaml.safe_dump(RULES))
            cases = ["alerts_test.yml", "slow_alerts_test.yml"]
            for name in cases:
                shutil.copy(HERE / name, directory)
            for command in (["check", "rules", "rules.yml"], ["test", "rules", *cases]):
                done = subprocess.run(["promtool", *command], cwd=directory, capture_output=True, text=True, check=False)
                self.assertEqual(done.returncode, 0, done.stdout + done.stderr)

    def test_every_alert_has_a_case_in_which_it_fires_and_one_in_which_it_has_cleared(self):
        fires, clears = set(), set()
        for name in ("alerts_test.yml", "slow_alerts_test.yml"):
            for case in yaml.safe_load((HERE / name).read_text())["tests"]:
                seen = set()
                for check in case["alert_rule_test"]:
                    if check["exp_alerts"]:
                        seen.add(check["alertname"])
                    elif check["alertname"] in seen:
                        clears.add(check["alertname"])
                fires |= seen
        self.assertEqual((fires, clears), (set(ALERTS), set(ALERTS)))

    def test_every_alert_says_what_to_do(self):
        sections = set(re.findall(r"^## (\w+)$", (ROOT / "docs/runbook.md").read_text(), re.M))
        self.assertEqual({name for name in sections if name.startswith("Moderato")}, set(ALERTS))
        for name, rule in ALERTS.items():
            self.assertIn(rule["labels"]["severity"], ("page", "ticket"), name)
            self.assertEqual(rule["annotations"]["runbook"], f"docs/runbook.md#{name.lower()}")
            self.assertTrue(rule["annotations"]["summary"] and rule["annotations"]["description"], name)

    def test_every_metric_that_rules_and_dashboard_name_exists(self):
        with Service() as service:
            service.run("backup", str(service.data / "copy.db"))
            samples = exposed(service.get(service.monitoring + "/metrics")[1])
        named = {name for group in RULES["groups"] for rule in group["rules"] for name in NAME.findall(rule["expr"])}
        named |= {name for _, query in queries() for name in NAME.findall(query)}
        self.assertGreater(len(named), 25)
        self.assertEqual(named - samples, set())
        recorded = {name for rule in ALERTS.values() for name in re.findall(r"moderato:\w+:\w+", rule["expr"])}
        self.assertLessEqual(recorded, RECORDS)


class Dashboard(unittest.TestCase):
    def test_every_query_returns_data_from_a_prometheus_that_scraped_a_loaded_service(self):
        with Service() as service, tempfile.TemporaryDirectory() as directory:
            service.run("backup", str(service.data / "copy.db"))
            load(service)
            with prometheus(directory, service.monitoring) as ask:
                # Rates need two scrapes with events between them.
                wait_for(ask, "count_over_time(moderato_ready[1h]) >= 2")
                load(service)
                seen = "moderato_build_info * 0 + on() group_left() sum(moderato_comments_total) >= 80"
                wait_for(ask, seen)
                empty = [(title, query) for title, query in queries() if not ask(filled_in(query))]
        # Nobody restarted the service and nobody was refused: what is empty must be empty for that reason.
        self.assertEqual([title for title, _ in empty], ["Restarts"])


def filled_in(query):
    """With the variables as Grafana puts them."""
    variables = {"$__rate_interval": "1m", "$__range": "5m", "$job": "moderato", "$site": ".*"}
    for name, value in variables.items():
        query = query.replace(name, value)
    assert "$" not in query, query
    return query


class prometheus:
    """A Prometheus that scrapes every second; `with` gives a function that asks it."""

    def __init__(self, directory, target):
        self.directory = pathlib.Path(directory)
        target = urllib.parse.urlsplit(target).netloc
        config = {
            "global": {"scrape_interval": "1s"},
            "scrape_configs": [{"job_name": "moderato", "static_configs": [{"targets": [target]}]}],
        }
        (self.directory / "prometheus.yml").write_text(yaml.safe_dump(config))

    def __enter__(self):
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.address = "127.0.0.1:%d" % free.getsockname()[1]
        self.log = (self.directory / "log").open("w")
        self.process = subprocess.Popen(
            ["prometheus", f"--config.file={self.directory}/prometheus.yml", f"--web.listen-address={self.address}",
             f"--storage.tsdb.path={self.directory}/data"],
            stdout=self.log, stderr=self.log,
        )
        return self.ask

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()
        self.log.close()

    def ask(self, query):
        """Samples of a query that are numbers; none before Prometheus listens."""
        url = f"http://{self.address}/api/v1/query?" + urllib.parse.urlencode({"query": query})
        done = subprocess.run(["curl", "-sS", url], capture_output=True, text=True, check=False)
        if self.process.poll() is not None:
            raise AssertionError((self.directory / "log").read_text())
        if done.returncode != 0 or not done.stdout.startswith("{"):
            return []
        answer = json.loads(done.stdout)
        if answer["status"] != "success":
            raise AssertionError(f"{query}: {answer}")
        return [sample for sample in answer["data"]["result"] if sample["value"][1] != "NaN"]


def wait_for(ask, query):
    """Until a condition holds; whoever runs the tests limits their time."""
    while not ask(query):
        time.sleep(0.2)


if __name__ == "__main__":
    unittest.main()
