"""Accès à PostgreSQL : réglages, réserve de connexions, version du schéma."""

from pathlib import Path

import psycopg
from psycopg.conninfo import make_conninfo
from psycopg_pool import ConnectionPool
from pydantic import SecretStr
from pydantic_settings import BaseSettings

from app.migrations import lire


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
            timeout=2,
            open=False,
            check=ConnectionPool.check_connection,
        )

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
