"""Purge : ce que la base déclare, dans l'ordre, avec ses garde-fous."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from psycopg import sql

from app.base import ConfigurationBase
from app.projet import IDENTIFIANT
from app.retention import ErreurRetention, appel, lire_cle, principal
from tests.montage_bdd import Serveur, regler

CLE = "0123456789abcdef" * 4
TABLE = sql.Identifier(IDENTIFIANT, "demande")


def test_vraie_purge(
    serveur: Serveur, base: str, reglages_bdd: ConfigurationBase, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Les fonctions du projet : les échéances passées sont anonymisées, les autres lignes restent."""
    ancienne = "INSERT INTO {} (objet, nom, prenom, courriel, code_postal, statut, cree_le, modifie_le, cloture_le)"
    valeurs = " SELECT 'information', 'Martin', 'Camille', 'c@exemple.invalid', '75001', 'close', d, d, d"
    valeurs += " FROM (SELECT %s::timestamptz AS d) s"
    with psycopg.connect(serveur.conninfo(base), autocommit=True) as admin:
        for date in ["2001-01-01"] + ["now"] * 99:
            admin.execute(sql.SQL(ancienne + valeurs).format(TABLE), (date,))
        regler(monkeypatch, serveur, base, "purge")
        assert principal([]) == 0
        comptes = admin.execute(
            sql.SQL("SELECT count(*) FILTER (WHERE nom = 'Martin'), count(*) FROM {}").format(TABLE)
        ).fetchone()
    assert comptes is not None
    assert comptes[0] == 99


@pytest.fixture
def processus(serveur: Serveur, base_vide: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[psycopg.Connection]:
    """Base d'essai dont les processus sont écrits par chaque essai."""
    regler(monkeypatch, serveur, base_vide, "owner")
    with psycopg.connect(serveur.conninfo(base_vide, f"{IDENTIFIANT}_owner"), autocommit=True) as connexion:
        connexion.execute(
            "CREATE SCHEMA rgpd;"
            " CREATE TABLE rgpd.p (ordre int, entite text, operation text, fonction text, a_cle bool, simulation text,"
            " part_max numeric);"
            " CREATE FUNCTION rgpd.processus() RETURNS SETOF rgpd.p LANGUAGE sql AS 'SELECT * FROM rgpd.p';"
            " CREATE TABLE rgpd.reste (n int); INSERT INTO rgpd.reste VALUES (2500);"
            " CREATE TABLE rgpd.trace (quoi text);"
            " CREATE FUNCTION rgpd.purger_t(lot int) RETURNS int LANGUAGE sql AS"
            " 'UPDATE rgpd.reste SET n = greatest(n - lot, 0) RETURNING (SELECT least(lot, n) FROM rgpd.reste)';"
            " CREATE FUNCTION rgpd.cle_t(lot int) RETURNS int LANGUAGE sql AS"
            " $$INSERT INTO rgpd.trace VALUES (current_setting('rgpd.cle', true)) RETURNING 0$$;"
            " CREATE FUNCTION rgpd.sur_place_t(lot int) RETURNS int LANGUAGE sql AS"
            " 'INSERT INTO rgpd.trace VALUES (''lot'') RETURNING lot';"
            " CREATE FUNCTION rgpd.nul_t(lot int) RETURNS int LANGUAGE sql AS 'SELECT NULL::int';"
            " CREATE FUNCTION rgpd.simuler_t(OUT total bigint, OUT visees bigint, OUT part numeric) LANGUAGE sql AS"
            " 'SELECT 4000, 2500, 60.0';"
            " CREATE FUNCTION rgpd.simuler_rien(OUT total bigint, OUT visees bigint, OUT part numeric)"
            " RETURNS SETOF record LANGUAGE sql AS 'SELECT 1::bigint, 1::bigint, 1.0 WHERE false';"
            " CREATE FUNCTION rgpd.rien_t(lot int) RETURNS SETOF int LANGUAGE sql AS 'SELECT 1 WHERE false'"
        )
        yield connexion


def declarer(
    connexion: psycopg.Connection, fonction: str, a_cle: bool, simulation: str | None, part: float | None
) -> None:
    connexion.execute(
        "INSERT INTO rgpd.p SELECT coalesce(max(ordre), 0) + 1, 't', 'purge', %s, %s, %s, %s FROM rgpd.p",
        (fonction, a_cle, simulation, part),
    )


def test_par_lots_jusqu_a_zero(processus: psycopg.Connection) -> None:
    declarer(processus, "rgpd.purger_t", False, None, None)
    declarer(processus, "rgpd.nul_t", False, None, None)
    declarer(processus, "rgpd.rien_t", False, "rgpd.simuler_t", 60)
    assert principal([]) == 0
    assert processus.execute("SELECT n FROM rgpd.reste").fetchone() == (0,)


@pytest.mark.parametrize(("arguments", "code", "reste"), [([], 1, 2500), (["--confirmer"], 0, 0)])
def test_part_maximale(processus: psycopg.Connection, arguments: list[str], code: int, reste: int) -> None:
    declarer(processus, "rgpd.purger_t", False, "rgpd.simuler_t", 10)
    assert principal(arguments) == code
    assert processus.execute("SELECT n FROM rgpd.reste").fetchone() == (reste,)


@pytest.mark.parametrize(
    ("simulation", "lots"),
    [("rgpd.simuler_t", 7), (None, 4)],  # 2 500 lignes visées : 6 000 au plus ; sans simulation : trois lots ici
)
def test_une_purge_qui_n_avance_pas_s_arrete(
    processus: psycopg.Connection,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    simulation: str | None,
    lots: int,
) -> None:
    monkeypatch.setattr("app.retention._LOTS_MAX", 3)
    declarer(processus, "rgpd.sur_place_t", False, simulation, None)
    declarer(processus, "rgpd.purger_t", False, None, None)
    assert principal([]) == 1
    assert f"rgpd.sur_place_t n'avance pas : {lots}000 lignes traitées" in capsys.readouterr().out
    assert processus.execute("SELECT count(*) FROM rgpd.trace").fetchone() == (lots,)
    assert processus.execute("SELECT n FROM rgpd.reste").fetchone() == (2500,)


def test_simulation_muette(processus: psycopg.Connection) -> None:
    declarer(processus, "rgpd.purger_t", False, "rgpd.simuler_rien", 10)
    assert principal([]) == 1


def test_aucun_processus(processus: psycopg.Connection) -> None:
    assert principal([]) == 1
    processus.execute("DROP FUNCTION rgpd.processus()")
    assert principal([]) == 1


def test_cle_donnee_a_la_seule_session_qui_en_a_besoin(
    processus: psycopg.Connection, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    declarer(processus, "rgpd.cle_t", True, None, None)
    declarer(processus, "rgpd.cle_t", False, None, None)
    monkeypatch.delenv("RGPD_CLE_FICHIER", raising=False)
    assert principal([]) == 1
    fichier = tmp_path / "cle"
    fichier.write_text(CLE + "\n", encoding="ascii")
    monkeypatch.setenv("RGPD_CLE_FICHIER", str(fichier))
    assert principal([]) == 0
    assert processus.execute("SELECT quoi FROM rgpd.trace").fetchall() == [(CLE,), (None,)]


@pytest.mark.parametrize("contenu", [b"", b"abc", b"g" * 64, b"\xff" * 64, b"A" * 64])
def test_cle_refusee(tmp_path: Path, contenu: bytes) -> None:
    fichier = tmp_path / "cle"
    fichier.write_bytes(contenu)
    with pytest.raises(ErreurRetention):
        lire_cle(fichier)
    with pytest.raises(ErreurRetention):
        lire_cle(tmp_path / "absente")


@pytest.mark.parametrize("nom", ["public.f", "rgpd.f; DROP TABLE x", "rgpd.", "rgpd.F", 'rgpd."f"'])
def test_fonction_inattendue(nom: str) -> None:
    with pytest.raises(ErreurRetention, match="inattendue"):
        appel(nom, "")


def test_rotation(processus: psycopg.Connection, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    fichier = tmp_path / "cle"
    fichier.write_text(CLE, encoding="ascii")
    monkeypatch.setenv("RGPD_CLE_FICHIER", str(fichier))
    assert principal(["--tourner-cle", "ROT-1"]) == 1  # niveau essentiel : la base n'a pas de rotation
    processus.execute(
        "CREATE FUNCTION rgpd.tourner_cle(motif text) RETURNS int LANGUAGE plpgsql AS $$ BEGIN"
        " IF motif = 'PANNE-1' THEN RAISE EXCEPTION 'panne' USING ERRCODE = 'RG005'; END IF;"
        " IF EXISTS (SELECT FROM rgpd.trace WHERE quoi = current_setting('rgpd.cle')) THEN"
        " RAISE EXCEPTION 'la même' USING ERRCODE = 'RG008'; END IF;"
        " INSERT INTO rgpd.trace VALUES (current_setting('rgpd.cle')); RETURN 1; END $$"
    )
    assert principal(["--tourner-cle", "PANNE-1"]) == 1
    assert principal(["--tourner-cle", "ROT-1"]) == 0
    assert principal(["--tourner-cle", "ROT-1"]) == 0  # rejoué : déjà en service
    assert processus.execute("SELECT quoi FROM rgpd.trace").fetchall() == [(CLE,)]


def test_commande() -> None:
    resultat = subprocess.run([sys.executable, "-m", "app.retention", "--tout"], check=False, timeout=60)
    assert resultat.returncode == 2
