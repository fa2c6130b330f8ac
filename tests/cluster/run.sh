#!/usr/bin/env bash
# Runs the tests of `make cluster`, and fails when one of their programs or folders outlives them. Ends on the lines of cargo
# test: what is left is only said when there is some.
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
# Tests wait more than they compute: all at once, whatever the number of cores.
status=0
cargo test --locked --test cluster -- --test-threads="${MIRAI_CLUSTER_THREADS:-8}" --nocapture || status=$?
for _ in $(seq 240); do
    after=$(left)
    [ -n "$after" ] || exit "$status"
    sleep 0.5
done
echo "cluster: left behind: $after" >&2
exit 1
