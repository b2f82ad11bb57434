# The commands of this project; `make` alone says what there is.

export CARGO_TERM_COLOR ?= auto
DATA ?= ../shared/data

.PHONY: bench help run test operations-tests check browser-tests webhook-tests test-wordpress instructions fuzz torture figures train evaluate clean

help:
	@grep -E '^## ' $(MAKEFILE_LIST) | sed 's/^## //'

## make run       runs the service (cargo run --release)
run:
	cargo run --release

## make test      installs what is missing and passes every test
test:
	tests/install-tools
	cargo test --no-fail-fast
	MODERATO_TEST_DATABASE=postgres cargo test --no-fail-fast --test service
	$(MAKE) instructions
	$(MAKE) operations-tests
	$(MAKE) browser-tests
	$(MAKE) webhook-tests
	$(MAKE) client-tests

## make operations-tests  manifests, alerts, dashboard, documentation, upgrades, rolling restarts
operations-tests:
	tests/install-tools
	tests/operations/run

browser-tests:
	cd tests/browser && npm ci --no-audit --no-fund --silent && node --test --test-concurrency=1 --test-reporter=spec

webhook-tests:
	cd tests/webhooks && npm ci --no-audit --no-fund --silent && node --test --test-reporter=spec

## make client-tests  clients that others wrote, a fuzzer on the API's description, and the README's snippets
client-tests:
	tests/install-tools
	tests/clients/run

## make test-wordpress  installs WordPress, PHP and MariaDB, and posts, clicks and waits in a real WordPress
test-wordpress:
	tests/wordpress/install-tools
	cargo build
	cd tests/wordpress && node --test --test-concurrency=1 --test-reporter=spec

## make instructions  counts the instructions of a decision and holds them to limits: linear, and no dearer than before
instructions:
	tests/install-tools
	CARGO_PROFILE_DEV_OPT_LEVEL=2 cargo bench --profile dev --bench instructions

## make fuzz      a minute of made-up input for each of the fuzz targets; FUZZ_SECONDS for longer
FUZZ_SECONDS ?= 60
fuzz:
	tests/fuzz/run $(FUZZ_SECONDS)

## make check     what CI runs: format, lints, documentation, every test, a minute of fuzzing
check:
	cargo fmt --check
	cargo clippy --all-targets -- -D warnings
	RUSTDOCFLAGS="-D warnings" cargo doc --no-deps --document-private-items
	$(MAKE) test
	$(MAKE) fuzz

## make torture   the long form of the tests: 10,000 kills under load on each database, 100,000 requests over rolling restarts, outages of a minute, long fuzzing
torture:
	$(MAKE) fuzz FUZZ_SECONDS=1200
	ROLLING_RESTARTS=50 ROLLING_REQUESTS=100000 tests/operations/run rolling_test
	MODERATO_TEST_KILLS=10000 cargo test --release --test service durability -- --nocapture
	MODERATO_TEST_KILLS=10000 MODERATO_TEST_DATABASE=postgres cargo test --release --test service killed_under_load -- --nocapture
	MODERATO_TEST_OUTAGE_SECONDS=60 cargo test --release --test service outages -- --nocapture --test-threads=1

## make bench     beside a bare handler, Isso and Rspamd, on SQLite and PostgreSQL: writes docs/BENCHMARKS.md; BENCH=--quick or --full
bench:
	DATA=$(DATA) tests/bench/run $(BENCH)

## make figures   the figures of the README: labelled files through a running service
figures:
	cargo build --release
	tests/figures

## make train     the shipped model, byte for byte, from DATA (../shared/data)
train:
	models/train.sh

## make evaluate  measures the shipped model in every way, on DATA, beside a baseline of scikit-learn
evaluate:
	cargo build --release
	DATA=$(DATA) tests/baseline/evaluate

clean:
	cargo clean
