"""``/api/connexion`` et ``/api/deconnexion`` : le parcours « code » d'OpenID Connect, mené par le serveur.

Suit les documentations de ProConnect (numerique-gouv/proconnect-documentation, doc_fs/implementation_technique.md) et
de FranceConnect v2 (docs.partenaires.franceconnect.gouv.fr, fs-technique-endpoints) : ``state`` et ``nonce`` d'au moins
32 caractères, vérifiés ; ``id_token`` et ``userinfo`` signés, de l'algorithme déclaré à l'inscription ; fin de session
chez le fournisseur.
"""

import base64
import hashlib
import logging
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any
from urllib.parse import urlencode

import httpx2 as httpx
import jwt
from fastapi import APIRouter, Query, Request
from fastapi.responses import RedirectResponse, Response
from starlette.exceptions import HTTPException

from app.assemblage import Assemblage
from app.fournisseur import EmetteurInjoignable, Fournisseur
from app.problemes import probleme, reponses
from app.temoins import Temoin

_RETOUR = "/api/connexion/retour"
_FIN = "/api/deconnexion/retour"
_EXIGEES = ("iss", "aud", "sub")
Parametre = Annotated[str, Query(max_length=2000)]
_journal = logging.getLogger("app.identite")


class ConnexionRefusee(Exception):
    """Ce que le fournisseur rend n'est pas acceptable."""


@dataclass(frozen=True)
class Reglages:
    """Ce qui est convenu avec le fournisseur, et l'adresse publique de l'application."""

    client: str
    secret: str
    scopes: str
    acr: str
    algorithme: str
    pkce: bool
    origine: str
    accueil: str


def groupes(personne: dict[str, Any]) -> list[str]:
    """Groupes que ``userinfo`` donne ; ProConnect n'en a pas, mais dit l'établissement et le fournisseur de l'agent."""
    siens = personne.get("groups", [])
    noms = [str(groupe) for groupe in siens] if isinstance(siens, list) else []
    return noms + [f"{nom}:{personne[nom]}" for nom in ("siret", "idp_id") if isinstance(personne.get(nom), str)]


class Connexion:
    """Échanges avec le fournisseur."""

    def __init__(self, fournisseur: Fournisseur, reglages: Reglages, session: Temoin, demande: Temoin) -> None:
        self.fournisseur = fournisseur
        self.session = session
        self.demande = demande  # entre le départ et le retour ; ne sert qu'une fois
        self.accueil = reglages.accueil
        # Absente : un programme, ou une page de la même origine que le navigateur ne signale pas.
        self._origines = {None, reglages.origine}
        if reglages.accueil.startswith("http"):
            self._origines.add("/".join(reglages.accueil.split("/")[:3]))
        self._reglages = reglages

    def de_l_application(self, requete: Request) -> bool:
        """Vrai si la requête vient d'une page de l'application : les témoins partent seuls avec toutes."""
        return requete.headers.get("Origin") in self._origines

    def partir(self) -> Response:
        """Envoie le navigateur chez le fournisseur."""
        etat, nonce, verificateur = (secrets.token_urlsafe(32) for _ in range(3))  # 43 caractères
        reglages = self._reglages
        parametres = {
            "response_type": "code",
            "client_id": reglages.client,
            "redirect_uri": reglages.origine + _RETOUR,
            "scope": reglages.scopes,
            "state": etat,
            "nonce": nonce,
        }
        if reglages.acr:
            parametres["acr_values"] = reglages.acr
        if reglages.pkce:
            defi = base64.urlsafe_b64encode(hashlib.sha256(verificateur.encode()).digest()).decode().rstrip("=")
            parametres |= {"code_challenge": defi, "code_challenge_method": "S256"}
        depart = self.fournisseur.adresse("authorization_endpoint")
        reponse = RedirectResponse(f"{depart}?{urlencode(parametres)}", 303)
        self.demande.poser(reponse, {"etat": etat, "nonce": nonce, "verificateur": verificateur})
        return reponse

    def attendue(self, requete: Request, etat: str) -> dict[str, Any]:
        """La demande à laquelle ce retour répond ; une autre, ou une seconde fois, est refusée."""
        demande = self.demande.lire(requete)
        if demande is None or not secrets.compare_digest(demande["etat"].encode(), etat.encode()):
            raise ConnexionRefusee("retour sans demande")
        return demande

    def ouvrir(self, code: str, demande: dict[str, Any]) -> dict[str, Any]:
        """Session de la personne : le code contre des jetons, puis ``userinfo``, tout étant vérifié."""
        reglages = self._reglages
        echange = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": reglages.origine + _RETOUR,
            "client_id": reglages.client,
            "client_secret": reglages.secret,
        }
        if reglages.pkce:
            echange["code_verifier"] = demande["verificateur"]
        jetons = self._appeler("POST", "token_endpoint", data=echange).json()
        identite = self._verifier(jetons["id_token"], (*_EXIGEES, "exp", "iat", "nonce"))
        if not secrets.compare_digest(str(identite["nonce"]).encode(), demande["nonce"].encode()):
            raise ConnexionRefusee("nonce d'une autre demande")
        if reglages.acr and identite.get("acr") not in reglages.acr.split():
            raise ConnexionRefusee("niveau de garantie insuffisant")
        porteur = {"Authorization": f"Bearer {jetons['access_token']}"}
        reponse = self._appeler("GET", "userinfo_endpoint", headers=porteur)
        if reponse.headers.get("Content-Type", "").partition(";")[0] != "application/jwt":
            raise ConnexionRefusee("userinfo n'est pas signé")
        personne = self._verifier(reponse.text, _EXIGEES)
        if personne["sub"] != identite["sub"]:
            raise ConnexionRefusee("userinfo d'une autre personne")
        return {"sujet": identite["sub"], "groupes": groupes(personne), "id_token": jetons["id_token"]}

    def _appeler(self, methode: str, nom: str, **contenu: Any) -> httpx.Response:
        try:
            reponse = self.fournisseur.client.request(methode, self.fournisseur.adresse(nom), **contenu)
        except httpx.HTTPError as erreur:
            raise EmetteurInjoignable(type(erreur).__name__) from erreur
        if reponse.is_server_error:
            raise EmetteurInjoignable(f"réponse {reponse.status_code}")
        if not reponse.is_success:
            raise ConnexionRefusee(f"{nom} : {reponse.status_code}")
        return reponse

    def _verifier(self, jeton: str, exigees: tuple[str, ...]) -> dict[str, Any]:
        client = self._reglages.client
        charge = self.fournisseur.verifier(jeton, client, exigees, (self._reglages.algorithme,))
        if charge["aud"] not in (client, [client]):
            raise ConnexionRefusee("jeton partagé avec un autre client")
        return charge

    def quitter(self, requete: Request) -> Response:
        """Ferme la session ici, puis chez le fournisseur."""
        session = self.session.lire(requete)
        if session is None:
            return RedirectResponse(self.accueil, 303)
        etat = secrets.token_urlsafe(32)
        retour = self._reglages.origine + _FIN
        fin = {"id_token_hint": session["id_token"], "state": etat, "post_logout_redirect_uri": retour}
        try:
            adresse = f"{self.fournisseur.adresse('end_session_endpoint')}?{urlencode(fin)}"
        except EmetteurInjoignable:
            adresse = self.accueil  # la session d'ici se ferme quand même
        reponse = RedirectResponse(adresse, 303)
        self.session.retirer(reponse)
        self.demande.poser(reponse, {"etat": etat})
        return reponse


def _repondre(faire: Callable[[], Response]) -> Response:
    """Réponse, ou refus : ce qui vient du fournisseur ou du navigateur n'est jamais recopié."""
    try:
        return faire()
    except EmetteurInjoignable:
        return probleme(503, "Le fournisseur d'identité ne répond pas.", entetes={"Retry-After": "5"})
    except ConnexionRefusee as refus:
        _journal.warning("connexion refusée", extra={"champs": {"raison": str(refus)}})
    except (jwt.PyJWTError, KeyError, ValueError, TypeError):
        _journal.warning("connexion refusée", exc_info=True)
    return probleme(400, "La connexion n'a pas abouti : recommencez.")


def brancher(assemblage: Assemblage, connexion: Connexion) -> None:
    """Ajoute les routes ; elles sont ouvertes à tous."""
    routeur = APIRouter(prefix="/api", tags=["connexion"], responses=reponses(400, 403, 422, 503))
    ouverte: dict[str, Any] = {
        "status_code": 303,
        "response_class": RedirectResponse,
        "openapi_extra": {"security": []},
    }

    @routeur.get("/connexion", operation_id="se_connecter", summary="Aller chez le fournisseur d'identité", **ouverte)
    def se_connecter() -> Response:
        return _repondre(connexion.partir)

    @routeur.get("/connexion/retour", operation_id="revenir", summary="Revenir du fournisseur d'identité", **ouverte)
    def revenir(requete: Request, state: Parametre = "", code: Parametre = "", error: Parametre = "") -> Response:
        def ouvrir() -> Response:
            demande = connexion.attendue(requete, state)
            if error or not code:  # la personne a renoncé, ou n'a pas été admise
                return RedirectResponse(f"{connexion.accueil}?connexion=refusee", 303)
            session = connexion.ouvrir(code, demande)
            reponse = RedirectResponse(connexion.accueil, 303)
            connexion.session.poser(reponse, session)
            return reponse

        reponse = _repondre(ouvrir)
        connexion.demande.retirer(reponse)
        return reponse

    @routeur.post("/deconnexion", operation_id="se_deconnecter", summary="Fermer la session", **ouverte)
    def se_deconnecter(requete: Request) -> Response:
        if not connexion.de_l_application(requete):
            raise HTTPException(403, "La requête ne vient pas d'une page de l'application.")
        return _repondre(lambda: connexion.quitter(requete))

    @routeur.get("/deconnexion/retour", operation_id="etre_deconnecte", summary="Revenir, déconnecté", **ouverte)
    def etre_deconnecte(requete: Request, state: Parametre = "") -> Response:
        def accueillir() -> Response:
            connexion.attendue(requete, state)
            return RedirectResponse(connexion.accueil, 303)

        reponse = _repondre(accueillir)
        connexion.demande.retirer(reponse)
        return reponse

    assemblage.application.include_router(routeur)
