"""Request bodies out of the labelled comments: random order, each different."""

import gzip
import json
import random
from pathlib import Path


def comments(data: Path, wanted: int, seed: int = 1) -> list[dict]:
    """Up to `wanted` different comments of all test files under `data`, shuffled; at most 20,000 characters each."""
    seen, found = set(), []
    files = sorted(data.glob("*.test.jsonl.gz"))
    if not files:
        raise SystemExit(f"no *.test.jsonl.gz in {data}: set DATA to the folder with the labelled comments")
    for file in files:
        with gzip.open(file, "rt", encoding="utf-8") as lines:
            for line in lines:
                row = json.loads(line)
                text = row["text"].replace("\0", "")
                if text.strip() and len(text) <= 20_000 and text not in seen:
                    seen.add(text)
                    found.append({"text": text, "name": (row.get("name") or "A Reader")[:245]})
    random.Random(seed).shuffle(found)
    return found[:wanted]


def address(number: int) -> str:
    """A public address, another for each number."""
    return f"{1 + number % 9}.{number // 65536 % 256}.{number // 256 % 256}.{number % 256}"


def submission(comment: dict, number: int) -> dict:
    """What a website posts to Moderato."""
    return {
        "text": comment["text"],
        "name": comment["name"],
        "email": f"reader{number}@mail{number % 50}.example",
        "ip": address(number),
        "page": f"https://news.example/{2020 + number % 7}/article-{number % 5000}",
    }


def message(comment: dict, number: int) -> str:
    """The same as a mail, for a mail filter; line ends are written as backslash-n, see post.lua."""
    head = [
        f"Received: from [{address(number)}] by news.example with HTTP; Mon, 06 Jan 2025 10:00:00 +0000",
        f"From: reader{number}@mail{number % 50}.example",
        "To: comments@news.example",
        "Subject: comment",
        "Date: Mon, 06 Jan 2025 10:00:00 +0000",
        f"Message-ID: <c{number}@news.example>",
        "MIME-Version: 1.0",
        "Content-Type: text/plain; charset=utf-8",
        "",
    ]
    text = comment["text"].replace("\\n", "\\ n").splitlines()
    return "\\n".join(head + text) + "\\n"


def write(data: Path, work: Path, wanted: int) -> dict[str, Path]:
    """Writes a file of bodies for each kind of server and says where."""
    rows = comments(data, wanted)
    files = {kind: work / f"{kind}.bodies" for kind in ("moderato", "isso", "rspamd")}
    with files["moderato"].open("w") as ours, files["isso"].open("w") as isso, files["rspamd"].open("w") as rspamd:
        for number, comment in enumerate(rows):
            ours.write(json.dumps(submission(comment, number)) + "\n")
            author = f"reader{number}@mail{number % 50}.example"
            body = {"text": comment["text"], "author": comment["name"], "email": author, "website": None, "parent": None}
            isso.write(json.dumps({**body, "title": "An article"}) + "\n")
            rspamd.write(message(comment, number) + "\n")
    return files
