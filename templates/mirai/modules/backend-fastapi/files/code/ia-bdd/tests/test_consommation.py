"""Avec une base, le budget d'un appelant est commun à tous les pods."""

import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import psycopg
import pytest
from fastapi.testclient import TestClient
from psycopg import sql

from app.base import Base, ConfigurationBase
from app.budget import BudgetEpuise
from app.consommation import BudgetBase, empreinte
from app.projet import IDENTIFIANT
from tests.montage_bdd import Serveur
from tests.montage_ia import REUSSITE, PasserelleEssai

TABLE = sql.Identifier(f"{IDENTIFIANT}_technique", "budget_ia")
INSTANT = datetime(2026, 1, 15, 22, 0, tzinfo=UTC)


@pytest.fixture
def base_ouverte(reglages_bdd: ConfigurationBase) -> Iterator[Base]:
    ouverte = Base(reglages_bdd)
    ouverte.ouvrir()
    yield ouverte
    ouverte.fermer()


@pytest.fixture
def admin(serveur: Serveur, base: str, reglages_bdd: ConfigurationBase) -> Iterator[psycopg.Connection]:
    with psycopg.connect(serveur.conninfo(base), autocommit=True) as connexion:
        yield connexion


def lignes(admin: psycopg.Connection) -> list[tuple[object, ...]]:
    return admin.execute(sql.SQL("SELECT jour, appelant, jetons FROM {} ORDER BY jetons").format(TABLE)).fetchall()


def test_deux_pods_un_seul_budget(base_ouverte: Base, admin: psycopg.Connection) -> None:
    instant = INSTANT
    un, autre = (BudgetBase(base_ouverte, 100, lambda: instant) for _ in range(2))

    async def parcours() -> None:
        nonlocal instant
        await un.noter("agent-1", 60)
        await autre.verifier("agent-1")
        await BudgetBase(base_ouverte, 1, lambda: instant).verifier("agent-3")  # inconnu : rien de consommé
        await autre.noter("agent-1", 40)
        with pytest.raises(BudgetEpuise) as refus:
            await un.verifier("agent-1")
        assert refus.value.attente == 7201
        await un.verifier("agent-2")
        await un.noter("agent-2", 1)
        assert (un.appelants(), autre.appelants()) == (2, 1)
        jour = INSTANT.date()
        assert lignes(admin) == [(jour, empreinte(jour, "agent-2"), 1), (jour, empreinte(jour, "agent-1"), 100)]
        instant += timedelta(hours=2)
        await un.verifier("agent-1")
        assert un.appelants() == 0
        await un.noter("agent-1", 7)
        demain = instant.date()
        assert lignes(admin) == [(demain, empreinte(demain, "agent-1"), 7)]
        assert (un.appelants(), autre.appelants()) == (1, 0)

    asyncio.run(parcours())


def test_l_empreinte_ne_suit_personne_d_un_jour_a_l_autre() -> None:
    jour = INSTANT.date()
    assert empreinte(jour, "agent-1") != empreinte(jour + timedelta(days=1), "agent-1")
    assert empreinte(jour, "agent-1").hex().startswith("98f02f088ff17ea8")


def test_sans_base_l_appel_n_a_pas_lieu(
    monkeypatch: pytest.MonkeyPatch, agent: TestClient, passerelle_essai: PasserelleEssai
) -> None:
    def panne(*_: object) -> int:
        raise psycopg.OperationalError

    monkeypatch.setattr(BudgetBase, "_lire", panne)
    assert agent.post("/api/resumes", json={"texte": "Un texte."}).status_code == 503
    assert passerelle_essai.recues == []


def test_une_base_en_panne_ne_perd_pas_la_reponse(
    monkeypatch: pytest.MonkeyPatch,
    agent: TestClient,
    passerelle_essai: PasserelleEssai,
    caplog: pytest.LogCaptureFixture,
) -> None:
    def panne(*_: object) -> None:
        raise psycopg.OperationalError

    monkeypatch.setattr(BudgetBase, "_ajouter", panne)
    passerelle_essai.reponses = [(200, REUSSITE, {})]
    assert agent.post("/api/resumes", json={"texte": "Un texte."}).status_code == 200
    traces = [(trace.message, bool(trace.exc_info)) for trace in caplog.records if trace.name == "app.budget"]
    assert traces == [("consommation non comptée", True)]
