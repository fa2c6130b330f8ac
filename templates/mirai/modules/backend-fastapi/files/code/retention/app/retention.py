"""``python -m app.retention`` : purge et anonymisation à l'échéance, sous le rôle de purge.

Ce qu'il y a à faire vient de la base (``rgpd.processus()``). Un garde-fou arrête la purge quand elle vise une part
anormale des lignes : une durée de conservation mal écrite viderait la table. ``--confirmer`` le lève, à la main.

``--tourner-cle RÉFÉRENCE`` annonce à la base la nouvelle clé du secret (niveau complet) ; les passages suivants
oublient les anciens pseudonymes puis les refont.
"""

import logging
import re
import sys
from dataclasses import dataclass
from decimal import Decimal
from functools import partial
from pathlib import Path

import psycopg
from psycopg import sql
from pydantic_settings import BaseSettings

from app.base import ConfigurationBase
from app.journaux import installer

_LOT = 1000
_LOTS_MAX = 10_000  # processus sans simulation : dix millions de lignes par exécution
_FONCTION = re.compile(r"rgpd\.([a-z_0-9]+)")
_CLE = re.compile(r"[0-9a-f]{64}")
_CLE_EN_SERVICE = "RG008"
_journal = logging.getLogger("app.retention")


class ErreurRetention(Exception):
    """La purge ne peut pas continuer."""


class ConfigurationRetention(BaseSettings):
    """Fichier qui porte la clé de pseudonymisation, pour les seules règles à clé."""

    rgpd_cle_fichier: Path | None = None


@dataclass(frozen=True)
class Processus:
    """Une ligne de ``rgpd.processus()``."""

    entite: str
    operation: str
    fonction: str
    a_cle: bool
    simulation: str | None
    part_max: Decimal | None


def appel(nom: str, marques: str) -> sql.Composed:
    """Appel d'une fonction du schéma rgpd ; tout autre nom est refusé."""
    trouve = _FONCTION.fullmatch(nom)
    if trouve is None:
        raise ErreurRetention(f"fonction inattendue dans rgpd.processus() : {nom!r}")
    return sql.SQL("SELECT * FROM {}({})").format(sql.Identifier("rgpd", trouve[1]), sql.SQL(marques))


def lire_cle(fichier: Path | None) -> str:
    """Clé de pseudonymisation : 64 chiffres hexadécimaux."""
    try:
        cle = "" if fichier is None else fichier.read_text(encoding="ascii").strip()
    except (OSError, ValueError) as erreur:
        raise ErreurRetention("la clé de pseudonymisation n'est pas lisible") from erreur
    if _CLE.fullmatch(cle) is None:
        raise ErreurRetention("la clé de pseudonymisation manque ou n'a pas la forme attendue")
    return cle


def lister(connexion: psycopg.Connection) -> list[Processus]:
    """Processus déclarés, dans l'ordre."""
    lignes = connexion.execute(
        "SELECT entite, operation, fonction, a_cle, simulation, part_max FROM rgpd.processus() ORDER BY ordre"
    ).fetchall()
    return [Processus(*ligne) for ligne in lignes]


def plafonner(connexion: psycopg.Connection, processus: Processus, confirmer: bool) -> int:
    """Nombre de lignes au-delà duquel le processus n'avance pas ; refuse une part supérieure à celle déclarée."""
    if processus.simulation is None:
        return _LOT * _LOTS_MAX
    simulee = connexion.execute(appel(processus.simulation, "")).fetchone()
    if simulee is None:
        raise ErreurRetention(f"{processus.simulation} n'a rien rendu")
    total, visees, part = simulee
    champs = {"entite": processus.entite, "total": total, "visees": visees, "part": float(part)}
    _journal.info("simulation", extra={"champs": champs})
    if processus.part_max is not None and part > processus.part_max and not confirmer:
        raise ErreurRetention(
            f"{processus.entite} : la purge vise {part} % des lignes, au-delà de {processus.part_max} % ; "
            "vérifier la durée de conservation, puis relancer avec --confirmer"
        )
    # Des lignes arrivent à échéance pendant la purge : autant encore qu'au début, et un lot, c'est déjà trop.
    return 2 * int(visees) + _LOT


def executer(connexion: psycopg.Connection, processus: Processus, plafond: int) -> int:
    """Exécute le processus par lots, une transaction par lot ; rend le nombre de lignes traitées."""
    total = 0
    while True:
        ligne = connexion.execute(appel(processus.fonction, "%s"), (_LOT,)).fetchone()
        lot = 0 if ligne is None else int(ligne[0] or 0)
        total += lot
        if lot == 0:
            return total
        if total > plafond:
            raise ErreurRetention(
                f"{processus.fonction} n'avance pas : {total} lignes traitées, {plafond} au plus étaient attendues ; "
                "un déclencheur défait peut-être ce qu'elle fait"
            )


def purger(base: ConfigurationBase, fichier_cle: Path | None, confirmer: bool) -> None:
    """Passe tous les processus."""
    with psycopg.connect(base.conninfo(application_name="retention"), autocommit=True) as connexion:
        liste = lister(connexion)
        plafonds = [plafonner(connexion, processus, confirmer) for processus in liste]
    if not liste:
        raise ErreurRetention("rgpd.processus() est vide : aucune règle de conservation n'est appliquée")
    # La clé n'est donnée qu'à la session qui en a besoin : une option de connexion n'est pas journalisée par la base.
    sessions = {False: base.conninfo(application_name="retention")}
    if any(p.a_cle for p in liste):
        sessions[True] = base.conninfo(application_name="retention", options=f"-c rgpd.cle={lire_cle(fichier_cle)}")
    for processus, plafond in zip(liste, plafonds, strict=True):
        with psycopg.connect(sessions[processus.a_cle], autocommit=True) as connexion:
            lignes = executer(connexion, processus, plafond)
        champs = {"entite": processus.entite, "operation": processus.operation, "lignes": lignes}
        _journal.info("processus terminé", extra={"champs": champs})


def tourner(base: ConfigurationBase, fichier_cle: Path | None, reference: str) -> None:
    """Annonce la nouvelle clé ; rien à faire si elle est déjà en service."""
    options = f"-c rgpd.cle={lire_cle(fichier_cle)}"
    try:
        with psycopg.connect(base.conninfo(application_name="rotation", options=options), autocommit=True) as connexion:
            connexion.execute("SELECT rgpd.tourner_cle(%s)", (reference,))
    except psycopg.errors.UndefinedFunction as erreur:
        raise ErreurRetention("cette base n'a pas de rotation : niveau complet et règle à clé attendus") from erreur
    except psycopg.Error as erreur:
        if erreur.sqlstate != _CLE_EN_SERVICE:
            raise
        _journal.info("la clé du secret est déjà en service")
        return
    _journal.info("clé tournée", extra={"champs": {"reference": reference}})


def principal(arguments: list[str]) -> int:
    """Commande."""
    installer("INFO")
    match arguments:
        case [] | ["--confirmer"]:
            agir = partial(purger, confirmer=bool(arguments))
        case ["--tourner-cle", reference]:
            agir = partial(tourner, reference=reference)
        case _:
            _journal.error("usage : python -m app.retention [--confirmer | --tourner-cle RÉFÉRENCE]")
            return 2
    try:
        agir(ConfigurationBase(), ConfigurationRetention().rgpd_cle_fichier)
    except ErreurRetention as erreur:
        _journal.error("%s", erreur)
        return 1
    except psycopg.Error:
        _journal.error("purge interrompue", exc_info=True)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(principal(sys.argv[1:]))
