"""Passerelle d'essai : un vrai serveur HTTP local dont les réponses sont écrites par chaque essai."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest

from tests.montage_local import Reponse, servir

REUSSITE = {
    "choices": [{"message": {"content": "Un résumé."}}],
    "usage": {"prompt_tokens": 40, "completion_tokens": 7},
}


@dataclass
class PasserelleEssai:
    """Réponses à rendre, dans l'ordre, et requêtes reçues."""

    adresse: str = ""
    reponses: list[tuple[int, Any, dict[str, str]]] = field(default_factory=list)
    recues: list[tuple[str, str, dict[str, Any]]] = field(default_factory=list)
    avant_de_repondre: Callable[[], object] = lambda: None
    pause: float = 0.0  # secondes après chaque cinquantaine d'octets ; 0 : d'une traite


@pytest.fixture
def passerelle_essai() -> Iterator[PasserelleEssai]:
    """Passerelle démarrée."""
    etat = PasserelleEssai()

    class Passerelle(Reponse):
        def do_POST(self) -> None:
            requete = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            etat.recues.append((self.path, self.headers["Authorization"], requete))
            statut, contenu, entetes = etat.reponses.pop(0)
            etat.avant_de_repondre()
            corps = contenu.encode() if isinstance(contenu, str) else json.dumps(contenu).encode()
            self.send_response(statut)
            for nom, valeur in (entetes | {"Content-Length": str(len(corps))}).items():
                self.send_header(nom, valeur)
            self.end_headers()
            self.debiter(corps, 50, etat.pause)

    with servir(Passerelle) as adresse:
        etat.adresse = f"{adresse}/v1"
        yield etat


@pytest.fixture
def reglages_ia(passerelle_essai: PasserelleEssai, monkeypatch: pytest.MonkeyPatch) -> None:
    """L'application appelle la passerelle d'essai."""
    monkeypatch.setenv("OPENAI_BASE_URL", passerelle_essai.adresse)
    monkeypatch.setenv("OPENAI_API_KEY", "jeton-d-essai")
    monkeypatch.setenv("LLM_MODEL", "modele-essai")
