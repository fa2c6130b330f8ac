"""Les données personnelles n'atteignent ni les journaux, ni les erreurs, ni les lignes déjà anonymisées."""

import psycopg
import pytest
from fastapi.testclient import TestClient
from psycopg import sql

from app.journaux import installer
from app.projet import IDENTIFIANT
from tests.montage_bdd import Serveur
from tests.saisies import SAISIE

VALEURS = [str(v) for n, v in SAISIE.items() if n not in ("objet", "commentaire")] + ["seconde ligne"]


def test_rien_dans_les_journaux(agent: TestClient, capsys: pytest.CaptureFixture[str]) -> None:
    installer("DEBUG")
    demande = agent.post("/api/demandes", json=SAISIE).json()
    agent.get(f"/api/demandes/{demande['id']}")
    agent.post("/api/demandes", json=SAISIE | {"code_postal": "Camille"})
    sortie = capsys.readouterr().out
    assert sortie.count('"route": "/api/demandes"') == 2
    assert [v for v in VALEURS if v in sortie] == []
    assert demande["id"] not in sortie


def test_une_erreur_ne_recopie_pas_la_saisie(agent: TestClient) -> None:
    reponse = agent.post("/api/demandes", json=SAISIE | {"code_postal": "Camille"})
    assert reponse.status_code == 422
    assert [v for v in VALEURS if v in reponse.text] == []


def test_ligne_anonymisee_invisible(agent: TestClient, serveur: Serveur, base: str) -> None:
    adresse = agent.post("/api/demandes", json=SAISIE).headers["location"]
    table = sql.Identifier(IDENTIFIANT, "demande")
    with psycopg.connect(serveur.conninfo(base), autocommit=True) as admin:
        # La purge remplace les valeurs claires ; ici, seul son effet sur l'API est en cause.
        admin.execute("SET session_replication_role = replica")
        admin.execute(
            sql.SQL("ALTER TABLE {t} DISABLE TRIGGER USER; ALTER TABLE {t} DROP CONSTRAINT IF EXISTS essai").format(
                t=table
            )
        )
        contraintes = admin.execute(
            "SELECT conname, pg_get_constraintdef(oid) FROM pg_constraint"
            " WHERE contype = 'c' AND conrelid = to_regclass(%s)"
            " AND pg_get_constraintdef(oid) LIKE '%%rgpd_anonymise_le%%'",
            (f"{IDENTIFIANT}.demande",),
        ).fetchall()
        for nom, _ in contraintes:
            admin.execute(sql.SQL("ALTER TABLE {} DROP CONSTRAINT {}").format(table, sql.Identifier(nom)))
        admin.execute(sql.SQL("UPDATE {} SET rgpd_anonymise_le = now()").format(table))
        vus = [agent.get(adresse).status_code, agent.patch(adresse, json={"statut": "close"}).status_code]
        liste = agent.get("/api/demandes").json()["demandes"]
        admin.execute(sql.SQL("DELETE FROM {}").format(table))
        admin.execute(sql.SQL("ALTER TABLE {} ENABLE TRIGGER USER").format(table))
        for nom, definition in contraintes:
            requete = f"ALTER TABLE {IDENTIFIANT}.demande ADD CONSTRAINT {nom} {definition}"
            admin.execute(requete.encode())
    assert vus == [404, 404]
    assert liste == []
