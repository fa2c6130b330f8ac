#!/usr/bin/env bash
# Builds the programs of `make cluster` under target/tools/cluster (or $MIRAI_TOOLS/cluster): etcd, Kubernetes, kwok,
# CloudNativePG and Argo CD, from the Go modules pinned in the go.mod beside each, with their checksums. A program is built
# again only when its pins change. One after the other: a build already takes every core.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
tools=${MIRAI_TOOLS:-$here/../../../target/tools}
mkdir -p "$tools/cluster/bin" "$tools/cluster/stamps"
tools=$(cd "$tools/cluster" && pwd)
export GOTOOLCHAIN=local GOFLAGS="-mod=readonly -trimpath -buildvcs=false ${MIRAI_GOFLAGS:-}"

die() { echo "cluster-tools: $*" >&2; exit 1; }

command -v go >/dev/null || die "« go » is missing. Install Go 1.26."
for program in git openssl setpriv; do
    command -v "$program" >/dev/null || die "« $program » is missing. Install Debian's git, openssl and util-linux."
done

# build FOLDER NAME PACKAGE [LDFLAGS]
build() {
    local folder=$1 name=$2 package=$3 flags="-s -w ${4:-}" pin stamp started=$SECONDS
    pin=$( (echo "$package $flags $GOFLAGS $(go version)"; find "$here/$folder" -type f -print0 | sort -z | xargs -0 cat) | sha256sum | cut -d' ' -f1)
    stamp=$tools/stamps/$name
    if [ -x "$tools/bin/$name" ] && [ -f "$stamp" ] && [ "$(cat "$stamp")" = "$pin" ]; then return; fi
    (cd "$here/$folder" && go build -ldflags "$flags" -o "$tools/bin/$name" "$package") || die "« $name » could not be built"
    echo "$pin" >"$stamp"
    echo "cluster-tools: $name built ($((SECONDS - started)) s, $(($(stat -c %s "$tools/bin/$name") / 1048576)) MiB)"
}

# An API server without a version calls itself v0.0.0: programs that compare versions would refuse it.
kubernetes=$(sed -n 's|.*k8s.io/kubernetes \(v1[0-9.]*\).*|\1|p' "$here/kubernetes/go.mod")
[ -n "$kubernetes" ] || die "no version of k8s.io/kubernetes in kubernetes/go.mod"
minor=${kubernetes#v1.}
base=k8s.io/component-base/version
version="-X $base.gitVersion=$kubernetes -X $base.gitMajor=1 -X $base.gitMinor=${minor%%.*}"
build kubernetes etcd go.etcd.io/etcd/server/v3
for program in kube-apiserver kube-controller-manager kube-scheduler; do
    build kubernetes "$program" "k8s.io/kubernetes/cmd/$program" "$version"
done
build kwok kwok sigs.k8s.io/kwok/cmd/kwok
build cnpg cnpg github.com/cloudnative-pg/cloudnative-pg/cmd/manager
build argocd argocd .
for part in application-controller applicationset-controller git-ask-pass repo-server; do
    ln -sf argocd "$tools/bin/argocd-$part"
done

# What the programs are installed with: CloudNativePG's webhooks, from the same module.
from_module() { # FOLDER MODULE PATH TARGET
    local folder
    folder=$(cd "$here/$1" && go list -m -f '{{.Dir}}' "$2")
    rm -rf "${tools:?}/$4"
    cp -r "$folder/$3" "$tools/$4"
    chmod -R u+w "$tools/$4"
}
from_module cnpg github.com/cloudnative-pg/cloudnative-pg config/webhook/manifests.yaml cnpg-webhooks.yaml

# Backups: barman-cloud as the operator's images hold it, and a local S3 server.
pin=$(cat "$here/install.sh" "$here/s3/requirements.txt" | sha256sum | cut -d' ' -f1)
if [ ! -f "$tools/stamps/s3" ] || [ "$(cat "$tools/stamps/s3")" != "$pin" ]; then
    rm -rf "$tools/s3"
    python3 -m venv "$tools/s3"
    "$tools/s3/bin/python" -m pip install --quiet --disable-pip-version-check --no-cache-dir --no-deps --only-binary :all: \
        --require-hashes -r "$here/s3/requirements.txt"
    "$tools/s3/bin/barman-cloud-backup" --version
    echo "$pin" >"$tools/stamps/s3"
fi

# Redis: Debian's redis-tools holds the server's program under another name, and installs no service.
if [ ! -x /usr/bin/redis-check-rdb ]; then
    [ "$(id -u)" = 0 ] || die "install the Debian package redis-tools, then run again"
    apt-get update -qq
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends redis-tools
fi
ln -sf /usr/bin/redis-check-rdb "$tools/bin/redis-server"
"$tools/bin/redis-server" --version >/dev/null || die "redis-server does not run"
