"""Mesures Prometheus. Les étiquettes ont peu de valeurs : jamais d'identifiant ni de saisie."""

from collections.abc import Callable

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_LATEST

TYPE_DE_CONTENU = CONTENT_TYPE_LATEST


class Mesures:
    """Registre d'une application ; chaque partie y ajoute ses compteurs par :meth:`compteur`."""

    def __init__(self, version: str) -> None:
        self.registre = CollectorRegistry()
        ProcessCollector(registry=self.registre)
        self.duree = Histogram(
            "http_request_duration_seconds",
            "Durée des requêtes HTTP, par route.",
            ("method", "route", "status"),
            buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10),
            registry=self.registre,
        )
        self.en_cours = Gauge("http_requests_in_progress", "Requêtes HTTP en cours.", registry=self.registre)
        Gauge("app_info", "Version en service.", ("version",), registry=self.registre).labels(version).set(1)

    def compteur(self, nom: str, aide: str, etiquettes: tuple[str, ...]) -> Counter:
        """Crée un compteur métier dans le registre de l'application."""
        return Counter(nom, aide, etiquettes, registry=self.registre)

    def histogramme(self, nom: str, aide: str, etiquettes: tuple[str, ...], bornes: tuple[float, ...]) -> Histogram:
        """Crée une répartition dans le registre de l'application."""
        return Histogram(nom, aide, etiquettes, buckets=bornes, registry=self.registre)

    def jauge(self, nom: str, aide: str, lire: Callable[[], float]) -> None:
        """Crée une jauge lue au moment où elle est demandée."""
        Gauge(nom, aide, registry=self.registre).set_function(lire)

    def jauges(self, nom: str, aide: str, etiquettes: tuple[str, ...]) -> Gauge:
        """Crée une jauge étiquetée ; chaque valeur est à lier à sa lecture par ``labels(…).set_function(…)``."""
        return Gauge(nom, aide, etiquettes, registry=self.registre)

    def exposer(self) -> bytes:
        """Texte au format d'exposition de Prometheus."""
        return generate_latest(self.registre)
