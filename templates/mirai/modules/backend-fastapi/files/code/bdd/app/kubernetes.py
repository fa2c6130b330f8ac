"""API Kubernetes par le compte de service du pod : juste ce qu'il faut pour les sauvegardes CloudNativePG."""

import os
import ssl
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2 as httpx

_COMPTE = Path("/var/run/secrets/kubernetes.io/serviceaccount")
_GROUPE = "apis/postgresql.cnpg.io/v1"


class ErreurApi(Exception):
    """L'API a refusé ou n'a pas répondu."""


@dataclass
class Api:
    """Client limité à l'espace de noms du pod."""

    client: httpx.Client
    espace: str

    @classmethod
    def du_pod(cls, compte: Path = _COMPTE) -> "Api":
        """Client du compte monté dans le pod."""
        try:
            hote, port = os.environ["KUBERNETES_SERVICE_HOST"], os.environ["KUBERNETES_SERVICE_PORT"]
            jeton = (compte / "token").read_text(encoding="ascii").strip()
            espace = (compte / "namespace").read_text(encoding="ascii").strip()
            contexte = ssl.create_default_context(cafile=str(compte / "ca.crt"))
        except (KeyError, OSError) as erreur:
            raise ErreurApi("cette commande s'exécute dans un pod, avec le jeton de son compte de service") from erreur
        adresse = f"https://[{hote}]:{port}" if ":" in hote else f"https://{hote}:{port}"
        # trust_env=False : l'API ne passe jamais par le mandataire de sortie.
        client = httpx.Client(
            base_url=adresse,
            verify=contexte,
            headers={"Authorization": f"Bearer {jeton}"},
            timeout=10,
            trust_env=False,
        )
        return cls(client, espace)

    def _appeler(self, methode: str, chemin: str, corps: dict[str, Any] | None = None) -> httpx.Response:
        url = f"/{_GROUPE}/namespaces/{self.espace}/{chemin}"
        try:
            return self.client.request(methode, url, json=corps)
        except httpx.HTTPError as erreur:
            raise ErreurApi(
                f"{methode} {chemin} : l'API Kubernetes ne répond pas ({type(erreur).__name__})"
            ) from erreur

    def _contenu(self, reponse: httpx.Response, quoi: str) -> dict[str, Any]:
        if not reponse.is_success:
            raise ErreurApi(f"{quoi} : l'API Kubernetes répond {reponse.status_code}")
        contenu: dict[str, Any] = reponse.json()
        return contenu

    def cluster_existe(self, nom: str) -> bool:
        """Vrai si le Cluster existe ; 404 est la seule réponse qui veuille dire non."""
        reponse = self._appeler("GET", f"clusters/{nom}")
        if reponse.status_code == httpx.codes.NOT_FOUND:
            return False
        self._contenu(reponse, f"Cluster {nom}")
        return True

    def creer_sauvegarde(self, objet: dict[str, Any]) -> str:
        """Crée un Backup et rend son nom."""
        contenu = self._contenu(self._appeler("POST", "backups", objet), "création du Backup")
        return str(contenu["metadata"]["name"])

    def lire_sauvegarde(self, nom: str) -> dict[str, Any]:
        """État d'un Backup (vide tant que l'opérateur ne l'a pas pris en charge)."""
        etat: dict[str, Any] = self._contenu(self._appeler("GET", f"backups/{nom}"), f"Backup {nom}").get("status", {})
        return etat

    def sauvegardes(self, cluster: str) -> list[dict[str, Any]]:
        """États des Backups du Cluster."""
        contenu = self._contenu(self._appeler("GET", "backups"), "liste des Backups")
        return [objet.get("status", {}) for objet in contenu["items"] if objet["spec"]["cluster"]["name"] == cluster]
