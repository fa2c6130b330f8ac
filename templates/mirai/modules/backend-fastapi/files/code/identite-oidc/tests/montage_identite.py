"""Fournisseur d'identité d'essai : un vrai serveur HTTP local, de vraies clés."""

import json
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa

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


@pytest.fixture
def emetteur() -> Iterator[Emetteur]:
    """Émetteur démarré, avec une clé RSA et une clé à courbe elliptique."""
    etat = Emetteur()

    class Reponse(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            contenus = {"/.well-known/openid-configuration": etat.decouverte, "/certs": {"keys": etat.publiees}}
            etat.lectures += self.path == "/certs"
            corps = b"panne" if etat.panne else json.dumps(contenus[self.path]).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(corps)))
            self.end_headers()
            self.wfile.write(corps)

        def log_message(self, *_: Any) -> None:
            """Silence."""

    serveur = ThreadingHTTPServer(("127.0.0.1", 0), Reponse)
    etat.adresse = f"http://127.0.0.1:{serveur.server_port}"
    etat.decouverte = {"issuer": etat.adresse, "jwks_uri": f"{etat.adresse}/certs"}
    etat.ajouter("rsa", CLE_RSA)
    etat.ajouter("ec", ec.generate_private_key(ec.SECP256R1()))
    fil = threading.Thread(target=serveur.serve_forever, kwargs={"poll_interval": 0.02})
    fil.start()
    yield etat
    serveur.shutdown()
    serveur.server_close()
    fil.join()


@pytest.fixture
def reglages_identite(emetteur: Emetteur, monkeypatch: pytest.MonkeyPatch) -> None:
    """L'application fait confiance à l'émetteur d'essai."""
    monkeypatch.setenv("OIDC_ISSUER_URL", emetteur.adresse)
    monkeypatch.setenv("OIDC_AUDIENCE", AUDIENCE)


@pytest.fixture
def entetes(emetteur: Emetteur) -> dict[str, str]:
    """Jeton valable."""
    return {"Authorization": f"Bearer {emetteur.jeton(groups=['/instructeurs', 'lecteurs'])}"}
