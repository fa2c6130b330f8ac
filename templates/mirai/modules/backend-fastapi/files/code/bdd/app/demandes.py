"""Objet métier « demande » : déposer, lire, lister, faire avancer."""

import base64
import binascii
import json
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Annotated, Any, Literal

import psycopg
from fastapi import APIRouter, Depends, Header, Path, Query, Response
from psycopg import sql
from psycopg.rows import dict_row
from pydantic import BaseModel
from starlette.exceptions import HTTPException

from app.assemblage import Assemblage
from app.autorisations import Appelant, Instructeur, exiger
from app.base import Base
from app.champs import DROIT_DE_LIRE, FILTRE, Demande, DemandeADeposer, DemandeRendue, ouvrir
from app.idempotence import Cle, cle, reserver
from app.identite import Identite
from app.problemes import reponses
from app.projet import IDENTIFIANT

_TABLE = sql.Identifier(IDENTIFIANT, "demande")
_LUES = sql.SQL(", ").join(sql.Identifier(c) for c in Demande.model_fields)
_SAISIES = tuple(DemandeADeposer.model_fields)

Lecteur = Annotated[Identite, Depends(exiger(DROIT_DE_LIRE))]
EnteteCle = Annotated[str | None, Header(alias="Idempotency-Key", min_length=8, max_length=128)]


class Page(BaseModel):
    """Page de demandes, de la plus récente à la plus ancienne."""

    demandes: list[DemandeRendue]
    suivant: str | None = None


class Avancement(BaseModel):
    """Changement de statut."""

    statut: Literal["en_cours", "close"]


def coder(demande: Demande) -> str:
    """Repère de page, opaque pour l'appelant."""
    brut = json.dumps([demande.cree_le.isoformat(), str(demande.id)]).encode()
    return base64.urlsafe_b64encode(brut).decode().rstrip("=")


def decoder(repere: str) -> tuple[datetime, uuid.UUID]:
    """Repère reçu ; refusé s'il n'est pas de nous."""
    try:
        brut = base64.urlsafe_b64decode(repere + "=" * (-len(repere) % 4))
        cree_le, identifiant = json.loads(brut)
        return datetime.fromisoformat(cree_le), uuid.UUID(identifiant)
    except (ValueError, TypeError, AttributeError, binascii.Error) as erreur:
        raise HTTPException(400, "Le repère de page n'est pas valide.") from erreur


class Depot:
    """Requêtes SQL de la table ; les colonnes sont toujours nommées."""

    def __init__(self, base: Base) -> None:
        self._base = base

    @contextmanager
    def _curseur(self) -> Iterator[psycopg.Cursor[dict[str, Any]]]:
        with self._base.reserve.connection() as connexion, connexion.cursor(row_factory=dict_row) as curseur:
            yield curseur

    def deposer(self, saisie: DemandeADeposer, demandee: Cle | None) -> tuple[Demande, bool]:
        """Insère la demande, ou rend celle que la clé désigne déjà (second élément : créée)."""
        valeurs = saisie.en_clair()
        requete = sql.SQL("INSERT INTO {table} (id, {colonnes}) VALUES (%s, {marques}) RETURNING {lues}").format(
            table=_TABLE,
            colonnes=sql.SQL(", ").join(sql.Identifier(c) for c in _SAISIES),
            marques=sql.SQL(", ").join(sql.Placeholder() for _ in _SAISIES),
            lues=_LUES,
        )
        nouvelle = uuid.uuid4()
        with self._curseur() as curseur:
            identifiant = nouvelle if demandee is None else reserver(curseur.connection, demandee, nouvelle)
            if identifiant == nouvelle:
                ligne = curseur.execute(requete, (nouvelle, *(valeurs[c] for c in _SAISIES))).fetchone()
                return Demande.model_validate(ligne), True
        existante = self.lire(identifiant)
        if existante is None:
            raise HTTPException(422, "La demande déposée avec cette clé d'idempotence n'existe plus.")
        return existante, False

    def lire(self, identifiant: uuid.UUID) -> Demande | None:
        """Demande, ou None."""
        requete = sql.SQL("SELECT {lues} FROM {table} WHERE id = %s AND {filtre}")
        with self._curseur() as curseur:
            ligne = curseur.execute(
                requete.format(lues=_LUES, table=_TABLE, filtre=sql.SQL(FILTRE)), (identifiant,)
            ).fetchone()
        return None if ligne is None else Demande.model_validate(ligne)

    def lister(self, limite: int, apres: tuple[datetime, uuid.UUID] | None) -> list[Demande]:
        """Au plus ``limite`` demandes, après le repère."""
        suite = sql.SQL("AND (cree_le, id) < (%s, %s)") if apres else sql.SQL("")
        requete = sql.SQL(
            "SELECT {lues} FROM {table} WHERE {filtre} {suite} ORDER BY cree_le DESC, id DESC LIMIT %s"
        ).format(lues=_LUES, table=_TABLE, filtre=sql.SQL(FILTRE), suite=suite)
        with self._curseur() as curseur:
            lignes = curseur.execute(requete, (*(apres or ()), limite)).fetchall()
        return [Demande.model_validate(ligne) for ligne in lignes]

    def avancer(self, identifiant: uuid.UUID, statut: str) -> Demande | None:
        """Change le statut ; la clôture est datée une seule fois."""
        requete = sql.SQL(
            "UPDATE {table} SET statut = %(statut)s, modifie_le = now(),"
            " cloture_le = CASE WHEN %(statut)s = 'close' THEN coalesce(cloture_le, now()) END"
            " WHERE id = %(id)s AND {filtre} RETURNING {lues}"
        ).format(table=_TABLE, filtre=sql.SQL(FILTRE), lues=_LUES)
        with self._curseur() as curseur:
            ligne = curseur.execute(requete, {"statut": statut, "id": identifiant}).fetchone()
        return None if ligne is None else Demande.model_validate(ligne)


def _trouvee(demande: Demande | None) -> Demande:
    if demande is None:
        raise HTTPException(404, "Cette demande n'existe pas.")
    return demande


def brancher(assemblage: Assemblage, base: Base) -> None:
    """Ajoute les routes."""
    depot = Depot(base)
    deposees = assemblage.mesures.compteur("demandes_deposees", "Demandes déposées, par objet.", ("objet",))
    routeur = APIRouter(prefix="/api/demandes", tags=["demandes"], responses=reponses(401, 403, 429, 503))

    @routeur.post(
        "", status_code=201, operation_id="deposer_demande", summary="Déposer une demande", responses=reponses(413)
    )
    def deposer(
        saisie: DemandeADeposer, appelant: Appelant, reponse: Response, entete: EnteteCle = None
    ) -> DemandeRendue:
        demandee = None if entete is None else cle(appelant.sujet, entete, saisie)
        demande, creee = depot.deposer(saisie, demandee)
        if creee:
            deposees.labels(demande.objet).inc()
        reponse.headers["Location"] = f"/api/demandes/{demande.id}"
        return ouvrir(demande)

    @routeur.get("", operation_id="lister_demandes", summary="Lister les demandes", responses=reponses(400))
    def lister(
        _: Lecteur,
        limite: Annotated[int, Query(ge=1, le=100)] = 20,
        apres: Annotated[str | None, Query(max_length=200)] = None,
    ) -> Page:
        trouvees = depot.lister(limite + 1, None if apres is None else decoder(apres))
        page = trouvees[:limite]
        suivant = coder(page[-1]) if len(trouvees) > limite else None
        return Page(demandes=[ouvrir(demande) for demande in page], suivant=suivant)

    @routeur.get("/{id}", operation_id="lire_demande", summary="Lire une demande", responses=reponses(404))
    def lire(identifiant: Annotated[uuid.UUID, Path(alias="id")], _: Lecteur) -> DemandeRendue:
        return ouvrir(_trouvee(depot.lire(identifiant)))

    @routeur.patch("/{id}", operation_id="avancer_demande", summary="Changer le statut", responses=reponses(404))
    def avancer(
        identifiant: Annotated[uuid.UUID, Path(alias="id")], avancement: Avancement, _: Instructeur
    ) -> DemandeRendue:
        return ouvrir(_trouvee(depot.avancer(identifiant, avancement.statut)))

    assemblage.application.include_router(routeur)
