"""Page d'essai du poste de développement : se connecter, remplir les formulaires que l'API décrit, voir ce qui est créé.

Elle tient le rôle du front (ou du mandataire Passage2) : le navigateur n'a qu'un témoin de session, jamais de jeton.
Tout est écrit ici : ni script, ni requête vers un tiers. Elle n'est ni dans l'image, ni dans les valeurs.
"""

import base64
import hashlib
import json
import os
import secrets
import signal
import sys
import threading
import uuid
from html import escape
from http.cookies import SimpleCookie
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.parse import parse_qs, urlencode, urlsplit
from urllib.request import Request, urlopen

API = os.environ["PORTAIL_API"]
ADRESSE = os.environ["PORTAIL_ADRESSE"]
IDENTITE = os.environ["PORTAIL_IDENTITE"]  # oidc, session, passage2 ou aucune
NOM = os.environ["PORTAIL_NOM"]
EMETTEUR = os.environ.get("OIDC_ISSUER_URL", "")
# Nom court parmi les comptes fictifs : le mandataire Passage2 les affiche, le fournisseur OpenID a les siens.
COMPTES = {"camille-martin": "instructeurs,lecteurs", "sacha-durand": "lecteurs"}
TAILLE_MAX = 100_000
SESSIONS: dict[str, dict[str, str]] = {}
ALERTE = '<p class="alerte" role="alert">{}</p>'
RETOUR = '<p><a href="/">Revenir à l’accueil</a></p>'

STYLE = """:root{color-scheme:light}body{font:1rem/1.5 system-ui,sans-serif;color:#161616;background:#fff;margin:0}
main,header,footer{max-width:60rem;margin:0 auto;padding:1rem}header{display:flex;gap:1rem;flex-wrap:wrap;align-items:center}
label{display:block;font-weight:600;margin-top:.8rem}input,select,textarea{font:inherit;width:100%;max-width:32rem;box-sizing:border-box;
padding:.4rem;border:1px solid #3a3a3a;border-radius:2px;background:#fff;color:#161616}button{font:inherit;color:#fff;background:#000091;
border:0;padding:.6rem 1.2rem;margin-top:1rem;cursor:pointer}a{color:#000091}.aide{font-weight:400;color:#3a3a3a}
.alerte{border-left:4px solid #ce0500;padding:.5rem 1rem;background:#fee}.reussite{border-left:4px solid #18753c;padding:.5rem 1rem;background:#efe}
:focus-visible{outline:3px solid #0a76f6;outline-offset:2px}.defile{overflow-x:auto}table{border-collapse:collapse}
th,td{border:1px solid #666;padding:.3rem .6rem;text-align:left}.evitement{position:absolute;left:-100rem}.evitement:focus{left:1rem}"""


class ApiMuette(Exception):
    """L'API, ou le fournisseur d'identité, ne répond pas."""


def appeler(adresse: str, entetes: dict[str, str] | None = None, corps: bytes | None = None) -> tuple[int, Any]:
    """Statut et JSON d'une réponse, quelle qu'elle soit."""
    requete = Request(adresse, data=corps, headers=entetes or {})
    try:
        with urlopen(requete, timeout=60) as reponse:
            return reponse.status, json.loads(reponse.read() or b"null")
    except HTTPError as erreur:
        contenu = erreur.read()
        try:
            return erreur.code, json.loads(contenu)
        except ValueError:
            return erreur.code, {"title": f"réponse {erreur.code}"}
    except (URLError, OSError, ValueError) as erreur:
        raise ApiMuette(f"{urlsplit(adresse).netloc} ne répond pas") from erreur


def identite(session: dict[str, str]) -> dict[str, str]:
    """En-têtes par lesquels l'API reconnaît la personne."""
    if IDENTITE == "oidc":
        return {"Authorization": f"Bearer {session['jeton']}"}
    if IDENTITE == "session":
        return {"Cookie": f"session={session['temoin']}"}
    if IDENTITE == "passage2":
        return {"Mellon-NameID": session["sujet"], "Mellon-Groups": COMPTES[session["sujet"]]}
    return {}


def resoudre(document: Any, schema: Any) -> Any:
    """Schéma désigné, sans son choix « ou rien »."""
    while "$ref" in schema:
        cible = document
        for partie in schema["$ref"].removeprefix("#/").split("/"):
            cible = cible[partie]
        schema = cible
    autres = [s for s in schema.get("anyOf", []) if s.get("type") != "null"]
    return {**schema, **resoudre(document, autres[0])} if len(autres) == 1 else schema


def formulaires(document: Any) -> dict[str, dict[str, Any]]:
    """Opérations que la page sait présenter : un POST en JSON, sans paramètre dans le chemin."""
    trouves = {}
    for chemin, operations in document["paths"].items():
        contenu = operations.get("post", {}).get("requestBody", {}).get("content", {}).get("application/json")
        if contenu is not None and "{" not in chemin:
            trouves[chemin] = {
                "titre": operations["post"].get("summary", chemin),
                "schema": resoudre(document, contenu["schema"]),
                "liste": operations.get("get", {}).get("summary"),
            }
    return trouves


def champ(document: Any, ancre: str, nom: str, schema: Any, obligatoire: bool, valeur: str, erreur: str) -> str:
    """Un champ et son étiquette."""
    schema = resoudre(document, schema)
    reference = f"{ancre}-{nom}"
    attributs = f'id="{reference}" name="{escape(nom)}"' + (" required" if obligatoire else "")
    if erreur:
        attributs += f' aria-invalid="true" aria-describedby="{reference}-erreur"'
    if "maxLength" in schema:
        attributs += f' maxlength="{schema["maxLength"]}"'
    if "enum" in schema:
        options = "".join(f"<option{' selected' if o == valeur else ''}>{escape(str(o))}</option>" for o in schema["enum"])
        saisie = f"<select {attributs}>{options}</select>"
    elif schema.get("maxLength", 0) > 500:
        saisie = f'<textarea {attributs} rows="4">{escape(valeur)}</textarea>'
    else:
        genre = {"date": "date", "email": "email"}.get(schema.get("format", ""), "text")
        saisie = f'<input {attributs} type="{genre}" value="{escape(valeur)}">'
    aide = "" if obligatoire else ' <span class="aide">(facultatif)</span>'
    signale = f'<p id="{reference}-erreur" class="alerte">{escape(erreur)}</p>' if erreur else ""
    return f'<label for="{reference}">{escape(schema.get("title", nom))}{aide}</label>{saisie}{signale}'


def tableau(lignes: list[dict[str, Any]], titre: str) -> str:
    """Tableau des objets d'une liste."""
    if not lignes:
        return f"<p>{escape(titre)} : rien pour l’instant.</p>"
    colonnes = list(lignes[0])
    tetes = "".join(f'<th scope="col">{escape(c)}</th>' for c in colonnes)
    cellules = [[escape(str("" if ligne.get(c) is None else ligne[c])) for c in colonnes] for ligne in lignes]
    corps = "".join("<tr>" + "".join(f"<td>{cellule}</td>" for cellule in ligne) + "</tr>" for ligne in cellules)
    return (
        f'<div class="defile" role="region" aria-label="{escape(titre)}" tabindex="0"><table><caption>{escape(titre)}</caption>'
        f"<thead><tr>{tetes}</tr></thead><tbody>{corps}</tbody></table></div>"
    )


class Portail(BaseHTTPRequestHandler):
    """Pages du portail."""

    def rendre(self, statut: int, corps: str, genre: str = "text/html", **entetes: str) -> None:
        """Répond, avec la politique la plus stricte que la page supporte."""
        brut = corps.encode()
        tous = {
            "Content-Type": f"{genre}; charset=utf-8",
            "Content-Length": str(len(brut)),
            "Cache-Control": "no-store",
            # form-action suit les redirections : le formulaire de connexion mène au fournisseur.
            "Content-Security-Policy": "default-src 'none'; style-src 'self'; base-uri 'none'; frame-ancestors 'none'; "
            f"form-action 'self' {API if IDENTITE == 'session' else ''} {EMETTEUR}".strip(),
            "Referrer-Policy": "no-referrer",
            "X-Content-Type-Options": "nosniff",
        } | {nom.replace("_", "-"): valeur for nom, valeur in entetes.items()}
        self.send_response(statut)
        for nom, valeur in tous.items():
            self.send_header(nom, valeur)
        self.end_headers()
        self.wfile.write(brut)

    def aller(self, adresse: str, **entetes: str) -> None:
        """Redirige par GET."""
        self.rendre(303, "", Location=adresse, **entetes)

    def session(self) -> dict[str, str]:
        """Session du navigateur ; vide s'il n'en a pas."""
        temoins = SimpleCookie(self.headers.get("Cookie", ""))
        if IDENTITE == "session" and "session" in temoins:
            # Un témoin ne dépend pas du port : celui de l'application vient ici aussi, et n'est lisible que d'elle.
            cle = temoins["session"].value
            return SESSIONS.setdefault(cle, {"sujet": "session ouverte", "temoin": cle})
        return SESSIONS.get(temoins["portail"].value, {}) if "portail" in temoins else {}

    def ouvrir(self, **contenu: str) -> str:
        """Nouvelle session ; rend l'en-tête du témoin."""
        cle = secrets.token_urlsafe(32)
        SESSIONS[cle] = contenu
        return f"portail={cle}; HttpOnly; SameSite=Lax; Path=/"

    def page(self, statut: int, titre: str, corps: str) -> None:
        """Page complète."""
        session = self.session()
        haut = ""
        if "sujet" in session:
            haut = f"<p>Connecté : <strong>{escape(session['sujet'])}</strong></p>"
            fin = f"{API}/api/deconnexion" if IDENTITE == "session" else "/deconnexion"
            haut += f'<form method="post" action="{fin}"><button>Se déconnecter</button></form>'
        self.rendre(
            statut,
            f'<!DOCTYPE html><html lang="fr"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">'
            f'<title>{escape(titre)} – {escape(NOM)}</title><link rel="stylesheet" href="/style.css"></head><body>'
            '<a class="evitement" href="#contenu">Aller au contenu</a>'
            f"<header><p><strong>{escape(NOM)}</strong>, poste de développement</p>{haut}</header>"
            f'<main id="contenu"><h1>{escape(titre)}</h1>{corps}</main><footer><p>Données fictives. '
            f'<a href="/openapi.json">Description de l’API</a></p></footer></body></html>',
        )

    def accueil(self, statut: int = 200, message: str = "", refus: dict[str, Any] | None = None) -> None:
        """Connexion, ou formulaires et listes."""
        session = self.session()
        if not session.get("sujet"):
            choix = "".join(f"<option>{escape(c)}</option>" for c in COMPTES) if IDENTITE == "passage2" else ""
            champ_compte = f'<label for="compte">Compte fictif</label><select id="compte" name="compte">{choix}</select>' if choix else ""
            methode, action = ("get", f"{API}/api/connexion") if IDENTITE == "session" else ("post", "/connexion")
            formulaire = f'<form method="{methode}" action="{action}">{champ_compte}<button>Se connecter</button></form>'
            return self.page(statut, "Connexion", f"{message}<p>Comptes fictifs, sans mot de passe.</p>{formulaire}")
        _, document = appeler(f"{API}/api/openapi.json")
        code, informations = appeler(f"{API}/api/informations", identite(session))
        if code == 401:
            session.clear()
            return self.accueil(401, ALERTE.format("La session a expiré."))
        version, environnement = (escape(str(informations.get(nom))) for nom in ("version", "environnement"))
        parties = [message, f"<p>Version {version}, environnement {environnement}.</p>"]
        for rang, (chemin, operation) in enumerate(formulaires(document).items()):
            parties.append(self.section(document, f"f{rang}", chemin, operation, refus if refus and refus["chemin"] == chemin else None))
        return self.page(statut, "Essayer l’application", "".join(parties))

    def section(self, document: Any, ancre: str, chemin: str, formulaire: dict[str, Any], refus: dict[str, Any] | None) -> str:
        """Formulaire d'une opération, et liste de ce qu'elle a créé."""
        obligatoires = formulaire["schema"].get("required", [])
        saisies = refus["saisies"] if refus else {}
        erreurs = {c["champ"].rsplit(".", 1)[-1]: c["message"] for c in (refus["probleme"].get("champs") or [])} if refus else {}
        champs = "".join(
            champ(document, ancre, nom, schema, nom in obligatoires, saisies.get(nom, ""), erreurs.get(nom, ""))
            for nom, schema in formulaire["schema"].get("properties", {}).items()
        )
        # La clé naît avec le formulaire : un double envoi ne crée qu'un objet.
        caches = f'<input type="hidden" name=".chemin" value="{escape(chemin)}"><input type="hidden" name=".cle" value="{uuid.uuid4()}">'
        liste = ""
        if formulaire["liste"]:
            code, contenu = appeler(f"{API}{chemin}?limite=10", identite(self.session()))
            lignes = next((v for v in contenu.values() if isinstance(v, list)), []) if code == 200 and isinstance(contenu, dict) else []
            liste = tableau(lignes, formulaire["liste"])
        return (
            f'<section aria-labelledby="{ancre}"><h2 id="{ancre}">{escape(formulaire["titre"])}</h2>'
            f'<form method="post" action="/envoyer">{caches}{champs}<button>{escape(formulaire["titre"])}</button></form>{liste}</section>'
        )

    def envoyer(self, saisies: dict[str, str]) -> None:
        """Transmet un formulaire à l'API."""
        session, chemin, cle = self.session(), saisies.pop(".chemin", ""), saisies.pop(".cle", "")
        if not session.get("sujet"):
            return self.aller("/")
        _, document = appeler(f"{API}/api/openapi.json")
        if chemin not in formulaires(document):
            return self.page(404, "Opération inconnue", RETOUR)
        corps = json.dumps({nom: valeur for nom, valeur in saisies.items() if valeur}).encode()
        code, reponse = appeler(f"{API}{chemin}", {"Content-Type": "application/json", "Idempotency-Key": cle} | identite(session), corps)
        if code in (200, 201, 202):
            session["resultat"] = json.dumps(reponse, ensure_ascii=False)
            return self.aller("/")
        detail = f"{reponse.get('title', '')} : {reponse.get('detail', '')}"
        return self.accueil(code, ALERTE.format(escape(detail)), {"chemin": chemin, "saisies": saisies, "probleme": reponse})

    def connecter(self, saisies: dict[str, str]) -> None:
        """Début de la connexion."""
        if IDENTITE == "aucune":
            return self.aller("/", Set_Cookie=self.ouvrir(sujet="anonyme"))
        if IDENTITE == "passage2":
            sujet = saisies.get("compte", "")
            return self.aller("/", Set_Cookie=self.ouvrir(sujet=sujet if sujet in COMPTES else next(iter(COMPTES))))
        _, decouverte = appeler(f"{EMETTEUR}/.well-known/openid-configuration")
        etat, nonce, verificateur = (secrets.token_urlsafe(32) for _ in range(3))  # 43 caractères : ProConnect en veut 32
        defi = base64.urlsafe_b64encode(hashlib.sha256(verificateur.encode()).digest()).decode().rstrip("=")
        parametres = {
            "response_type": "code",
            "client_id": os.environ["OIDC_CLIENT_ID"],
            "redirect_uri": f"{ADRESSE}/retour",
            "scope": "openid profile email groups",
            "state": etat,
            "nonce": nonce,
            "code_challenge": defi,
            "code_challenge_method": "S256",
            "prompt": "login",
        }
        temoin = self.ouvrir(etat=etat, nonce=nonce, verificateur=verificateur)
        return self.aller(f"{decouverte['authorization_endpoint']}?{urlencode(parametres)}", Set_Cookie=temoin)

    def revenir(self, parametres: dict[str, str]) -> None:
        """Retour du fournisseur : échange du code."""
        session = self.session()
        if not session.get("etat") or not secrets.compare_digest(parametres.get("state", ""), session["etat"]) or "code" not in parametres:
            return self.page(400, "Connexion refusée", ALERTE.format("La réponse ne correspond à aucune demande.") + RETOUR)
        _, decouverte = appeler(f"{EMETTEUR}/.well-known/openid-configuration")
        echange = {
            "grant_type": "authorization_code",
            "code": parametres["code"],
            "redirect_uri": f"{ADRESSE}/retour",
            "code_verifier": session["verificateur"],
            "client_id": os.environ["OIDC_CLIENT_ID"],
            "client_secret": os.environ["OIDC_CLIENT_SECRET"],
        }
        code, jetons = appeler(decouverte["token_endpoint"], {"Content-Type": "application/x-www-form-urlencoded"}, urlencode(echange).encode())
        if code != 200:
            return self.page(400, "Connexion refusée", ALERTE.format(escape(str(jetons))) + RETOUR)
        charge = jetons["id_token"].split(".")[1]
        revendications = json.loads(base64.urlsafe_b64decode(charge + "=" * (-len(charge) % 4)))
        if revendications.get("nonce") != session["nonce"]:
            return self.page(400, "Connexion refusée", ALERTE.format("Le jeton répond à une autre demande.") + RETOUR)
        session.clear()
        return self.aller("/", Set_Cookie=self.ouvrir(sujet=revendications["sub"], jeton=jetons["access_token"]))

    def do_GET(self) -> None:
        """Pages."""
        lieu = urlsplit(self.path)
        try:
            if lieu.path == "/":
                resultat = self.session().pop("resultat", None)
                message = f'<p class="reussite" role="status">Fait : {escape(resultat)}</p>' if resultat else ""
                return self.accueil(message=message)
            if lieu.path == "/retour":
                return self.revenir({nom: valeurs[0] for nom, valeurs in parse_qs(lieu.query).items()})
            if lieu.path == "/style.css":
                return self.rendre(200, STYLE, "text/css")
            if lieu.path == "/openapi.json":
                return self.rendre(200, json.dumps(appeler(f"{API}/api/openapi.json")[1], ensure_ascii=False, indent=2), "application/json")
            return self.page(404, "Page inconnue", RETOUR)
        except ApiMuette as erreur:
            return self.page(503, "Service indisponible", ALERTE.format(escape(str(erreur))) + RETOUR)

    def do_POST(self) -> None:
        """Formulaires : seulement ceux de cette page."""
        longueur = self.headers.get("Content-Length", "0")
        if not longueur.isdecimal() or int(longueur) > TAILLE_MAX:
            self.close_connection = True
            return self.page(413, "Formulaire trop grand", "")
        brut = self.rfile.read(int(longueur)).decode(errors="replace")
        if self.headers.get("Origin", ADRESSE) not in (ADRESSE, "null") or self.headers.get("Sec-Fetch-Site", "same-origin") != "same-origin":
            return self.page(403, "Formulaire refusé", "<p>Il ne vient pas de cette page.</p>")
        saisies = {nom: valeurs[0] for nom, valeurs in parse_qs(brut, keep_blank_values=True).items()}
        try:
            if self.path == "/connexion":
                return self.connecter(saisies)
            if self.path == "/deconnexion":
                self.session().clear()
                return self.aller("/", Set_Cookie="portail=; Max-Age=0; Path=/")
            if self.path == "/envoyer":
                return self.envoyer(saisies)
            return self.page(404, "Page inconnue", "")
        except ApiMuette as erreur:
            return self.page(503, "Service indisponible", ALERTE.format(escape(str(erreur))) + RETOUR)

    def log_message(self, *_: object) -> None:
        """Rien : les adresses portent des codes de connexion."""


def principal() -> int:
    """Sert jusqu'à SIGTERM."""
    port = int(os.environ["PORTAIL_PORT"])
    serveur = ThreadingHTTPServer((os.environ.get("DOUBLURE_HOTE", "127.0.0.1"), port), Portail)
    for numero in (signal.SIGTERM, signal.SIGINT):
        signal.signal(numero, lambda *_: threading.Thread(target=serveur.shutdown).start())
    serveur.serve_forever(poll_interval=0.2)
    return 0


if __name__ == "__main__":
    sys.exit(principal())
