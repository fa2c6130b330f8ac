"""La passerelle : ce qui part, ce qui revient, ce qui est compté, et chacune de ses pannes."""

import httpx2 as httpx
import pytest
from fastapi.testclient import TestClient

from tests.montage_ia import REUSSITE, PasserelleEssai


def resumer(agent: TestClient, texte: str = "Un texte assez long.") -> httpx.Response:
    reponse: httpx.Response = agent.post("/api/resumes", json={"texte": texte})
    return reponse


@pytest.fixture
def siestes(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Attentes demandées, sans attendre."""
    durees: list[float] = []

    async def dormir(secondes: float) -> None:
        durees.append(secondes)

    monkeypatch.setattr("app.llm._dormir", dormir)
    return durees


def test_resume(agent: TestClient, passerelle_essai: PasserelleEssai) -> None:
    passerelle_essai.reponses = [(200, REUSSITE, {})]
    reponse = resumer(agent)
    assert reponse.status_code == 200
    assert reponse.json() == {"resume": "Un résumé.", "jetons": 47}
    chemin, autorisation, corps = passerelle_essai.recues[0]
    assert (chemin, autorisation) == ("/v1/chat/completions", "Bearer jeton-d-essai")
    assert corps == {
        "model": "modele-essai",
        "messages": [
            {"role": "system", "content": corps["messages"][0]["content"]},
            {"role": "user", "content": "Un texte assez long."},
        ],
    }
    assert "trois phrases" in corps["messages"][0]["content"]
    mesures = agent.get("/metrics").text
    assert 'llm_tokens_total{modele="modele-essai",type="prompt"} 40.0' in mesures
    assert 'llm_tokens_total{modele="modele-essai",type="completion"} 7.0' in mesures
    assert 'llm_requests_total{resultat="reussi"} 1.0' in mesures
    assert 'llm_transaction_tokens_sum{operation="resume"} 47.0' in mesures
    assert "llm_daily_users 1.0" in mesures


def test_quota_bref_reessaye_une_fois(
    siestes: list[float], agent: TestClient, passerelle_essai: PasserelleEssai
) -> None:
    passerelle_essai.reponses = [(429, {}, {"Retry-After": "2"}), (200, REUSSITE, {})]
    assert resumer(agent).status_code == 200
    assert siestes == [2.0]


def test_quota_persistant(siestes: list[float], agent: TestClient, passerelle_essai: PasserelleEssai) -> None:
    passerelle_essai.reponses = [(429, {}, {"Retry-After": "1"}), (429, {}, {"Retry-After": "9"})]
    reponse = resumer(agent)
    assert (reponse.status_code, reponse.headers["retry-after"]) == (503, "9")
    assert siestes == [1.0]
    assert 'llm_requests_total{resultat="quota"} 1.0' in agent.get("/metrics").text
    assert len(passerelle_essai.recues) == 2
    # La passerelle a dit quand revenir : d'ici là, rien ne part.
    suspendue = resumer(agent)
    assert (suspendue.status_code, suspendue.headers["retry-after"]) == (503, "9")
    assert 'llm_requests_total{resultat="suspendu"} 1.0' in agent.get("/metrics").text
    assert len(passerelle_essai.recues) == 2
    assert agent.get("/health/ready").json()["status"] == "warn"


@pytest.mark.parametrize(
    ("annonce", "rendue"),
    [
        ({"Retry-After": "30"}, "30"),
        ({"Retry-After": "Sun, 22 Nov 2026"}, "60"),
        ({"Retry-After": "99999"}, "3600"),
        ({}, "60"),
    ],
)
def test_quota_long_rendu_a_l_appelant(
    siestes: list[float], agent: TestClient, passerelle_essai: PasserelleEssai, annonce: dict[str, str], rendue: str
) -> None:
    passerelle_essai.reponses = [(429, {}, annonce)]
    reponse = resumer(agent)
    assert (reponse.status_code, reponse.headers["retry-after"]) == (503, rendue)
    assert siestes == []


def test_donnee_personnelle(agent: TestClient, passerelle_essai: PasserelleEssai) -> None:
    passerelle_essai.reponses = [(400, {"error": "pii detected: email"}, {})]
    reponse = resumer(agent)
    assert reponse.status_code == 422
    assert reponse.json()["detail"] == "Le texte contient une donnée personnelle (email) : la retirer."
    assert 'llm_requests_total{resultat="donnee_personnelle"} 1.0' in agent.get("/metrics").text


@pytest.mark.parametrize(
    ("statut", "contenu", "resultat"),
    [
        (400, {"error": "modèle inconnu"}, "reponse_4xx"),
        (500, {}, "reponse_5xx"),
        (200, "pas du json", "illisible"),
        (200, {"choices": [], "usage": {}}, "illisible"),
        (200, [], "illisible"),
    ],
)
def test_pannes(
    agent: TestClient, passerelle_essai: PasserelleEssai, statut: int, contenu: object, resultat: str
) -> None:
    passerelle_essai.reponses = [(statut, contenu, {})]
    reponse = resumer(agent)
    assert (reponse.status_code, reponse.headers["retry-after"]) == (503, "10")
    assert reponse.json()["detail"] == "La passerelle de modèles de langage ne répond pas."
    assert f'llm_requests_total{{resultat="{resultat}"}} 1.0' in agent.get("/metrics").text
    assert agent.get("/health/ready").json()["status"] == "pass"


@pytest.mark.parametrize(
    ("cinquieme", "ouvert"), [((500, {}, {}), True), ((400, {"error": "pii detected: email"}, {}), False)]
)
def test_cinq_pannes_de_suite_suspendent_les_appels(
    agent: TestClient, passerelle_essai: PasserelleEssai, cinquieme: tuple[int, object, dict[str, str]], ouvert: bool
) -> None:
    passerelle_essai.reponses = [(500, {}, {})] * 4 + [cinquieme, (200, REUSSITE, {})]
    for _ in range(5):
        resumer(agent)
    assert agent.get("/health/ready").json()["status"] == ("warn" if ouvert else "pass")
    assert resumer(agent).status_code == (503 if ouvert else 200)
    assert len(passerelle_essai.recues) == (5 if ouvert else 6)


def test_passerelle_injoignable(
    monkeypatch: pytest.MonkeyPatch, reglages_ia: None, request: pytest.FixtureRequest
) -> None:
    monkeypatch.setenv("OPENAI_BASE_URL", "http://127.0.0.1:1/v1")
    agent: TestClient = request.getfixturevalue("agent")
    assert resumer(agent).status_code == 503
    assert 'llm_requests_total{resultat="injoignable"} 1.0' in agent.get("/metrics").text


@pytest.mark.parametrize("corps", [{}, {"texte": "  "}, {"texte": "x" * 8001}, {"texte": "x", "modele": "autre"}])
def test_saisie_refusee(agent: TestClient, corps: dict[str, str]) -> None:
    assert agent.post("/api/resumes", json=corps).status_code == 422
