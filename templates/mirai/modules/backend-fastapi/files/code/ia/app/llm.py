"""Client de la passerelle de modèles de langage du ministère (interface de complétion de conversation).

Adresse, modèle et jeton viennent de la configuration. Les jetons consommés sont comptés : c'est l'inducteur de
coût (EXI-G-8). La passerelle bloque les données personnelles : ce refus est distingué des autres.
"""

import re
import ssl
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import httpx2 as httpx
from pydantic import SecretStr
from pydantic_settings import BaseSettings

from app.mesures import Mesures

_ATTENTE_MAX = 5.0  # au-delà, mieux vaut rendre la main à l'appelant
_DONNEE_PERSONNELLE = re.compile(r"pii detected: ?([a-z_]{1,30})")


class ConfigurationLlm(BaseSettings):
    """Variables de la passerelle."""

    openai_base_url: str
    openai_api_key: SecretStr
    llm_model: str
    llm_delai_secondes: float = 30


class PasserelleIndisponible(Exception):
    """Panne, quota ou réponse illisible ; ``attente`` en secondes si la passerelle l'a dite."""

    def __init__(self, raison: str, attente: int = 10) -> None:
        super().__init__(raison)
        self.attente = attente


class DonneePersonnelleRefusee(Exception):
    """La passerelle a vu une donnée personnelle ; le message est son genre, jamais sa valeur."""


@dataclass(frozen=True)
class Completion:
    """Réponse du modèle et ce qu'elle a coûté."""

    texte: str
    jetons_question: int
    jetons_reponse: int


class Passerelle:
    """Client de la passerelle."""

    def __init__(
        self, configuration: ConfigurationLlm, mesures: Mesures, dormir: Callable[[float], None] = time.sleep
    ) -> None:
        self._modele = configuration.llm_model
        self._dormir = dormir
        self._client = httpx.Client(
            base_url=configuration.openai_base_url,
            headers={"Authorization": f"Bearer {configuration.openai_api_key.get_secret_value()}"},
            timeout=configuration.llm_delai_secondes,
            verify=ssl.create_default_context(),
        )
        self._jetons = mesures.compteur("llm_tokens", "Jetons consommés, inducteur de coût.", ("type", "modele"))
        self._appels = mesures.compteur("llm_requests", "Appels à la passerelle, par résultat.", ("resultat",))

    def fermer(self) -> None:
        """Rend les connexions."""
        self._client.close()

    def completer(self, consigne: str, texte: str) -> Completion:
        """Une question, une réponse. Un quota dépassé pour peu de temps est réessayé une fois, pas plus."""
        corps = {
            "model": self._modele,
            "messages": [{"role": "system", "content": consigne}, {"role": "user", "content": texte}],
        }
        reponse = self._envoyer(corps)
        if reponse.status_code == httpx.codes.TOO_MANY_REQUESTS:
            attente = _attente(reponse)
            if attente > _ATTENTE_MAX:
                raise self._echec("quota", attente)
            self._dormir(attente)
            reponse = self._envoyer(corps)
        if reponse.status_code == httpx.codes.TOO_MANY_REQUESTS:
            raise self._echec("quota", _attente(reponse))
        if reponse.status_code == httpx.codes.BAD_REQUEST:
            genre = _DONNEE_PERSONNELLE.search(reponse.text)
            if genre is not None:
                self._appels.labels("donnee_personnelle").inc()
                raise DonneePersonnelleRefusee(genre[1])
        if not reponse.is_success:
            raise self._echec(f"reponse_{reponse.status_code // 100}xx")
        return self._lire(reponse)

    def _envoyer(self, corps: dict[str, Any]) -> httpx.Response:
        try:
            return self._client.post("chat/completions", json=corps)
        except httpx.HTTPError as erreur:
            raise self._echec("injoignable") from erreur

    def _echec(self, resultat: str, attente: float = 10) -> PasserelleIndisponible:
        self._appels.labels(resultat).inc()
        return PasserelleIndisponible(resultat, max(1, round(attente)))

    def _lire(self, reponse: httpx.Response) -> Completion:
        try:
            contenu = reponse.json()
            usage = contenu["usage"]
            completion = Completion(
                str(contenu["choices"][0]["message"]["content"]),
                int(usage["prompt_tokens"]),
                int(usage["completion_tokens"]),
            )
        except (ValueError, KeyError, IndexError, TypeError) as erreur:
            raise self._echec("illisible") from erreur
        self._appels.labels("reussi").inc()
        self._jetons.labels("prompt", self._modele).inc(completion.jetons_question)
        self._jetons.labels("completion", self._modele).inc(completion.jetons_reponse)
        return completion


def _attente(reponse: httpx.Response) -> float:
    """``Retry-After`` en secondes ; une date ou une valeur absurde vaut une minute."""
    valeur = reponse.headers.get("Retry-After", "")
    return float(min(int(valeur), 3600)) if valeur.isdecimal() else 60.0
