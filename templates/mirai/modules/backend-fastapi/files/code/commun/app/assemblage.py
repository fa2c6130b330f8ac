"""Ce que chaque partie de l'application reçoit pour se brancher."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from fastapi import FastAPI

from app.mesures import Mesures

# Rend la raison pour laquelle la dépendance n'est pas utilisable, ou None.
Sonde = Callable[[], str | None]


@dataclass
class Assemblage:
    """Application en construction."""

    application: FastAPI
    mesures: Mesures
    sondes: dict[str, Sonde] = field(default_factory=dict)  # en panne : pas prêt
    facultatives: dict[str, Sonde] = field(default_factory=dict)  # en panne : prêt, mais dégradé
    ouvertures: list[Callable[[], None]] = field(default_factory=list)
    fermetures: list[Callable[[], None]] = field(default_factory=list)
    fermetures_asynchrones: list[Callable[[], Awaitable[None]]] = field(default_factory=list)
