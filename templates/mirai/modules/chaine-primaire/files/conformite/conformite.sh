#!/bin/sh
# Vérifie ce dépôt avec mirai-kit, exigence par exigence, et écrit les rapports dans rapport-conformite/.
#   sh scripts/conformite.sh           dans une chaîne : tous les rapports
#   sh scripts/conformite.sh --local   avant un commit : le texte seul, sans jamais rien télécharger
# mirai-kit n'est dans aucun dépôt public de paquets. Il est cherché dans cet ordre, et son absence est un échec :
#   MIRAI_KIT                          chemin du programme ;
#   MIRAI_KIT_URL et MIRAI_KIT_SHA256  adresse d'où le télécharger, et son empreinte (chaînes seulement) ;
#   mirai-kit                          dans le PATH.
set -eu

echec() {
  echo "conformite : $*" >&2
  exit 1
}

mode=${1:-chaine}
travail=$(mktemp -d)
trap 'rm -rf "$travail"' EXIT

if [ -n "${MIRAI_KIT:-}" ]; then
  programme=$MIRAI_KIT
  [ -x "$programme" ] || echec "MIRAI_KIT désigne « $programme », qui n'est pas un programme."
elif [ "$mode" != --local ] && [ -n "${MIRAI_KIT_URL:-}" ]; then
  [ -n "${MIRAI_KIT_SHA256:-}" ] || echec "MIRAI_KIT_URL est là sans MIRAI_KIT_SHA256 : un programme dont l'empreinte n'est pas fixée n'est pas lancé."
  programme=$travail/mirai-kit
  if command -v curl > /dev/null; then
    curl --fail --silent --show-error --location --output "$programme" "$MIRAI_KIT_URL"
  else
    wget -q -O "$programme" "$MIRAI_KIT_URL"
  fi
  echo "$MIRAI_KIT_SHA256  $programme" | sha256sum -c - > /dev/null || echec "l'empreinte du programme téléchargé n'est pas celle de MIRAI_KIT_SHA256."
  chmod 755 "$programme"
elif command -v mirai-kit > /dev/null; then
  programme=mirai-kit
else
  echec "mirai-kit est introuvable, rien n'a été vérifié. Donnez les variables MIRAI_KIT_URL et MIRAI_KIT_SHA256 (chaînes), MIRAI_KIT, ou mettez mirai-kit dans le PATH."
fi

version=$("$programme" --version) || echec "« $programme » ne se lance pas ici : il faut un programme fait pour ce système (lié statiquement pour une image Alpine)."
attendue=$(sed -n 's/^version: "\(.*\)"$/\1/p' .mirai-kit.yaml)
[ "$version" = "mirai-kit $attendue" ] || echo "conformite : $version, alors que ce dépôt a été écrit par mirai-kit $attendue." >&2
command -v helm > /dev/null || echo "conformite : helm est absent, les charts ne seront pas évalués (le rapport le dit)." >&2

# Un numéro de génération de base ne sert qu'une fois : l'histoire de git le dit, pas les fichiers seuls.
verifier() {
  resultat=0
  "$programme" check . || resultat=$?
  for valeurs in values.yaml infra/postgres/values.yaml; do
    if [ -e .git ] && grep -qs '^generation:' "$valeurs"; then
      "$programme" db status . || resultat=$?
    fi
  done
  return "$resultat"
}

if [ "$mode" = --local ]; then
  verifier
  exit
fi
rapports=rapport-conformite
rm -rf "$rapports"
# Écrits hors du dépôt d'abord : un rapport ne doit pas être vérifié par le suivant.
for forme in gitlab:code-quality.json junit:junit.xml sarif:conformite.sarif html:conformite.html md:conformite.md; do
  "$programme" check . --fail-on never --format "${forme%%:*}" > "$travail/${forme#*:}"
done
code=0
verifier || code=$?
mkdir "$rapports"
for fichier in code-quality.json junit.xml conformite.sarif conformite.html conformite.md; do
  mv "$travail/$fichier" "$rapports/"
done
exit "$code"
