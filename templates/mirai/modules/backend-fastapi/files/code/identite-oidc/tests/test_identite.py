"""Jetons : un seul accepté, toutes les altérations refusées."""

import base64
import hmac
import time
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from fastapi.testclient import TestClient

from app.identite import ConfigurationIdentite, Verificateur
from tests.montage_fournisseur import AUDIENCE, Emetteur


def verificateur_de(emetteur: Emetteur) -> Verificateur:
    return Verificateur(ConfigurationIdentite(oidc_issuer_url=emetteur.adresse, oidc_audience=AUDIENCE))


def appeler(client: TestClient, jeton: str) -> int:
    reponse = client.get("/api/informations", headers={"Authorization": f"Bearer {jeton}"})
    statut: int = reponse.status_code
    if statut == 401:
        assert reponse.headers["www-authenticate"] == 'Bearer error="invalid_token"'
        assert reponse.headers["content-type"] == "application/problem+json"
        assert reponse.json()["detail"] == "Le jeton d'accès n'est pas acceptable."
    return statut


@pytest.mark.parametrize(("kid", "algorithme"), [("rsa", "RS256"), ("ec", "ES256")])
def test_jeton_accepte(client: TestClient, emetteur: Emetteur, kid: str, algorithme: str) -> None:
    assert appeler(client, emetteur.jeton(kid, algorithme)) == 200


@pytest.mark.parametrize("entete", ["", "Bearer", "Bearer ", "Basic YTpi"])
def test_sans_jeton(client: TestClient, entete: str) -> None:
    reponse = client.get("/api/informations", headers={"Authorization": entete})
    assert reponse.status_code == 401
    assert reponse.headers["www-authenticate"] == "Bearer"
    assert reponse.json()["detail"] == "Un jeton d'accès est nécessaire."


@pytest.mark.parametrize(
    "alteration",
    [
        {"exp": -120},
        {"exp": None},
        {"aud": "autre-api"},
        {"aud": None},
        {"iss": "https://ailleurs.invalid"},
        {"iss": None},
        {"sub": None},
        {"iat": None},
        {"nbf": 600},
        {"typ": "ID"},
        {"typ": "Refresh"},
    ],
)
def test_revendication_refusee(client: TestClient, emetteur: Emetteur, alteration: dict[str, Any]) -> None:
    # Instants en secondes depuis l'appel : lus avec la liste, ils vieilliraient d'un essai à l'autre.
    alteration = {nom: v + int(time.time()) if isinstance(v, int) else v for nom, v in alteration.items()}
    assert appeler(client, emetteur.jeton(**alteration)) == 401


def test_ecart_d_horloge_tolere(client: TestClient, emetteur: Emetteur) -> None:
    assert appeler(client, emetteur.jeton(exp=int(time.time()) - 5)) == 200


def test_jeton_illisible(client: TestClient) -> None:
    assert appeler(client, "pas.un.jeton") == 401


def test_sans_signature(client: TestClient, emetteur: Emetteur) -> None:
    charge = jwt.decode(emetteur.jeton(), options={"verify_signature": False})
    assert appeler(client, jwt.encode(charge, "", algorithm="none", headers={"kid": "rsa"})) == 401


def test_cle_publique_prise_pour_secret(client: TestClient, emetteur: Emetteur) -> None:
    publique = (
        emetteur.cles["rsa"]
        .public_key()
        .public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    )
    # La bibliothèque refuse de signer ainsi : le jeton est fait à la main, comme le ferait un attaquant.
    tete = base64.urlsafe_b64encode(b'{"alg":"HS256","typ":"JWT","kid":"rsa"}').rstrip(b"=")
    corps = tete + b"." + emetteur.jeton().split(".")[1].encode()
    sceau = base64.urlsafe_b64encode(hmac.digest(publique, corps, "sha256")).rstrip(b"=")
    assert appeler(client, (corps + b"." + sceau).decode()) == 401


def test_signature_d_une_autre_cle(client: TestClient, emetteur: Emetteur) -> None:
    emetteur.cles["rsa"] = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    assert appeler(client, emetteur.jeton()) == 401


def test_sans_kid(client: TestClient, emetteur: Emetteur) -> None:
    charge = jwt.decode(emetteur.jeton(), options={"verify_signature": False})
    cle = emetteur.cles["rsa"]
    assert appeler(client, jwt.encode(charge, cle, algorithm="RS256")) == 401


def test_fournisseur_en_panne(client: TestClient, emetteur: Emetteur, monkeypatch: pytest.MonkeyPatch) -> None:
    emetteur.panne = True
    reponse = client.get("/api/informations", headers={"Authorization": f"Bearer {emetteur.jeton()}"})
    assert reponse.status_code == 503
    assert reponse.headers["retry-after"] == "5"
    assert reponse.json()["detail"] == "Le fournisseur d'identité ne répond pas."
    assert client.get("/health/ready").json()["checks"]["identite"] == {"status": "warn"}
    # Après un échec, le fournisseur n'est pas rappelé tout de suite.
    emetteur.panne = False
    assert appeler(client, emetteur.jeton()) == 503
    monkeypatch.setattr("app.fournisseur._REPIT", 0)
    assert appeler(client, emetteur.jeton()) == 200
    assert client.get("/health/ready").json()["checks"]["identite"] == {"status": "pass"}


@pytest.mark.parametrize(("groupes", "attendus"), [(["a", "b"], {"a", "b"}), ("a", set()), (None, set())])
def test_groupes(emetteur: Emetteur, groupes: object, attendus: set[str]) -> None:
    verificateur = verificateur_de(emetteur)
    assert verificateur.verifier(emetteur.jeton(groups=groupes)).groupes == attendus
    verificateur.fournisseur.client.close()
