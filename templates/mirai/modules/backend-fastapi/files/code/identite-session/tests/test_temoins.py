"""Témoins : illisibles, datés, et chacun pour son usage."""

from datetime import UTC, datetime
from typing import Any

import pytest
from fastapi import Request, Response

from app.temoins import Temoin
from tests.montage_identite import SECRET

SESSION = Temoin("session", 60, SECRET, chiffre=True)


def requete(nom: str, valeur: str) -> Request:
    return Request({"type": "http", "headers": [(b"cookie", f"{nom}={valeur}".encode())]})


def test_aller_et_retour() -> None:
    valeur = SESSION.sceller({"sujet": "agent-1"})
    assert "agent-1" not in valeur
    assert SESSION.lire(requete("__Host-session", valeur)) == {"sujet": "agent-1"}


def test_un_autre_nom_une_autre_cle_un_autre_secret() -> None:
    valeur = SESSION.sceller({})
    assert SESSION.lire(requete("session", valeur)) is None
    assert Temoin("session", 60, SECRET + "x", chiffre=True).lire(requete("__Host-session", valeur)) is None
    # La demande de connexion, que l'on obtient sans s'identifier, n'ouvre pas de session.
    demande = Temoin("connexion", 60, SECRET, chiffre=True).sceller({"sujet": "agent-1"})
    assert SESSION.lire(requete("__Host-session", demande)) is None


@pytest.mark.parametrize("valeur", ["", "x", "gAAAAA", "é".encode().hex()])
def test_valeur_illisible(valeur: str) -> None:
    assert SESSION.lire(requete("__Host-session", valeur)) is None


@pytest.mark.parametrize(("age", "lu"), [(59, {}), (61, None)])
def test_echeance(monkeypatch: pytest.MonkeyPatch, age: int, lu: dict[str, Any] | None) -> None:
    valeur = SESSION.sceller({})
    maintenant = datetime.now(UTC).timestamp()
    monkeypatch.setattr("time.time", lambda: maintenant + age)
    assert SESSION.lire(requete("__Host-session", valeur)) == lu


@pytest.mark.parametrize(("chiffre", "nom", "suite"), [(True, "__Host-session", "; Secure"), (False, "session", "")])
def test_attributs(chiffre: bool, nom: str, suite: str) -> None:
    temoin, pose, retire = Temoin("session", 60, SECRET, chiffre=chiffre), Response(), Response()
    temoin.poser(pose, {})
    entete = pose.headers["set-cookie"]
    assert entete.startswith(f"{nom}=gAAAAA")
    assert entete.endswith(f"; HttpOnly; Max-Age=60; Path=/; SameSite=lax{suite}")
    temoin.retirer(retire)
    assert retire.headers["set-cookie"].startswith(f'{nom}=""; ')
    assert "Max-Age=0; Path=/; SameSite=lax" in retire.headers["set-cookie"]
