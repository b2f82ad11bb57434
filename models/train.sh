#!/bin/sh
# Trains the shipped model, byte for byte, from the shared data beside the repository. Run it at the root of the
# repository. Sets whose licence forbids commercial use are measured on and not learned from.
set -eu
data=${DATA:-../shared/data}
moderato=${MODERATO:-cargo run --release --}
set -- $(ls "$data"/*.train.jsonl.gz | grep -v toxic_news_globe_ucc)
exec $moderato train --seed 1 --date 2026-11-28 --out models --data "$@" --test "$data"/*.test.jsonl.gz
