"""The baseline that Moderato's classifier is compared with: TF-IDF and logistic regression, from scikit-learn.

Words 1-2 and characters 2-5 within words, sublinear, at least in two rows; C = 10. Measured with the definitions of
`moderato evaluate`, on the same rows: by test source, on sources left out, under the disguises that our program made,
on hard ham, and on toxicity. Writes JSON.

usage: baseline.py DATA TEXTS OUT
  DATA   the folder with *.train.jsonl.gz and *.test.jsonl.gz
  TEXTS  the folder that `moderato evaluate --attacks --write-texts TEXTS` wrote
  OUT    the JSON file to write

Where all rows would take too long, a part of them is learned from, and the output says so: where sources are left out,
and for the toxic head, at most CAP rows of each source and class. What is measured on are always all rows.
"""

import gzip
import json
import sys
import time
from collections import defaultdict
from pathlib import Path

import numpy as np
from scipy.sparse import hstack
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import average_precision_score, log_loss, roc_auc_score

CAP = 500
BINS = 15
SEED = 1
# The same as in src/classifier/leave_one_out.rs.
OTHER_SPAM = {"sms", "enron", "spamassassin"}
MIN_HAM, MIN_POSITIVE, LENT_HAM = 200, 50, "blog_haacked"
# The same as in src/evaluation/attacks.rs.
MIN_SPAM = 20
# Not learned from, because its licence forbids commercial use; see models/train.sh.
NOT_LEARNED = "toxic_news_globe_ucc"


def read(paths):
    for path in paths:
        with gzip.open(path, "rt", encoding="utf-8") as lines:
            for line in lines:
                row = json.loads(line)
                yield row["source"], row["text"][:20_000], row.get("label_spam"), row.get("label_toxic")


class Model:
    def __init__(self, texts, labels):
        common = {"sublinear_tf": True, "min_df": 2, "dtype": np.float32}
        self.words = TfidfVectorizer(ngram_range=(1, 2), **common)
        self.characters = TfidfVectorizer(analyzer="char_wb", ngram_range=(2, 5), **common)
        columns = hstack([self.words.fit_transform(texts), self.characters.fit_transform(texts)], format="csr")
        self.regression = LogisticRegression(C=10, solver="liblinear", random_state=SEED).fit(columns, labels)

    def probabilities(self, texts):
        found = []
        for start in range(0, len(texts), 5_000):
            part = texts[start : start + 5_000]
            columns = hstack([self.words.transform(part), self.characters.transform(part)], format="csr")
            found.append(self.regression.predict_proba(columns)[:, 1])
        return np.concatenate(found) if found else np.array([])


def threshold_at(ham, rate):
    """The lowest score from which on at most this share of the ham is flagged."""
    allowed = int(np.floor(len(ham) * rate))
    scores, counts = np.unique(ham, return_counts=True)
    flagged = np.cumsum(counts[::-1])[::-1]
    fits = scores[flagged <= allowed]
    # All that lies above the next score of ham is as good.
    below = scores[flagged > allowed]
    return fits.min() if len(fits) else np.inf, below.max() if len(below) else -np.inf


def recall_at(scores, labels, rate):
    _, below = threshold_at(scores[~labels], rate)
    return float((scores[labels] > below).mean())


def metrics(scores, labels):
    labels = np.asarray(labels, dtype=bool)
    scores = np.asarray(scores, dtype=np.float64)
    n, positives = len(labels), int(labels.sum())
    found = dict.fromkeys(["roc_auc", "pr_auc", "recall_at_fpr_1pct", "recall_at_fpr_0_1pct"])
    if 0 < positives < n:
        found = {
            "roc_auc": float(roc_auc_score(labels, scores)),
            "pr_auc": float(average_precision_score(labels, scores)),
            "recall_at_fpr_1pct": recall_at(scores, labels, 0.01),
            "recall_at_fpr_0_1pct": recall_at(scores, labels, 0.001),
        }
    bins = np.minimum((scores * BINS).astype(int), BINS - 1)
    gaps = np.bincount(bins, weights=scores - labels, minlength=BINS)
    loss = log_loss(labels, np.clip(scores, 1e-15, 1 - 1e-15), labels=[False, True]) if n else None
    return {"n": n, "positives": positives, **found, "log_loss": loss, "ece": float(np.abs(gaps).sum() / n) if n else None}


def by_source(rows, scores, label):
    groups = defaultdict(list)
    for row, score in zip(rows, scores):
        groups[row[0]].append((score, label(row) == 1))
    return {source: metrics(*zip(*group)) for source, group in sorted(groups.items())}


def capped(rows, label, cap):
    """At most `cap` rows of each source and class, always the same ones."""
    groups = defaultdict(list)
    for row in rows:
        groups[row[0], label(row)].append(row)
    kept, dice = [], np.random.default_rng(SEED)
    for _, group in sorted(groups.items()):
        places = dice.permutation(len(group))[:cap]
        kept.extend(group[place] for place in sorted(places))
    return kept


def spam(row):
    return row[2]


def toxic(row):
    return row[3]


def left_out_sources(rows):
    counts = defaultdict(lambda: [0, 0])
    for row in rows:
        counts[row[0]][spam(row)] += 1
    worth = lambda source, ham, positive: positive >= MIN_POSITIVE and ham > 0 and source not in OTHER_SPAM
    return {source: ham for source, (ham, positive) in sorted(counts.items()) if worth(source, ham, positive)}


def leave_out(rows, found, keep):
    learned = capped(rows, spam, CAP)
    for source, ham in left_out_sources(rows).items():
        if source in found:
            continue
        out = {source} | ({LENT_HAM} if source.startswith("blog") and ham < MIN_HAM else set())
        kept = [row for row in learned if row[0] not in out]
        model = Model([row[1] for row in kept], [spam(row) for row in kept])
        measured = [row for row in rows if row[0] in out]
        scores = model.probabilities([row[1] for row in measured])
        found[source] = metrics(scores, [spam(row) == 1 for row in measured])
        keep()
        say(f"without {source}: AUC {found[source]['roc_auc']:.4f}")
    names = ["roc_auc", "pr_auc", "recall_at_fpr_1pct", "recall_at_fpr_0_1pct", "log_loss", "ece"]
    mean = {name: float(np.mean([of[name] for of in found.values()])) for name in names}
    return {"cap": CAP, "sources": found, "mean": mean}


def attacks(model, threshold, rows, scores, texts):
    plain, attacked = defaultdict(list), defaultdict(lambda: defaultdict(list))
    for row, score in zip(rows, scores):
        if spam(row) == 1:
            plain[row[0]].append(score >= threshold)
    lines = [json.loads(line) for line in open(texts / "attacked.jsonl", encoding="utf-8")]
    found = model.probabilities([line["text"] for line in lines])
    for line, score in zip(lines, found):
        attacked[line["source"]][line["disguise"]].append(score >= threshold)
    sources = {}
    for source, flagged in sorted(plain.items()):
        if len(flagged) >= MIN_SPAM:
            recall = float(np.mean(flagged))
            lost = {name: recall - float(np.mean(hits)) for name, hits in sorted(attacked[source].items())}
            sources[source] = {"n": len(flagged), "recall": recall, "lost": lost}
    names = sorted({name for of in sources.values() for name in of["lost"]})
    mean = {name: float(np.mean([of["lost"][name] for of in sources.values()])) for name in names}
    recall = float(np.mean([of["recall"] for of in sources.values()]))
    return {"threshold": float(threshold), "sources": sources, "mean": {"recall": recall, "lost": mean}}


def hard_ham(model, threshold, texts):
    lines = [json.loads(line) for line in open(texts / "hard_ham.jsonl", encoding="utf-8")]
    flagged = model.probabilities([line["text"] for line in lines]) >= threshold
    kinds = defaultdict(list)
    for line, hit in zip(lines, flagged):
        for kind in line["kinds"]:
            kinds[kind].append(hit)
    return {kind: {"n": len(hits), "false_positive_rate": float(np.mean(hits))} for kind, hits in sorted(kinds.items())}


def say(text):
    print(f"{time.monotonic() - STARTED:6.0f} s  {text}", file=sys.stderr, flush=True)


def spam_sections(spam_train, spam_test, texts):
    model = Model([row[1] for row in spam_train], [spam(row) for row in spam_train])
    say(f"spam head learned from {len(spam_train)} rows")
    scores = model.probabilities([row[1] for row in spam_test])
    labels = np.array([spam(row) == 1 for row in spam_test])
    threshold, _ = threshold_at(scores[~labels], 0.01)
    return {
        "overall": metrics(scores, labels),
        "sources": by_source(spam_test, scores, spam),
        "attacks": attacks(model, threshold, spam_test, scores, texts),
        "hard_ham": hard_ham(model, threshold, texts),
    }


def toxic_section(train, test):
    learned = capped([row for row in train if toxic(row) is not None], toxic, CAP)
    measured = [row for row in test if toxic(row) is not None]
    model = Model([row[1] for row in learned], [toxic(row) for row in learned])
    say(f"toxic head learned from {len(learned)} rows")
    scores = model.probabilities([row[1] for row in measured])
    return {"cap": CAP, "rows": len(learned), "sources": by_source(measured, scores, toxic)}


def main():
    data, texts, out = map(Path, sys.argv[1:])
    train = list(read(sorted(p for p in data.glob("*.train.jsonl.gz") if NOT_LEARNED not in p.name)))
    test = list(read(sorted(data.glob("*.test.jsonl.gz"))))
    spam_train, spam_test = ([row for row in rows if spam(row) is not None] for rows in (train, test))
    # What is done is kept, so that a run that was ended goes on where it was.
    aside = out.with_suffix(".partial")
    result = json.loads(aside.read_text()) if aside.exists() else {}

    def keep():
        aside.write_text(json.dumps(result, indent=1) + "\n")

    sections = {
        "spam": lambda: spam_sections(spam_train, spam_test, texts),
        "left_out": lambda: leave_out(spam_train, result.setdefault("without", {}), keep),
        "toxic": lambda: toxic_section(train, test),
    }
    for name, section in sections.items():
        if name not in result:
            result[name] = section()
            keep()
            say(f"{name} done")
    aside.rename(out)
    say(f"wrote {out}")


STARTED = time.monotonic()
if __name__ == "__main__":
    main()
