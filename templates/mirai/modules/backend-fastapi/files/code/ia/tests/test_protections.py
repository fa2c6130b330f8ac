"""Budget et nombre d'appels simultanés : une panne ou un appelant n'emporte pas le reste."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from threading import Event

import pytest
from fastapi.testclient import TestClient

from app.budget import BudgetEpuise, maintenant
from tests.montage_ia import REUSSITE, PasserelleEssai


def test_le_budget_suit_l_heure_universelle() -> None:
    assert abs((maintenant() - datetime.now(UTC)).total_seconds()) < 5


def test_l_attente_va_jusqu_a_minuit() -> None:
    assert BudgetEpuise(datetime(2026, 1, 15, 22, 0, tzinfo=UTC)).attente == 7201
    assert BudgetEpuise(datetime(2026, 1, 31, tzinfo=UTC)).attente == 86401


def test_budget_epuise(
    monkeypatch: pytest.MonkeyPatch,
    reglages_ia: None,
    passerelle_essai: PasserelleEssai,
    request: pytest.FixtureRequest,
) -> None:
    monkeypatch.setenv("LLM_JETONS_PAR_JOUR", "40")
    passerelle_essai.reponses = [(200, REUSSITE, {})]
    agent: TestClient = request.getfixturevalue("agent")
    assert agent.post("/api/resumes", json={"texte": "Un texte."}).status_code == 200
    refus = agent.post("/api/resumes", json={"texte": "Un texte."})
    assert refus.status_code == 429
    assert 0 < int(refus.headers["retry-after"]) <= 86401
    assert refus.json()["detail"] == "Votre budget du jour est épuisé."
    assert len(passerelle_essai.recues) == 1


def test_appels_simultanes_bornes(
    monkeypatch: pytest.MonkeyPatch,
    reglages_ia: None,
    passerelle_essai: PasserelleEssai,
    request: pytest.FixtureRequest,
) -> None:
    monkeypatch.setenv("LLM_SIMULTANES", "1")
    arrivee, suite = Event(), Event()

    def attendre() -> None:
        arrivee.set()
        suite.wait(10)

    passerelle_essai.avant_de_repondre = attendre
    passerelle_essai.reponses = [(200, REUSSITE, {})]
    agent: TestClient = request.getfixturevalue("agent")
    with ThreadPoolExecutor(1) as fils:
        premier = fils.submit(agent.post, "/api/resumes", json={"texte": "Un texte."})
        assert arrivee.wait(10)
        refus = agent.post("/api/resumes", json={"texte": "Un texte."})
        suite.set()
        assert premier.result().status_code == 200
    assert (refus.status_code, refus.headers["retry-after"]) == (503, "1")
    assert 'llm_requests_total{resultat="surcharge"} 1.0' in agent.get("/metrics").text


@pytest.mark.parametrize(
    "refuse",
    [
        {},
        {"operation": "autre", "utile": True, "motif": "juste"},
        {"operation": "resume", "utile": True, "motif": "libre"},
    ],
)
def test_avis_refuse(agent: TestClient, refuse: dict[str, object]) -> None:
    assert agent.post("/api/avis-ia", json=refuse).status_code == 422


def test_avis_comptes(agent: TestClient) -> None:
    avis = {"operation": "resume", "utile": False, "motif": "faux", "minutes_gagnees": 4}
    assert agent.post("/api/avis-ia", json=avis).status_code == 204
    mesures = agent.get("/metrics").text
    assert 'llm_feedback_total{motif="faux",operation="resume",utile="non"} 1.0' in mesures
    assert 'llm_saved_minutes_total{operation="resume"} 4.0' in mesures
