"""Ce qu'une personne ferait : obtenir un jeton, déposer les exemples, vérifier que tout répond."""

import base64
import hashlib
import json
import re
import secrets
from http.cookiejar import CookieJar
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.parse import parse_qs, urlencode, urlsplit
from urllib.request import HTTPCookieProcessor, HTTPRedirectHandler, OpenerDirector, Request, build_opener, urlopen

from poste.reglages import DOSSIER, Arret, Projet, dire


class _SansSuivre(HTTPRedirectHandler):
    """Rend les redirections au lieu de les suivre."""

    def redirect_request(self, *_: Any) -> None:
        """Jamais."""


def _pas(navigateur: OpenerDirector, adresse: str, corps: bytes | None = None) -> tuple[int, str, str]:
    try:
        with navigateur.open(adresse, corps, timeout=10) as reponse:
            return reponse.status, reponse.headers.get("Location", ""), reponse.read().decode()
    except HTTPError as erreur:
        return erreur.code, erreur.headers.get("Location", ""), erreur.read().decode(errors="replace")
    except (URLError, OSError) as erreur:
        raise Arret(f"{adresse} ne répond pas : « make dev » tourne-t-il ?") from erreur


def _choisir(projet: Projet, navigateur: OpenerDirector, depart: str, compte: str) -> str:
    """Choisit un compte chez le fournisseur ; rend l'adresse où il renvoie."""
    _, lieu, _ = _pas(navigateur, depart)
    _, lieu, _ = _pas(navigateur, f"{projet.adresse('identite')}{urlsplit(lieu).path}", urlencode({"compte": compte}).encode())
    return _pas(navigateur, lieu)[1]


def temoin(projet: Projet, compte: str = "camille-martin") -> str:
    """Témoin de session d'un compte fictif : c'est l'application qui mène la connexion."""
    temoins = CookieJar()
    navigateur = build_opener(HTTPCookieProcessor(temoins), _SansSuivre())
    _, depart, _ = _pas(navigateur, f"{projet.adresse('application')}/api/connexion")
    statut, _, corps = _pas(navigateur, _choisir(projet, navigateur, depart, compte))
    for recu in temoins:
        if recu.name == "session":
            return str(recu.value)
    raise Arret(f"l'application de développement a refusé la connexion : {statut} {corps}")


def jeton(projet: Projet, compte: str = "camille-martin") -> str:
    """Jeton d'accès d'un compte fictif, par le même parcours qu'un navigateur."""
    emetteur, retour = projet.adresse("identite"), projet.retour
    navigateur = build_opener(HTTPCookieProcessor(CookieJar()), _SansSuivre())
    verificateur, etat = secrets.token_urlsafe(32), secrets.token_urlsafe(32)
    defi = base64.urlsafe_b64encode(hashlib.sha256(verificateur.encode()).digest()).decode().rstrip("=")
    demande = {
        "response_type": "code",
        "client_id": f"{projet.id}-dev",
        "redirect_uri": retour,
        "scope": "openid profile email groups",
        "state": etat,
        "nonce": secrets.token_urlsafe(32),
        "code_challenge": defi,
        "code_challenge_method": "S256",
        "prompt": "login",
    }
    lieu = _choisir(projet, navigateur, f"{emetteur}/auth?{urlencode(demande)}", compte)
    recu = parse_qs(urlsplit(lieu).query)
    if recu.get("state") != [etat] or "code" not in recu:
        raise Arret(f"le fournisseur d'identité de développement a refusé la connexion : {lieu}")
    echange = {
        "grant_type": "authorization_code",
        "code": recu["code"][0],
        "redirect_uri": retour,
        "code_verifier": verificateur,
        "client_id": f"{projet.id}-dev",
        "client_secret": projet.secrets["client"],
    }
    statut, _, corps = _pas(navigateur, f"{emetteur}/token", urlencode(echange).encode())
    if statut != 200:
        raise Arret(f"le fournisseur d'identité de développement n'a pas donné de jeton : {corps}")
    return str(json.loads(corps)["access_token"])


def entetes(projet: Projet) -> dict[str, str]:
    """En-têtes d'un appel authentifié."""
    if projet.session:
        return {"Cookie": f"session={temoin(projet)}"}
    if projet.oidc:
        return {"Authorization": f"Bearer {jeton(projet)}"}
    return {"Mellon-NameID": "camille-martin", "Mellon-Groups": "instructeurs,lecteurs"} if projet.identite == "passage2" else {}


def demander(adresse: str, corps: bytes | None = None, **autres: str) -> tuple[int, str]:
    """Statut et texte d'une réponse ; statut 0 si rien ne répond."""
    try:
        with urlopen(Request(adresse, corps, autres), timeout=10) as reponse:
            return reponse.status, reponse.read().decode()
    except HTTPError as erreur:
        return erreur.code, erreur.read().decode(errors="replace")
    except (URLError, OSError):
        return 0, ""


def creer_compartiment(projet: Projet) -> None:
    """Compartiment S3 de l'application ; le serveur de développement garde tout en mémoire."""
    requete = Request(f"{projet.adresse('stockage')}/{projet.id}-dev", method="PUT")
    with urlopen(requete, timeout=10):
        return


def deposer_exemples(projet: Projet) -> None:
    """Données d'exemple, par l'API : une clé par exemple, donc jamais en double."""
    fichier = DOSSIER / "exemples.json"
    if not fichier.exists():
        return
    qui = entetes(projet)
    for rang, exemple in enumerate(json.loads(fichier.read_text(encoding="utf-8")), 1):
        autres = {"Content-Type": "application/json", "Idempotency-Key": f"exemple-{rang:04}"} | qui
        statut, texte = demander(f"{projet.adresse('application')}{exemple['chemin']}", json.dumps(exemple["corps"]).encode(), **autres)
        if statut not in (200, 201):
            dire(f"dev/exemples.json : l'exemple {rang} n'est plus accepté ({statut}) : {texte}")
            return


def verifier(projet: Projet) -> None:
    """Vérifie de dehors une application qui tourne ; ``Arret`` à la première différence."""
    racine = projet.adresse("application")
    qui = entetes(projet)
    for quoi, chemin, avec, voulu, motif in (
        ("vivante", "/health/live", {}, 200, "pass"),
        ("prête", "/health/ready", {}, 200, "pass"),
        ("refuse un appel sans identité", "/api/informations", {}, 200 if projet.identite == "aucune" else 401, ""),
        ("accepte un appel identifié", "/api/informations", qui, 200, "version"),
        ("lit ses données de référence", "/api/referentiels/departements-d-outre-mer", qui, 200, "La Réunion"),
        ("mesurée", "/metrics", {}, 200, "http_request_duration_seconds_count"),
    ):
        statut, texte = demander(f"{racine}{chemin}", None, **avec)
        if statut != voulu or re.search(motif, texte) is None:
            raise Arret(f"{quoi} : {racine}{chemin} répond {statut or 'rien'}, {voulu} attendu : {texte[:300] or '« make dev » tourne-t-il ?'}")
        dire(f"✔ {quoi} ({chemin} : {statut})")
