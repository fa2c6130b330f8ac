"""Lecture des réponses de la passerelle, entières ou en flux."""

import json
from dataclasses import dataclass


@dataclass(frozen=True)
class Completion:
    """Réponse du modèle et ce qu'elle a coûté."""

    texte: str
    jetons_question: int
    jetons_reponse: int


@dataclass(frozen=True)
class Morceau:
    """Partie d'une réponse en flux ; le compte des jetons n'est que dans la dernière."""

    texte: str = ""
    jetons_question: int = 0
    jetons_reponse: int = 0

    def suivi_de(self, autre: "Morceau") -> "Morceau":
        """Bilan : un jeton par morceau de texte, jusqu'à ce que la passerelle donne son compte."""
        if autre.jetons_reponse:
            return autre
        return Morceau("", self.jetons_question, self.jetons_reponse + (1 if autre.texte else 0))


def lire_completion(corps: bytes) -> Completion:
    """Réponse entière ; une exception de lecture si elle n'a pas la forme attendue."""
    contenu = json.loads(corps)
    usage = contenu["usage"]
    return Completion(
        str(contenu["choices"][0]["message"]["content"]), int(usage["prompt_tokens"]), int(usage["completion_tokens"])
    )


def lire_morceau(ligne: str) -> Morceau:
    """Ligne d'un flux d'évènements ; ce qui n'est pas une donnée est un morceau vide."""
    donnee = ligne.removeprefix("data:").strip()
    if not ligne.startswith("data:") or donnee == "[DONE]":
        return Morceau()
    contenu = json.loads(donnee)
    usage = contenu.get("usage") or {}
    choix = contenu.get("choices") or [{}]
    return Morceau(
        str(choix[0].get("delta", {}).get("content") or ""),
        int(usage.get("prompt_tokens", 0)),
        int(usage.get("completion_tokens", 0)),
    )
