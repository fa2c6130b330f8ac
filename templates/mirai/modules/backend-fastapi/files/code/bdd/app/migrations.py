"""Lecture des migrations livrées dans l'image."""

import hashlib
import re
from dataclasses import dataclass
from pathlib import Path

_NOM = re.compile(r"([0-9]{3,6})_[a-z0-9_]+\.sql")
_HORS_TRANSACTION = "-- hors-transaction"


class MigrationInvalide(Exception):
    """Le dossier des migrations ne peut pas être appliqué."""


@dataclass(frozen=True)
class Migration:
    """Un fichier de migration."""

    numero: int
    nom: str
    texte: str
    sha256: str

    @property
    def hors_transaction(self) -> bool:
        """Vrai pour les instructions que PostgreSQL refuse dans une transaction."""
        return self.texte.split("\n", 1)[0].strip() == _HORS_TRANSACTION

    def instructions(self) -> list[str]:
        """Blocs séparés par une ligne vide, pour l'exécution hors transaction."""
        return [b for b in re.split(r"\n\s*\n", self.texte) if re.sub(r"--[^\n]*", "", b).strip()]


def lire(dossier: Path) -> list[Migration]:
    """Migrations dans l'ordre de leur numéro. Dossier vide, nom inattendu ou numéro en double : refusé."""
    migrations: dict[int, Migration] = {}
    for chemin in sorted(dossier.glob("*.sql")):
        nom = _NOM.fullmatch(chemin.name)
        if nom is None:
            raise MigrationInvalide(f"{chemin.name} : nom attendu NNN_<nom>.sql")
        contenu = chemin.read_bytes()
        numero = int(nom[1])
        if numero in migrations:
            raise MigrationInvalide(f"{chemin.name} : le numéro {numero} est déjà pris par {migrations[numero].nom}")
        migrations[numero] = Migration(
            numero, chemin.name, contenu.decode("utf-8"), hashlib.sha256(contenu).hexdigest()
        )
    if not migrations:
        raise MigrationInvalide(f"{dossier} : aucune migration")
    return [migrations[numero] for numero in sorted(migrations)]
