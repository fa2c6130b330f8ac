"""Clés du fournisseur : découverte, rotation, pannes."""

from collections.abc import Iterator

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from app.fournisseur import EmetteurInjoignable, Fournisseur
from tests.montage_fournisseur import AUDIENCE, Emetteur

EXIGEES = ("exp", "iat", "iss", "aud", "sub")


@pytest.fixture
def fournisseur(emetteur: Emetteur) -> Iterator[Fournisseur]:
    lu = Fournisseur(emetteur.adresse + "/", 600)
    yield lu
    lu.client.close()


def sujet(fournisseur: Fournisseur, jeton: str) -> str:
    return str(fournisseur.verifier(jeton, AUDIENCE, EXIGEES)["sub"])


def test_rotation_et_cle_inconnue(
    fournisseur: Fournisseur, emetteur: Emetteur, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert sujet(fournisseur, emetteur.jeton()) == "agent-1"
    emetteur.ajouter("neuve", rsa.generate_private_key(public_exponent=65537, key_size=2048))
    # Trop tôt : une clé inconnue ne doit pas permettre de marteler le fournisseur.
    with pytest.raises(jwt.InvalidTokenError):
        sujet(fournisseur, emetteur.jeton("neuve"))
    assert emetteur.lectures == 1
    monkeypatch.setattr("app.fournisseur._RELECTURE_MINIMALE", 0)
    assert sujet(fournisseur, emetteur.jeton("neuve")) == "agent-1"
    assert emetteur.lectures == 2


def test_cles_non_admises_ignorees(fournisseur: Fournisseur, emetteur: Emetteur) -> None:
    emetteur.publiees[:0] = [
        {"kty": "oct", "k": "c2VjcmV0LXNlY3JldC1zZWNyZXQtc2VjcmV0LXNlY3JldA", "kid": "hmac", "alg": "HS256"},
        {"kty": "inconnu", "kid": "etrange"},
        {**emetteur.publiees[0], "use": "enc", "kid": "chiffrement"},
        {nom: valeur for nom, valeur in emetteur.publiees[0].items() if nom != "kid"},
    ]
    assert sujet(fournisseur, emetteur.jeton()) == "agent-1"
    charge = jwt.decode(emetteur.jeton(), options={"verify_signature": False})
    faux = jwt.encode(charge, b"secret-secret-secret-secret-secret", algorithm="HS256", headers={"kid": "hmac"})
    with pytest.raises(jwt.InvalidTokenError):
        sujet(fournisseur, faux)


def test_seul_l_algorithme_convenu_est_admis(fournisseur: Fournisseur, emetteur: Emetteur) -> None:
    assert fournisseur.verifier(emetteur.jeton("ec", "ES256"), AUDIENCE, EXIGEES, ("ES256",))["sub"] == "agent-1"
    with pytest.raises(jwt.InvalidTokenError):
        fournisseur.verifier(emetteur.jeton(), AUDIENCE, EXIGEES, ("ES256",))


@pytest.mark.parametrize("issuer", ["https://ailleurs.invalid", None])
def test_decouverte_incoherente(fournisseur: Fournisseur, emetteur: Emetteur, issuer: str | None) -> None:
    emetteur.decouverte["issuer"] = issuer
    with pytest.raises(EmetteurInjoignable):
        sujet(fournisseur, emetteur.jeton())
    assert emetteur.lectures == 0


def test_decouverte_sans_cles(fournisseur: Fournisseur, emetteur: Emetteur) -> None:
    del emetteur.decouverte["jwks_uri"]
    with pytest.raises(EmetteurInjoignable):
        sujet(fournisseur, emetteur.jeton())


def test_cle_retiree_refusee_apres_relecture(
    monkeypatch: pytest.MonkeyPatch, fournisseur: Fournisseur, emetteur: Emetteur
) -> None:
    ancien = emetteur.jeton()
    assert sujet(fournisseur, ancien) == "agent-1"
    emetteur.publiees[:] = [cle for cle in emetteur.publiees if cle["kid"] != "rsa"]
    assert sujet(fournisseur, ancien) == "agent-1"
    monkeypatch.setattr(fournisseur, "_duree", 0)
    with pytest.raises(jwt.InvalidTokenError):
        sujet(fournisseur, ancien)


def test_panne_apres_lecture_des_cles(
    monkeypatch: pytest.MonkeyPatch, fournisseur: Fournisseur, emetteur: Emetteur
) -> None:
    sujet(fournisseur, emetteur.jeton())
    assert fournisseur.sonder() is None
    emetteur.panne = True
    monkeypatch.setattr(fournisseur, "_duree", 0)
    assert sujet(fournisseur, emetteur.jeton()) == "agent-1"
    assert fournisseur.sonder() == "le fournisseur d'identité ne répond pas"


def test_une_cle_connue_n_attend_pas_une_relecture(
    monkeypatch: pytest.MonkeyPatch, fournisseur: Fournisseur, emetteur: Emetteur
) -> None:
    sujet(fournisseur, emetteur.jeton())
    monkeypatch.setattr(fournisseur, "_duree", 0)
    with fournisseur._verrou:  # une autre requête relit
        assert sujet(fournisseur, emetteur.jeton()) == "agent-1"
    assert emetteur.lectures == 1


def test_adresses_annoncees(fournisseur: Fournisseur, emetteur: Emetteur) -> None:
    assert fournisseur.adresse("token_endpoint") == f"{emetteur.adresse}/token"
    assert fournisseur.adresse("userinfo_endpoint") == f"{emetteur.adresse}/userinfo"
    assert emetteur.lectures == 1
    with pytest.raises(EmetteurInjoignable, match="introuvable_endpoint"):
        fournisseur.adresse("introuvable_endpoint")


def test_adresse_pendant_une_panne(
    monkeypatch: pytest.MonkeyPatch, fournisseur: Fournisseur, emetteur: Emetteur
) -> None:
    emetteur.panne = True
    with pytest.raises(EmetteurInjoignable):
        fournisseur.adresse("token_endpoint")
    # Après un échec, le fournisseur n'est pas rappelé tout de suite.
    emetteur.panne = False
    with pytest.raises(EmetteurInjoignable):
        fournisseur.adresse("token_endpoint")
    monkeypatch.setattr("app.fournisseur._REPIT", 0)
    assert fournisseur.adresse("token_endpoint") == f"{emetteur.adresse}/token"
