#!/usr/bin/env bash
# Runs the tests of `make cluster`, and fails when one of their programs or folders outlives them. Ends on the lines of cargo
# test: what is left is only said when there is some. Both programs run at once: they wait more than they compute.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
target=$(cargo metadata --locked --no-deps --format-version 1 | sed 's/.*"target_directory":"\([^"]*\)".*/\1/')

# Programs work in the folder of their control plane.
left() {
    find "$target/tmp" "${TMPDIR:-/tmp}" -maxdepth 1 -name 'cluster-*' 2>/dev/null || true
    find /proc -maxdepth 2 -name cwd \( -lname "$target/tmp/cluster-*" -o -lname "${TMPDIR:-/tmp}/cluster-*" \) 2>/dev/null || true
}

before=$(left)
[ -z "$before" ] || { echo "cluster: another run is under way, or was: $before" >&2; exit 1; }
cargo test --locked --test cluster --test recovery --no-run
said=$(mktemp)
# A session of its own, to end the whole of it: what runs in the background does not hear Ctrl-C.
setsid cargo test --locked --test recovery >"$said" 2>&1 &
recovery=$!
trap 'kill -- "-$recovery" 2>/dev/null || true; rm -f "$said"' EXIT
status=0
# All the tests at once, whatever the number of cores.
cargo test --locked --test cluster -- --test-threads="${MIRAI_CLUSTER_THREADS:-8}" --nocapture || status=$?
[ "$status" = 0 ] || echo "cluster: tests/cluster.rs failed; tests/recovery.rs, which ran beside it, says:" >&2
wait "$recovery" || status=$?
cat "$said"
for _ in $(seq 240); do
    after=$(left)
    [ -n "$after" ] || exit "$status"
    sleep 0.5
done
echo "cluster: left behind: $after" >&2
exit 1
