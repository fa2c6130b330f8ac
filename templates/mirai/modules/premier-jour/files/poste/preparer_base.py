"""Ce que la plateforme fait avant l'application : rôles, base, scripts de superutilisateur. Rejouable.

Exécuté par l'environnement de l'application, qui a le pilote de PostgreSQL.
"""

import json
import os
import sys
import time
from pathlib import Path

import psycopg
from psycopg import sql


def attendre(conninfo: str, secondes: float) -> psycopg.Connection:
    """Connexion, dès que le serveur en accepte."""
    fin = time.monotonic() + secondes
    while True:
        try:
            return psycopg.connect(conninfo, autocommit=True)
        except psycopg.OperationalError:
            if time.monotonic() > fin:
                raise
            time.sleep(0.1)


def principal() -> int:
    """Les réglages viennent de l'environnement : une ligne de commande se lit dans la liste des processus."""
    reglages = json.loads(os.environ["PREPARATION"])
    nom = reglages["id"]
    commun = {"host": "127.0.0.1", "port": reglages["port"], "user": "postgres", "password": reglages["superutilisateur"]}
    with attendre(psycopg.conninfo.make_conninfo(dbname="postgres", **commun), 30) as admin:
        for suffixe in ("owner", "app", "purge"):
            role = f"{nom}_{suffixe}"
            connu = admin.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", (role,)).fetchone()
            ordre = "ALTER ROLE {} LOGIN PASSWORD {}" if connu else "CREATE ROLE {} LOGIN PASSWORD {}"
            admin.execute(sql.SQL(ordre).format(sql.Identifier(role), sql.Literal(reglages[suffixe])))
        if admin.execute("SELECT 1 FROM pg_database WHERE datname = %s", (nom,)).fetchone() is None:
            admin.execute(sql.SQL("CREATE DATABASE {} OWNER {}").format(sql.Identifier(nom), sql.Identifier(f"{nom}_owner")))
    with psycopg.connect(**commun, dbname=nom, autocommit=True) as admin:
        for script in sorted(Path(reglages["scripts"]).glob("*.sql")):
            admin.execute(script.read_bytes())
    return 0


if __name__ == "__main__":
    sys.exit(principal())
