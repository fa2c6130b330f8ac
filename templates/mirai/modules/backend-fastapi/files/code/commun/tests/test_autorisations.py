"""Droits par groupe et débit par appelant, quelle que soit l'identité choisie."""

from types import SimpleNamespace

import pytest
from fastapi import Request
from starlette.exceptions import HTTPException

from app.autorisations import Droit, appelant, exiger, groupes
from app.debit import Debit
from app.identite import Identite
from tests.montage_local import Horloge

ADMIS = {Droit.LECTURE: frozenset({"lecteurs", "instructeurs"}), Droit.INSTRUCTION: frozenset({"instructeurs"})}


def requete(debit: int = 600, client: tuple[str, int] | None = ("192.0.2.1", 1)) -> Request:
    etat = SimpleNamespace(debit=Debit(debit), groupes=ADMIS)
    return Request({"type": "http", "headers": [], "client": client, "app": SimpleNamespace(state=etat)})


@pytest.fixture
def identifiee(monkeypatch: pytest.MonkeyPatch) -> None:
    """Comme si une authentification avait été choisie."""
    monkeypatch.setattr("app.autorisations.SECURITE", {"identite": {}})


@pytest.mark.usefixtures("identifiee")
@pytest.mark.parametrize(
    ("siens", "droit", "permis"),
    [
        ({"lecteurs"}, Droit.LECTURE, True),
        ({"lecteurs"}, Droit.INSTRUCTION, False),
        ({"autres", "instructeurs"}, Droit.INSTRUCTION, True),
        ({"/instructeurs"}, Droit.INSTRUCTION, True),
        ({"instructeurs-adjoints"}, Droit.INSTRUCTION, False),
        (set(), Droit.LECTURE, False),
    ],
)
def test_droits(siens: set[str], droit: Droit, permis: bool) -> None:
    identite = Identite("agent-1", frozenset(siens))
    if permis:
        assert exiger(droit)(requete(), identite) is identite
        return
    with pytest.raises(HTTPException) as refus:
        exiger(droit)(requete(), identite)
    assert (refus.value.status_code, refus.value.detail) == (403, "Aucun de vos groupes n'a ce droit.")


def test_sans_authentification_tout_est_permis(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.autorisations.SECURITE", {})
    anonyme = Identite("anonyme")
    assert exiger(Droit.INSTRUCTION)(requete(), anonyme) is anonyme


@pytest.mark.parametrize(
    ("texte", "lus"), [("", set()), (" , ", set()), ("a, /b ,", {"a", "b"}), ("/a/b", {"a/b"}), ("/", set())]
)
def test_groupes_lus(texte: str, lus: set[str]) -> None:
    assert groupes(texte) == lus


@pytest.mark.usefixtures("identifiee")
def test_debit_par_personne() -> None:
    commune = requete(debit=6)
    assert appelant(commune, Identite("agent-1")).sujet == "agent-1"
    with pytest.raises(HTTPException) as refus:
        appelant(commune, Identite("agent-1"))
    assert (refus.value.status_code, refus.value.headers) == (429, {"Retry-After": "10"})
    assert refus.value.detail == "Trop de requêtes."
    assert appelant(commune, Identite("agent-2")).sujet == "agent-2"


@pytest.mark.parametrize("client", [("192.0.2.1", 1), None])
def test_debit_par_adresse_sans_authentification(
    monkeypatch: pytest.MonkeyPatch, client: tuple[str, int] | None
) -> None:
    monkeypatch.setattr("app.autorisations.SECURITE", {})
    commune = requete(debit=6, client=client)
    assert appelant(commune, Identite("anonyme"))
    with pytest.raises(HTTPException):
        appelant(commune, Identite("anonyme"))
    commune.scope["client"] = ("192.0.2.2", 1)
    assert appelant(commune, Identite("anonyme"))


def test_seau() -> None:
    horloge = Horloge()
    debit = Debit(60, horloge)
    assert [debit.attente("a") for _ in range(10)] == [0.0] * 10
    assert debit.attente("a") == 1.0
    assert debit.attente("b") == 0.0
    horloge.instant += 0.5
    assert debit.attente("a") == 0.5
    horloge.instant += 0.5
    assert [debit.attente("a"), debit.attente("a")] == [0.0, 1.0]
    horloge.instant += 3600
    assert [debit.attente("a") for _ in range(11)] == [0.0] * 10 + [1.0]


def test_un_debit_faible_laisse_passer_une_requete() -> None:
    horloge = Horloge()
    debit = Debit(1, horloge)
    assert [debit.attente("a"), debit.attente("a")] == [0.0, 60.0]


def test_les_plus_anciens_appelants_sont_oublies(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.debit._APPELANTS_MAX", 2)
    debit = Debit(1, Horloge())
    for nom in ("a", "b", "c"):
        assert debit.attente(nom) == 0.0
    assert debit.attente("b") > 0
    assert debit.attente("a") == 0.0
