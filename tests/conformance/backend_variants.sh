#!/usr/bin/env bash
# Plays every variant of the generated backend for real: style, types, tests at 100 % on a real PostgreSQL.
#
#   tests/conformance/backend_variants.sh [all|pairs|NAME…]
#
# Three answers decide what code is generated: the data (none, plain, personal), the identity (oidc, session, passage2,
# none) and the gateway (yes, no): 24 variants, or the 12 that hold every pair of them. The other answers must not change a
# byte of the backend: that is compared, not assumed. One environment, from the generated locked requirements, serves
# all. Each gate is first shown a sample that it must refuse. One closing line per variant; any failure ends in 1.
#
# MIRAI_KIT: the program (target/release/mirai-kit); KIT: the kit (templates/mirai); PYTHON: the interpreter (python3);
# WORK: a folder for outputs (target/backend-variants); PG_BINDIR: folder of initdb, when it is not found by itself.
set -euo pipefail

root=$(cd "$(dirname "$0")/../.." && pwd)
MIRAI_KIT=${MIRAI_KIT:-$root/target/release/mirai-kit}
KIT=${KIT:-$root/templates/mirai}
PYTHON=${PYTHON:-python3}
WORK=${WORK:-$root/target/backend-variants}
DATE=2026-01-15

die() { echo "backend-variants: $*" >&2; exit 1; }
[ -x "$MIRAI_KIT" ] || die "$MIRAI_KIT is missing: run 'make build', or set MIRAI_KIT"
mkdir -p "$WORK"

# render DEST --set …: the project, without git.
render() {
    local dest=$1
    shift
    rm -rf "$dest"
    mkdir -p "$dest"
    "$MIRAI_KIT" new essai --kit "$KIT" --defaults --no-git --output "$dest" \
        --set "date=$DATE" --set slug=essai "$@" >"$dest.render.log" 2>&1 || { cat "$dest.render.log" >&2; die "$dest: not rendered"; }
}

# code DEST: folder of the backend, wherever the answer `depots` puts it.
code() {
    if [ -d "$1/essai/app/backend" ]; then echo "$1/essai/app/backend"; else echo "$1/essai/backend"; fi
}

# answers NAME: fills `chosen` with the answers of the variant data-identity-gateway.
answers() {
    local data identity gateway
    IFS=- read -r data identity gateway <<<"$1"
    chosen=()
    case $data in
    none) chosen+=(--set base_de_donnees=aucune) ;;
    plain) chosen+=(--set donnees_personnelles=non) ;;
    personal) chosen+=(--set donnees_personnelles=oui) ;;
    *) die "$1: unknown data" ;;
    esac
    case $identity in
    oidc) chosen+=(--set authentification=sso-mirai) ;;
    session) chosen+=(--set authentification=proconnect) ;;
    passage2) chosen+=(--set authentification=passage2) ;;
    none) chosen+=(--set authentification=aucune --set "authentification_motif=Application de démonstration sans compte") ;;
    *) die "$1: unknown identity" ;;
    esac
    case $gateway in
    ia) chosen+=(--set ia=passerelle-mirai) ;;
    alone) chosen+=(--set ia=aucune) ;;
    *) die "$1: unknown gateway" ;;
    esac
}

all=()
for data in none plain personal; do
    for identity in oidc session passage2 none; do
        for gateway in ia alone; do all+=("$data-$identity-$gateway"); done
    done
done
pairs=(none-oidc-ia none-passage2-alone none-none-alone plain-oidc-alone plain-passage2-ia plain-none-ia
    personal-oidc-ia personal-passage2-alone personal-none-alone none-session-alone plain-session-ia personal-session-alone)

case ${1:-all} in
all) names=("${all[@]}") ;;
pairs) names=("${pairs[@]}") ;;
*) names=("$@") ;;
esac

# --- one environment for all, from the project's own locked file
render "$WORK/lock"
lock=$(code "$WORK/lock")/requirements-dev.txt
sum=$(sha256sum "$lock" | cut -c1-16)-$("$PYTHON" -c 'import sys; print("%d.%d.%d" % sys.version_info[:3])')
venv=$WORK/venv
if [ "$(cat "$venv/.lock" 2>/dev/null || true)" != "$sum" ]; then
    rm -rf "$venv"
    "$PYTHON" -m venv "$venv"
    "$venv/bin/pip" install --quiet --disable-pip-version-check --require-hashes -r "$lock"
    echo "$sum" >"$venv/.lock"
fi
export PATH=$venv/bin:$PATH

# play FOLDER LOG: the same four commands as `make test` of the project.
play() (
    cd "$1"
    { ruff check . && ruff format --check . && mypy && pytest; } >"$2" 2>&1
)

# refused WHAT MESSAGE COMMAND…: the gate must fail, with this message, on the sample that was put there.
refused() {
    local what=$1 expected=$2
    shift 2
    if "$@" >"$WORK/sample.log" 2>&1; then die "gate without teeth: $what was accepted"; fi
    if ! grep -q "$expected" "$WORK/sample.log"; then
        cat "$WORK/sample.log" >&2
        die "gate refused $what for another reason than « $expected »"
    fi
}

# --- each gate is shown a sample that it must refuse
answers none-none-alone
render "$WORK/sample" "${chosen[@]}"
sample=$(code "$WORK/sample")
cd "$sample"
cp app/sante.py "$WORK/sante.py"
printf '\n\nimport os\n' >>app/sante.py
refused "an import out of place" E402 ruff check .
cp "$WORK/sante.py" app/sante.py
printf '\n\ndef jamais(x:int)->int:\n    """Essai."""\n    return x\n' >>app/sante.py
refused "a badly laid out file" "would be reformatted" ruff format --check .
cp "$WORK/sante.py" app/sante.py
printf '\n\nJAMAIS: int = "texte"\n' >>app/sante.py
refused "a text as an integer" "Incompatible types" mypy
cp "$WORK/sante.py" app/sante.py
printf '\n\ndef jamais() -> int:\n    """Essai."""\n    return 1\n' >>app/sante.py
refused "a line that no test runs" "Required test coverage of 100% not reached" pytest
cd "$root"
echo "gates: 4 samples refused (ruff check, ruff format, mypy, pytest at 100 %)"

# --- the answers that must not change the code
compared=0
same() {
    local reference=$1 what=$2
    shift 2
    render "$WORK/same" "$@"
    diff -r "$(code "$reference")" "$(code "$WORK/same")" >"$WORK/same.diff" || { cat "$WORK/same.diff" >&2; die "$what changes the backend"; }
    compared=$((compared + 1))
}
for data in none plain personal; do
    for gateway in ia alone; do
        answers "$data-session-$gateway"
        render "$WORK/reference" "${chosen[@]}"
        same "$WORK/reference" "$data, $gateway, franceconnect" "${chosen[@]}" --set authentification=franceconnect
    done
done
for other in hebergement=argocd depots=mono chaine_primaire=gitlab secrets=sops sauvegarde=plugin version_cnpg=newest \
    'services_onyxia=[]' exposition=rie criticite=high; do
    same "$WORK/lock" "$other" --set "$other"
done
same "$WORK/lock" "sensibilite=dr" --set sensibilite=dr --set exposition=interne
echo "same code: $compared sets of other answers compared with their reference, byte for byte"

# --- the variants
failed=0
for name in "${names[@]}"; do
    answers "$name"
    render "$WORK/$name" "${chosen[@]}"
    log=$WORK/$name.log
    if play "$(code "$WORK/$name")" "$log" &&
        read -r lines branches < <(awk '$1 == "TOTAL" {print $2, $4}' "$log") &&
        [ "$(awk '$1 == "TOTAL" {print $NF}' "$log")" = "100%" ] &&
        tests=$(grep -oE '^=+ [0-9]+ passed in' "$log" | grep -oE '[0-9]+') && [ "$tests" -gt 0 ]; then
        echo "$name: ok, $tests tests, 100 % of $lines lines and $branches branches, ruff and mypy clean"
    else
        failed=$((failed + 1))
        tail -n 40 "$log" >&2
        echo "$name: FAILED (see $log)"
    fi
done
echo "backend-variants: ${#names[@]} played, $failed failed"
[ "${#names[@]}" -gt 0 ] && [ "$failed" -eq 0 ]
