#!/usr/bin/env bash
# Coverage-guided fuzzing of `check` by libFuzzer, on the stable compiler: instrumentation by LLVM's own flags, no sanitizer
# (unsafe code is forbidden; what is looked for is a panic, an overflow, a run that does not end, a memory that grows).
# usage: fuzz/run.sh SECONDS
set -euo pipefail
seconds=${1:?usage: fuzz/run.sh SECONDS}
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
target=${CARGO_TARGET_DIR:-$root/target}/fuzz
host=$(rustc -vV | sed -n 's/^host: //p')
level="-Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=4"
export RUSTFLAGS="$level -Cllvm-args=-sanitizer-coverage-inline-8bit-counters -Cllvm-args=-sanitizer-coverage-pc-table --cfg fuzzing"
cargo build --release --locked --quiet --manifest-path "$root/fuzz/Cargo.toml" --target "$host" --target-dir "$target" --bin check
"$root/target/tools/python/bin/python" "$root/fuzz/seeds.py" "$root" "$target/seeds"
mkdir -p "$target/corpus" "$target/found"
cd "$target"
# libFuzzer says a lot: shown only when it found something.
if ! "$target/$host/release/check" -max_total_time="$seconds" -timeout=10 -rss_limit_mb=1024 -max_len=20000 -print_final_stats=1 \
    -artifact_prefix="$target/found/" "$target/corpus" "$target/seeds" >"$target/log" 2>&1; then
    tail -60 "$target/log" >&2
    echo "fuzz: found an input, kept in $target/found" >&2
    exit 1
fi
echo "gate fuzz: $(sed -n 's/^stat::number_of_executed_units: *//p' "$target/log") examined, $seconds s"
