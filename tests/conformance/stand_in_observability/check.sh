#!/usr/bin/env bash
# Injects the generated rules as the platform's infra-observability chart does (a file under `spec:`, through Helm's tpl), with a
# stand-in chart of our own, and checks that the three copies of the rules read back equal; then promtool checks and tests them,
# and is shown a broken rule that it must refuse.
# Usage: check.sh OBSERVABILITE_DIR [HELM] [PROMTOOL]   (python3 with PyYAML)
set -euo pipefail

source=$(cd "$1" && pwd)
helm=${2:-helm}
promtool=${3:-promtool}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir -p "$work/chart/templates" "$work/chart/files"
cp "$source"/files/rules/metrics/*.yaml.tpl "$work/chart/files/rules.yaml.tpl"
printf 'apiVersion: v2\nname: stand-in\nversion: 0.1.0\n' > "$work/chart/Chart.yaml"
printf 'kind: PrometheusRule\nspec:\n  {{ tpl (.Files.Get "files/rules.yaml.tpl") . }}\n' > "$work/chart/templates/rules.yaml"
"$helm" template stand-in "$work/chart" > "$work/rendered.yaml"
python3 - "$work/rendered.yaml" "$source" <<'PY'
import sys
from pathlib import Path

import yaml

rendered, source = Path(sys.argv[1]), Path(sys.argv[2])
platform = next(d for d in yaml.safe_load_all(rendered.read_text()) if d)["spec"]
tested = yaml.safe_load((source / "tests" / "regles.yaml").read_text())
own = [yaml.safe_load(p.read_text())["spec"] for p in sorted(source.glob("cluster-propre/*/prometheusrule.yaml"))]
if not own or any(copy != platform for copy in [tested, *own]):
    sys.exit("the copies of the rules differ")
print(f"{2 + len(own)} equal copies, {sum(len(g['rules']) for g in platform['groups'])} rules")
PY
"$promtool" check rules "$source/tests/regles.yaml"
(cd "$source/tests" && "$promtool" test rules alertes.test.yaml)
sed 's/ == 0$/ === 0/' "$source/tests/regles.yaml" > "$work/bad.yaml"
if "$promtool" check rules "$work/bad.yaml" > /dev/null 2>&1; then
  echo "promtool accepted a broken rule" >&2
  exit 1
fi
