#!/usr/bin/env python3
"""Change l'étiquette de l'image du backend dans les valeurs d'un environnement.

Usage : changer-etiquette.py ÉTIQUETTE VALEURS.yaml [VALEURS.yaml…]

Dans chaque fichier, remplace la seule valeur « image.tag » (chart du backend) ou « backend.image.tag » (chart d'ensemble),
sans toucher au reste : ni ordre, ni commentaires. Refuse (code 1) une étiquette douteuse, « latest », un fichier absent,
ou un fichier où la clé n'est pas trouvée exactement une fois.
"""

import re
import sys
from pathlib import Path

ETIQUETTE = re.compile(r"[0-9a-f]{8}|v?[0-9]+\.[0-9]+\.[0-9]+")
CHEMINS = (["image", "tag"], ["backend", "image", "tag"])
LIGNE = re.compile(r"^( *)([A-Za-z0-9_-]+):(.*)$")


def changer(texte: str, etiquette: str) -> str:
    """Rend le texte où l'étiquette est remplacée ; ValueError si la clé n'est pas trouvée exactement une fois."""
    pile: list[tuple[int, str]] = []
    lignes = texte.splitlines(keepends=True)
    trouvees = []
    for numero, ligne in enumerate(lignes):
        trouve = LIGNE.match(ligne.rstrip("\n"))
        if not trouve:
            continue
        retrait = len(trouve.group(1))
        while pile and pile[-1][0] >= retrait:
            pile.pop()
        pile.append((retrait, trouve.group(2)))
        if [cle for _, cle in pile] in CHEMINS:
            trouvees.append((numero, trouve.group(1)))
    if len(trouvees) != 1:
        raise ValueError(f"« image.tag » trouvée {len(trouvees)} fois au lieu d'une")
    numero, retrait = trouvees[0]
    lignes[numero] = f'{retrait}tag: "{etiquette}"\n'
    return "".join(lignes)


def main(arguments: list[str]) -> int:
    if len(arguments) < 2:
        print(__doc__, file=sys.stderr)
        return 2
    etiquette, *fichiers = arguments
    if not ETIQUETTE.fullmatch(etiquette):
        print(f"Étiquette refusée : {etiquette!r} (attendu : huit chiffres hexadécimaux du commit, ou une version x.y.z).", file=sys.stderr)
        return 1
    for nom in fichiers:
        fichier = Path(nom)
        try:
            avant = fichier.read_text(encoding="utf-8")
            apres = changer(avant, etiquette)
        except (OSError, ValueError) as erreur:
            print(f"{nom} : {erreur}", file=sys.stderr)
            return 1
        fichier.write_text(apres, encoding="utf-8")
        print(f"{nom} : {'inchangé' if apres == avant else etiquette}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
