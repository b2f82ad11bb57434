# The commands of this project; `make` alone says what there is.

export CARGO_TERM_COLOR ?= auto
DATA ?= ../shared/data

.PHONY: help run test check browser-tests torture figures train evaluate clean

help:
	@grep -E '^## ' $(MAKEFILE_LIST) | sed 's/^## //'

## make run       runs the service (cargo run --release)
run:
	cargo run --release

## make test      installs what is missing and passes every test
test:
	tests/install-tools
	cargo test --no-fail-fast
	$(MAKE) browser-tests

browser-tests:
	cd tests/browser && npm ci --no-audit --no-fund --silent && node --test --test-concurrency=1 --test-reporter=spec

## make check     what CI runs: format, lints, documentation, every test
check:
	cargo fmt --check
	cargo clippy --all-targets -- -D warnings
	RUSTDOCFLAGS="-D warnings" cargo doc --no-deps --document-private-items
	$(MAKE) test

## make torture   the long form of the tests: 1,000 kills under load
torture:
	MODERATO_TEST_KILLS=1000 cargo test --release --test service durability -- --nocapture

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
