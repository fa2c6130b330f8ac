"""Fabrique de l'application."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from app import autorisations, identite, informations, problemes, referentiels, sante
from app.assemblage import Assemblage
from app.composition import composer
from app.configuration import Configuration
from app.intergiciels import Enveloppe
from app.mesures import Mesures
from app.projet import DESCRIPTION, NOM

VERSION_API = "1.0.0"


class Api(FastAPI):
    """Application dont la description est la nôtre : erreurs en problem+json, sécurité déclarée une fois."""

    def openapi(self) -> dict[str, Any]:
        """Description OpenAPI 3.1, égale au fichier ``openapi.json`` du dépôt."""
        document: dict[str, Any] = get_openapi(
            title=NOM, version=VERSION_API, description=DESCRIPTION, openapi_version="3.1.0", routes=self.routes
        )
        composants = document.setdefault("components", {})
        schemas = composants.setdefault("schemas", {})
        for superflu in ("HTTPValidationError", "ValidationError"):
            schemas.pop(superflu, None)
        schemas["Probleme"] = problemes.Probleme.model_json_schema(ref_template="#/components/schemas/{model}")
        schemas["Champ"] = schemas["Probleme"].pop("$defs")["Champ"]
        for chemin in document["paths"].values():
            for operation in chemin.values():
                refus = operation["responses"].keys() & {"422"}
                operation["responses"].update({code: problemes.reponses(422)[422] for code in refus})
        composants["schemas"] = dict(sorted(schemas.items()))
        composants["securitySchemes"] = identite.SECURITE
        document["security"] = [{nom: []} for nom in identite.SECURITE]
        return document


def creer_application(configuration: Configuration | None = None) -> FastAPI:
    """Assemble l'API ; les dépendances sont ouvertes au démarrage et fermées à l'arrêt."""
    reglages = configuration or Configuration()
    mesures = Mesures(reglages.app_version)

    @asynccontextmanager
    async def duree_de_vie(_: FastAPI) -> AsyncIterator[None]:
        for ouvrir in assemblage.ouvertures:
            ouvrir()
        yield
        for fermer in reversed(assemblage.fermetures):
            fermer()
        for fermer_la_boucle in assemblage.fermetures_asynchrones:
            await fermer_la_boucle()

    application = Api(
        title=NOM,
        lifespan=duree_de_vie,
        openapi_url="/api/openapi.json",
        docs_url=None,  # la page de documentation de FastAPI charge des scripts chez un tiers
        redoc_url=None,
    )
    assemblage = Assemblage(application, mesures)
    application.add_middleware(
        Enveloppe, mesures=mesures, taille_max=reglages.taille_max_octets, requetes_max=reglages.requetes_max
    )
    problemes.brancher(application)
    sante.brancher(assemblage)
    identite.brancher(assemblage)
    autorisations.brancher(assemblage, reglages)
    referentiels.brancher(assemblage, referentiels.ConfigurationReferentiels())
    composer(assemblage)
    informations.brancher(assemblage, reglages)
    return application
