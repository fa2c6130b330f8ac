"""Objet métier, sur une vraie base."""

import re
import uuid
from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest
from fastapi.testclient import TestClient
from psycopg import sql

from tests.montage_bdd import Serveur
from tests.saisies import REFUSEES, SAISIE

ABSENTE = "/api/demandes/6f2d2a5e-7b0b-4b43-9d2f-0a55b2f5f0aa"


def test_deposer_puis_lire(agent: TestClient) -> None:
    reponse = agent.post("/api/demandes", json=SAISIE)
    assert reponse.status_code == 201
    deposee = reponse.json()
    assert deposee["statut"] == "deposee"
    assert deposee["cloture_le"] is None
    assert {nom: deposee[nom] for nom in SAISIE} == SAISIE
    assert reponse.headers["location"] == f"/api/demandes/{deposee['id']}"
    assert agent.get(reponse.headers["location"]).json() == deposee
    assert 'demandes_deposees_total{objet="information"} 1.0' in agent.get("/metrics").text


@pytest.mark.parametrize("saisie", REFUSEES)
def test_saisie_refusee(agent: TestClient, saisie: dict[str, object]) -> None:
    reponse = agent.post("/api/demandes", json=saisie)
    assert reponse.status_code == 422
    assert reponse.headers["content-type"] == "application/problem+json"
    assert reponse.json()["champs"]
    assert agent.get("/api/demandes").json()["demandes"] == []


def test_idempotence(agent: TestClient) -> None:
    cle = {"Idempotency-Key": "cle-unique-0001"}
    premiere = agent.post("/api/demandes", json=SAISIE, headers=cle)
    seconde = agent.post("/api/demandes", json=SAISIE, headers=cle)
    assert (premiere.status_code, seconde.status_code) == (201, 201)
    assert premiere.json() == seconde.json()
    assert len(agent.get("/api/demandes").json()["demandes"]) == 1
    assert 'demandes_deposees_total{objet="information"} 1.0' in agent.get("/metrics").text
    autre = agent.post("/api/demandes", json=SAISIE | {"objet": "reclamation"}, headers=cle)
    assert autre.status_code == 422
    assert autre.json()["detail"] == "Cette clé d'idempotence a déjà servi pour une autre demande."
    autre_cle = agent.post("/api/demandes", json=SAISIE, headers={"Idempotency-Key": "cle-unique-0003"})
    assert autre_cle.json()["id"] != premiere.json()["id"]


def test_cles_gardees_un_jour_et_jamais_en_clair(agent: TestClient, serveur: Serveur, base: str) -> None:
    cle = {"Idempotency-Key": "cle-unique-0004"}
    premiere = agent.post("/api/demandes", json=SAISIE, headers=cle)
    table = f"{base}_technique.idempotence"
    with psycopg.connect(serveur.conninfo(base), autocommit=True) as admin:
        lignes = admin.execute(f"SELECT t::text FROM {table} t".encode()).fetchall()
        assert lignes
        assert "cle-unique" not in str(lignes)
        admin.execute(f"UPDATE {table} SET cree_le = now() - interval '25 hours'".encode())
    seconde = agent.post("/api/demandes", json=SAISIE, headers=cle)
    assert seconde.status_code == 201
    assert seconde.json()["id"] != premiere.json()["id"]
    with psycopg.connect(serveur.conninfo(base)) as admin:
        assert admin.execute(f"SELECT count(*) FROM {table}".encode()).fetchone() == (1,)


def test_cle_effacee_entre_deux(agent: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    cle = {"Idempotency-Key": "cle-unique-0005"}
    agent.post("/api/demandes", json=SAISIE, headers=cle)
    monkeypatch.setattr("app.idempotence._LIRE", sql.SQL("SELECT NULL, NULL WHERE %s IS NULL"))
    assert agent.post("/api/demandes", json=SAISIE, headers=cle).status_code == 422


@pytest.mark.usefixtures("reglages_bdd")
def test_cles_simultanees(agent: TestClient) -> None:
    cle = {"Idempotency-Key": "cle-unique-0006"}
    with ThreadPoolExecutor(6) as fils:
        reponses = list(fils.map(lambda _: agent.post("/api/demandes", json=SAISIE, headers=cle), range(6)))
    assert {r.status_code for r in reponses} == {201}
    assert len({r.json()["id"] for r in reponses}) == 1


def test_cle_d_une_demande_disparue(agent: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    cle = {"Idempotency-Key": "cle-unique-0002"}
    agent.post("/api/demandes", json=SAISIE, headers=cle)
    monkeypatch.setattr("app.demandes.Depot.lire", lambda *_: None)  # supprimée entre l'insertion et la lecture
    refus = agent.post("/api/demandes", json=SAISIE, headers=cle)
    attendu = "La demande déposée avec cette clé d'idempotence n'existe plus."
    assert (refus.status_code, refus.json()["detail"]) == (422, attendu)


@pytest.mark.parametrize("cle", ["court", "x" * 129])
def test_cle_refusee(agent: TestClient, cle: str) -> None:
    assert agent.post("/api/demandes", json=SAISIE, headers={"Idempotency-Key": cle}).status_code == 422


def test_pages(agent: TestClient) -> None:
    deposees = [agent.post("/api/demandes", json=SAISIE).json()["id"] for _ in range(5)]
    vues: list[str] = []
    adresse = "/api/demandes?limite=2"
    tailles = []
    while True:
        page = agent.get(adresse).json()
        vues += [d["id"] for d in page["demandes"]]
        tailles.append(len(page["demandes"]))
        if page["suivant"] is None:
            break
        assert re.fullmatch("[A-Za-z0-9_-]+", page["suivant"])  # tel quel dans une adresse
        adresse = f"/api/demandes?limite=2&apres={page['suivant']}"
    assert vues == deposees[::-1]
    assert tailles == [2, 2, 1]


@pytest.mark.parametrize("repere", ["%FF", "e30", "W10", "bnVsbA", "WzEsMl0", "WyJ4IiwieSJd", "a", "é"])
def test_repere_refuse(agent: TestClient, repere: str) -> None:
    refus = agent.get(f"/api/demandes?apres={repere}")
    assert (refus.status_code, refus.json()["detail"]) == (400, "Le repère de page n'est pas valide.")


@pytest.mark.parametrize("limite", ["0", "101", "x"])
def test_limite_refusee(agent: TestClient, limite: str) -> None:
    assert agent.get(f"/api/demandes?limite={limite}").status_code == 422


def test_avancer(agent: TestClient) -> None:
    adresse = agent.post("/api/demandes", json=SAISIE).headers["location"]
    en_cours = agent.patch(adresse, json={"statut": "en_cours"}).json()
    assert (en_cours["statut"], en_cours["cloture_le"]) == ("en_cours", None)
    close = agent.patch(adresse, json={"statut": "close"}).json()
    assert close["cloture_le"] is not None
    assert close["modifie_le"] > en_cours["modifie_le"]
    assert agent.patch(adresse, json={"statut": "close"}).json()["cloture_le"] == close["cloture_le"]
    assert agent.patch(adresse, json={"statut": "deposee"}).status_code == 422


def test_absente(agent: TestClient) -> None:
    refus = agent.get(ABSENTE)
    assert (refus.status_code, refus.json()["detail"]) == (404, "Cette demande n'existe pas.")
    assert agent.patch(ABSENTE, json={"statut": "close"}).status_code == 404
    assert agent.get("/api/demandes/pas-un-uuid").status_code == 422


def test_identite_exigee(client: TestClient, entetes: dict[str, str]) -> None:
    attendu = 401 if entetes else 200
    assert client.get("/api/demandes").status_code == attendu


def test_le_role_applicatif_ne_change_pas_le_schema(reglages_bdd: object, serveur: Serveur, base: str) -> None:
    with (
        psycopg.connect(serveur.conninfo(base, f"{base}_app")) as connexion,
        pytest.raises(psycopg.errors.InsufficientPrivilege),
    ):
        connexion.execute(f"DROP TABLE {base}.demande".encode())
    assert reglages_bdd is not None


def test_deux_demandes_ont_deux_identifiants(agent: TestClient) -> None:
    identifiants = {uuid.UUID(agent.post("/api/demandes", json=SAISIE).json()["id"]) for _ in range(2)}
    assert len(identifiants) == 2
