"""``python -m app.sauvegarder`` : sauvegarde juste avant le déploiement (EXI-ARCH-9).

Crée un ``Backup`` CloudNativePG et attend qu'il soit complet. Au premier déploiement le Cluster n'existe pas :
il n'y a rien à sauvegarder. Toute autre réponse inattendue est un échec.
"""

import logging
import re
import sys
import time
from collections.abc import Callable
from typing import Any, Literal

from pydantic_settings import BaseSettings

from app.journaux import installer
from app.kubernetes import Api, ErreurApi

_PERDUES = {"failed", "walArchivingFailing", "invalid backup definition"}
_journal = logging.getLogger("app.sauvegarder")


class ConfigurationSauvegarde(BaseSettings):
    """Variables de la sauvegarde."""

    cnpg_cluster: str
    cnpg_methode: Literal["barmanObjectStore", "plugin"] = "barmanObjectStore"
    cnpg_plugin: str = "barman-cloud.cloudnative-pg.io"
    release: str = "inconnue"
    delai_secondes: float = 1800
    pas_secondes: float = 5


def decrire(configuration: ConfigurationSauvegarde) -> dict[str, Any]:
    """Objet Backup à créer."""
    # Une valeur d'étiquette Kubernetes : 63 caractères, alphanumérique aux deux bouts.
    version = re.sub(r"^[^A-Za-z0-9]+|[^A-Za-z0-9]+$", "", configuration.release[:63])
    spec: dict[str, Any] = {"cluster": {"name": configuration.cnpg_cluster}, "method": configuration.cnpg_methode}
    if configuration.cnpg_methode == "plugin":
        spec["pluginConfiguration"] = {"name": configuration.cnpg_plugin}
    return {
        "apiVersion": "postgresql.cnpg.io/v1",
        "kind": "Backup",
        "metadata": {
            "generateName": f"{configuration.cnpg_cluster}-avant-",
            "labels": {"app.kubernetes.io/component": "sauvegarde", "app.kubernetes.io/version": version},
        },
        "spec": spec,
    }


def sauvegarder(
    api: Api,
    configuration: ConfigurationSauvegarde,
    dormir: Callable[[float], None] = time.sleep,
    horloge: Callable[[], float] = time.monotonic,
) -> bool:
    """Vrai quand le déploiement peut continuer."""
    if not api.cluster_existe(configuration.cnpg_cluster):
        _journal.info("premier déploiement : le Cluster n'existe pas encore, rien à sauvegarder")
        return True
    nom = api.creer_sauvegarde(decrire(configuration))
    fin = horloge() + configuration.delai_secondes
    while horloge() < fin:
        etat = api.lire_sauvegarde(nom)
        phase = etat.get("phase", "pending")
        if phase == "completed":
            _journal.info("sauvegarde complète", extra={"champs": {"backup": nom}})
            return True
        if phase in _PERDUES:
            _journal.error("sauvegarde échouée", extra={"champs": {"backup": nom, "phase": phase}})
            return False
        dormir(configuration.pas_secondes)
    _journal.error("sauvegarde trop longue", extra={"champs": {"backup": nom}})
    return False


def principal(connecter: Callable[[], Api] = Api.du_pod) -> int:
    """Commande."""
    installer("INFO")
    try:
        reussie = sauvegarder(connecter(), ConfigurationSauvegarde())
    except ErreurApi as erreur:
        _journal.error("%s", erreur)
        return 1
    return 0 if reussie else 1


if __name__ == "__main__":
    sys.exit(principal())
