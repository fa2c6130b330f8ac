"""Contrat observable commun : santé, mesures, corrélation, erreurs, en-têtes, taille, description de l'API."""

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from threading import Event

import pytest
from fastapi import FastAPI, Request
from fastapi.responses import StreamingResponse
from fastapi.testclient import TestClient

from app import intergiciels, problemes, sante
from app.application import creer_application
from app.assemblage import Assemblage, Sonde
from app.mesures import Mesures
from app.projet import NOM

ARRIVEE, SUITE = Event(), Event()
OPENAPI = Path(__file__).parents[1] / "openapi.json"


def test_vivant(client: TestClient) -> None:
    assert client.get("/health/live").json() == {"status": "pass"}


@pytest.mark.parametrize("adresse", ["/health", "/health/ready"])
def test_pret(client: TestClient, adresse: str) -> None:
    reponse = client.get(adresse)
    assert reponse.status_code == 200
    assert reponse.json()["status"] == "pass"


def test_mesures(agent: TestClient) -> None:
    agent.get("/api/informations")
    texte = agent.get("/metrics").text
    assert 'http_request_duration_seconds_count{method="GET",route="/api/informations",status="200"} 1.0' in texte
    assert "http_requests_in_progress 1.0" in texte
    assert 'app_info{version="0.0.0"} 1.0' in texte


def test_repartition_et_jauge() -> None:
    mesures = Mesures("1")
    mesures.histogramme("tailles", "Tailles.", ("objet",), (1, 10)).labels("a").observe(5)
    mesures.jauge("niveau", "Niveau.", lambda: 7)
    texte = mesures.exposer().decode()
    assert 'tailles_bucket{le="1.0",objet="a"} 0.0' in texte
    assert 'tailles_bucket{le="10.0",objet="a"} 1.0' in texte
    assert "niveau 7.0" in texte


def test_informations(agent: TestClient) -> None:
    assert agent.get("/api/informations").json() == {"nom": NOM, "version": "0.0.0", "environnement": "dev"}


def test_description_servie_egale_au_fichier(client: TestClient) -> None:
    # En cas d'écart voulu : make -C backend openapi, puis relire la différence.
    assert client.get("/api/openapi.json").json() == json.loads(OPENAPI.read_text(encoding="utf-8"))


def test_erreurs_decrites_comme_elles_sont_rendues(client: TestClient) -> None:
    document = client.get("/api/openapi.json").json()
    assert document["openapi"] == "3.1.0"
    assert "HTTPValidationError" not in document["components"]["schemas"]
    erreurs = [
        reponse["content"]
        for chemin in document["paths"].values()
        for operation in chemin.values()
        for code, reponse in operation["responses"].items()
        if code >= "400"
    ]
    assert erreurs
    assert all(list(contenu) == ["application/problem+json"] for contenu in erreurs)


def test_aucune_page_tierce(client: TestClient) -> None:
    assert client.get("/docs").status_code == 404
    assert client.get("/redoc").status_code == 404


def test_probleme_404(client: TestClient) -> None:
    reponse = client.get("/inconnu", headers={"X-Correlation-ID": "suivi-0001"})
    assert reponse.headers["content-type"] == "application/problem+json"
    assert reponse.json() == {
        "type": "about:blank",
        "title": "Not Found",
        "status": 404,
        "detail": "Not Found",
        "correlation": "suivi-0001",
    }
    assert reponse.headers["x-correlation-id"] == "suivi-0001"


@pytest.mark.parametrize("recue", ["court", "x" * 65, "avec espace", "retour\tchariot", ""])
def test_correlation_douteuse_remplacee(client: TestClient, recue: str) -> None:
    rendue = client.get("/health/live", headers={"X-Correlation-ID": recue}).headers["x-correlation-id"]
    assert rendue != recue
    assert len(rendue) == 36


@pytest.mark.parametrize("adresse", ["/health/live", "/inconnu", "/api/openapi.json"])
def test_entetes_de_securite(client: TestClient, adresse: str) -> None:
    entetes = client.get(adresse).headers
    assert entetes["x-content-type-options"] == "nosniff"
    assert entetes["content-security-policy"] == "default-src 'none'; frame-ancestors 'none'"
    assert entetes["cache-control"] == "no-store"
    assert entetes["x-frame-options"] == "DENY"
    assert "server" not in entetes


@pytest.fixture
def petit() -> Iterator[TestClient]:
    """Application réduite, pour ce que l'API réelle ne fait pas : lever, répondre en flux, lire un corps brut."""
    application = FastAPI()
    application.add_middleware(intergiciels.Enveloppe, mesures=Mesures("1"), taille_max=10, requetes_max=1)
    problemes.brancher(application)

    @application.post("/longueur")
    async def longueur(requete: Request) -> int:
        return len(await requete.body())

    @application.get("/attente")
    def attente() -> str:
        ARRIVEE.set()
        SUITE.wait(10)
        return "fini"

    @application.get("/health/essai")
    def essai() -> str:
        return "vivant"

    @application.get("/nombre/{n}")
    def nombre(n: int) -> int:
        return n

    @application.get("/erreur")
    def erreur() -> None:
        raise ValueError("valeur secrète")

    @application.get("/coupure")
    def coupure() -> StreamingResponse:
        def flux() -> Iterator[bytes]:
            yield b"debut"
            raise ValueError("valeur secrète")

        return StreamingResponse(flux())

    with TestClient(application, raise_server_exceptions=False) as ouvert:
        yield ouvert


def par_morceaux() -> Iterator[bytes]:
    yield b"x" * 6
    yield b"x" * 6


def test_taille_limite(petit: TestClient) -> None:
    assert petit.post("/longueur", content=b"x" * 10).json() == 10
    for contenu in (b"x" * 11, par_morceaux()):
        reponse = petit.post("/longueur", content=contenu)
        assert reponse.status_code == 413
        assert reponse.headers["content-type"] == "application/problem+json"
        assert "x-correlation-id" in reponse.headers


def test_nombre_limite(petit: TestClient) -> None:
    with ThreadPoolExecutor(1) as fils:
        premiere = fils.submit(petit.get, "/attente")
        assert ARRIVEE.wait(10)
        refus = petit.get("/nombre/3")
        sonde = petit.get("/health/essai")
        SUITE.set()
        assert premiere.result().json() == "fini"
    assert (refus.status_code, refus.headers["retry-after"]) == (503, "1")
    assert refus.headers["content-type"] == "application/problem+json"
    assert sonde.status_code == 200
    assert petit.get("/nombre/3").status_code == 200


def test_longueur_annoncee_absurde(petit: TestClient) -> None:
    assert petit.post("/longueur", content=b"x", headers={"Content-Length": "-1"}).status_code == 413


def test_erreur_non_prevue(petit: TestClient, caplog: pytest.LogCaptureFixture) -> None:
    reponse = petit.get("/erreur")
    assert reponse.status_code == 500
    assert reponse.headers["content-type"] == "application/problem+json"
    assert "secrète" not in reponse.text
    assert "erreur non prévue" in caplog.text


def test_reponse_coupee(petit: TestClient) -> None:
    reponse = petit.get("/coupure")
    assert reponse.text == "debut"


def test_saisie_refusee_sans_la_recopier(petit: TestClient) -> None:
    assert petit.get("/nombre/3").json() == 3
    reponse = petit.get("/nombre/secret")
    assert reponse.status_code == 422
    assert reponse.json()["champs"][0]["champ"] == "path.n"
    assert "secret" not in reponse.text


def test_une_dependance_en_panne_rend_indisponible() -> None:
    assemblage = Assemblage(FastAPI(), Mesures("1"), {"saine": lambda: None, "malade": lambda: "en panne"})
    sante.brancher(assemblage)
    reponse = TestClient(assemblage.application).get("/health/ready")
    assert reponse.status_code == 503
    assert reponse.headers["content-type"] == "application/problem+json"
    assert reponse.json()["detail"] == "malade : en panne"
    assert reponse.json()["checks"] == {"saine": {"status": "pass"}, "malade": {"status": "fail"}}


def test_une_dependance_facultative_en_panne_laisse_pret_mais_degrade() -> None:
    facultatives: dict[str, Sonde] = {"saine": lambda: None, "malade": lambda: "en panne"}
    assemblage = Assemblage(FastAPI(), Mesures("1"), {"base": lambda: None}, facultatives)
    sante.brancher(assemblage)
    reponse = TestClient(assemblage.application).get("/health/ready")
    assert reponse.status_code == 200
    assert reponse.json()["status"] == "warn"
    statuts = {nom: detail["status"] for nom, detail in reponse.json()["checks"].items()}
    assert statuts == {"base": "pass", "saine": "pass", "malade": "warn"}


@pytest.mark.usefixtures("reglages")
def test_ouvertures_et_fermetures(monkeypatch: pytest.MonkeyPatch) -> None:
    faits: list[str] = []

    def composer(assemblage: Assemblage) -> None:
        assemblage.mesures.compteur("essais", "Essais.", ("objet",)).labels("a").inc()
        assemblage.fermetures_asynchrones.append(fermer_la_boucle)
        for nom in ("a", "b"):
            assemblage.ouvertures.append(partial(faits.append, f"ouvre {nom}"))
            assemblage.fermetures.append(partial(faits.append, f"ferme {nom}"))

    async def fermer_la_boucle() -> None:
        faits.append("ferme la boucle")

    monkeypatch.setattr("app.application.composer", composer)
    with TestClient(creer_application()) as client:
        assert 'essais_total{objet="a"} 1.0' in client.get("/metrics").text
    assert faits == ["ouvre a", "ouvre b", "ferme b", "ferme a", "ferme la boucle"]
