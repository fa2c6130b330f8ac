"""Recueil des avis dans la base ; ``python -m app.recueil`` les rend en lignes JSON, pour le service du socle."""

import sys

import psycopg
from psycopg import sql
from psycopg.rows import class_row

from app.avis import Avis
from app.base import Base, ConfigurationBase
from app.projet import IDENTIFIANT

_TABLE = sql.Identifier(f"{IDENTIFIANT}_technique", "avis_ia")
_GARDER = sql.SQL(
    "INSERT INTO {} (operation, utile, motif, minutes_gagnees)"
    " VALUES (%(operation)s, %(utile)s, %(motif)s, %(minutes_gagnees)s)"
).format(_TABLE)
_LIRE = sql.SQL("SELECT operation, utile, motif, minutes_gagnees FROM {} ORDER BY jour, id").format(_TABLE)


class RecueilBase:
    """Garde chaque avis dans une table, au jour près : l'heure pourrait désigner son auteur."""

    def __init__(self, base: Base) -> None:
        self._base = base

    def deposer(self, avis: Avis) -> None:
        """Garde un avis."""
        with self._base.reserve.connection() as connexion:
            connexion.execute(_GARDER, avis.model_dump())


def creer(base: Base) -> RecueilBase:
    """Recueil de cette application."""
    return RecueilBase(base)


def exporter() -> None:
    """Écrit tous les avis sur la sortie standard."""
    conninfo = ConfigurationBase().conninfo(application_name="avis")
    with psycopg.connect(conninfo) as connexion, connexion.cursor(row_factory=class_row(Avis)) as curseur:
        for avis in curseur.execute(_LIRE):
            sys.stdout.write(avis.model_dump_json() + "\n")


if __name__ == "__main__":
    exporter()
