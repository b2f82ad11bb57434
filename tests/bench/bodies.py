"""Request bodies out of the labelled comments: random order, each different."""

import gzip
import json
import random
from pathlib import Path


def comments(data: Path, seed: int = 1) -> list[dict]:
    """The different comments of all test files under `data`, shuffled; at most 20,000 characters each."""
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
    return found


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


def of_distinct_authors(comment: dict, number: int) -> dict:
    """The same with an author that steady.rs makes for each request, and a text that came before only long ago."""
    body = submission(comment, number)
    return {**body, "text": body["text"].replace("{n}", ""), "email": "reader{n}@mail.example", "ip": None}


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


def write(data: Path, work: Path) -> dict[str, Path]:
    """Writes a file of bodies for each kind of server and says where."""
    files = {kind: work / f"{kind}.bodies" for kind in ("moderato", "authors", "isso", "rspamd")}
    out = {kind: file.open("w") for kind, file in files.items()}
    for number, comment in enumerate(comments(data)):
        out["moderato"].write(json.dumps(submission(comment, number)) + "\n")
        out["authors"].write(json.dumps(of_distinct_authors(comment, number)) + "\n")
        author = f"reader{number}@mail{number % 50}.example"
        body = {"text": comment["text"], "author": comment["name"], "email": author, "website": None, "parent": None}
        out["isso"].write(json.dumps({**body, "title": "An article"}) + "\n")
        out["rspamd"].write(message(comment, number) + "\n")
    for file in out.values():
        file.close()
    return files
