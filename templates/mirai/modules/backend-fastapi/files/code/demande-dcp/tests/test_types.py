"""Une valeur personnelle ne sort pas sans qu'on l'ouvre : ni par un journal, ni par la vue anonyme."""

import logging
from datetime import UTC, datetime
from uuid import uuid4

import pytest
from fastapi.testclient import TestClient

from app.anonymes import GROUPE_MIN, DemandesAnonymes
from app.champs import Demande, DemandeADeposer, ouvrir
from app.journaux import installer
from tests.saisies import SAISIE

PERSONNELLES = [str(valeur) for nom, valeur in SAISIE.items() if nom != "objet"]


def demande() -> Demande:
    instant = datetime(2026, 1, 15, tzinfo=UTC)
    dates = {"cree_le": instant, "modifie_le": instant, "cloture_le": None}
    return Demande.model_validate(SAISIE | dates | {"id": uuid4(), "statut": "deposee"})


def test_masquee_partout_par_defaut(capsys: pytest.CaptureFixture[str]) -> None:
    installer("INFO")
    personnelle = demande()
    logging.getLogger("essai").info("reçu %s", personnelle, extra={"champs": {"demande": personnelle}})
    logging.getLogger("essai").info("reçu %s", personnelle.nom)
    sorties = [capsys.readouterr().out, repr(personnelle), str(personnelle), personnelle.model_dump_json()]
    sorties += [str(personnelle.model_dump()), f"{personnelle.courriel} {personnelle.date_naissance}"]
    for sortie in sorties:
        assert "*****" in sortie
        assert [valeur for valeur in PERSONNELLES if valeur in sortie] == []


def test_ouverte_expres() -> None:
    rendue = ouvrir(demande()).model_dump(mode="json")
    assert {nom: rendue[nom] for nom in SAISIE} == SAISIE
    saisie = DemandeADeposer.model_validate(SAISIE | {"telephone": None})
    assert saisie.en_clair()["telephone"] is None
    assert saisie.en_clair()["nom"] == SAISIE["nom"]


def test_vue_anonyme(agent: TestClient) -> None:
    assert set(DemandesAnonymes.model_fields) == {"objet", "statut", "mois", "departement", "nombre"}
    for _ in range(GROUPE_MIN):
        assert agent.get("/api/demandes/anonymes").json() == []
        agent.post("/api/demandes", json=SAISIE)
    agent.post("/api/demandes", json=SAISIE | {"code_postal": "13001"})
    reponse = agent.get("/api/demandes/anonymes")
    (ligne,) = reponse.json()
    assert (ligne["departement"], ligne["nombre"], ligne["objet"]) == ("75", GROUPE_MIN, "information")
    assert [valeur for valeur in PERSONNELLES if valeur in reponse.text] == []
