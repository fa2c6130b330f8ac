"""Ce que le poste sait du projet : ses réponses, ses ports, ses secrets de développement."""

import json
import os
import secrets
import socket
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

DOSSIER = Path(__file__).resolve().parent.parent
BACKEND = DOSSIER.parent / "backend"
DONNEES = DOSSIER.parent / "donnees"
# Tout ce que le poste écrit, hors des installations : ignoré par git, effacé par « make dev-propre ».
ETAT = DOSSIER / ".etat"
PYTHON = BACKEND / ".venv" / "bin" / "python"
PORTS = {"application": 8080, "portail": 8090, "base": 5433, "identite": 9000, "stockage": 9100, "passerelle": 9200, "referentiels": 9300}


class Arret(Exception):
    """Ce qui empêche de continuer, et ce qu'il faut faire."""


def dire(texte: str) -> None:
    """Écrit une ligne pour la personne qui attend."""
    print(texte, flush=True)


@dataclass(frozen=True)
class Projet:
    """Réponses données à la création, et réglages tirés."""

    id: str
    nom: str
    bdd: bool
    ia: bool
    identite: str
    ports: dict[str, int]
    secrets: dict[str, str]

    @property
    def oidc(self) -> bool:
        """Vrai derrière un fournisseur OpenID Connect."""
        return self.identite not in ("aucune", "passage2")

    @property
    def session(self) -> bool:
        """Vrai quand l'application mène elle-même la connexion : ProConnect, FranceConnect."""
        return self.identite in ("proconnect", "franceconnect")

    @property
    def retour(self) -> str:
        """Adresse où le fournisseur renvoie le navigateur."""
        return f"{self.adresse('application')}/api/connexion/retour" if self.session else f"{self.adresse('portail')}/retour"

    def adresse(self, service: str) -> str:
        """Adresse HTTP d'un service."""
        return f"http://127.0.0.1:{self.ports[service]}"

    @property
    def services(self) -> list[str]:
        """Services de ce projet, dans l'ordre du démarrage."""
        facultatifs = {"base": self.bdd, "stockage": self.bdd, "identite": self.oidc, "passerelle": self.ia}
        ordre = ("base", "stockage", "identite", "passerelle", "referentiels", "application", "portail")
        return [service for service in ordre if facultatifs.get(service, True)]


def _port(service: str, defaut: int) -> int:
    variable = f"DEV_PORT_{service.upper()}"
    valeur = os.environ.get(variable, str(defaut))
    if not valeur.isdecimal() or not 1024 <= int(valeur) <= 65535:
        raise Arret(f"{variable}={valeur} : un port va de 1024 à 65535")
    return int(valeur)


def _secrets() -> dict[str, str]:
    """Mots de passe du poste, tirés une fois : aucun n'est écrit dans le dépôt."""
    fichier = ETAT / "secrets.json"
    connus: dict[str, str] = json.loads(fichier.read_text(encoding="utf-8")) if fichier.exists() else {}
    noms = ("superutilisateur", "owner", "app", "purge", "client", "passerelle", "stockage")
    manquants = {nom: secrets.token_urlsafe(24) for nom in noms if nom not in connus}
    if manquants:
        connus |= manquants
        fichier.touch(mode=0o600)
        fichier.write_text(json.dumps(connus, indent=2) + "\n", encoding="utf-8")
    return connus


def charger() -> Projet:
    """Réglages de ce poste."""
    if sys.version_info < (3, 11):  # noqa: UP036 : c'est ce programme qui le dit, en clair
        raise Arret(
            f"Python {sys.version.split()[0]} est trop ancien : installez Python 3.11 ou plus récent, et désignez-le : make dev PYTHON=python3.13"
        )
    try:
        ETAT.mkdir(exist_ok=True)
    except OSError as erreur:
        raise Arret(f"le dossier {ETAT} ne peut pas être créé ({erreur.strerror}) : rendez-le accessible en écriture") from erreur
    reponses: dict[str, Any] = json.loads((DOSSIER / "projet.json").read_text(encoding="utf-8"))
    return Projet(**reponses, ports={s: _port(s, p) for s, p in PORTS.items()}, secrets=_secrets())


def ports_libres(projet: Projet) -> None:
    """Refuse de commencer si un port est pris."""
    pris = []
    for service in projet.services:
        with socket.socket() as essai:
            essai.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                essai.bind(("127.0.0.1", projet.ports[service]))
            except OSError:
                pris.append(service)
    if pris:
        choix = " ".join(f"DEV_PORT_{s.upper()}={projet.ports[s] + 1000}" for s in pris)
        noms = ", ".join(f"{projet.ports[s]} ({s})" for s in pris)
        raise Arret(f"port déjà pris : {noms}\nArrêtez le programme qui l'occupe, ou choisissez d'autres ports : make dev {choix}")
