"""Données de référence : des listes (code, libellé) consommées à leur source, jamais recopiées (EXI-DATA-3).

Une liste est lue au premier besoin, gardée en mémoire, puis revalidée. La source peut mentir ou se taire : délai total,
taille bornée, forme vérifiée ; la dernière liste bien formée est servie, avec son âge, tant qu'aucune ne la remplace.
Après un échec, un seul appel part par période de repos ; qui a déjà une liste n'attend pas la lecture d'un autre.
"""

import asyncio
import hashlib
import json
import logging
import math
import re
import time
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import partial
from typing import Annotated, Any

import anyio
import httpx2 as httpx
from fastapi import APIRouter, Depends, Header, Request, Response
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints, TypeAdapter
from pydantic_settings import BaseSettings
from starlette.exceptions import HTTPException

from app.appels import attente_demandee, reglages
from app.assemblage import Assemblage
from app.autorisations import appelant
from app.disjoncteur import Disjoncteur
from app.mesures import Mesures
from app.problemes import ReponseProbleme, probleme, reponses

_PLANCHER = 60.0  # une source qui interdit tout cache n'est pas pour autant relue à chaque requête
_VALIDITE = re.compile(r"(?:^|[,\s])(?:max-age=([0-9]{1,9})(?![0-9])|no-cache|no-store)", re.IGNORECASE)
_ETAG = re.compile(r'(?:W/)?"[\x21\x23-\x7e]{0,200}"')
_horloge = time.monotonic
_journal = logging.getLogger("app.referentiels")

Texte = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=500)]


class Source(BaseModel):
    """Où lire une liste, et sous quels noms elle donne le code et le libellé."""

    model_config = ConfigDict(extra="forbid")

    # http n'est admis que pour la doublure du poste : rien d'autre n'écoute sur cette adresse dans un pod.
    url: Annotated[str, StringConstraints(pattern=r"^(https://|http://127\.0\.0\.1:)[^\s@]+$")]
    code: Texte = "code"
    libelle: Texte = "libelle"


def _source(valeur: object) -> object:
    return {"url": valeur} if isinstance(valeur, str) else valeur


Nom = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9-]{0,39}$")]


class ConfigurationReferentiels(BaseSettings):
    """Variables ``REFERENTIELS*``. Une source est une adresse, ou ``{"url": …, "code": …, "libelle": …}``."""

    referentiels: Annotated[dict[Nom, Annotated[Source, BeforeValidator(_source)]], Field(max_length=20)] = {}
    referentiels_fraicheur_secondes: float = Field(default=3600, gt=0)
    referentiels_delai_secondes: float = Field(default=5, gt=0)  # du premier octet demandé au dernier reçu
    referentiels_disjoncteur_secondes: float = Field(default=30, gt=0)
    referentiels_taille_max_octets: int = Field(default=4_194_304, ge=1)


class Entree(BaseModel):
    """Une ligne d'une liste."""

    code: Texte
    libelle: Texte


class Referentiel(BaseModel):
    """Une liste, et quand sa source l'a donnée ou confirmée pour la dernière fois."""

    nom: str
    confirme_le: datetime
    entrees: list[Entree]


@dataclass(frozen=True)
class Constat:
    """Quand la source a donné ou confirmé une liste, et pour combien de secondes."""

    le: datetime
    a: float
    validite: float


@dataclass(frozen=True)
class Liste:
    """Liste bien formée, telle que la source l'a donnée."""

    libelles: dict[str, str]  # par code, dans l'ordre de la source
    json: bytes
    etag: str  # le nôtre
    validateur: str | None  # celui de la source
    constat: Constat


@dataclass
class _Suivi:
    """État d'une liste, dans ce pod."""

    nom: str
    source: Source
    disjoncteur: Disjoncteur
    verrou: asyncio.Lock = field(default_factory=asyncio.Lock)
    liste: Liste | None = None
    en_echec: bool = False


class ReferentielIndisponible(Exception):
    """La liste n'a jamais été lue et sa source ne la donne pas ; ``attente`` en secondes."""

    def __init__(self, nom: str, attente: float) -> None:
        super().__init__(nom)
        self.attente = max(1, math.ceil(attente))


class _Refus(Exception):
    """Réponse de la source qui n'est pas une liste ; le message est le résultat compté."""

    def __init__(self, resultat: str, attente: float = 0) -> None:
        super().__init__(resultat)
        self.attente = attente


_BRUTES = TypeAdapter(list[dict[str, Any]])
_ENTREES = TypeAdapter(Annotated[list[Entree], Field(min_length=1)])


def convertir(corps: bytes, source: Source) -> tuple[dict[str, str], bytes]:
    """Libellés par code, et la liste en JSON ; ``ValueError`` si elle est vide, mal formée ou ambiguë."""
    brutes = _BRUTES.validate_json(corps)
    entrees = _ENTREES.validate_python(
        [{"code": brute.get(source.code), "libelle": brute.get(source.libelle)} for brute in brutes]
    )
    libelles = {entree.code: entree.libelle for entree in entrees}
    if len(libelles) < len(entrees):
        raise ValueError("un code figure deux fois")
    return libelles, json.dumps([e.model_dump() for e in entrees], ensure_ascii=False, separators=(",", ":")).encode()


class Referentiels:
    """Listes de la configuration. Tout se passe dans la boucle d'évènements."""

    def __init__(self, configuration: ConfigurationReferentiels, mesures: Mesures) -> None:
        self._fraicheur = configuration.referentiels_fraicheur_secondes
        self._delai = configuration.referentiels_delai_secondes
        self._repos = configuration.referentiels_disjoncteur_secondes
        self._taille_max = configuration.referentiels_taille_max_octets
        self._horloge = _horloge
        self._client = httpx.AsyncClient(**reglages(self._delai))
        self._suivis = {
            nom: _Suivi(nom, source, Disjoncteur(self._repos, self._horloge, seuil=1))
            for nom, source in configuration.referentiels.items()
        }
        self._lectures = mesures.compteur(
            "referentiel_reads", "Lectures des listes de référence à leur source.", ("liste", "resultat")
        )
        self._ages = mesures.jauges(
            "referentiel_age_seconds", "Temps depuis que la source a donné ou confirmé la liste.", ("liste",)
        )

    async def fermer(self) -> None:
        """Rend les connexions."""
        await self._client.aclose()

    def sonder(self) -> str | None:
        """Listes dont la dernière lecture a échoué, sans appel, ou None."""
        en_echec = [suivi.nom for suivi in self._suivis.values() if suivi.en_echec]
        return f"la source ne donne plus : {', '.join(en_echec)}" if en_echec else None

    def age(self, liste: Liste) -> float:
        """Secondes depuis que la source a donné ou confirmé la liste."""
        return self._horloge() - liste.constat.a

    async def lire(self, nom: str) -> Liste:
        """La liste, relue si elle n'est plus fraîche ; ``KeyError`` si la configuration ne la nomme pas."""
        suivi = self._suivis[nom]
        if self._a_lire(suivi) and (suivi.liste is None or not suivi.verrou.locked()):
            async with suivi.verrou:
                # Celui qui tenait le verrou a pu lire la liste, ou échouer : dans les deux cas, pas de second appel.
                if self._a_lire(suivi) and suivi.disjoncteur.attente() <= 0:
                    await self._actualiser(suivi)
        if suivi.liste is None:
            raise ReferentielIndisponible(nom, suivi.disjoncteur.attente())
        return suivi.liste

    def _a_lire(self, suivi: _Suivi) -> bool:
        return suivi.liste is None or self.age(suivi.liste) >= suivi.liste.constat.validite

    async def _actualiser(self, suivi: _Suivi) -> None:
        attente = 0.0
        try:
            async with asyncio.timeout(self._delai):
                suivi.liste, resultat = await self._interroger(suivi)
        except TimeoutError:
            resultat, reussite = "delai", False
        except httpx.HTTPError:
            resultat, reussite = "injoignable", False
        except ValueError:
            resultat, reussite = "malformee", False
        except _Refus as refus:
            resultat, reussite, attente = str(refus), False, refus.attente
        else:
            reussite = True
            self._ages.labels(suivi.nom).set_function(partial(self.age, suivi.liste))
        suivi.en_echec = not reussite
        suivi.disjoncteur.noter(reussite)
        if attente > self._repos:
            suivi.disjoncteur.reporter(attente)
        self._lectures.labels(suivi.nom, resultat).inc()
        if not reussite:
            champs = {"liste": suivi.nom, "resultat": resultat}
            _journal.warning("liste de référence non lue", extra={"champs": champs})

    async def _interroger(self, suivi: _Suivi) -> tuple[Liste, str]:
        """Liste à servir désormais, et le résultat de la lecture."""
        # Sans compression : la borne vaut pour ce qui est reçu comme pour ce qui est gardé.
        entetes = {"Accept": "application/json", "Accept-Encoding": "identity"}
        connue = suivi.liste
        if connue is not None and connue.validateur is not None:
            entetes["If-None-Match"] = connue.validateur
        corps = bytearray()
        async with self._client.stream("GET", suivi.source.url, headers=entetes) as reponse:
            validite = self._validite(reponse.headers.get("Cache-Control", ""))
            constat = Constat(datetime.now(UTC), self._horloge(), validite)
            if reponse.status_code == httpx.codes.NOT_MODIFIED and connue is not None and connue.validateur is not None:
                return replace(connue, constat=constat), "inchangee"
            if reponse.status_code != httpx.codes.OK:
                raise _Refus(f"reponse_{reponse.status_code // 100}xx", attente_demandee(reponse, 0))
            async for morceau in reponse.aiter_raw():
                corps += morceau
                if len(corps) > self._taille_max:
                    raise _Refus("trop_grande")
        libelles, texte = await anyio.to_thread.run_sync(convertir, bytes(corps), suivi.source)
        recu = reponse.headers.get("ETag", "")
        validateur = recu if _ETAG.fullmatch(recu) else None
        etag = f'W/"{hashlib.sha256(texte).hexdigest()[:32]}"'
        return Liste(libelles, texte, etag, validateur, constat), "nouvelle"

    def _validite(self, cache_control: str) -> float:
        """Ce que dit la source, sans dépasser la fraîcheur admise."""
        annonce = _VALIDITE.search(cache_control)
        return min(self._fraicheur, max(_PLANCHER, float(annonce[1] or 0))) if annonce else self._fraicheur


def _connue(etag: str, si_absente: str) -> bool:
    """Vrai si l'appelant a déjà cette liste (comparaison faible, RFC 9110)."""
    recus = {recu.strip().removeprefix("W/") for recu in si_absente.split(",")}
    return "*" in recus or etag.removeprefix("W/") in recus


def _indisponible(_: Request, erreur: Exception) -> ReponseProbleme:
    assert isinstance(erreur, ReferentielIndisponible)
    entetes = {"Retry-After": str(erreur.attente)}
    return probleme(503, f"La liste « {erreur} » n'a pas pu être lue à sa source.", entetes=entetes)


def brancher(assemblage: Assemblage, configuration: ConfigurationReferentiels) -> None:
    """Ajoute la route ; le métier lit une liste par ``requete.app.state.referentiels``. Une source est facultative."""
    referentiels = Referentiels(configuration, assemblage.mesures)
    routeur = APIRouter(
        prefix="/api/referentiels",
        tags=["referentiels"],
        dependencies=[Depends(appelant)],
        responses=reponses(401, 404, 429, 503),
    )

    @routeur.get(
        "/{nom}",
        operation_id="lire_referentiel",
        summary="Liste de référence",
        response_model=Referentiel,
        responses={304: {"description": "L'appelant a déjà cette liste"}},
    )
    async def lire(nom: str, si_absente: Annotated[str, Header(alias="If-None-Match")] = "") -> Response:
        if nom not in configuration.referentiels:
            raise HTTPException(404, "Cette liste de référence n'est pas connue.")
        liste = await referentiels.lire(nom)
        entetes = {
            "ETag": liste.etag,
            "Age": str(int(referentiels.age(liste))),
            "Cache-Control": "private, no-cache",
        }
        if _connue(liste.etag, si_absente):
            return Response(status_code=304, headers=entetes)
        corps = b'{"nom":"%s","confirme_le":"%s","entrees":%s}' % (
            nom.encode(),
            liste.constat.le.isoformat().encode(),
            liste.json,
        )
        return Response(corps, media_type="application/json", headers=entetes)

    assemblage.application.include_router(routeur)
    assemblage.application.add_exception_handler(ReferentielIndisponible, _indisponible)
    assemblage.application.state.referentiels = referentiels
    if configuration.referentiels:
        assemblage.facultatives["referentiels"] = referentiels.sonder
    assemblage.fermetures_asynchrones.append(referentiels.fermer)
