"""Connexion : un parcours accepté, toutes les altérations refusées."""

import base64
import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx2 as httpx
import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from fastapi.testclient import TestClient

from app.connexion import groupes
from tests.montage_fournisseur import AUDIENCE, Emetteur
from tests.montage_identite import ORIGINE, SECRET, session

PERSONNE = {"given_name": "Camille", "siret": "00000000000000", "idp_id": "fi-1", "groups": ["lecteurs"]}


@dataclass
class Parcours:
    """Un navigateur et le fournisseur d'essai, dont chaque réponse peut être altérée."""

    navigateur: TestClient
    emetteur: Emetteur
    identite: dict[str, Any] = field(default_factory=dict)
    personne: dict[str, Any] = field(default_factory=dict)
    genre: str = "application/jwt"
    signer: Callable[..., str] | None = None

    def partir(self) -> dict[str, str]:
        """Paramètres envoyés au fournisseur."""
        reponse = self.navigateur.get("/api/connexion", follow_redirects=False)
        assert reponse.status_code == 303
        lieu = urlsplit(reponse.headers["location"])
        assert f"{lieu.scheme}://{lieu.netloc}{lieu.path}" == f"{self.emetteur.adresse}/authorization"
        return {nom: valeurs[0] for nom, valeurs in parse_qs(lieu.query).items()}

    def preparer(self, demande: dict[str, str]) -> None:
        """Ce que le fournisseur rendra."""
        identite = self.emetteur.jeton(**({"nonce": demande["nonce"]} | self.identite))
        jetons = {"access_token": "acces", "token_type": "Bearer", "expires_in": 60, "id_token": identite}
        signer = self.signer or self.emetteur.jeton
        self.emetteur.reponses = {
            "/token": (200, "application/json", json.dumps(jetons)),
            "/userinfo": (200, self.genre, signer(**(PERSONNE | self.personne))),
        }

    def revenir(self, **parametres: str) -> httpx.Response:
        """Retour du navigateur."""
        reponse: httpx.Response = self.navigateur.get(
            "/api/connexion/retour", params=parametres, follow_redirects=False
        )
        return reponse

    def tout(self) -> httpx.Response:
        """Départ et retour."""
        demande = self.partir()
        self.preparer(demande)
        return self.revenir(code="code-1", state=demande["state"])


@pytest.fixture
def parcours(client: TestClient, emetteur: Emetteur) -> Parcours:
    client.base_url = httpx.URL(ORIGINE)  # les témoins ne vont qu'en HTTPS
    return Parcours(client, emetteur)


def refusee(parcours: Parcours, reponse: httpx.Response) -> bool:
    assert reponse.headers["content-type"] == "application/problem+json"
    assert "__Host-session" not in parcours.navigateur.cookies
    assert parcours.navigateur.get("/api/informations").status_code == 401
    return reponse.status_code == 400


def test_demande_envoyee(parcours: Parcours) -> None:
    demande = parcours.partir()
    assert (len(demande["state"]), len(demande["nonce"])) == (43, 43)
    assert demande["state"] != demande["nonce"]
    # Rien de plus : ProConnect refuse tout autre paramètre.
    assert demande == {
        "response_type": "code",
        "client_id": AUDIENCE,
        "redirect_uri": f"{ORIGINE}/api/connexion/retour",
        "scope": "openid",
        "state": demande["state"],
        "nonce": demande["nonce"],
    }
    assert parcours.partir()["state"] != demande["state"]


def test_connexion_complete(parcours: Parcours) -> None:
    reponse = parcours.tout()
    assert (reponse.status_code, reponse.headers["location"]) == (303, "/")
    assert parcours.emetteur.recus == [
        {
            "grant_type": "authorization_code",
            "code": "code-1",
            "redirect_uri": f"{ORIGINE}/api/connexion/retour",
            "client_id": AUDIENCE,
            "client_secret": SECRET,
        }
    ]
    assert parcours.navigateur.get("/api/informations").status_code == 200
    assert not any("eyJ" in (valeur or "") for valeur in parcours.navigateur.cookies.values())


def test_niveau_et_preuve_de_code(
    monkeypatch: pytest.MonkeyPatch, reglages_identite: None, request: pytest.FixtureRequest
) -> None:
    monkeypatch.setenv("OIDC_ACR", "eidas1 eidas2")
    monkeypatch.setenv("OIDC_PKCE", "true")
    parcours: Parcours = request.getfixturevalue("parcours")
    demande = parcours.partir()
    assert (demande["acr_values"], demande["code_challenge_method"]) == ("eidas1 eidas2", "S256")
    parcours.identite = {"acr": "eidas2"}
    parcours.preparer(demande)
    assert parcours.revenir(code="code-1", state=demande["state"]).status_code == 303
    preuve = parcours.emetteur.recus[0]["code_verifier"].encode()
    assert base64.urlsafe_b64encode(hashlib.sha256(preuve).digest()).decode() == demande["code_challenge"] + "="
    parcours.navigateur.cookies.clear()
    for identite in ({"acr": "eidas0"}, {}, {"acr": "eidas1 eidas2"}):
        parcours.identite = identite
        assert refusee(parcours, parcours.tout())


def test_retour_rejoue(parcours: Parcours) -> None:
    demande = parcours.partir()
    parcours.preparer(demande)
    assert parcours.revenir(code="code-1", state=demande["state"]).status_code == 303
    parcours.navigateur.cookies.delete("__Host-session")
    assert refusee(parcours, parcours.revenir(code="code-1", state=demande["state"]))
    assert len(parcours.emetteur.recus) == 1


@pytest.mark.parametrize("state", ["", "court", "x" * 43, "é" * 43])
def test_etat_d_une_autre_demande(parcours: Parcours, state: str) -> None:
    parcours.preparer(parcours.partir())
    assert refusee(parcours, parcours.revenir(code="code-1", state=state))
    assert parcours.emetteur.recus == []


def test_retour_sans_depart(parcours: Parcours) -> None:
    assert refusee(parcours, parcours.revenir(code="code-1", state="x" * 43))


@pytest.mark.parametrize("parametres", [{"error": "access_denied"}, {}, {"error": "access_denied", "code": "c"}])
def test_la_personne_renonce(parcours: Parcours, parametres: dict[str, str]) -> None:
    demande = parcours.partir()
    reponse = parcours.revenir(state=demande["state"], **parametres)
    assert (reponse.status_code, reponse.headers["location"]) == (303, "/?connexion=refusee")
    assert parcours.emetteur.recus == []
    assert list(parcours.navigateur.cookies) == []


@pytest.mark.parametrize(
    "identite",
    [
        {"nonce": "autre"},
        {"nonce": None},
        {"aud": "autre"},
        {"aud": [AUDIENCE, "autre"]},
        {"iss": "https://ailleurs.invalid"},
        {"exp": 1},
        {"exp": None},
        {"iat": None},
        {"sub": None},
    ],
)
def test_jeton_d_identite_refuse(parcours: Parcours, identite: dict[str, Any]) -> None:
    parcours.identite = identite
    assert refusee(parcours, parcours.tout())


@pytest.mark.parametrize(
    "personne",
    [
        {"sub": "agent-2"},
        {"sub": None},
        {"aud": "autre"},
        {"aud": None},
        {"iss": "https://ailleurs.invalid"},
        {"exp": 1},
    ],
)
def test_userinfo_refuse(parcours: Parcours, personne: dict[str, Any]) -> None:
    parcours.personne = personne
    assert refusee(parcours, parcours.tout())


def test_userinfo_en_clair(parcours: Parcours) -> None:
    parcours.genre = "application/json"
    parcours.signer = lambda **charge: json.dumps(charge | {"sub": "agent-1"})
    assert refusee(parcours, parcours.tout())
    parcours.genre = "application/jwt; charset=utf-8"
    assert refusee(parcours, parcours.tout())
    parcours.signer = None
    assert parcours.tout().status_code == 303


def test_userinfo_mal_signe(parcours: Parcours) -> None:
    emetteur = parcours.emetteur
    autre = rsa.generate_private_key(public_exponent=65537, key_size=2048)

    def charge(revendications: dict[str, Any]) -> dict[str, Any]:
        return {"iss": emetteur.adresse, "aud": AUDIENCE, "sub": "agent-1"} | revendications

    for signer in (
        lambda **r: jwt.encode(charge(r), "", algorithm="none", headers={"kid": "rsa"}),
        lambda **r: jwt.encode(charge(r), SECRET, algorithm="HS256", headers={"kid": "rsa"}),
        lambda **r: jwt.encode(charge(r), autre, algorithm="RS256", headers={"kid": "rsa"}),
        lambda **r: emetteur.jeton("ec", "ES256", **r),  # une vraie clé, mais pas l'algorithme convenu
    ):
        parcours.signer = signer
        assert refusee(parcours, parcours.tout())
    parcours.signer = lambda **r: jwt.encode(charge(r), emetteur.cles["rsa"], algorithm="RS256", headers={"kid": "rsa"})
    assert parcours.tout().status_code == 303


@pytest.mark.parametrize(
    ("chemin", "rendu", "statut"),
    [
        ("/token", (400, "application/json", "{}"), 400),
        ("/token", (200, "application/json", "{}"), 400),
        ("/token", (200, "application/json", "[]"), 400),
        ("/token", (200, "text/html", "<p>"), 400),
        ("/token", (502, "text/html", ""), 503),
        ("/userinfo", (401, "application/json", "{}"), 400),
        ("/userinfo", (500, "text/html", ""), 503),
    ],
)
def test_reponse_inattendue(
    parcours: Parcours, chemin: str, rendu: tuple[int, str, str], statut: int, caplog: pytest.LogCaptureFixture
) -> None:
    demande = parcours.partir()
    parcours.preparer(demande)
    parcours.emetteur.reponses[chemin] = rendu
    reponse = parcours.revenir(code="code-1", state=demande["state"])
    assert reponse.status_code == statut
    assert "code-1" not in reponse.text + caplog.text
    assert "__Host-session" not in parcours.navigateur.cookies


def test_fournisseur_en_panne(parcours: Parcours, monkeypatch: pytest.MonkeyPatch) -> None:
    demande = parcours.partir()
    monkeypatch.setattr(parcours.emetteur, "decouverte", {})
    parcours.navigateur.app.state.connexion.fournisseur._decouverte["token_endpoint"] = "http://127.0.0.1:1/"  # type: ignore[attr-defined]
    reponse = parcours.revenir(code="code-1", state=demande["state"])
    assert (reponse.status_code, reponse.headers["retry-after"]) == (503, "5")


def test_depart_pendant_une_panne(parcours: Parcours) -> None:
    parcours.emetteur.panne = True
    reponse = parcours.navigateur.get("/api/connexion", follow_redirects=False)
    assert (reponse.status_code, reponse.headers["retry-after"]) == (503, "5")
    assert parcours.navigateur.get("/health/ready").json()["checks"]["identite"] == {"status": "warn"}


def quitter(parcours: Parcours, **entetes: str) -> httpx.Response:
    reponse: httpx.Response = parcours.navigateur.post("/api/deconnexion", headers=entetes, follow_redirects=False)
    return reponse


def test_deconnexion(parcours: Parcours) -> None:
    parcours.tout()
    assert quitter(parcours, Origin="https://ailleurs.invalid").status_code == 403
    reponse = quitter(parcours, Origin=ORIGINE)
    lieu = urlsplit(reponse.headers["location"])
    assert (reponse.status_code, lieu.path) == (303, "/end_session")
    envoyes = {nom: valeurs[0] for nom, valeurs in parse_qs(lieu.query).items()}
    assert envoyes["id_token_hint"].startswith("eyJ")
    assert len(envoyes["state"]) == 43
    assert envoyes["post_logout_redirect_uri"] == f"{ORIGINE}/api/deconnexion/retour"
    assert parcours.navigateur.get("/api/informations").status_code == 401
    faux = parcours.navigateur.get("/api/deconnexion/retour", params={"state": "x" * 43}, follow_redirects=False)
    assert faux.status_code == 400


def test_retour_de_deconnexion(parcours: Parcours) -> None:
    parcours.tout()
    envoyes = parse_qs(urlsplit(quitter(parcours).headers["location"]).query)
    reponse = parcours.navigateur.get(
        "/api/deconnexion/retour", params={"state": envoyes["state"][0]}, follow_redirects=False
    )
    assert (reponse.status_code, reponse.headers["location"]) == (303, "/")
    assert list(parcours.navigateur.cookies) == []


def test_deconnexion_sans_session_ou_sans_fournisseur(parcours: Parcours) -> None:
    assert quitter(parcours).headers["location"] == "/"
    parcours.emetteur.panne = True
    reponse = quitter(parcours, **session())
    assert (reponse.status_code, reponse.headers["location"]) == (303, "/")
    assert '__Host-session=""' in reponse.headers["set-cookie"]


@pytest.mark.parametrize(
    ("personne", "attendus"),
    [
        (PERSONNE, ["lecteurs", "siret:00000000000000", "idp_id:fi-1"]),
        ({"groups": "lecteurs", "siret": 1}, []),
        ({}, []),
    ],
)
def test_groupes(personne: dict[str, Any], attendus: list[str]) -> None:
    assert groupes(personne) == attendus
