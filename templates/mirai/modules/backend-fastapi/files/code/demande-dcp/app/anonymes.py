"""``GET /api/demandes/anonymes`` : ce que voit un lecteur. Ni valeur claire, ni identifiant, ni date précise.

La garantie est dans le type et dans la requête : aucune colonne personnelle n'est lue entière. Une ligne rare (un seul
dépôt du mois dans un département) peut encore désigner quelqu'un : il faut être assez nombreux pour être compté.
"""

from typing import Annotated

from fastapi import APIRouter, Query
from psycopg import sql
from psycopg.rows import class_row
from pydantic import BaseModel

from app.assemblage import Assemblage
from app.autorisations import Lecteur
from app.base import Base
from app.champs import FILTRE, Objet, Statut
from app.problemes import reponses
from app.projet import IDENTIFIANT

GROUPE_MIN = 5
_REQUETE = sql.SQL(
    "SELECT objet, statut, to_char(cree_le, 'YYYY-MM') AS mois, left(code_postal, 2) AS departement, count(*) AS nombre"
    " FROM {table} WHERE {filtre} GROUP BY objet, statut, mois, departement HAVING count(*) >= %s"
    " ORDER BY mois DESC, departement, objet, statut LIMIT %s"
).format(table=sql.Identifier(IDENTIFIANT, "demande"), filtre=sql.SQL(FILTRE))


class DemandesAnonymes(BaseModel):
    """Demandes qui se ressemblent : combien, et rien sur chacune."""

    objet: Objet
    statut: Statut
    mois: str
    departement: str
    nombre: int


def brancher(assemblage: Assemblage, base: Base) -> None:
    """Ajoute la route."""
    routeur = APIRouter(prefix="/api/demandes", tags=["demandes"], responses=reponses(401, 403, 429, 503))

    @routeur.get("/anonymes", operation_id="lire_demandes_anonymes", summary="Vue anonyme des demandes")
    def lire(_: Lecteur, limite: Annotated[int, Query(ge=1, le=500)] = 100) -> list[DemandesAnonymes]:
        with (
            base.reserve.connection() as connexion,
            connexion.cursor(row_factory=class_row(DemandesAnonymes)) as curseur,
        ):
            return curseur.execute(_REQUETE, (GROUPE_MIN, limite)).fetchall()

    assemblage.application.include_router(routeur)
