"""``python -m app.migrer`` : applique les migrations, sous le rôle propriétaire.

Rejouable. Une migration déjà appliquée dont le contenu a changé est refusée : l'histoire ne se réécrit pas.
"""

import logging
import sys
import time

import psycopg

from app.base import ConfigurationBase
from app.journaux import installer
from app.migrations import Migration, MigrationInvalide, lire

_VERROU = 0x4D495241  # une migration à la fois, quel que soit le nombre de Jobs
_journal = logging.getLogger("app.migrer")


def preparer(connexion: psycopg.Connection) -> None:
    """Crée la table des migrations avant le premier fichier, qui en donne le droit de lecture."""
    with connexion.transaction():
        connexion.execute("CREATE SCHEMA IF NOT EXISTS rgpd")
        connexion.execute(
            "CREATE TABLE IF NOT EXISTS rgpd.migration (numero integer PRIMARY KEY, nom text NOT NULL UNIQUE,"
            " sha256 text NOT NULL CHECK (sha256 ~ '^[0-9a-f]{64}$'),"
            " appliquee_le timestamptz NOT NULL DEFAULT now(), par name NOT NULL DEFAULT session_user)"
        )


def _verrouiller(connexion: psycopg.Connection) -> None:
    """Prend le verrou, redemandé chaque seconde.

    L'attendre dans une requête tiendrait un instantané, que le CREATE INDEX CONCURRENTLY de l'autre Job attendrait à
    son tour : PostgreSQL tuerait l'un des deux.
    """
    while connexion.execute("SELECT pg_try_advisory_lock(%s)", (_VERROU,)).fetchone() != (True,):
        _journal.info("une autre migration est en cours")
        time.sleep(1)


def _noter(connexion: psycopg.Connection, migration: Migration) -> None:
    connexion.execute(
        "INSERT INTO rgpd.migration (numero, nom, sha256) VALUES (%s, %s, %s)",
        (migration.numero, migration.nom, migration.sha256),
    )


def _appliquer(connexion: psycopg.Connection, migration: Migration) -> None:
    if migration.hors_transaction:
        for instruction in migration.instructions():
            connexion.execute(instruction.encode())
        _noter(connexion, migration)
        return
    with connexion.transaction():
        # Une migration qui attend un verrou bloque aussi toutes les requêtes derrière elle.
        connexion.execute("SET LOCAL lock_timeout = '5s'")
        connexion.execute(migration.texte.encode())
        connexion.execute("RESET ROLE")
        _noter(connexion, migration)


def migrer(connexion: psycopg.Connection, migrations: list[Migration]) -> list[str]:
    """Applique ce qui manque, dans l'ordre ; rend les noms appliqués. La connexion est en validation automatique."""
    _verrouiller(connexion)
    preparer(connexion)
    connues: dict[str, str] = dict(connexion.execute("SELECT nom, sha256 FROM rgpd.migration").fetchall())
    appliquees: list[str] = []
    for migration in migrations:
        connue = connues.get(migration.nom)
        if connue == migration.sha256:
            continue
        if connue is not None:
            raise MigrationInvalide(f"{migration.nom} a changé depuis son application : écrire une nouvelle migration")
        _appliquer(connexion, migration)
        _journal.info("migration appliquée", extra={"champs": {"migration": migration.nom}})
        appliquees.append(migration.nom)
    return appliquees


def principal() -> int:
    """Commande."""
    installer("INFO")
    configuration = ConfigurationBase()
    try:
        migrations = lire(configuration.migrations)
        with psycopg.connect(configuration.conninfo(application_name="migration"), autocommit=True) as connexion:
            appliquees = migrer(connexion, migrations)
    except (MigrationInvalide, OSError) as erreur:
        _journal.error("migration refusée : %s", erreur)
        return 1
    except psycopg.Error:
        _journal.error("migration échouée", exc_info=True)
        return 1
    _journal.info("schéma à jour", extra={"champs": {"appliquees": len(appliquees), "total": len(migrations)}})
    return 0


if __name__ == "__main__":
    sys.exit(principal())
