"""Sauvegarde d'avant-déploiement et barrière : tout ce qui n'est pas une preuve ferme la porte."""

import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx2 as httpx
import psycopg
import pytest

from app import barriere, sauvegarder
from app.barriere import ConfigurationBarriere, franchir, recente
from app.kubernetes import Api, ErreurApi
from app.projet import IDENTIFIANT
from app.sauvegarder import ConfigurationSauvegarde, decrire
from tests.montage_bdd import Serveur, regler
from tests.montage_kubernetes import Faux, autorite

CLUSTER = "essai-db-g1"
MAINTENANT = datetime(2026, 1, 10, 12, tzinfo=UTC)


@pytest.fixture
def variables(monkeypatch: pytest.MonkeyPatch) -> None:
    """Variables communes aux deux commandes."""
    monkeypatch.setenv("CNPG_CLUSTER", CLUSTER)
    monkeypatch.setenv("DELAI_SECONDES", "30")
    monkeypatch.setenv("PAS_SECONDES", "0.01")
    monkeypatch.setenv("RELEASE", "_1.4.2+" + "a" * 80)


def test_premier_deploiement_sans_sauvegarde(faux: Faux, variables: None) -> None:
    assert sauvegarder.principal(lambda: faux.api) == 0
    assert faux.creees == []


@pytest.mark.parametrize("phases", [["completed"], ["", "started", "running", "finalizing", "completed"]])
def test_sauvegarde_complete(faux: Faux, variables: None, phases: list[str]) -> None:
    faux.clusters, faux.phases = {CLUSTER}, phases
    assert sauvegarder.principal(lambda: faux.api) == 0
    assert faux.creees[0]["spec"] == {"cluster": {"name": CLUSTER}, "method": "barmanObjectStore"}
    version = faux.creees[0]["metadata"]["labels"]["app.kubernetes.io/version"]
    assert len(version) <= 63
    assert version.startswith("1.4.2")


@pytest.mark.parametrize("phase", ["failed", "walArchivingFailing", "invalid backup definition", "pending", "running"])
def test_sauvegarde_inachevee(faux: Faux, variables: None, phase: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DELAI_SECONDES", "0.2")
    faux.clusters, faux.phases = {CLUSTER}, [phase]
    assert sauvegarder.principal(lambda: faux.api) == 1


def test_sauvegarde_api_refuse(faux: Faux, variables: None) -> None:
    faux.refus = 403
    assert sauvegarder.principal(lambda: faux.api) == 1


def test_sauvegarde_par_extension() -> None:
    configuration = ConfigurationSauvegarde(cnpg_cluster=CLUSTER, cnpg_methode="plugin", cnpg_plugin="p", release="1")
    assert decrire(configuration)["spec"] == {
        "cluster": {"name": CLUSTER},
        "method": "plugin",
        "pluginConfiguration": {"name": "p"},
    }


def etat(age: float, phase: str = "completed") -> dict[str, Any]:
    return {"phase": phase, "stoppedAt": (MAINTENANT - timedelta(seconds=age)).isoformat()}


@pytest.mark.parametrize(
    ("vu", "attendu"),
    [
        (etat(10), True),
        (etat(3600), True),
        (etat(3601), False),
        (etat(-30), True),
        (etat(-3600), False),
        (etat(10, "running"), False),
        (etat(10, "failed"), False),
        ({}, False),
        ({"phase": "completed"}, False),
        ({"phase": "completed", "stoppedAt": "hier"}, False),
        ({"phase": "completed", "stoppedAt": None}, False),
        ({"phase": "completed", "stoppedAt": "2026-01-10T12:00:00"}, False),
        ({"phase": "completed", "stoppedAt": "2026-01-10T11:59:00Z"}, True),
    ],
)
def test_recente(vu: dict[str, Any], attendu: bool) -> None:
    assert recente(vu, 3600, MAINTENANT) is attendu


def deja(age: float, cluster: str = CLUSTER) -> dict[str, Any]:
    fin = datetime.now(UTC) - timedelta(seconds=age)
    return {"spec": {"cluster": {"name": cluster}}, "status": {"phase": "completed", "stoppedAt": fin.isoformat()}}


def commande(faux: Faux) -> int:
    return barriere.principal(lambda: faux.api)


def test_premier_deploiement_passe(
    faux: Faux, variables: None, serveur: Serveur, base_vide: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    regler(monkeypatch, serveur, base_vide, "owner")
    faux.clusters = {CLUSTER}
    assert commande(faux) == 0
    # Table présente mais vide : une première migration s'est interrompue avant le premier fichier.
    with psycopg.connect(serveur.conninfo(base_vide), autocommit=True) as admin:
        admin.execute("CREATE SCHEMA rgpd; CREATE TABLE rgpd.migration (); GRANT USAGE ON SCHEMA rgpd TO PUBLIC;")
        admin.execute("GRANT SELECT ON rgpd.migration TO PUBLIC")
    assert commande(faux) == 0


@pytest.mark.parametrize(
    ("sauvegardes", "attendu"),
    [
        ([], 1),
        ([deja(60)], 0),
        ([deja(99999), deja(60)], 0),
        ([deja(99999)], 1),
        ([deja(60, "autre-db-g1")], 1),
        ([{"spec": {"cluster": {"name": CLUSTER}}}], 1),
    ],
)
def test_base_en_service(
    faux: Faux,
    variables: None,
    serveur: Serveur,
    base: str,
    monkeypatch: pytest.MonkeyPatch,
    sauvegardes: list[dict[str, Any]],
    attendu: int,
) -> None:
    regler(monkeypatch, serveur, base, "owner")
    faux.clusters, faux.sauvegardes = {CLUSTER}, sauvegardes
    assert commande(faux) == attendu


def test_sans_cluster_ou_sans_base(
    faux: Faux, variables: None, serveur: Serveur, base: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    regler(monkeypatch, serveur, base, "owner")
    monkeypatch.setenv("DELAI_SECONDES", "0.2")
    assert commande(faux) == 1
    faux.clusters, faux.sauvegardes = {CLUSTER}, [deja(60)]
    monkeypatch.setenv("DB_HOST", "/nulle-part")
    assert commande(faux) == 1


def test_la_base_peut_arriver_apres(faux: Faux, serveur: Serveur, base_vide: str) -> None:
    attentes: list[float] = []

    def dormir(duree: float) -> None:
        attentes.append(duree)
        faux.clusters = {CLUSTER}

    conninfo = serveur.conninfo(base_vide, f"{IDENTIFIANT}_owner")
    assert franchir(faux.api, conninfo, ConfigurationBarriere(cnpg_cluster=CLUSTER), dormir)
    assert attentes == [5]


def test_table_illisible_ou_api_en_panne(
    faux: Faux, variables: None, serveur: Serveur, base_vide: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    regler(monkeypatch, serveur, base_vide, "owner")
    with psycopg.connect(serveur.conninfo(base_vide), autocommit=True) as admin:
        admin.execute("CREATE SCHEMA rgpd; CREATE TABLE rgpd.migration (); GRANT USAGE ON SCHEMA rgpd TO PUBLIC;")
    faux.clusters = {CLUSTER}
    assert commande(faux) == 1
    faux.refus = 500
    assert commande(faux) == 1


def test_api_injoignable() -> None:
    api = Api(httpx.Client(base_url="http://127.0.0.1:1", trust_env=False), "essai")
    with pytest.raises(ErreurApi, match="ne répond pas"):
        api.cluster_existe(CLUSTER)


@pytest.mark.parametrize(
    ("hote", "adresse"), [("10.0.0.1", "https://10.0.0.1:6443"), ("fd00::1", "https://[fd00::1]:6443")]
)
def test_compte_du_pod(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, hote: str, adresse: str) -> None:
    (tmp_path / "token").write_text("jeton\n", encoding="ascii")
    (tmp_path / "namespace").write_text("espace", encoding="ascii")
    (tmp_path / "ca.crt").write_bytes(autorite())
    monkeypatch.setenv("KUBERNETES_SERVICE_HOST", hote)
    monkeypatch.setenv("KUBERNETES_SERVICE_PORT", "6443")
    api = Api.du_pod(tmp_path)
    assert (str(api.client.base_url), api.espace) == (adresse, "espace")
    assert api.client.headers["authorization"] == "Bearer jeton"


@pytest.mark.parametrize("module", ["app.sauvegarder", "app.barriere"])
def test_commande_hors_d_un_pod(
    module: str, variables: None, serveur: Serveur, base: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    regler(monkeypatch, serveur, base, "owner")
    monkeypatch.delenv("KUBERNETES_SERVICE_HOST", raising=False)
    resultat = subprocess.run([sys.executable, "-m", module], check=False, capture_output=True, text=True, timeout=60)
    assert resultat.returncode == 1
    assert "dans un pod" in resultat.stdout
