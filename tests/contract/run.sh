#!/usr/bin/env bash
# The contract suite against one generated backend, with a real PostgreSQL and a real OpenID provider.
#   CONTRACT_BACKEND=…/backend CONTRACT_ID=<id> CONTRACT_PROMTOOL=…/promtool CONTRACT_OIDC=… bash run.sh [pytest options]
# CONTRACT_OIDC: a copy of oidc/ where `npm ci` was run. Another stack gives CONTRACT_SERVE and CONTRACT_MIGRATE.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
: "${CONTRACT_BACKEND:?}" "${CONTRACT_ID:?}" "${CONTRACT_PROMTOOL:?}" "${CONTRACT_OIDC:?}"
exec "${CONTRACT_PYTHON:-$CONTRACT_BACKEND/.venv/bin/python}" -B -m pytest -c "$here/pytest.ini" --rootdir "$here" "$here" "$@"
