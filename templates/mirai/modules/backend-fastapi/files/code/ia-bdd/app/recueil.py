"""Recueil des avis dans la base.

``python -m app.recueil`` les rend en lignes JSON, pour le service du socle et le réentraînement des modèles ;
``python -m app.recueil bilan`` en donne le compte par mois, pour le bilan à six mois.
"""

import sys
from collections.abc import Iterator

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
_BILAN = sql.SQL(
    "SELECT to_char(jour, 'YYYY-MM'), operation, count(*), count(*) FILTER (WHERE utile),"
    " count(*) FILTER (WHERE motif = 'faux'), coalesce(sum(minutes_gagnees), 0) FROM {} GROUP BY 1, 2 ORDER BY 1, 2"
).format(_TABLE)
_COLONNES = "mois;operation;avis;utiles;faux;minutes gagnées"


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


def exporter(connexion: psycopg.Connection) -> Iterator[str]:
    """Tous les avis, du plus ancien au plus récent."""
    with connexion.cursor(row_factory=class_row(Avis)) as curseur:
        for avis in curseur.execute(_LIRE):
            yield avis.model_dump_json()


def compter(connexion: psycopg.Connection) -> Iterator[str]:
    """Une ligne par mois et par opération."""
    yield _COLONNES
    for ligne in connexion.execute(_BILAN):
        yield ";".join(map(str, ligne))


def principal(arguments: list[str]) -> int:
    """Commande."""
    commandes = {(): exporter, ("bilan",): compter}
    commande = commandes.get(tuple(arguments))
    if commande is None:
        sys.stderr.write("usage : python -m app.recueil [bilan]\n")
        return 2
    with psycopg.connect(ConfigurationBase().conninfo(application_name="avis")) as connexion:
        for ligne in commande(connexion):
            sys.stdout.write(ligne + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(principal(sys.argv[1:]))
