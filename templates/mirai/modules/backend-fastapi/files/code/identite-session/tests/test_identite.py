"""La session dit qui appelle ; sans elle, ou d'une autre page, rien ne passe."""

import pytest
from fastapi import Request
from fastapi.testclient import TestClient
from pydantic import ValidationError
from starlette.exceptions import HTTPException

from app.identite import ConfigurationIdentite, Identite, identifier
from tests.montage_identite import ORIGINE, SECRET, session


def requete(client: TestClient, methode: str, **entetes: str) -> Request:
    brutes = [(nom.lower().encode(), valeur.encode()) for nom, valeur in entetes.items()]
    return Request({"type": "http", "method": methode, "headers": brutes, "app": client.app})


def test_session_valable(client: TestClient) -> None:
    assert client.get("/api/informations", headers=session()).status_code == 200
    assert identifier(requete(client, "GET", **session(sujet="agent-7", groupes=["a"]))) == Identite(
        "agent-7", frozenset({"a"})
    )


@pytest.mark.parametrize("entetes", [{}, {"Cookie": "__Host-session=faux"}, {"Authorization": "Bearer jeton"}])
def test_sans_session(client: TestClient, entetes: dict[str, str]) -> None:
    reponse = client.get("/api/informations", headers=entetes)
    assert (reponse.status_code, reponse.headers["www-authenticate"]) == (401, 'Cookie realm="/api/connexion"')
    assert reponse.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize("methode", ["POST", "PATCH", "DELETE"])
@pytest.mark.parametrize("origine", ["https://ailleurs.invalid", "null", "http://essai.invalid", "://", ""])
def test_une_ecriture_d_une_autre_page_est_refusee(client: TestClient, methode: str, origine: str) -> None:
    with pytest.raises(HTTPException) as refus:
        identifier(requete(client, methode, Origin=origine, **session()))
    assert refus.value.status_code == 403
    assert identifier(requete(client, methode, Origin=ORIGINE, **session())).sujet == "agent-1"
    assert identifier(requete(client, methode, **session())).sujet == "agent-1"
    assert identifier(requete(client, "GET", Origin=origine, **session())).sujet == "agent-1"


def test_la_page_d_accueil_peut_etre_ailleurs(
    monkeypatch: pytest.MonkeyPatch, reglages_identite: None, request: pytest.FixtureRequest
) -> None:
    monkeypatch.setenv("ACCUEIL", "https://front.invalid/page")
    client: TestClient = request.getfixturevalue("client")
    assert identifier(requete(client, "POST", Origin="https://front.invalid", **session())).sujet == "agent-1"
    with pytest.raises(HTTPException):
        identifier(requete(client, "POST", Origin="https://front.invalid.ailleurs", **session()))


REGLAGES = {"oidc_issuer_url": "https://fi.invalid", "oidc_client_id": "essai", "oidc_client_secret": SECRET}


@pytest.mark.parametrize(
    ("adresse", "lue"),
    [
        ("https://essai.invalid/", "https://essai.invalid"),
        ("https://essai.invalid:8443/x", "https://essai.invalid:8443"),
        ("http://127.0.0.1:8080", "http://127.0.0.1:8080"),
        ("http://localhost:8080", "http://localhost:8080"),
    ],
)
def test_adresse_publique(adresse: str, lue: str) -> None:
    assert ConfigurationIdentite.model_validate(REGLAGES | {"adresse_publique": adresse}).adresse_publique == lue


@pytest.mark.parametrize(
    "refuse",
    [
        {"adresse_publique": "http://essai.invalid"},
        {"adresse_publique": "essai.invalid"},
        {"oidc_client_secret": "x" * 31},
        {"oidc_algorithme": "HS256"},
        {"oidc_session_secondes": 43_201},
    ],
)
def test_reglages_refuses(refuse: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        ConfigurationIdentite.model_validate(REGLAGES | {"adresse_publique": "https://essai.invalid"} | refuse)
