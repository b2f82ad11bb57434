"""Makes request bodies of labelled comments, in random order: DATA DIRECTORY. `@@` in a body is replaced by a number."""

import glob
import gzip
import json
import random
import sys

COMMENTS = 10_000


def comments(data):
    for path in sorted(glob.glob(f"{data}/*.test.jsonl.gz")):
        with gzip.open(path, "rt", encoding="utf-8") as lines:
            yield from (json.loads(line) for line in lines)


def main(data, directory):
    rng = random.Random(1)
    rows = [row for row in comments(data) if 3 <= len(row["text"]) <= 4_000]
    rng.shuffle(rows)
    with (
        open(f"{directory}/moderato.jsonl", "w", encoding="utf-8") as moderato,
        open(f"{directory}/isso.jsonl", "w", encoding="utf-8") as isso,
        open(f"{directory}/mail.jsonl", "w", encoding="utf-8") as mail,
    ):
        for n, row in enumerate(rows[:COMMENTS]):
            text, name, email = f"{row['text']} (@@)", row.get("name") or "Ann", f"reader{n}@example.org"
            page = f"https://news.example/{n % 500}"
            author = {"name": name[:100], "email": email}
            print(json.dumps({"text": text, "page": page, **author}), file=moderato)
            print(json.dumps({"text": text, "author": name[:100], "email": email}), file=isso)
            print(f"From: {email} {text}".replace("\n", " "), file=mail)


main(*sys.argv[1:])
