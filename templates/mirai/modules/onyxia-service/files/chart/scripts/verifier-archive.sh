#!/bin/sh
# Compare l'empreinte sha256 de l'archive du chart Onyxia à celle qui est consignée dans Chart.yaml.
# À lancer après « helm dependency build » et avant de verser charts/ et Chart.lock dans git.
# Codes de sortie : 0 conforme, 1 archive absente ou différente.
set -eu

racine=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd)
chart="$racine/Chart.yaml"
annotation() {
  sed -n "s|^  mirai\\.interieur\\.gouv\\.fr/$1: *\"\\(.*\\)\"\$|\\1|p" "$chart"
}

attendue=$(annotation archive-sha256)
adresse=$(annotation archive)
if [ -z "$attendue" ] || [ -z "$adresse" ]; then
  echo "Annotations archive et archive-sha256 introuvables dans $chart." >&2
  exit 1
fi
archive="$racine/charts/$(basename "$adresse")"
if [ ! -f "$archive" ]; then
  echo "Archive absente : $archive" >&2
  echo "Lancez d'abord : helm dependency build \"$racine\"" >&2
  exit 1
fi
obtenue=$(sha256sum "$archive" | cut -d ' ' -f 1)
if [ "$obtenue" != "$attendue" ]; then
  echo "L'archive $archive n'est pas celle du catalogue : ne la déployez pas." >&2
  echo "  attendue : $attendue" >&2
  echo "  obtenue  : $obtenue" >&2
  exit 1
fi
echo "Archive conforme : $(basename "$archive") ($obtenue)"
