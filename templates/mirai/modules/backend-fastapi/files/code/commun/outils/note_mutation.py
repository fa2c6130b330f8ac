"""Note de mutation, d'après ce que mutmut exporte : part des erreurs glissées que les essais ont vues."""

import json
import sys
from pathlib import Path

STATISTIQUES = Path("mutants/mutmut-cicd-stats.json")


def noter(statistiques: dict[str, int]) -> float:
    """Pourcentage de mutants tués ; un mutant qu'aucun essai n'exécute compte comme survivant."""
    tues = statistiques["killed"] + statistiques["timeout"] + statistiques["segfault"]
    vivants = statistiques["survived"] + statistiques["no_tests"] + statistiques["suspicious"]
    return 100 * tues / max(1, tues + vivants)


if __name__ == "__main__":
    seuil = float(sys.argv[1])
    note = noter(json.loads(STATISTIQUES.read_text(encoding="utf-8")))
    sys.stdout.write(f"note de mutation : {note:.1f} % (seuil {seuil:.0f} %)\n")
    sys.exit(note < seuil)
