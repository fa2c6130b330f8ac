"""Fournisseur d'identité d'essai : un vrai serveur HTTP local, de vraies clés."""

import json
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from tests.montage_local import Reponse, servir

AUDIENCE = "api-essai"
CLE_RSA = rsa.generate_private_key(public_exponent=65537, key_size=2048)
Cle = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey


@dataclass
class Emetteur:
    """Émetteur : ce qu'il publie peut être changé en cours d'essai."""

    adresse: str = ""
    cles: dict[str, Cle] = field(default_factory=dict)
    publiees: list[dict[str, Any]] = field(default_factory=list)
    decouverte: dict[str, Any] = field(default_factory=dict)
    panne: bool = False
    lectures: int = 0
    # Chemin vers (statut, type, corps), et formulaires reçus.
    reponses: dict[str, tuple[int, str, str]] = field(default_factory=dict)
    recus: list[dict[str, str]] = field(default_factory=list)

    def ajouter(self, kid: str, cle: Cle) -> None:
        """Crée une clé et la publie."""
        self.cles[kid] = cle
        algorithme = jwt.algorithms.RSAAlgorithm if isinstance(cle, rsa.RSAPrivateKey) else jwt.algorithms.ECAlgorithm
        publique = json.loads(algorithme.to_jwk(cle.public_key()))  # type: ignore[arg-type]
        self.publiees.append({**publique, "kid": kid, "use": "sig"})

    def jeton(self, kid: str = "rsa", algorithme: str = "RS256", **autres: Any) -> str:
        """Jeton signé ; une revendication à None est retirée."""
        maintenant = int(time.time())
        charge = {"iss": self.adresse, "aud": AUDIENCE, "sub": "agent-1", "iat": maintenant, "exp": maintenant + 300}
        charge = {nom: valeur for nom, valeur in (charge | autres).items() if valeur is not None}
        return jwt.encode(charge, self.cles[kid], algorithm=algorithme, headers={"kid": kid})

    def rendre(self, chemin: str) -> tuple[int, str, str]:
        """Statut, type et corps d'une réponse."""
        if self.panne:
            return 200, "text/plain", "panne"
        publies = {"/.well-known/openid-configuration": self.decouverte, "/certs": {"keys": self.publiees}}
        if chemin in publies:
            return 200, "application/json", json.dumps(publies[chemin])
        return self.reponses[chemin]


@pytest.fixture
def emetteur() -> Iterator[Emetteur]:
    """Émetteur démarré, avec une clé RSA et une clé à courbe elliptique."""
    etat = Emetteur()

    class Publication(Reponse):
        def do_GET(self) -> None:
            etat.lectures += self.path == "/certs"
            self.repondre()

        def do_POST(self) -> None:
            corps = self.rfile.read(int(self.headers["Content-Length"])).decode()
            etat.recus.append({nom: valeurs[0] for nom, valeurs in parse_qs(corps).items()})
            self.repondre()

        def repondre(self) -> None:
            statut, genre, texte = etat.rendre(self.path)
            self.send_response(statut)
            self.send_header("Content-Type", genre)
            self.send_header("Content-Length", str(len(texte.encode())))
            self.end_headers()
            self.wfile.write(texte.encode())

    with servir(Publication) as etat.adresse:
        points = {
            f"{nom}_endpoint": f"{etat.adresse}/{nom}" for nom in ("authorization", "token", "userinfo", "end_session")
        }
        etat.decouverte = {"issuer": etat.adresse, "jwks_uri": f"{etat.adresse}/certs"} | points
        etat.ajouter("rsa", CLE_RSA)
        etat.ajouter("ec", ec.generate_private_key(ec.SECP256R1()))
        yield etat
