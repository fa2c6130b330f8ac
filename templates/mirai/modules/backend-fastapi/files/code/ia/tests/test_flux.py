"""Réponses en flux : les morceaux passent, la fin dit si tout y est, et tout ce qui a été produit est compté."""

import json
import time

import pytest
from fastapi.testclient import TestClient

from app.lecture_llm import Morceau, lire_morceau
from tests.montage_ia import PasserelleEssai


def evenement(contenu: object) -> str:
    return f"data: {json.dumps(contenu)}\n\n"


def texte(morceau: str) -> str:
    return evenement({"choices": [{"delta": {"content": morceau}}]})


USAGE = evenement({"choices": [], "usage": {"prompt_tokens": 40, "completion_tokens": 7}})
FIN = "data: [DONE]\n\n"


def diffuser(agent: TestClient) -> tuple[int, list[str]]:
    reponse = agent.post("/api/resumes/flux", json={"texte": "Un texte."})
    return reponse.status_code, [bloc for bloc in reponse.text.split("\n\n") if bloc]


def jetons(agent: TestClient) -> list[str]:
    return [ligne for ligne in agent.get("/metrics").text.splitlines() if ligne.startswith("llm_tokens_total")]


def test_flux_entier(agent: TestClient, passerelle_essai: PasserelleEssai) -> None:
    passerelle_essai.reponses = [(200, ": bonjour\n\n" + texte("Un ") + texte("résumé.") + USAGE + FIN, {})]
    statut, blocs = diffuser(agent)
    assert statut == 200
    assert blocs == [
        'event: morceau\ndata: {"texte": "Un "}',
        'event: morceau\ndata: {"texte": "résumé."}',
        "event: fin\ndata: {}",
    ]
    corps = passerelle_essai.recues[0][2]
    assert (corps["stream"], corps["stream_options"]) == (True, {"include_usage": True})
    assert corps["messages"][1]["content"] == "Un texte."
    assert jetons(agent) == [
        'llm_tokens_total{modele="modele-essai",type="prompt"} 40.0',
        'llm_tokens_total{modele="modele-essai",type="completion"} 7.0',
    ]


def test_flux_sans_compte_estime(agent: TestClient, passerelle_essai: PasserelleEssai) -> None:
    passerelle_essai.reponses = [(200, texte("a") + texte("b") + texte("c"), {})]
    assert diffuser(agent)[1][-1] == "event: fin\ndata: {}"
    assert jetons(agent)[1] == 'llm_tokens_total{modele="modele-essai",type="completion"} 3.0'


def test_flux_illisible_apres_le_debut(agent: TestClient, passerelle_essai: PasserelleEssai) -> None:
    passerelle_essai.reponses = [(200, texte("a") + "data: {\n\n", {})]
    statut, blocs = diffuser(agent)
    assert statut == 200
    assert blocs[0] == 'event: morceau\ndata: {"texte": "a"}'
    assert blocs[1] == """event: erreur\ndata: {"detail": "La passerelle n'a pas terminé sa réponse."}"""
    assert 'llm_requests_total{resultat="illisible"} 1.0' in agent.get("/metrics").text


def test_flux_vide(agent: TestClient, passerelle_essai: PasserelleEssai) -> None:
    passerelle_essai.reponses = [(200, FIN, {})]
    assert diffuser(agent) == (200, ['event: morceau\ndata: {"texte": ""}', "event: fin\ndata: {}"])
    assert jetons(agent) == []


def test_flux_qui_ne_commence_pas(agent: TestClient, passerelle_essai: PasserelleEssai) -> None:
    passerelle_essai.reponses = [(500, {}, {})]
    assert diffuser(agent)[0] == 503


def test_delai_total(
    monkeypatch: pytest.MonkeyPatch,
    reglages_ia: None,
    passerelle_essai: PasserelleEssai,
    request: pytest.FixtureRequest,
) -> None:
    monkeypatch.setenv("LLM_DELAI_SECONDES", "0.2")
    passerelle_essai.reponses = [(200, FIN, {})]
    passerelle_essai.avant_de_repondre = lambda: time.sleep(0.6)
    agent: TestClient = request.getfixturevalue("agent")
    assert diffuser(agent)[0] == 503
    mesures = agent.get("/metrics").text
    assert 'llm_requests_total{resultat="delai"} 1.0' in mesures or '{resultat="injoignable"} 1.0' in mesures


@pytest.mark.parametrize(
    ("ligne", "attendu"),
    [
        ("", Morceau()),
        ("event: x", Morceau()),
        ("data: [DONE]", Morceau()),
        ('data: {"choices": null}', Morceau()),
        ('data: {"choices": [{"delta": {"content": null}}]}', Morceau()),
        ('data: {"choices": [{"delta": {"content": "a"}}], "usage": null}', Morceau("a")),
        ('data:{"usage": {"prompt_tokens": 2, "completion_tokens": 3}}', Morceau("", 2, 3)),
    ],
)
def test_lignes(ligne: str, attendu: Morceau) -> None:
    assert lire_morceau(ligne) == attendu
