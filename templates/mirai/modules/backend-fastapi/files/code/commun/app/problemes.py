"""Erreurs au format ``application/problem+json`` (RFC 9457), sans recopier la saisie."""

from collections.abc import Mapping
from http import HTTPStatus

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel
from starlette.exceptions import HTTPException

from app.journaux import correlation

# Noms de la RFC 9110 que Python n'a pris qu'en 3.13 : les réponses et la description ne dépendent pas de sa version.
_NOMS = {413: "Content Too Large", 414: "URI Too Long", 416: "Range Not Satisfiable", 422: "Unprocessable Content"}


class Champ(BaseModel):
    """Champ refusé : où, et pourquoi. Jamais la valeur."""

    champ: str
    message: str


class Probleme(BaseModel):
    """Description d'une erreur."""

    type: str = "about:blank"
    title: str
    status: int
    detail: str
    correlation: str
    champs: list[Champ] | None = None


class ReponseProbleme(JSONResponse):
    """Réponse d'erreur."""

    media_type = "application/problem+json"


def nom_du_statut(statut: int) -> str:
    """Nom du statut HTTP."""
    return _NOMS.get(statut) or HTTPStatus(statut).phrase


def probleme(
    statut: int, detail: str, *, champs: list[Champ] | None = None, entetes: Mapping[str, str] | None = None
) -> ReponseProbleme:
    """Construit la réponse d'erreur."""
    corps = Probleme(
        title=nom_du_statut(statut), status=statut, detail=detail, correlation=correlation.get(), champs=champs
    )
    return ReponseProbleme(corps.model_dump(exclude_none=True), status_code=statut, headers=dict(entetes or {}))


def reponses(*statuts: int) -> dict[int | str, dict[str, object]]:
    """Réponses d'erreur d'une route, pour la description OpenAPI."""
    return {
        statut: {
            "description": nom_du_statut(statut),
            "content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Probleme"}}},
        }
        for statut in statuts
    }


def _http(_: Request, erreur: Exception) -> ReponseProbleme:
    assert isinstance(erreur, HTTPException)
    return probleme(erreur.status_code, str(erreur.detail), entetes=erreur.headers)


def _validation(_: Request, erreur: Exception) -> ReponseProbleme:
    assert isinstance(erreur, RequestValidationError)
    champs = [Champ(champ=".".join(str(p) for p in e["loc"]), message=str(e["msg"])) for e in erreur.errors()]
    return probleme(422, "La requête n'est pas valide.", champs=champs)


def brancher(application: FastAPI) -> None:
    """Installe les gestionnaires d'erreurs."""
    application.add_exception_handler(HTTPException, _http)
    application.add_exception_handler(RequestValidationError, _validation)
