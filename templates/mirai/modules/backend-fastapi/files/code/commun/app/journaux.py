"""Journaux : une ligne JSON par évènement sur la sortie standard, sans donnée personnelle.

Le message d'une exception n'est jamais écrit : celui d'une contrainte PostgreSQL, par exemple, contient la
ligne entière. Le type, le code d'état SQL et les emplacements suffisent à retrouver la cause.
"""

import json
import logging
import sys
import traceback
from contextvars import ContextVar
from datetime import UTC, datetime
from types import TracebackType

correlation: ContextVar[str] = ContextVar("correlation", default="-")

ExcInfo = tuple[type[BaseException], BaseException, TracebackType | None]


def decrire(erreur: BaseException) -> dict[str, object]:
    """Ce qu'un journal peut dire d'une exception sans révéler les valeurs traitées."""
    description: dict[str, object] = {
        "type": f"{type(erreur).__module__}.{type(erreur).__qualname__}",
        "pile": [f"{c.filename}:{c.lineno} {c.name}" for c in traceback.extract_tb(erreur.__traceback__)],
    }
    etat = getattr(erreur, "sqlstate", None)
    if etat is not None:
        description["sqlstate"] = etat
    return description


class FormatJson(logging.Formatter):
    """Met un enregistrement en JSON ; ``extra={"champs": {...}}`` s'ajoute à la ligne."""

    def format(self, record: logging.LogRecord) -> str:
        """Rend la ligne."""
        ligne: dict[str, object] = {
            "horodatage": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "niveau": record.levelname,
            "source": record.name,
            "message": record.getMessage(),
            "correlation": correlation.get(),
        }
        champs: dict[str, object] = getattr(record, "champs", {})
        ligne.update(champs)
        if record.exc_info is not None and record.exc_info[1] is not None:
            ligne["erreur"] = decrire(record.exc_info[1])
        return json.dumps(ligne, ensure_ascii=False, default=str)


def installer(niveau: str) -> None:
    """Remplace toute sortie de journal par la nôtre, y compris celle d'uvicorn."""
    sortie = logging.StreamHandler(sys.stdout)
    sortie.setFormatter(FormatJson())
    logging.basicConfig(level=niveau, handlers=[sortie], force=True)
    # Ces bibliothèques écrivent des adresses complètes : rien en dessous de l'avertissement.
    for nom in ("httpx2", "httpcore2"):
        logging.getLogger(nom).setLevel(logging.WARNING)
