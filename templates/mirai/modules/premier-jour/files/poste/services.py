"""Les processus d'un projet, et leurs réglages. Les noms des variables sont ceux que le chart donne au conteneur."""

import json
import signal
import sys
from pathlib import Path

from poste import postgresql
from poste.reglages import BACKEND, DONNEES, DOSSIER, ETAT, PYTHON, Projet
from poste.superviseur import Service


def base(projet: Projet, role: str) -> dict[str, str]:
    """Variables de l'accès à la base, sous un rôle."""
    if not projet.bdd:
        return {}
    return {
        "DB_HOST": "127.0.0.1",
        "DB_PORT": str(projet.ports["base"]),
        "DB_NAME": projet.id,
        "DB_USER": f"{projet.id}_{role}",
        "DB_PASSWORD": projet.secrets[role],
        "DB_SSLMODE": "disable",
        "MIGRATIONS": str(DONNEES / "migrations"),
    }


def signature(projet: Projet) -> str:
    """Algorithme convenu avec le fournisseur, comme dans les valeurs du chart."""
    return "ES256" if projet.identite == "franceconnect" else "RS256"


def identite(projet: Projet) -> dict[str, str]:
    """Variables de l'identité."""
    if not projet.oidc:
        return {"PASSAGE2_MANDATAIRES": "127.0.0.1/32"} if projet.identite == "passage2" else {}
    propres = {"OIDC_AUDIENCE": f"{projet.id}-dev"}
    if projet.session:
        propres = {"ADRESSE_PUBLIQUE": projet.adresse("application"), "ACCUEIL": f"{projet.adresse('portail')}/"}
        propres["OIDC_ALGORITHME"] = signature(projet)
        propres |= {"OIDC_ACR": "eidas1"} if projet.identite == "franceconnect" else {"OIDC_SCOPES": "openid siret idp_id groups"}
    return propres | {
        "OIDC_ISSUER_URL": projet.adresse("identite"),
        "OIDC_CLIENT_ID": f"{projet.id}-dev",
        "OIDC_CLIENT_SECRET": projet.secrets["client"],
    }


def passerelle(projet: Projet) -> dict[str, str]:
    """Variables de la passerelle de modèles de langage."""
    if not projet.ia:
        return {}
    return {
        "OPENAI_BASE_URL": f"{projet.adresse('passerelle')}/v1",
        "OPENAI_API_KEY": projet.secrets["passerelle"],
        "LLM_MODEL": "modele-de-developpement",
    }


def referentiels(projet: Projet) -> dict[str, str]:
    """Variables des données de référence."""
    liste = {"url": f"{projet.adresse('referentiels')}/departements-d-outre-mer", "libelle": "nom"}
    return {"REFERENTIELS": json.dumps({"departements-d-outre-mer": liste})}


def stockage(projet: Projet) -> dict[str, str]:
    """Variables d'un client S3."""
    if not projet.bdd:
        return {}
    return {
        "S3_ENDPOINT_URL": projet.adresse("stockage"),
        "S3_BUCKET": f"{projet.id}-dev",
        "AWS_ACCESS_KEY_ID": "dev",
        "AWS_SECRET_ACCESS_KEY": projet.secrets["stockage"],
    }


def application(projet: Projet) -> dict[str, str]:
    """Variables de l'application."""
    commun = {
        "HOTE": "127.0.0.1",
        "PORT": str(projet.ports["application"]),
        "APP_ENV": "dev",
        "APP_VERSION": "0.0.0-dev",
        "ARRET_SECONDES": "20",
        "PYTHONUNBUFFERED": "1",
    }
    return commun | base(projet, "app") | identite(projet) | passerelle(projet) | referentiels(projet) | stockage(projet)


def fournisseur(projet: Projet) -> dict[str, str]:
    """Variables de la doublure du fournisseur d'identité."""
    return {
        "DOUBLURE_PORT": str(projet.ports["identite"]),
        "DOUBLURE_AUDIENCE": f"{projet.id}-dev",
        "DOUBLURE_CLIENT": f"{projet.id}-dev",
        "DOUBLURE_SECRET": projet.secrets["client"],
        "DOUBLURE_RETOUR": projet.retour,
        "DOUBLURE_FIN": f"{projet.adresse('application')}/api/deconnexion/retour" if projet.session else "",
        "DOUBLURE_SIGNATURE": signature(projet),
        "DOUBLURE_CLES": str(ETAT / "oidc" / "cles.json"),
        "DOUBLURE_USERINFO": "json" if projet.identite == "sso-mirai" else "jwt",
    }


def doublure_passerelle(projet: Projet) -> dict[str, str]:
    """Variables de la doublure de la passerelle."""
    return passerelle(projet) | {"DOUBLURE_PORT": str(projet.ports["passerelle"])}


def doublure_referentiels(projet: Projet) -> dict[str, str]:
    """Variables de la doublure des données de référence."""
    return {"DOUBLURE_PORT": str(projet.ports["referentiels"])}


def portail(projet: Projet) -> dict[str, str]:
    """Variables de la page d'essai."""
    return identite(projet) | {
        "PORTAIL_PORT": str(projet.ports["portail"]),
        "PORTAIL_ADRESSE": projet.adresse("portail"),
        "PORTAIL_API": projet.adresse("application"),
        "PORTAIL_IDENTITE": "session" if projet.session else "oidc" if projet.oidc else projet.identite,
        "PORTAIL_NOM": projet.nom,
    }


def composer(projet: Projet) -> list[Service]:
    """Services, dans l'ordre du démarrage."""
    python = sys.executable
    services = []
    if projet.bdd:
        programmes = postgresql.binaires()
        donnees = postgresql.preparer(projet, programmes)
        # SIGINT : PostgreSQL coupe les connexions, écrit tout et s'arrête.
        serveur = postgresql.commande(projet, programmes, donnees)
        services.append(Service("base", serveur, Path("/"), demande_d_arret=signal.SIGINT, delai=30, compte=postgresql.compte()))
        moto = [str(ETAT / "stockage-venv" / "bin" / "moto_server"), "-H", "127.0.0.1", "-p", str(projet.ports["stockage"])]
        services.append(Service("stockage", moto, ETAT, sonde=f"{projet.adresse('stockage')}/moto-api/"))
    if projet.oidc:
        sonde = f"{projet.adresse('identite')}/.well-known/openid-configuration"
        services.append(Service("identite", ["node", "fournisseur.mjs"], ETAT / "oidc", fournisseur(projet), sonde))
    if projet.ia:
        sonde = f"{projet.adresse('passerelle')}/v1/models"
        services.append(Service("passerelle", [python, str(DOSSIER / "passerelle.py")], DOSSIER, doublure_passerelle(projet), sonde))
    sonde = f"{projet.adresse('referentiels')}/departements-d-outre-mer"
    services.append(Service("referentiels", [python, str(DOSSIER / "listes.py")], DOSSIER, doublure_referentiels(projet), sonde))
    sonde = f"{projet.adresse('application')}/health/ready"
    services.append(Service("application", [str(PYTHON), "-m", "app"], BACKEND, application(projet), sonde, delai=30))
    sonde = f"{projet.adresse('portail')}/style.css"
    services.append(Service("portail", [python, str(DOSSIER / "portail.py")], DOSSIER, portail(projet), sonde))
    return services
