"""Stockage objet S3 : un objet écrit, un objet lu, signés selon AWS Signature Version 4, sans autre dépendance."""

import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import quote, urlsplit

import httpx2 as httpx
from pydantic import SecretStr
from pydantic_settings import BaseSettings

_VIDE = hashlib.sha256(b"").hexdigest()
_BLOC = 1 << 20


class ErreurStockage(Exception):
    """Le stockage a refusé ou n'a pas répondu."""


class ConfigurationS3(BaseSettings):
    """Variables ``S3_*`` et clés d'accès."""

    s3_endpoint: str
    s3_chemin: str
    s3_region: str = "us-east-1"
    access_key_id: str
    access_secret_key: SecretStr


def signature(requete: tuple[str, str, Mapping[str, str], str], cle: str, region: str) -> str:
    """Signature d'une requête (méthode, chemin encodé, en-têtes en minuscules, empreinte du corps).

    https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-header-based-auth.html
    """
    methode, chemin, entetes, corps = requete
    noms = sorted(entetes)
    canonique = "\n".join(
        [methode, chemin, "", *(f"{n}:{entetes[n].strip()}" for n in noms), "", ";".join(noms), corps]
    )
    instant = entetes["x-amz-date"]
    portee = f"{instant[:8]}/{region}/s3/aws4_request"
    a_signer = "\n".join(["AWS4-HMAC-SHA256", instant, portee, hashlib.sha256(canonique.encode()).hexdigest()])
    derivee = f"AWS4{cle}".encode()
    for partie in (instant[:8], region, "s3", "aws4_request", a_signer):
        derivee = hmac.new(derivee, partie.encode(), hashlib.sha256).digest()
    return derivee.hex()


def empreinte(fichier: Path) -> str:
    """SHA-256 d'un fichier."""
    somme = hashlib.sha256()
    with fichier.open("rb") as flux:
        while bloc := flux.read(_BLOC):
            somme.update(bloc)
    return somme.hexdigest()


@dataclass(frozen=True)
class Stockage:
    """Un emplacement ``s3://seau/prefixe/``, par adresse de chemin."""

    configuration: ConfigurationS3

    def _preparer(self, methode: str, nom: str, corps: str) -> tuple[str, dict[str, str]]:
        reglages = self.configuration
        adresse, lieu = urlsplit(reglages.s3_endpoint), urlsplit(reglages.s3_chemin)
        if lieu.scheme != "s3" or not lieu.netloc or adresse.scheme not in {"https", "http"}:
            raise ErreurStockage(
                "S3_CHEMIN est attendu sous la forme s3://seau/dossier/, S3_ENDPOINT sous la forme https://…"
            )
        chemin = quote(f"/{lieu.netloc}/{lieu.path.strip('/')}/{nom}".replace("//", "/"), safe="/~")
        entetes = {
            "host": adresse.netloc,
            "x-amz-content-sha256": corps,
            "x-amz-date": datetime.now(UTC).strftime("%Y%m%dT%H%M%SZ"),
        }
        cle = reglages.access_secret_key.get_secret_value()
        signee = signature((methode, chemin, entetes, corps), cle, reglages.s3_region)
        portee = f"{reglages.access_key_id}/{entetes['x-amz-date'][:8]}/{reglages.s3_region}/s3/aws4_request"
        noms = ";".join(sorted(entetes))
        entetes["authorization"] = f"AWS4-HMAC-SHA256 Credential={portee}, SignedHeaders={noms}, Signature={signee}"
        return f"{adresse.scheme}://{adresse.netloc}{chemin}", entetes

    def ecrire(self, nom: str, fichier: Path) -> None:
        """Dépose un fichier (5 Gio au plus : une seule requête)."""
        url, entetes = self._preparer("PUT", nom, empreinte(fichier))
        entetes["content-length"] = str(fichier.stat().st_size)
        try:
            with fichier.open("rb") as flux:
                reponse = httpx.put(url, content=flux, headers=entetes, timeout=300)
        except httpx.HTTPError as erreur:
            raise ErreurStockage(f"le stockage ne répond pas ({type(erreur).__name__})") from erreur
        if not reponse.is_success:
            raise ErreurStockage(f"dépôt de {nom} : le stockage répond {reponse.status_code}")

    def lire(self, nom: str, fichier: Path) -> None:
        """Rapatrie un objet."""
        url, entetes = self._preparer("GET", nom, _VIDE)
        try:
            with httpx.stream("GET", url, headers=entetes, timeout=300) as reponse, fichier.open("wb") as flux:
                if not reponse.is_success:
                    raise ErreurStockage(f"lecture de {nom} : le stockage répond {reponse.status_code}")
                for bloc in reponse.iter_raw():
                    flux.write(bloc)
        except httpx.HTTPError as erreur:
            raise ErreurStockage(f"le stockage ne répond pas ({type(erreur).__name__})") from erreur
