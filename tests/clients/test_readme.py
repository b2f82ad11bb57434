"""Every snippet of the README's table “Use it from …” runs, and does what it says."""

import json
import os
import pathlib
import re
import subprocess
import sys

import pytest

HERE = pathlib.Path(__file__).parent
README = (HERE.parent.parent / "README.md").read_text()
SECTION = README.split("## Use it from …", 1)[1].split("\n## ", 1)[0]
SNIPPETS = dict(re.findall(r"^\*\*(.+?)\*\*.*?\n\n```\w+\n(.*?)^```", SECTION, re.S | re.M))
RUNNERS = {
    "curl": ["bash", "-euo", "pipefail"],
    "Akismet client in Python": [sys.executable],
    "Akismet client in JavaScript": ["node", "--input-type=module"],
    "Perspective client": [sys.executable],
}


def adapted(snippet: str, service) -> str:
    """The snippet with this service's address and keys."""
    snippet = snippet.replace("http://127.0.0.1:8080", service.url).replace("127.0.0.1:8080", service.host)
    return snippet.replace("mod_…", service.submit_key).replace("0123456789ab", service.short_key)


@pytest.mark.parametrize("name", RUNNERS)
def test_a_snippet_runs(name, service):
    done = subprocess.run(
        RUNNERS[name], input=adapted(SNIPPETS[name], service), cwd=HERE, capture_output=True, text=True,
        env={**os.environ, "NO_PROXY": "*"},
    )
    assert done.returncode == 0, done.stdout + done.stderr
    said = SNIPPETS[name].rsplit("→ ", 1)[1].split("\n", 1)[0].strip()
    assert said in done.stdout, done.stdout


def test_the_form_posts_a_comment(service):
    form = adapted(SNIPPETS["form"], service)
    action = re.search(r'action="(.+?)"', form).group(1)
    fields = dict(re.findall(r'name="(\w+)" value="(.+?)"', form))
    names = re.findall(r'name="(\w+)"', form)
    values = {"comment": "A comment from a plain form.", "author": "Ann", "email": "ann@example.org"}
    data = [part for name in names for part in ("--data-urlencode", f"{name}={fields.get(name, values.get(name, ''))}")]
    done = subprocess.run(["curl", "-sSf", action, *data], capture_output=True, text=True, check=True)
    assert json.loads(done.stdout)["id"] == service.comments()[0]["id"]


def test_coral_is_answered(service):
    # The command of the snippet takes the secret and prints where Coral is to ask.
    assert "moderato site coral --site default --secret-stdin" in SNIPPETS["Coral"]
    address = service.url + service.run("site", "coral", "--site", "default", "--secret-stdin", stdin="a-signing-secret-of-coral")
    body = json.dumps({"action": "NEW", "comment": {"body": "<p>Nice weather in the mountains today.</p>"}, "author": {}, "story": {}})
    script = f"""
    signature=$(printf %s "$BODY" | openssl dgst -sha256 -hmac a-signing-secret-of-coral -r | cut -d' ' -f1)
    curl -sS -o /dev/null -w '%{{http_code}}' {address} -H "X-Coral-Signature: sha256=$signature" -d "$BODY"
    """
    done = subprocess.run(["bash", "-euo", "pipefail", "-c", script], env={**os.environ, "BODY": body}, capture_output=True, text=True)
    assert done.stdout == "204", done.stdout + done.stderr


def test_every_snippet_is_tried():
    elsewhere = {"webhook consumer", "WordPress"}
    assert set(SNIPPETS) - elsewhere == {*RUNNERS, "form", "Coral"}
