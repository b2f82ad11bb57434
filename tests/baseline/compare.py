"""Prints Moderato's figures beside the baseline's and the targets. Needs nothing but Python.

usage: compare.py DIR   (the folder that tests/baseline/evaluate wrote)
"""

import json
import sys
from pathlib import Path

TOXIC = [("jigsaw_sample", "Wikipedia sample", 0.97), ("civil_comments", "Civil Comments", 0.70), ("news_globe_ucc", "Globe and Mail", 0.75)]


def shown(value):
    return "–" if value is None else f"{value:.4f}"


def line(name, ours, baseline=None, target=None, at_most=False):
    met = ""
    if target is not None and ours is not None:
        met = "yes" if (ours <= target if at_most else ours >= target) else "NO"
    wanted = "" if target is None else f"{'≤' if at_most else '≥'} {target}"
    print(f"{name:<58}{shown(ours):>9}{shown(baseline):>10}{wanted:>10}{met:>5}")


def head(title):
    print(f"\n{title:<58}{'ours':>9}{'baseline':>10}{'target':>10}{'met':>5}")


def share(counts, *names):
    total = sum(counts.values())
    return sum(counts[name] for name in names) / total if total else None


def mean(values):
    values = [value for value in values if value is not None]
    return sum(values) / len(values) if values else None


def main():
    folder = Path(sys.argv[1])
    load = lambda name: json.loads((folder / name).read_text())
    ours, attacks, base = load("report.json"), load("attacks.json"), load("baseline.json")
    left_out, left_out_toxic = load("left-out-spam.json"), load("left-out-toxic.json")

    head("test parts, spam: AUC")
    sources = {s: m["spam"] for s, m in ours["sources"].items() if m["spam"]["roc_auc"] is not None}
    of_base = base["spam"]["sources"]
    for name, title in [("roc_auc", "AUC"), ("recall_at_fpr_1pct", "recall at 1 %")]:
        if name != "roc_auc":
            head(f"test parts, spam: {title}")
        for source, found in sources.items():
            line(source, found[name], of_base[source][name], round(of_base[source][name], 4))
        line("mean over sources", mean(m[name] for m in sources.values()), mean(of_base[s][name] for s in sources))

    head("sources left out (the baseline learns from a part)")
    for name, title, target in [("roc_auc", "AUC", 0.97), ("recall_at_fpr_1pct", "recall at 1 %", 0.80), ("recall_at_fpr_0_1pct", "recall at 0.1 %", 0.50)]:
        for source, found in left_out["sources"].items():
            line(f"{title}, {source}", found[name], base["left_out"]["sources"].get(source, {}).get(name))
        line(f"{title}, mean", left_out["mean"][name], base["left_out"]["mean"][name], target)
    line("expected calibration error, spam, mean", left_out["mean"]["ece"], base["left_out"]["mean"]["ece"], 0.05, True)
    line("expected calibration error, toxic, mean", left_out_toxic["mean"]["ece"], None, 0.05, True)
    line("spam approved by the whole pipeline", share(left_out["decisions"]["spam"], "approve"), None, 0.10, True)
    line("  the same, mean over sources", mean(share(m["decisions"]["spam"], "approve") for m in left_out["sources"].values()))
    line("ham rejected by the whole pipeline", share(left_out["decisions"]["ham"], "reject"), None, 0.001, True)
    line("ham held by the whole pipeline", share(left_out["decisions"]["ham"], "hold"), None, 0.03, True)
    for source, found in left_out["sources"].items():
        if sum(found["lent_ham"].values()):
            line(f"  ham of another blog, {source} left out: rejected", share(found["lent_ham"], "reject"), None, 0.001, True)
            line(f"  ham of another blog, {source} left out: held", share(found["lent_ham"], "hold"), None, 0.03, True)

    head("recall lost to disguises, mean over sources")
    for name, found in attacks["mean"]["disguises"].items():
        line(name, found["lost"], base["spam"]["attacks"]["mean"]["lost"][name], 0.05, True)

    head("whole pipeline, shipped policy, test parts")
    for source, measured in ours["sources"].items():
        ham = measured["decisions"]["ham"]
        if sum(ham.values()) and source.startswith(("blog", "news", "civil")):
            line(f"ham of {source}: rejected", share(ham, "reject"), None, 0.001, True)
            line(f"ham of {source}: held", share(ham, "hold"), None, 0.03, True)

    head("hard ham: false positives where 1 % of all ham is flagged")
    for kind, found in ours["hard_ham"]["kinds"].items():
        line(f"{kind} ({found['n']})", found["false_positive_rate"], base["spam"]["hard_ham"].get(kind, {}).get("false_positive_rate"), 0.01, True)

    head("test parts, toxic: AUC (the baseline learns from a part)")
    for source, title, target in TOXIC:
        line(title, ours["sources"][source]["toxic"]["roc_auc"], base["toxic"]["sources"][source]["roc_auc"], target)
    line("identity sentences", ours["sources"]["bias_madlibs"]["toxic"]["roc_auc"], base["toxic"]["sources"]["bias_madlibs"]["roc_auc"])


if __name__ == "__main__":
    main()
