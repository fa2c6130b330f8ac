"""Client de la passerelle de modèles de langage du ministère (interface de complétion de conversation).

Adresse, modèle et jeton viennent de la configuration. Les jetons consommés sont comptés par transaction : c'est
l'inducteur de coût (EXI-G-8). La passerelle bloque les données personnelles : ce refus est distingué des autres.
Une panne ne doit ni faire attendre sans fin, ni tout occuper, ni multiplier les appels : délai total, nombre d'appels
simultanés borné, disjoncteur, et une seule reprise, quand la passerelle l'a demandée pour bientôt.
"""

import asyncio
import re
from collections.abc import AsyncGenerator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import anyio
import httpx2 as httpx
from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings

from app.appels import attente_demandee, reglages
from app.budget import Budget
from app.disjoncteur import Disjoncteur
from app.lecture_llm import Completion, Morceau, lire_completion, lire_morceau
from app.mesures import Mesures

_ATTENTE_MAX = 5.0  # au-delà, mieux vaut rendre la main à l'appelant
_dormir = asyncio.sleep
_DONNEE_PERSONNELLE = re.compile(r"pii detected: ?([a-z_]{1,30})")


class ConfigurationLlm(BaseSettings):
    """Variables de la passerelle."""

    openai_base_url: str
    openai_api_key: SecretStr
    llm_model: str
    llm_delai_secondes: float = Field(default=30, gt=0)  # du premier octet demandé au dernier reçu
    llm_simultanes: int = Field(default=8, ge=1)  # par pod ; les autres sont refusés tout de suite
    llm_jetons_par_jour: int = Field(default=200_000, ge=1)  # par appelant
    llm_disjoncteur_secondes: float = Field(default=30, gt=0)


class PasserelleIndisponible(Exception):
    """Panne, quota ou réponse illisible ; ``attente`` en secondes, telle que la passerelle ou le disjoncteur la dit."""

    def __init__(self, raison: str, attente: float) -> None:
        super().__init__(raison)
        self.attente = max(1, round(attente))


class DonneePersonnelleRefusee(Exception):
    """La passerelle a vu une donnée personnelle ; le message est son genre, jamais sa valeur."""


@dataclass(frozen=True)
class Question:
    """Ce qui est demandé au modèle, pour quelle opération, et par qui (jamais dans une étiquette)."""

    operation: str
    appelant: str
    consigne: str
    texte: str


class Passerelle:
    """Client de la passerelle."""

    def __init__(self, configuration: ConfigurationLlm, mesures: Mesures, budget: Budget) -> None:
        self._modele = configuration.llm_model
        self._delai = configuration.llm_delai_secondes
        self._client = httpx.AsyncClient(
            base_url=configuration.openai_base_url,
            headers={"Authorization": f"Bearer {configuration.openai_api_key.get_secret_value()}"},
            **reglages(configuration.llm_delai_secondes),
        )
        self._places = asyncio.Semaphore(configuration.llm_simultanes)
        self._budget = budget
        self.disjoncteur = Disjoncteur(configuration.llm_disjoncteur_secondes)
        self._jetons = mesures.compteur("llm_tokens", "Jetons consommés, inducteur de coût.", ("type", "modele"))
        self._appels = mesures.compteur("llm_requests", "Appels à la passerelle, par résultat.", ("resultat",))
        self._transactions = mesures.histogramme(
            "llm_transaction_tokens", "Jetons d'une transaction.", ("operation",), (100, 300, 1000, 3000, 10000, 30000)
        )
        mesures.jauge("llm_daily_users", "Appelants du jour, sur ce pod.", self._budget.appelants)

    async def fermer(self) -> None:
        """Rend les connexions."""
        await self._client.aclose()

    async def completer(self, question: Question) -> Completion:
        """Une question, une réponse."""
        await self._admettre(question)
        async with self._places:
            with self._traduire():
                async with asyncio.timeout(self._delai):
                    reponse = await self._demander(question, flux=False)
                    completion = lire_completion(await reponse.aread())
            await self._compter(question, completion.jetons_question, completion.jetons_reponse)
        return completion

    async def diffuser(self, question: Question) -> AsyncGenerator[str]:
        """La réponse, morceau par morceau, dans le même délai total."""
        await self._admettre(question)
        echeance = asyncio.get_running_loop().time() + self._delai
        bilan = Morceau()
        async with self._places:
            try:
                with self._traduire():
                    async with asyncio.timeout_at(echeance):
                        reponse = await self._demander(question, flux=True)
                    lignes = reponse.aiter_lines()
                    try:
                        while True:
                            async with asyncio.timeout_at(echeance):
                                ligne = await anext(lignes, None)
                            if ligne is None:
                                break
                            morceau = lire_morceau(ligne)
                            bilan = bilan.suivi_de(morceau)
                            if morceau.texte:
                                yield morceau.texte
                    finally:
                        await reponse.aclose()
            finally:
                # Même interrompue, la réponse a coûté : à défaut du compte de la passerelle, un jeton par morceau.
                if bilan.jetons_reponse:
                    with anyio.CancelScope(shield=True):
                        await self._compter(question, bilan.jetons_question, bilan.jetons_reponse)

    async def _admettre(self, question: Question) -> None:
        await self._budget.verifier(question.appelant)
        # Plus aucune attente d'ici la prise de la place : deux appels ne voient pas libre la même.
        attente = self.disjoncteur.attente()
        if attente > 0:
            raise self._echec("suspendu", attente)
        if self._places.locked():
            raise self._echec("surcharge", 1)

    async def _demander(self, question: Question, *, flux: bool) -> httpx.Response:
        """Réponse commencée ; un quota dépassé pour peu de temps est réessayé une fois, pas plus."""
        corps: dict[str, object] = {
            "model": self._modele,
            "messages": [
                {"role": "system", "content": question.consigne},
                {"role": "user", "content": question.texte},
            ],
        }
        if flux:
            corps |= {"stream": True, "stream_options": {"include_usage": True}}
        reponse = await self._envoyer(corps)
        if reponse.status_code == httpx.codes.TOO_MANY_REQUESTS and attente_demandee(reponse) <= _ATTENTE_MAX:
            await reponse.aclose()
            await _dormir(attente_demandee(reponse))
            reponse = await self._envoyer(corps)
        if reponse.is_success:
            return reponse
        texte = (await reponse.aread()).decode(errors="replace")
        if reponse.status_code == httpx.codes.TOO_MANY_REQUESTS:
            self.disjoncteur.reporter(attente_demandee(reponse))
            raise self._echec("quota", attente_demandee(reponse))
        genre = _DONNEE_PERSONNELLE.search(texte)
        if reponse.status_code == httpx.codes.BAD_REQUEST and genre is not None:
            self._noter("donnee_personnelle", reussite=True)  # la passerelle va bien : c'est la saisie qui est en cause
            raise DonneePersonnelleRefusee(genre[1])
        self.disjoncteur.noter(reussite=False)
        raise self._echec(f"reponse_{reponse.status_code // 100}xx")

    async def _envoyer(self, corps: dict[str, object]) -> httpx.Response:
        requete = self._client.build_request("POST", "chat/completions", json=corps)
        return await self._client.send(requete, stream=True)

    @contextmanager
    def _traduire(self) -> Iterator[None]:
        """Chaque panne devient la même exception, comptée sous son nom, et vue du disjoncteur."""
        try:
            yield
        except TimeoutError as erreur:
            self.disjoncteur.noter(reussite=False)
            raise self._echec("delai") from erreur
        except httpx.HTTPError as erreur:
            self.disjoncteur.noter(reussite=False)
            raise self._echec("injoignable") from erreur
        except (ValueError, KeyError, IndexError, TypeError) as erreur:
            self.disjoncteur.noter(reussite=False)
            raise self._echec("illisible") from erreur
        else:
            self._noter("reussi", reussite=True)

    def _noter(self, resultat: str, *, reussite: bool) -> None:
        self._appels.labels(resultat).inc()
        self.disjoncteur.noter(reussite)

    def _echec(self, resultat: str, attente: float = 10) -> PasserelleIndisponible:
        self._appels.labels(resultat).inc()
        return PasserelleIndisponible(resultat, attente)

    async def _compter(self, question: Question, jetons_question: int, jetons_reponse: int) -> None:
        self._jetons.labels("prompt", self._modele).inc(jetons_question)
        self._jetons.labels("completion", self._modele).inc(jetons_reponse)
        self._transactions.labels(question.operation).observe(jetons_question + jetons_reponse)
        await self._budget.noter(question.appelant, jetons_question + jetons_reponse)
