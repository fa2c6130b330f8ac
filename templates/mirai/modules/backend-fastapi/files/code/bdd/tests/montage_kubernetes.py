"""API Kubernetes d'essai : un vrai serveur HTTP local qui tient des Cluster et des Backup."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx2 as httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from app.kubernetes import Api
from tests.montage_local import Reponse, servir

PREFIXE = "/apis/postgresql.cnpg.io/v1/namespaces/essai/"


def autorite() -> bytes:
    """Certificat d'une autorité d'essai, comme celui que le pod reçoit."""
    cle = ec.generate_private_key(ec.SECP256R1())
    nom = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "autorité d'essai")])
    maintenant = datetime.now(UTC)
    certificat = (
        x509.CertificateBuilder()
        .subject_name(nom)
        .issuer_name(nom)
        .public_key(cle.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(maintenant)
        .not_valid_after(maintenant + timedelta(days=1))
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(cle, hashes.SHA256())
    )
    return certificat.public_bytes(serialization.Encoding.PEM)


@dataclass
class Faux:
    """État de l'API d'essai."""

    api: Api
    clusters: set[str] = field(default_factory=set)
    sauvegardes: list[dict[str, Any]] = field(default_factory=list)
    phases: list[str] = field(default_factory=list)
    creees: list[dict[str, Any]] = field(default_factory=list)
    refus: int = 0

    def repondre(self, methode: str, chemin: str, corps: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        """Réponse de l'API."""
        assert chemin.startswith(PREFIXE)
        genre, _, nom = chemin.removeprefix(PREFIXE).partition("/")
        if self.refus:
            return self.refus, {}
        if genre == "clusters":
            return (200, {"metadata": {"name": nom}}) if nom in self.clusters else (404, {})
        if methode == "POST":
            self.creees.append(corps)
            return 201, {"metadata": {"name": corps["metadata"]["generateName"] + "x1"}}
        if nom:
            phase = self.phases.pop(0) if len(self.phases) > 1 else self.phases[0]
            return 200, {"metadata": {"name": nom}} | ({"status": {"phase": phase}} if phase else {})
        return 200, {"items": self.sauvegardes}


@pytest.fixture
def faux() -> Iterator[Faux]:
    """API démarrée."""

    class ReponseApi(Reponse):
        def traiter(self) -> None:
            taille = int(self.headers.get("Content-Length", "0"))
            statut, contenu = etat.repondre(self.command, self.path, json.loads(self.rfile.read(taille) or b"{}"))
            corps = json.dumps(contenu).encode()
            self.send_response(statut)
            self.send_header("Content-Length", str(len(corps)))
            self.end_headers()
            self.wfile.write(corps)

        do_GET = do_POST = traiter

    with servir(ReponseApi) as adresse, httpx.Client(base_url=adresse, trust_env=False) as client:
        etat = Faux(Api(client, "essai"))
        yield etat
