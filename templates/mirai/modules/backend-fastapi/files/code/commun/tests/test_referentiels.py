"""Listes de référence : lues à leur source, revalidées, et servies avec leur âge quand la source se tait ou ment."""

import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import httpx2 as httpx
import pytest
from fastapi.testclient import TestClient
from pydantic import ValidationError

from app.identite import SECURITE
from app.referentiels import ConfigurationReferentiels, Referentiel, Referentiels, Source
from tests.montage_local import Horloge, Reponse, servir

ADRESSE = "/api/referentiels/regions"
LISTE = [{"code": "01", "libelle": "Guadeloupe"}, {"code": "04", "libelle": "La Réunion"}]
AUTRE = [{"code": "06", "libelle": "Mayotte"}]
Ouvrir = Callable[..., TestClient]


@dataclass
class SourceEssai:
    """Ce que la source rend à toute lecture, et les en-têtes de celles qu'elle a reçues."""

    adresse: str = ""
    statut: int = 200
    corps: bytes = json.dumps(LISTE).encode()
    entetes: dict[str, str] = field(default_factory=dict)
    recues: list[dict[str, str]] = field(default_factory=list)
    avant_de_repondre: Callable[[], object] = lambda: None
    goutte_a_goutte: bool = False

    def rendre(self, statut: int, contenu: object = b"", **entetes: str) -> None:
        """Change la réponse."""
        self.statut = statut
        self.corps = contenu if isinstance(contenu, bytes) else json.dumps(contenu).encode()
        self.entetes = {nom.replace("_", "-"): valeur for nom, valeur in entetes.items()}


@pytest.fixture
def source() -> Iterator[SourceEssai]:
    """Source d'essai : un vrai serveur HTTP local."""
    etat = SourceEssai()

    class Publication(Reponse):
        def do_GET(self) -> None:
            etat.recues.append({nom.lower(): valeur for nom, valeur in self.headers.items()} | {"chemin": self.path})
            etat.avant_de_repondre()
            corps = b"" if etat.statut == 304 else etat.corps
            self.send_response(etat.statut)
            for nom, valeur in ({"Content-Length": str(len(corps))} | etat.entetes).items():
                self.send_header(nom, valeur)
            self.end_headers()
            self.debiter(corps, 10, 0.1 if etat.goutte_a_goutte else 0)

    with servir(Publication) as adresse:
        etat.adresse = f"{adresse}/listes/regions"
        yield etat


@pytest.fixture
def horloge(monkeypatch: pytest.MonkeyPatch) -> Horloge:
    """Horloge des listes."""
    temps = Horloge()
    monkeypatch.setattr("app.referentiels._horloge", temps)
    return temps


@pytest.fixture
def ouvrir(
    source: SourceEssai, horloge: Horloge, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> Ouvrir:
    """Application qui consomme la liste « regions », avec d'autres variables."""

    def demarrer(**variables: object) -> TestClient:
        declarees = {"REFERENTIELS": json.dumps({"regions": source.adresse})} | variables
        for nom, valeur in declarees.items():
            monkeypatch.setenv(nom, str(valeur))
        agent: TestClient = request.getfixturevalue("agent")
        return agent

    return demarrer


@pytest.fixture
def agent_source(ouvrir: Ouvrir) -> TestClient:
    """Application qui consomme la liste « regions »."""
    return ouvrir()


def lire(agent: TestClient, **entetes: str) -> httpx.Response:
    reponse: httpx.Response = agent.get(ADRESSE, headers={n.replace("_", "-"): v for n, v in entetes.items()})
    return reponse


def compte(agent: TestClient, resultat: str) -> float:
    """Lectures de la liste qui ont eu ce résultat."""
    debut = f'referentiel_reads_total{{liste="regions",resultat="{resultat}"}} '
    lignes = [ligne for ligne in agent.get("/metrics").text.splitlines() if ligne.startswith(debut)]
    return sum(float(ligne.removeprefix(debut)) for ligne in lignes)


def sonde(agent: TestClient) -> str:
    """État de la dépendance ; l'application est prête dans tous les cas."""
    reponse = agent.get("/health/ready")
    assert reponse.status_code == 200
    etat: str = reponse.json()["checks"]["referentiels"]["status"]
    assert reponse.json()["status"] == etat
    return etat


def en_panne(reponse: httpx.Response, attente: str = "30") -> None:
    """La liste n'est pas connue, et l'appelant sait quand revenir."""
    assert (reponse.status_code, reponse.headers["retry-after"]) == (503, attente)
    assert reponse.headers["content-type"] == "application/problem+json"
    assert reponse.json()["detail"] == "La liste « regions » n'a pas pu être lue à sa source."


def test_lue_au_premier_besoin_puis_gardee(agent_source: TestClient, source: SourceEssai, horloge: Horloge) -> None:
    assert source.recues == []
    assert sonde(agent_source) == "pass"
    assert "referentiel_age_seconds{" not in agent_source.get("/metrics").text
    reponse = lire(agent_source)
    assert reponse.status_code == 200
    assert reponse.headers["content-type"] == "application/json"
    assert reponse.headers["cache-control"] == "private, no-cache"
    assert reponse.headers["age"] == "0"
    rendu = reponse.json()
    assert list(rendu) == ["nom", "confirme_le", "entrees"]
    assert (rendu["nom"], rendu["entrees"]) == ("regions", LISTE)
    confirme_le = Referentiel.model_validate(rendu).confirme_le
    assert timedelta() <= datetime.now(UTC) - confirme_le < timedelta(seconds=10)
    assert "Réunion" in reponse.text
    horloge.instant += 3599.75
    assert lire(agent_source).headers["age"] == "3599"
    assert lire(agent_source).json() == rendu
    assert len(source.recues) == 1
    recue = source.recues[0]
    assert recue["chemin"] == "/listes/regions"
    assert (recue["accept"], recue["accept-encoding"]) == ("application/json", "identity")
    assert "if-none-match" not in recue
    assert compte(agent_source, "nouvelle") == 1
    assert 'referentiel_age_seconds{liste="regions"} 3599.75' in agent_source.get("/metrics").text
    assert sonde(agent_source) == "pass"


def test_revalidee_quand_elle_n_est_plus_fraiche(
    agent_source: TestClient, source: SourceEssai, horloge: Horloge
) -> None:
    source.entetes = {"ETag": '"v1"'}
    premiere = lire(agent_source).json()
    horloge.instant += 3600
    source.rendre(304, Cache_Control="max-age=600")
    seconde = lire(agent_source)
    assert (seconde.status_code, seconde.headers["age"]) == (200, "0")
    assert seconde.json()["entrees"] == LISTE
    assert seconde.json()["confirme_le"] > premiere["confirme_le"]
    assert source.recues[1]["if-none-match"] == '"v1"'
    assert (compte(agent_source, "nouvelle"), compte(agent_source, "inchangee")) == (1, 1)
    # Une confirmation dit aussi jusqu'à quand, et ne fait pas oublier le validateur.
    horloge.instant += 599
    lire(agent_source)
    assert len(source.recues) == 2
    horloge.instant += 1
    lire(agent_source)
    assert source.recues[2]["if-none-match"] == '"v1"'
    assert 'referentiel_age_seconds{liste="regions"} 0.0' in agent_source.get("/metrics").text


def test_remplacee_quand_la_source_change(agent_source: TestClient, source: SourceEssai, horloge: Horloge) -> None:
    source.entetes = {"ETag": 'W/"v1"'}
    premiere = lire(agent_source)
    horloge.instant += 3600
    source.rendre(200, AUTRE)
    seconde = lire(agent_source)
    assert source.recues[1]["if-none-match"] == 'W/"v1"'
    assert seconde.json()["entrees"] == AUTRE
    assert seconde.headers["etag"] != premiere.headers["etag"]
    # La nouvelle n'avait pas de validateur : l'ancien ne sert plus.
    horloge.instant += 3600
    lire(agent_source)
    assert "if-none-match" not in source.recues[2]


@pytest.mark.parametrize("etag", ["v1", '"v 1"', '"é"', 'W"v1"', '"v1" ', f'"{"x" * 201}"', ""])
def test_validateur_douteux_ecarte(agent_source: TestClient, source: SourceEssai, horloge: Horloge, etag: str) -> None:
    source.entetes = {"ETag": etag.rstrip()} if etag != '"v1" ' else {"ETag": '"v1", "v2"'}
    lire(agent_source)
    horloge.instant += 3600
    source.rendre(304)
    assert lire(agent_source).json()["entrees"] == LISTE
    assert "if-none-match" not in source.recues[1]
    # Une confirmation que personne n'a demandée n'en est pas une.
    assert compte(agent_source, "reponse_3xx") == 1


@pytest.mark.parametrize(
    ("annonce", "fraicheur", "validite"),
    [
        ("", 3600, 3600),
        ("public", 3600, 3600),
        ("max-age=120", 3600, 120),
        ("public,Max-Age=120", 3600, 120),
        ("public, max-age=120, immutable", 3600, 120),
        ("max-age=999999999", 3600, 3600),
        ("max-age=9999999999", 3600, 3600),
        ("s-maxage=120, x-max-age=120", 3600, 3600),
        ("max-age=0", 3600, 60),
        ("no-store", 3600, 60),
        ("private, no-cache", 3600, 60),
        ("max-age=0", 10, 10),
        ("max-age=120", 10, 10),
    ],
)
def test_fraicheur(
    ouvrir: Ouvrir, source: SourceEssai, horloge: Horloge, annonce: str, fraicheur: int, validite: int
) -> None:
    agent = ouvrir(REFERENTIELS_FRAICHEUR_SECONDES=fraicheur)
    source.entetes = {"Cache-Control": annonce}
    lire(agent)
    horloge.instant += validite - 0.5
    lire(agent)
    assert len(source.recues) == 1
    horloge.instant += 0.5
    lire(agent)
    assert len(source.recues) == 2


def test_l_appelant_garde_sa_liste(agent_source: TestClient) -> None:
    etag = lire(agent_source).headers["etag"]
    assert etag.startswith('W/"')
    for connue in (etag, etag.removeprefix("W/"), f'"autre" ,{etag}', "*"):
        reponse = lire(agent_source, If_None_Match=connue)
        assert (reponse.status_code, reponse.content) == (304, b"")
        assert reponse.headers["etag"] == etag
        assert (reponse.headers["age"], reponse.headers["cache-control"]) == ("0", "private, no-cache")
    for inconnue in ('"autre"', etag.strip('W/"'), ""):
        assert lire(agent_source, If_None_Match=inconnue).status_code == 200


REFUSEES: list[tuple[str, bytes]] = [
    ("malformee", corps)
    for corps in (
        b"",
        b"<html>",
        b"{}",
        b'{"code": "01", "libelle": "Guadeloupe"}',
        b"[]",
        b"[1]",
        b'[{"code": "01"}]',
        b'[{"libelle": "Guadeloupe"}]',
        b'[{"code": 1, "libelle": "Guadeloupe"}]',
        b'[{"code": " ", "libelle": "Guadeloupe"}]',
        b'[{"code": "01", "libelle": ""}]',
        b'[{"code": "01", "libelle": "%s"}]' % (b"x" * 501),
        b'[{"code": "01", "libelle": "A"}, {"code": "01", "libelle": "B"}]',
        b'[{"code": "01", "libelle": "\xff"}]',
        b'[{"code": "01", "libelle": "\\ud800"}]',
        b"[" * 5000,
        json.dumps(LISTE).encode()[:-1],
    )
]


@pytest.mark.parametrize(("resultat", "corps"), REFUSEES)
def test_une_liste_mal_formee_n_en_remplace_jamais_une_bonne(
    agent_source: TestClient, source: SourceEssai, horloge: Horloge, resultat: str, corps: bytes
) -> None:
    source.rendre(200, corps)
    en_panne(lire(agent_source))
    assert (compte(agent_source, resultat), sonde(agent_source)) == (1, "warn")
    horloge.instant += 30
    source.rendre(200, LISTE)
    assert (lire(agent_source).json()["entrees"], sonde(agent_source)) == (LISTE, "pass")
    horloge.instant += 3600
    source.rendre(200, corps)
    gardee = lire(agent_source)
    assert (gardee.status_code, gardee.headers["age"], gardee.json()["entrees"]) == (200, "3600", LISTE)
    assert (compte(agent_source, resultat), sonde(agent_source)) == (2, "warn")


@pytest.mark.parametrize(("statut", "resultat"), [(500, "5xx"), (404, "4xx"), (301, "3xx"), (304, "3xx"), (204, "2xx")])
def test_une_reponse_qui_n_est_pas_une_liste(
    agent_source: TestClient, source: SourceEssai, statut: int, resultat: str
) -> None:
    # Une redirection n'est pas suivie : elle mènerait où la configuration n'a pas dit.
    source.rendre(statut, Location=source.adresse)
    en_panne(lire(agent_source))
    assert compte(agent_source, f"reponse_{resultat}") == 1
    assert len(source.recues) == 1


def test_longue_liste_recue_en_plusieurs_morceaux(agent_source: TestClient, source: SourceEssai) -> None:
    longue = [{"code": str(rang), "libelle": "x" * 100} for rang in range(2000)]
    source.rendre(200, longue)
    assert lire(agent_source).json()["entrees"] == longue


def test_taille_bornee(ouvrir: Ouvrir, source: SourceEssai, horloge: Horloge) -> None:
    agent = ouvrir(REFERENTIELS_TAILLE_MAX_OCTETS=len(source.corps))
    source.corps += b" "
    en_panne(lire(agent))
    assert compte(agent, "trop_grande") == 1
    horloge.instant += 30
    source.corps = source.corps[:-1]
    assert lire(agent).status_code == 200


def test_delai_de_toute_la_lecture(ouvrir: Ouvrir, source: SourceEssai) -> None:
    agent = ouvrir(REFERENTIELS_DELAI_SECONDES="0.3")
    source.goutte_a_goutte = True
    en_panne(lire(agent))  # chaque morceau arrive à temps ; la liste entière, non
    assert compte(agent, "delai") == 1


def test_source_injoignable(ouvrir: Ouvrir) -> None:
    with socket.socket() as reserve:
        reserve.bind(("127.0.0.1", 0))  # réservé, sans écouter
        agent = ouvrir(REFERENTIELS=json.dumps({"regions": f"http://127.0.0.1:{reserve.getsockname()[1]}/"}))
        en_panne(lire(agent))
    assert compte(agent, "injoignable") == 1


def test_une_panne_apres_une_lecture_ne_se_voit_qu_a_l_age(
    agent_source: TestClient, source: SourceEssai, horloge: Horloge, caplog: pytest.LogCaptureFixture
) -> None:
    lire(agent_source)
    horloge.instant += 5000
    source.rendre(500)
    for age in ("5000", "5029"):
        gardee = lire(agent_source)
        assert (gardee.status_code, gardee.headers["age"], gardee.json()["entrees"]) == (200, age, LISTE)
        horloge.instant += 29
    assert (len(source.recues), sonde(agent_source)) == (2, "warn")
    assert caplog.messages.count("liste de référence non lue") == 1
    assert [e.champs for e in caplog.records if hasattr(e, "champs") and "liste" in e.champs] == [
        {"liste": "regions", "resultat": "reponse_5xx"}
    ]
    # 58 secondes après l'échec : le repos est fini, un appel part, et la liste redevient fraîche.
    source.rendre(200, AUTRE)
    assert lire(agent_source).json()["entrees"] == AUTRE
    assert (len(source.recues), sonde(agent_source)) == (3, "pass")


def test_le_repos_est_celui_de_la_configuration(ouvrir: Ouvrir, source: SourceEssai, horloge: Horloge) -> None:
    agent = ouvrir(REFERENTIELS_DISJONCTEUR_SECONDES=7)
    source.rendre(500)
    en_panne(lire(agent), "7")
    horloge.instant += 6.5
    en_panne(lire(agent), "1")
    assert len(source.recues) == 1
    horloge.instant += 0.5
    en_panne(lire(agent), "7")
    assert len(source.recues) == 2


@pytest.mark.parametrize(("demande", "attente"), [("120", "120"), ("31", "31"), ("30", "30"), ("1", "30"), ("", "30")])
def test_la_source_dit_quand_revenir(
    agent_source: TestClient, source: SourceEssai, horloge: Horloge, demande: str, attente: str
) -> None:
    source.rendre(429, Retry_After=demande)
    en_panne(lire(agent_source), attente)
    horloge.instant += int(attente) - 0.5
    en_panne(lire(agent_source), "1")
    assert len(source.recues) == 1
    horloge.instant += 0.5
    source.rendre(200, LISTE)
    assert lire(agent_source).status_code == 200


@pytest.mark.parametrize("connue", [True, False])
def test_un_seul_appel_a_la_fois(agent_source: TestClient, source: SourceEssai, horloge: Horloge, connue: bool) -> None:
    if connue:
        lire(agent_source)
        horloge.instant += 3600
    lectures = len(source.recues)
    arrivee, suite = threading.Event(), threading.Event()

    def attendre() -> None:
        arrivee.set()
        assert suite.wait(4)

    source.avant_de_repondre = attendre
    source.rendre(200, AUTRE)
    with ThreadPoolExecutor(3) as fils:
        premiere = fils.submit(lire, agent_source)
        assert arrivee.wait(4)
        if connue:  # celle que l'on a déjà se sert sans attendre la lecture en cours
            assert lire(agent_source).json()["entrees"] == LISTE
            suite.set()
        else:
            autres = [fils.submit(lire, agent_source) for _ in range(2)]
            time.sleep(0.1)
            suite.set()
            assert [autre.result().json()["entrees"] for autre in autres] == [AUTRE, AUTRE]
        assert premiere.result().json()["entrees"] == AUTRE
    assert len(source.recues) == lectures + 1


def test_ceux_qui_attendaient_une_lecture_manquee_ne_rappellent_pas(
    agent_source: TestClient, source: SourceEssai
) -> None:
    arrivee, suite = threading.Event(), threading.Event()

    def attendre() -> None:
        arrivee.set()
        assert suite.wait(4)

    source.avant_de_repondre = attendre
    source.rendre(500)
    with ThreadPoolExecutor(3) as fils:
        appels = [fils.submit(lire, agent_source)]
        assert arrivee.wait(4)
        appels += [fils.submit(lire, agent_source) for _ in range(2)]
        time.sleep(0.1)
        suite.set()
        for appel in appels:
            en_panne(appel.result())
    assert len(source.recues) == 1


def test_une_panne_n_est_que_celle_de_sa_liste(ouvrir: Ouvrir, source: SourceEssai) -> None:
    # La seconde n'a pas les champs qu'annonce la configuration ; la première a les siens, et d'autres.
    source.corps = json.dumps([{"id": 1, "code": "01", "libelle": "Guadeloupe", "nom": "Basse-Terre"}]).encode()
    agent = ouvrir(
        REFERENTIELS=json.dumps(
            {
                "chefs-lieux": {"url": source.adresse, "libelle": "nom"},
                "regions": {"url": source.adresse, "code": "numero"},
                "noms": {"url": source.adresse, "code": "nom", "libelle": "code"},
            }
        )
    )
    en_panne(lire(agent))
    lus = {nom: agent.get(f"/api/referentiels/{nom}").json()["entrees"] for nom in ("chefs-lieux", "noms")}
    assert lus == {
        "chefs-lieux": [{"code": "01", "libelle": "Basse-Terre"}],
        "noms": [{"code": "Basse-Terre", "libelle": "01"}],
    }
    assert sonde(agent) == "warn"
    assert 'referentiel_age_seconds{liste="noms"} 0.0' in agent.get("/metrics").text
    assert 'referentiel_age_seconds{liste="regions"}' not in agent.get("/metrics").text
    referentiels: Referentiels = agent.app.state.referentiels  # type: ignore[attr-defined]
    assert referentiels.sonder() == "la source ne donne plus : regions"


def test_le_metier_lit_une_liste(agent_source: TestClient) -> None:
    referentiels: Referentiels = agent_source.app.state.referentiels  # type: ignore[attr-defined]
    assert agent_source.portal is not None
    liste = agent_source.portal.call(referentiels.lire, "regions")
    assert liste.libelles == {"01": "Guadeloupe", "04": "La Réunion"}


def test_nom_inconnu(agent_source: TestClient, source: SourceEssai) -> None:
    reponse = agent_source.get("/api/referentiels/cantons")
    assert reponse.status_code == 404
    assert reponse.headers["content-type"] == "application/problem+json"
    assert reponse.json()["detail"] == "Cette liste de référence n'est pas connue."
    assert source.recues == []
    assert "cantons" not in agent_source.get("/metrics").text


def test_sans_liste_rien_a_sonder(agent: TestClient) -> None:
    assert agent.get(ADRESSE).status_code == 404
    assert "referentiels" not in agent.get("/health/ready").json()["checks"]


def test_identite_exigee(client: TestClient) -> None:
    assert client.get(ADRESSE).status_code == (401 if SECURITE else 404)


def test_les_connexions_sont_rendues(agent_source: TestClient) -> None:
    lire(agent_source)
    referentiels: Referentiels = agent_source.app.state.referentiels  # type: ignore[attr-defined]
    assert agent_source.portal is not None
    agent_source.portal.call(referentiels.fermer)
    with pytest.raises(RuntimeError, match="closed"):
        agent_source.portal.call(referentiels._client.get, "http://127.0.0.1:9/")


def test_reglages_par_defaut() -> None:
    reglages = ConfigurationReferentiels()
    assert reglages.referentiels == {}
    assert reglages.referentiels_delai_secondes == 5
    assert reglages.referentiels_taille_max_octets == 4 * 1024 * 1024


@pytest.mark.parametrize(
    "declaree", ["https://listes.exemple.fr/regions", {"url": "https://listes.exemple.fr/regions"}]
)
def test_declarations_admises(monkeypatch: pytest.MonkeyPatch, declaree: object) -> None:
    monkeypatch.setenv("REFERENTIELS", json.dumps({"regions-2026": declaree}))
    attendue = Source(url="https://listes.exemple.fr/regions", code="code", libelle="libelle")
    assert ConfigurationReferentiels().referentiels == {"regions-2026": attendue}


@pytest.mark.parametrize(
    "declarees",
    [
        {"regions": "http://listes.exemple.fr/regions"},
        {"regions": "http://127.0.0.1.exemple.fr/regions"},
        {"regions": "http://127.0.0.1:80@exemple.fr/"},
        {"regions": "file:///etc/passwd"},
        {"regions": "xhttps://listes.exemple.fr/"},
        {"regions": "https://"},
        {"regions": "https://liste s.exemple.fr"},
        {"regions": 3},
        {"regions": {}},
        {"regions": {"url": "https://listes.exemple.fr", "jeton": "x"}},
        {"regions": {"url": "https://listes.exemple.fr", "code": ""}},
        {"Régions": "https://listes.exemple.fr"},
        {"-regions": "https://listes.exemple.fr"},
        {"": "https://listes.exemple.fr"},
        {"r" * 41: "https://listes.exemple.fr"},
        {f"liste-{rang}": "https://listes.exemple.fr" for rang in range(21)},
    ],
)
def test_declarations_refusees(monkeypatch: pytest.MonkeyPatch, declarees: dict[str, object]) -> None:
    monkeypatch.setenv("REFERENTIELS", json.dumps(declarees))
    with pytest.raises(ValidationError):
        ConfigurationReferentiels()
