"""Les en-têtes d'identité ne valent que s'ils viennent du mandataire."""

from ipaddress import ip_network

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from starlette.requests import Request

from app.application import creer_application
from app.identite import identifier


def test_identite_du_mandataire(agent: TestClient) -> None:
    assert agent.get("/api/informations").status_code == 200


@pytest.mark.usefixtures("reglages_identite")
def test_groupes_lus(entetes: dict[str, str]) -> None:
    application = FastAPI()
    application.state.mandataires = [ip_network("127.0.0.0/8")]
    brut = [(nom.lower().encode(), valeur.encode()) for nom, valeur in entetes.items()]
    requete = Request({"type": "http", "headers": brut, "client": ("127.0.0.1", 1), "app": application})
    identite = identifier(requete)
    assert identite.sujet == "agent-1"
    assert identite.groupes == {"instructeurs", "lecteurs"}


def test_sans_entete(client: TestClient) -> None:
    assert client.get("/api/informations").status_code == 401


@pytest.mark.parametrize("valeur", ["", "  "])
def test_entete_vide(client: TestClient, valeur: str) -> None:
    assert client.get("/api/informations", headers={"Mellon-NameID": valeur}).status_code == 401


def test_entete_double(client: TestClient) -> None:
    doubles = [("Mellon-NameID", "agent-1"), ("Mellon-NameID", "chef")]
    assert client.get("/api/informations", headers=doubles).status_code == 401


@pytest.mark.parametrize("adresse", ["203.0.113.9", "pas-une-adresse", "::2"])
def test_usurpation_refusee(client: TestClient, entetes: dict[str, str], adresse: str) -> None:
    autre = TestClient(client.app, client=(adresse, 50000))
    assert autre.get("/api/informations", headers=entetes).status_code == 401


def test_pair_inconnu_refuse(entetes: dict[str, str]) -> None:
    application = FastAPI()
    application.state.mandataires = [ip_network("127.0.0.0/8")]
    brut = [(nom.lower().encode(), valeur.encode()) for nom, valeur in entetes.items()]
    with pytest.raises(Exception, match="Passage2"):
        identifier(Request({"type": "http", "headers": brut, "client": None, "app": application}))


@pytest.mark.usefixtures("client")
def test_reseau_illisible_empeche_le_demarrage(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PASSAGE2_MANDATAIRES", "partout")
    with pytest.raises(ValueError, match="partout"):
        creer_application()
