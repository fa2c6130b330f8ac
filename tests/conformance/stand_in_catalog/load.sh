#!/usr/bin/env bash
# Loads a repository's .gitlab-ci-dso.yml in gitlab-ci-local with the stand-in catalogue in place of the platform's, offline,
# and checks its order: read_secret first and needed by every job, one job per chart, images never "latest".
# Usage: load.sh REPOSITORY_DIR [GITLAB_CI_LOCAL]   → prints the number of jobs; 0 jobs is a failure.
set -euo pipefail

repository=$1
runner=${2:-gitlab-ci-local}
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cp -a "$repository/." "$work/"
rm -rf "$work/.git"
cd "$work"
git init --quiet --initial-branch main
git remote add origin https://gitlab.invalid/demo/demo.git
git config user.name test
git config user.email test@example.invalid
# The remote stands one empty commit behind, so that every file counts as changed and no `rules: changes` hides a job.
git commit --quiet --allow-empty --message base
git update-ref refs/remotes/origin/main HEAD
git symbolic-ref refs/remotes/origin/HEAD refs/remotes/origin/main
git add --all
git commit --quiet --message test
includes=.gitlab-ci-local/includes/gitlab.invalid/platform/catalog/main
mkdir -p "$includes"
cp "$here"/*-ci.yml "$includes/"
export HOME=$work
options=(--file .gitlab-ci-dso.yml --variable CATALOG_PATH=platform/catalog --variable JETON_FORGE_PRIMAIRE=x --variable FORGE_API=x --variable FORGE_DEPOT=x)
preview=$("$runner" "${options[@]}" --preview)
list=$("$runner" "${options[@]}" --list-csv-all)
PREVIEW="$preview" LIST="$list" python3 - <<'PY'
import os
import sys

import yaml

pipeline = yaml.safe_load(os.environ["PREVIEW"])
jobs = {n: j for n, j in pipeline.items() if isinstance(j, dict) and ("script" in j or "stage" in j) and not n.startswith(".")}
errors = []
if "read_secret" not in jobs:
    errors.append("no job read_secret")
elif pipeline["stages"].index(jobs["read_secret"]["stage"]) > 1:  # .pre comes first
    errors.append("read_secret is not in the first stage")
for name, job in jobs.items():
    needs = [n["job"] if isinstance(n, dict) else n for n in job.get("needs", [])]
    if name != "read_secret" and "read_secret" not in needs:
        errors.append(f"{name} does not need read_secret")
    if "latest" in str(job.get("variables", {}).get("IMAGE_NAMES", "")):
        errors.append(f"{name} builds latest")
    if job.get("allow_failure"):
        errors.append(f"{name} may fail")
listed = [line for line in os.environ["LIST"].splitlines()[1:] if line]
if not jobs or len(listed) < len(jobs):
    errors.append(f"{len(jobs)} jobs in the preview, {len(listed)} listed")
print("\n".join(errors), file=sys.stderr)
print(f"{len(jobs)} jobs: {', '.join(sorted(jobs))}")
sys.exit(1 if errors else 0)
PY
