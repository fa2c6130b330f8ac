"""``python -m app.barriere`` : rien ne migre sans sauvegarde complète et récente. Échoue fermé.

Les crochets d'Argo CD peuvent être sautés : cette barrière est donc dans le Job de migration lui-même. Elle laisse
passer un premier déploiement (Cluster joignable, aucune migration appliquée), et seulement lui, sans sauvegarde.
"""

import logging
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import psycopg
from pydantic_settings import BaseSettings

from app.base import ConfigurationBase
from app.journaux import installer
from app.kubernetes import Api, ErreurApi

_journal = logging.getLogger("app.barriere")


class ConfigurationBarriere(BaseSettings):
    """Variables de la barrière."""

    cnpg_cluster: str
    delai_secondes: float = 600
    pas_secondes: float = 5
    age_max_secondes: float = 3600


def base_vierge(conninfo: str) -> bool:
    """Vrai si aucune migration n'a jamais été appliquée. Base muette : ``psycopg.OperationalError``."""
    with psycopg.connect(conninfo) as connexion:
        trouvee = connexion.execute("SELECT to_regclass('rgpd.migration')").fetchone()
        if trouvee is None or trouvee[0] is None:
            return True
        return connexion.execute("SELECT 1 FROM rgpd.migration LIMIT 1").fetchone() is None


def recente(etat: dict[str, Any], age_max: float, maintenant: datetime) -> bool:
    """Vrai pour une sauvegarde complète dont la fin date de moins de ``age_max`` secondes."""
    if etat.get("phase") != "completed":
        return False
    try:
        fin = datetime.fromisoformat(etat["stoppedAt"])
        age = (maintenant - fin).total_seconds()
    except (KeyError, ValueError, TypeError):
        return False
    return -60 <= age <= age_max  # une minute d'écart d'horloge ; au-delà, une date future ne prouve rien


def franchir(
    api: Api,
    conninfo: str,
    configuration: ConfigurationBarriere,
    dormir: Callable[[float], None] = time.sleep,
    horloge: Callable[[], float] = time.monotonic,
) -> bool:
    """Vrai quand la migration peut avoir lieu."""
    fin = horloge() + configuration.delai_secondes
    while True:
        try:
            # Au tout premier déploiement, la base peut arriver après l'API : on l'attend, sans rien supposer.
            if api.cluster_existe(configuration.cnpg_cluster):
                vierge = base_vierge(conninfo)
                break
            _journal.info("le Cluster n'existe pas encore")
        except psycopg.OperationalError as erreur:
            _journal.info("la base ne répond pas encore", extra={"champs": {"type": type(erreur).__name__}})
        if horloge() >= fin:
            _journal.error("la base n'est pas joignable : migration refusée")
            return False
        dormir(configuration.pas_secondes)
    if vierge:
        _journal.info("premier déploiement : aucune migration appliquée")
        return True
    maintenant = datetime.now(UTC)
    etats = api.sauvegardes(configuration.cnpg_cluster)
    if any(recente(etat, configuration.age_max_secondes, maintenant) for etat in etats):
        _journal.info("sauvegarde récente trouvée")
        return True
    _journal.error("aucune sauvegarde complète et récente : migration refusée", extra={"champs": {"vues": len(etats)}})
    return False


def principal(connecter: Callable[[], Api] = Api.du_pod) -> int:
    """Commande."""
    installer("INFO")
    try:
        conninfo = ConfigurationBase().conninfo(application_name="barriere")
        ouverte = franchir(connecter(), conninfo, ConfigurationBarriere())
    except (ErreurApi, psycopg.Error) as erreur:
        _journal.error("barrière fermée : %s", erreur if isinstance(erreur, ErreurApi) else type(erreur).__name__)
        return 1
    return 0 if ouverte else 1


if __name__ == "__main__":
    sys.exit(principal())
