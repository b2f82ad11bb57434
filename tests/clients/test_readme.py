"""Every snippet of the README's table “Use it from …” runs, and does what it says."""

import json
import os
import pathlib
import re
import subprocess
import sys

import pytest
import rust

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
    snippet = snippet.replace("localhost:8080", f"localhost:{service.port}")
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


def test_the_snippet_in_rust_runs(service):
    snippet = SNIPPETS["Akismet client in Rust"]
    # Not every resolver knows that names below localhost are this machine.
    told = f'reqwest::Client::builder().resolve("{service.short_key}.localhost", ([127, 0, 0, 1], {service.port}).into()).build()?'
    done = rust.run(adapted(snippet, service).replace("reqwest::Client::new()", told))
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.strip() == re.search(r"// → (.+)", snippet).group(1)


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
    # What Coral's EXTERNAL_MODERATION_PHASES.md says that it sends, signed as its WEBHOOKS.md says.
    body = json.dumps({
        "action": "NEW",
        "comment": {"body": "<div>Nice weather in the mountains today.</div>", "parentID": "d79b787f-f406-49a0-a179-72e3652e54be"},
        "author": {"id": "baf4e943-3594-4fcc-b2ba-3e8de7a76352", "role": "COMMENTER"},
        "story": {"id": "245b3856-b0a0-4d2f-a6bb-58c71f18d6a6", "url": "http://localhost:1313/posts/a-story-url/"},
        "site": {"id": "a4bede88-2d2c-4424-bc18-4322a9e285a6"},
        "tenantID": "19ba5794-7eeb-4d46-a81b-c00c61672501",
        "tenantDomain": "localhost",
    })
    script = f"""
    signature=$(printf %s "$BODY" | openssl dgst -sha256 -hmac a-signing-secret-of-coral -r | cut -d' ' -f1)
    curl -sS -o /dev/null -w '%{{http_code}}' {address} -H "X-Coral-Signature: sha256=$signature" -d "$BODY"
    """
    done = subprocess.run(["bash", "-euo", "pipefail", "-c", script], env={**os.environ, "BODY": body}, capture_output=True, text=True)
    assert done.stdout == "204", done.stdout + done.stderr


def test_every_snippet_is_tried():
    # tests/wordpress reads its own; the webhook consumer has a chapter of the README, which tests/webhooks reads.
    assert set(SNIPPETS) == {*RUNNERS, "form", "Akismet client in Rust", "Coral", "WordPress"}
