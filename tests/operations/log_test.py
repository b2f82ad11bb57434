"""Logs: every line can be read by a program, names its request, and says nothing of what people wrote or who they are."""

import json
import unittest
import urllib.error
import urllib.request

from service import Service

CANARIES = {
    "text": "canary-text-6f1c", "name": "Canary Name 6f1c", "email": "canary-mail-6f1c@example.org",
    "url": "https://canary-url-6f1c.example/", "page": "https://canary-page-6f1c.example/", "page_title": "Canary title 6f1c",
    "ip": "203.0.113.201", "user_agent": "canary-agent-6f1c", "referrer": "https://canary-referrer-6f1c.example/",
}
NASTY = "line\r\nbreak \x1b[31m \u2028 \u0000"


def ask(service, path, body, method="POST", kind="application/json", **headers):
    request = urllib.request.Request(service.url + path, data=body, method=method, headers={"Content-Type": kind, **headers})
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            return answer.status, dict(answer.headers), answer.read()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, dict(error.headers), error.read()


class Logs(unittest.TestCase):
    def setUp(self):
        self.service = self.enterContext(Service(MODERATO_LOG_JSON="true", MODERATO_LOG_FILTER="trace"))

    def lines(self):
        """What it logged, once it has ended; the greeting of the first start is for people."""
        self.service.process.terminate()
        self.service.process.wait()
        self.service.listener.join()
        return [line for line in self.service.said if line.startswith("{")]

    def test_no_canary_is_in_logs_or_metrics(self):
        key = {"Authorization": f"Bearer {self.service.key}"}
        good = json.dumps(CANARIES).encode()
        self.assertEqual(ask(self.service, "/v1/comments", good, **key)[0], 201)
        self.assertEqual(ask(self.service, "/v1/check", good, **key)[0], 200)
        # Mistakes of every kind carry the canaries, too.
        wrong = json.dumps({**CANARIES, "no_such_field": "canary-6f1c"}).encode()
        self.assertEqual(ask(self.service, "/v1/comments", wrong, **key)[0], 422)
        self.assertEqual(ask(self.service, "/v1/comments", b'{"text": "canary-6f1c', **key)[0], 400)
        self.assertEqual(ask(self.service, "/v1/comments", good, Authorization="Bearer mod_canary6f1c")[0], 401)
        form = b"comment=canary-6f1c&author=canary-6f1c&email=canary-6f1c@example.org&key=canary-6f1c"
        ask(self.service, "/v1/comments", form, kind="application/x-www-form-urlencoded", Cookie="session=canary-cookie-6f1c")
        ask(self.service, "/login", b"email=canary-6f1c@example.org&password=canary-6f1c", kind="application/x-www-form-urlencoded")
        ask(self.service, "/canary-path-6f1c?q=canary-6f1c", None, method="GET")
        metrics = self.service.get(self.service.monitoring + "/metrics")[1]
        said = "".join(self.lines()) + metrics
        self.assertGreater(len(said), 1000)
        for canary in ("6f1c", "203.0.113.201", self.service.key.rsplit("_", 1)[-1]):
            at = said.lower().find(canary.lower())
            self.assertEqual(at, -1, said[max(0, at - 300) : at + 100])

    def test_every_line_is_json_and_those_of_a_request_have_its_id(self):
        key = {"Authorization": f"Bearer {self.service.key}", "X-Request-Id": "trace-me-7"}
        body = json.dumps({"text": NASTY.replace("\u0000", ""), "name": "a\r\nb"}).encode()
        status, headers, _ = ask(self.service, "/v1/comments", body, **key)
        self.assertEqual((status, headers.get("x-request-id", headers.get("X-Request-Id"))), (201, "trace-me-7"))
        status, _, problem = ask(self.service, "/v1/comments", b"{}", **{**key, "X-Request-Id": "trace-me-8"})
        self.assertEqual((status, json.loads(problem)["request_id"]), (422, "trace-me-8"))
        lines = [json.loads(line) for line in self.lines()]
        stored = [line for line in lines if line.get("message", "").startswith("comment ")]
        self.assertEqual([line["span"]["id"] for line in stored], ["trace-me-7"])
        for line in lines:
            self.assertTrue({"timestamp", "level"} <= set(line), line)
            self.assertTrue(line["timestamp"].endswith("Z"), line)


if __name__ == "__main__":
    unittest.main()
