"""Accès à PostgreSQL : réglages, réserve de connexions, version du schéma."""

from pathlib import Path

import psycopg
from fastapi import Request
from psycopg.conninfo import make_conninfo
from psycopg_pool import ConnectionPool
from pydantic import SecretStr
from pydantic_settings import BaseSettings

from app.assemblage import Assemblage
from app.migrations import lire
from app.problemes import ReponseProbleme, probleme


class ConfigurationBase(BaseSettings):
    """Variables ``DB_*``."""

    db_host: str
    db_port: int = 5432
    db_name: str
    db_user: str
    db_password: SecretStr
    db_sslmode: str = "require"
    migrations: Path = Path(__file__).parent.parent / "migrations"

    def conninfo(self, **autres: str) -> str:
        """Chaîne de connexion ; ne jamais la journaliser."""
        return make_conninfo(
            host=self.db_host,
            port=self.db_port,
            dbname=self.db_name,
            user=self.db_user,
            password=self.db_password.get_secret_value(),
            sslmode=self.db_sslmode,
            connect_timeout=5,
            **autres,
        )


class Base:
    """Réserve de connexions du serveur, sous le rôle applicatif."""

    def __init__(self, configuration: ConfigurationBase) -> None:
        self._attendues = {m.nom: m.sha256 for m in lire(configuration.migrations)}
        self.reserve = ConnectionPool(
            configuration.conninfo(application_name="api", options="-c statement_timeout=10s"),
            min_size=1,
            max_size=8,
            timeout=4,
            # Après une panne, chaque demande relance une connexion, au lieu d'attendre la fin d'un recul qui double.
            reconnect_timeout=2,
            open=False,
            check=self._verifier,
        )

    def _verifier(self, connexion: psycopg.Connection) -> None:
        """Vérifie la connexion avant de la prêter.

        Une connexion morte annonce souvent que la base a redémarré : toutes sont vérifiées à la fois. Une par une,
        chacune coûterait une seconde à un appelant.
        """
        try:
            ConnectionPool.check_connection(connexion)
        except psycopg.OperationalError:
            self.reserve.check()
            raise

    def ouvrir(self) -> None:
        """Ouvre la réserve sans attendre la base : c'est la sonde qui dit si elle répond."""
        self.reserve.open(wait=False)

    def fermer(self) -> None:
        """Rend les connexions."""
        self.reserve.close()

    def sonder(self) -> str | None:
        """Raison pour laquelle la base ne peut pas servir cette image, ou None.

        Fermé par défaut : chaque migration de l'image doit être appliquée, à l'identique. Une base plus avancée
        convient (version suivante en cours de déploiement, EXI-ARCH-21).
        """
        try:
            with self.reserve.connection() as connexion:
                lignes = connexion.execute("SELECT nom, sha256 FROM rgpd.migration").fetchall()
        except (psycopg.errors.UndefinedTable, psycopg.errors.InsufficientPrivilege, psycopg.errors.InvalidSchemaName):
            return "la version du schéma n'est pas lisible : aucune migration appliquée"
        except psycopg.Error:
            return "la base ne répond pas"
        appliquees: dict[str, str] = dict(lignes)
        for nom, sha256 in self._attendues.items():
            if appliquees.get(nom) != sha256:
                return f"la migration {nom} manque ou diffère"
        return None


def _indisponible(_: Request, __: Exception) -> ReponseProbleme:
    return probleme(503, "La base de données ne répond pas.", entetes={"Retry-After": "5"})


def brancher(assemblage: Assemblage) -> Base:
    """Ajoute la base, sa sonde, et la réponse à ses pannes."""
    base = Base(ConfigurationBase())
    assemblage.application.add_exception_handler(psycopg.OperationalError, _indisponible)
    assemblage.sondes["base"] = base.sonder
    assemblage.ouvertures.append(base.ouvrir)
    assemblage.fermetures.append(base.fermer)
    return base
