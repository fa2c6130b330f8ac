"""Journaux : du JSON, une ligne par évènement, sans le message des exceptions."""

import json
import logging

import pytest

from app.journaux import correlation, installer


class ErreurSql(Exception):
    """Exception qui porte un code d'état SQL, comme celles de psycopg."""

    sqlstate = "23514"


def derniere(capture: pytest.CaptureFixture[str]) -> dict[str, object]:
    ligne: dict[str, object] = json.loads(capture.readouterr().out.splitlines()[-1])
    return ligne


def test_ligne(capsys: pytest.CaptureFixture[str]) -> None:
    installer("INFO")
    jeton = correlation.set("suivi-0001")
    logging.getLogger("essai").info("été %s", "ok", extra={"champs": {"duree": 3}})
    correlation.reset(jeton)
    ligne = derniere(capsys)
    assert (ligne["message"], ligne["niveau"], ligne["source"], ligne["duree"]) == ("été ok", "INFO", "essai", 3)
    assert ligne["correlation"] == "suivi-0001"
    assert str(ligne["horodatage"]).endswith("+00:00")


@pytest.mark.parametrize(("erreur", "sqlstate"), [(ErreurSql("secrète"), "23514"), (ValueError("secrète"), None)])
def test_exception_sans_message(capsys: pytest.CaptureFixture[str], erreur: Exception, sqlstate: str | None) -> None:
    installer("INFO")
    try:
        raise erreur
    except Exception:
        logging.getLogger("essai").exception("raté")
    ligne = derniere(capsys)
    description = ligne["erreur"]
    assert isinstance(description, dict)
    assert description.get("sqlstate") == sqlstate
    assert description["pile"]
    assert "secrète" not in json.dumps(ligne, ensure_ascii=False)


def test_exc_info_sans_exception(capsys: pytest.CaptureFixture[str]) -> None:
    installer("INFO")
    logging.getLogger("essai").error("raté", exc_info=True)
    assert "erreur" not in derniere(capsys)


def test_bibliotheques_bavardes_muettes(capsys: pytest.CaptureFixture[str]) -> None:
    installer("DEBUG")
    logging.getLogger("httpx2").info("GET https://exemple.invalid/?secret=1")
    assert capsys.readouterr().out == ""
