# The commands of this project; `make` alone says what there is.

export CARGO_TERM_COLOR ?= auto
DATA ?= ../shared/data
# The program that the suites use, so that they need no cargo.
export BINARY ?= $(CURDIR)/target/debug/moderato
# What `make test` runs, the longest first; WITH names more.
SUITES = rust-tests postgres-tests instructions browser-tests client-tests operations-tests webhook-tests
TOGETHER = $(MAKE) --no-print-directory --jobs=2 --keep-going --output-sync=target

.PHONY: $(SUITES) bench build check clean environments evaluate figures fuzz help image lint profile run test test-wordpress tools torture traces train

help:
	@grep -E '^## ' $(MAKEFILE_LIST) | sed 's/^## //'

## make run       runs the service (cargo run --release)
run:
	cargo run --release

## make test      installs what is missing and passes every test; two suites at a time, each says all at its end
test:
	$(TOGETHER) build environments
	$(TOGETHER) $(SUITES) $(WITH)

# The program and the tests of Rust, once for all suites.
build: tools
	cargo test --no-run --tests

tools:
	tests/install-tools

environments: tools
	tests/environments

## make rust-tests  units, store and service; postgres-tests is the service again, without what does not ask that database
rust-tests: build
	cargo test --no-fail-fast --tests

postgres-tests: build
	MODERATO_TEST_DATABASE=postgres cargo test --no-fail-fast --test service -- --skip measuring:: --skip outages::

## make operations-tests  manifests, alerts, dashboard, image, documentation, upgrades, rolling restarts
operations-tests: build environments
	tests/operations/run

browser-tests: build environments
	cd tests/browser && node --test --test-concurrency=1 --test-reporter=spec

webhook-tests: build environments
	cd tests/webhooks && node --test --test-reporter=spec

## make client-tests  clients that others wrote, a fuzzer on the API's description, and the README's snippets
client-tests: build environments
	tests/clients/run

## make test-wordpress  installs WordPress, PHP and MariaDB, and posts, clicks and waits in a real WordPress
test-wordpress: build
	tests/wordpress/install-tools
	cd tests/wordpress && node --test --test-concurrency=1 --test-reporter=spec

## make instructions  counts the instructions of a decision and holds them to limits: linear, and no dearer than before
instructions: build
	CARGO_PROFILE_DEV_OPT_LEVEL=2 cargo run --example instructions

## make fuzz      a minute of made-up input for each of the fuzz targets; FUZZ_SECONDS for longer
FUZZ_SECONDS ?= 60
fuzz: tools
	nice tests/fuzz/run $(FUZZ_SECONDS)

## make check     what CI runs: format, lints, documentation, every test, a minute of fuzzing
check:
	$(TOGETHER) lint environments
	$(MAKE) --no-print-directory test WITH="fuzz $(WITH)"

lint: tools
	cargo fmt --check
	cargo clippy --all-targets --locked -- -D warnings
	RUSTDOCFLAGS="-D warnings" cargo doc --locked --no-deps --document-private-items

## make image     builds the image with a static program, for release, and uses it (minutes)
image: tools environments
	IMAGE=release tests/operations/run image_test

## make traces    the test of the feature otel, which builds the program once more (minutes)
traces:
	cargo test --features otel --test traces

## make torture   the long form of the tests: 10,000 kills under load on each database, 10,000 webhooks under kills, an import of 1 GB, 100,000 requests over rolling restarts, outages of a minute, long fuzzing, the image, the release before
KILLS ?= 10000
torture: build environments
	$(MAKE) fuzz FUZZ_SECONDS=1200
	ROLLING_RESTARTS=50 ROLLING_REQUESTS=100000 tests/operations/run rolling_test
	MODERATO_TEST_KILLS=$(KILLS) cargo test --release --test service durability -- --nocapture
	MODERATO_TEST_KILLS=$(KILLS) MODERATO_TEST_DATABASE=postgres cargo test --release --test service killed_under_load -- --nocapture
	MODERATO_TEST_WEBHOOKS=10000 MODERATO_TEST_KILLS=100 cargo test --release --test service every_webhook_arrives -- --nocapture
	MODERATO_TEST_IMPORT_MB=1024 cargo test --release --test service a_large_export -- --nocapture
	MODERATO_TEST_OUTAGE_SECONDS=60 cargo test --release --test service outages -- --nocapture --test-threads=1
	$(MAKE) traces
	tests/operations/previous
	$(MAKE) image

## make bench     beside a bare handler, Isso and Rspamd, on SQLite and PostgreSQL: writes docs/BENCHMARKS.md; BENCH=--quick or --full
bench:
	DATA=$(DATA) tests/bench/run $(BENCH)

## make profile   where the processor time of a submission goes: writes docs/PROFILE.md
profile:
	DATA=$(DATA) tests/bench/profile

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
