"""Le poste en conteneurs : réglages écrits pour ``compose.yaml``, puis le programme de composition du poste."""

import json
import os
import shutil
import subprocess
from collections.abc import Callable

from poste import essais, services
from poste.reglages import DOSSIER, ETAT, PORTS, Arret, Projet, dire


def reglages(projet: Projet) -> dict[str, dict[str, str]]:
    """Variables de chaque conteneur : celles de « make dev », sauf ce qui nomme un dossier du poste."""
    if projet.ports != PORTS:
        raise Arret("en conteneurs, les ports sont ceux de dev/compose.yaml : retirez les variables DEV_PORT_…")
    ensemble = {"application": services.application(projet), "portail": services.portail(projet)}
    ensemble["referentiels"] = services.doublure_referentiels(projet)
    if projet.bdd:
        ensemble["migration"] = services.base(projet, "owner")
        acces = {"id": projet.id, "port": projet.ports["base"], "scripts": "/sql"} | projet.secrets
        ensemble["preparation"] = {"PREPARATION": json.dumps(acces)}
        ensemble["base"] = {"POSTGRES_PASSWORD": projet.secrets["superutilisateur"]}
    if projet.oidc:
        ensemble["identite"] = services.fournisseur(projet) | {"DOUBLURE_CLES": "/oidc/cles.json"}
    if projet.ia:
        ensemble["passerelle"] = services.doublure_passerelle(projet)
    # L'image a ses migrations : le chemin du poste n'y existe pas.
    return {nom: {n: v for n, v in variables.items() if n != "MIGRATIONS"} for nom, variables in ensemble.items()}


def _ecrire(nom: str, texte: str) -> None:
    fichier = ETAT / nom
    fichier.touch(mode=0o600)
    fichier.write_text(texte, encoding="utf-8")


def composition() -> list[str]:
    """Programme de composition de ce poste."""
    for programme in ("docker", "podman"):
        if shutil.which(programme) is not None:
            connu = subprocess.run([programme, "compose", "version"], check=False, capture_output=True)
            if connu.returncode == 0:
                return [programme, "compose", "--file", str(DOSSIER / "compose.yaml")]
    raise Arret(
        "ni « docker compose » ni « podman compose » ne répond : installez l'un d'eux, ou lancez « make dev », qui n'a pas besoin de conteneurs"
    )


def demarrer(projet: Projet, presenter: Callable[[], None]) -> int:
    """Construit, démarre, montre les journaux ; Ctrl-C arrête tout et garde la base."""
    for nom, variables in reglages(projet).items():
        _ecrire(f"{nom}.env", "".join(f"{n}={v}\n" for n, v in variables.items()))
    compose = composition()
    if subprocess.run([*compose, "up", "--build", "--detach", "--wait"], check=False).returncode != 0:
        subprocess.run([*compose, "logs", "--tail", "20"], check=False)
        raise Arret("les conteneurs n'ont pas démarré : leurs journaux sont ci-dessus ; « make dev » n'en a pas besoin")
    try:
        if projet.bdd:
            essais.creer_compartiment(projet)
        essais.deposer_exemples(projet)
        presenter()
        subprocess.run([*compose, "logs", "--follow", "application"], check=False, env=os.environ)
    except KeyboardInterrupt:
        dire("\nArrêt…")
    finally:
        subprocess.run([*compose, "down"], check=False)
    return 0
