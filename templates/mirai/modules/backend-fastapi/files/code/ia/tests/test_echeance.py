"""Le délai est celui de toute la réponse, pas de chaque lecture ; ce qui a été produit est compté, même pour rien."""

import anyio
import pytest
from fastapi.testclient import TestClient
from pydantic import SecretStr

from app.llm import ConfigurationLlm, Passerelle, Question
from app.mesures import Mesures
from tests.montage_ia import REUSSITE, PasserelleEssai

MORCEAU = 'data: {"choices": [{"delta": {"content": "a"}}]}\n\n'


@pytest.fixture
def agent_presse(
    monkeypatch: pytest.MonkeyPatch,
    reglages_ia: None,
    passerelle_essai: PasserelleEssai,
    request: pytest.FixtureRequest,
) -> TestClient:
    """Une demi-seconde pour toute réponse, d'une passerelle qui envoie un peu toutes les deux dixièmes de seconde."""
    monkeypatch.setenv("LLM_DELAI_SECONDES", "0.5")
    passerelle_essai.pause = 0.2
    client: TestClient = request.getfixturevalue("agent")
    return client


def test_flux_qui_s_etire(agent_presse: TestClient, passerelle_essai: PasserelleEssai) -> None:
    passerelle_essai.reponses = [(200, MORCEAU * 20, {})]
    reponse = agent_presse.post("/api/resumes/flux", json={"texte": "Un texte."})
    assert reponse.text.startswith('event: morceau\ndata: {"texte": "a"}\n\n')
    assert "event: erreur\n" in reponse.text
    assert 'llm_requests_total{resultat="delai"} 1.0' in agent_presse.get("/metrics").text


def test_reponse_entiere_qui_s_etire(agent_presse: TestClient, passerelle_essai: PasserelleEssai) -> None:
    passerelle_essai.reponses = [(200, REUSSITE | {"remplissage": "x" * 1000}, {})]
    assert agent_presse.post("/api/resumes", json={"texte": "Un texte."}).status_code == 503
    assert 'llm_requests_total{resultat="delai"} 1.0' in agent_presse.get("/metrics").text


class BudgetLent:
    """Note après une attente : ce qu'une annulation empêcherait."""

    def __init__(self) -> None:
        self.notes: list[tuple[str, int]] = []

    async def verifier(self, appelant: str) -> None:
        assert appelant == "agent-1"

    async def noter(self, appelant: str, jetons: int) -> None:
        await anyio.sleep(0.01)
        self.notes.append((appelant, jetons))

    def appelants(self) -> int:
        return len(self.notes)


def test_l_appelant_part(passerelle_essai: PasserelleEssai) -> None:
    passerelle_essai.pause = 0.05
    passerelle_essai.reponses = [(200, MORCEAU * 20, {})]
    budget = BudgetLent()

    async def parcours() -> None:
        configuration = ConfigurationLlm(
            openai_base_url=passerelle_essai.adresse, openai_api_key=SecretStr("jeton"), llm_model="modele-essai"
        )
        passerelle = Passerelle(configuration, Mesures("0"), budget)
        with anyio.CancelScope() as portee:
            async for morceau in passerelle.diffuser(Question("resume", "agent-1", "Résume.", "Un texte.")):
                assert morceau == "a"
                portee.cancel()
        await passerelle.fermer()

    anyio.run(parcours)
    assert budget.appelants() == 1
    assert budget.notes[0][0] == "agent-1"
    assert budget.notes[0][1] >= 1
