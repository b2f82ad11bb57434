#!/usr/bin/env python3
"""Makes src/normalize/words.txt: the words that settle whether a disguised spelling is one. Needs nothing but Python.

A word is taken when at least MIN_ENGLISH of the English training sets have it in two texts each and all sets together
in MIN_TEXTS; how common it is, is the mean of its share of words over the English sets, so that no set speaks for all.
Some sets in other languages add the words that are common there. The digit is how rare a word is, from 0 (`the`) to 9,
on a logarithmic scale. Only counts of words go into the list; no text of anybody does.

usage: words.py [DATA]   (the folder of labelled files, default ../shared/data; run it at the root of the repository)
"""

import collections
import glob
import gzip
import json
import math
import os
import re
import sys

# Measured on only, as in train.sh.
NOT_LEARNED = {"toxic_news_globe_ucc"}
ENGLISH = """ham_blog_haacked spam_blog_caffeinated spam_mail_enron spam_mail_spamassassin spam_sms toxic_civil_comments
    toxic_jigsaw_sample toxic_tweets_davidson toxic_tweets_olid toxic_wiki_talk toxic_wiki_talk_cat""".split()
# Other languages: the set, in how many texts of it a word is, and its shortest word.
OTHERS = [("toxic_tweets_told_br", 40, 4), ("toxic_tweets_germeval18", 25, 4), ("spam_youtube_id_gambling", 40, 4),
          ("spam_blog_lucascs", 30, 4)]
MIN_ENGLISH = 4
MIN_TEXTS = 14
# Words of two letters must be common: most of what has two letters is none.
MIN_SHARE_OF_TWO = 2.5e-4
# Words of another language count as rarer, and one step of the digit is this part of a halving.
OTHER_LANGUAGE = 0.3
STEP = 0.72


def texts_by_word(path):
    counts = collections.Counter()
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        for line in lines:
            text = re.sub(r"<[^>]*>", " ", json.loads(line)["text"])
            text = re.sub(r"https?://\S+|www\.\S+|\S+@\S+|[@#]\w+", " ", text)
            counts.update(set(re.findall(r"(?<![\w'’])[a-z]{2,14}(?![\w])", text.lower())))
    return counts


def main():
    data = sys.argv[1] if len(sys.argv) > 1 else "../shared/data"
    sets = {}
    for path in sorted(glob.glob(os.path.join(data, "*.train.jsonl.gz"))):
        name = os.path.basename(path).split(".")[0]
        if name not in NOT_LEARNED:
            sets[name] = texts_by_word(path)
    size = {name: sum(counts.values()) for name, counts in sets.items()}
    texts = collections.Counter()
    for counts in sets.values():
        texts.update(counts)

    shares = {}
    for word, n in texts.items():
        if n >= MIN_TEXTS and sum(sets[name][word] >= 2 for name in ENGLISH) >= MIN_ENGLISH:
            shares[word] = sum(sets[name][word] / size[name] for name in ENGLISH) / len(ENGLISH)
    for name, least, shortest in OTHERS:
        for word, n in sets[name].items():
            if n >= least and len(word) >= shortest and word not in shares:
                shares[word] = OTHER_LANGUAGE * n / size[name]
    shares = {word: share for word, share in shares.items() if len(word) > 2 or share > MIN_SHARE_OF_TWO}

    greatest = max(shares.values())
    with open("src/normalize/words.txt", "w", encoding="ascii") as out:
        for word, share in sorted(shares.items()):
            out.write(f"{word} {min(9, int(math.log2(greatest / share) * STEP))}\n")


if __name__ == "__main__":
    main()
