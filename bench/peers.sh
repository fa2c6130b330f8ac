#!/usr/bin/env bash
# Installs the peers that bench/run.py measures, pinned, under target/tools/bench.
# cargo-generate 0.24 and newer need a later Rust than this project's (kstring 2.0.4: 1.96, cargo-util-schemas 0.14.2: 1.96).
set -euo pipefail
cd "$(dirname "$0")/.."
into=target/tools/bench
mkdir -p "$into"
if [ ! -x "$into/venv/bin/copier" ]; then
  python3 -m venv "$into/venv"
  "$into/venv/bin/pip" install --quiet --disable-pip-version-check --requirement bench/requirements.txt
fi
if [ ! -x "$into/bin/cargo-generate" ]; then
  CARGO_TARGET_DIR="$PWD/$into/build" cargo install --quiet --locked --root "$into" --version 0.23.14 cargo-generate
fi
printf 'fn main() {}\n' >"$into/empty.rs"
rustc -C opt-level=3 -C strip=symbols -C panic=abort -o "$into/empty" "$into/empty.rs"
cc -O2 -o "$into/peak" bench/peak.c
