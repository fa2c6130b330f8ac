"""Processus du poste : démarrés dans l'ordre, arrêtés dans l'ordre inverse, aucun ne survit."""

import contextlib
import ctypes
import os
import signal
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol
from urllib.error import HTTPError, URLError
from urllib.request import urlopen

from poste.reglages import ETAT, Arret

_PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None) if sys.platform == "linux" else None


@dataclass
class Service:
    """Un processus : sa commande, son environnement, et comment savoir qu'il répond."""

    nom: str
    commande: list[str]
    dossier: Path
    environnement: dict[str, str] = field(default_factory=dict)
    sonde: str = ""  # adresse qui répond 200 quand le service est prêt
    demande_d_arret: signal.Signals = signal.SIGTERM
    delai: float = 15  # secondes laissées à l'arrêt
    compte: dict[str, Any] = field(default_factory=dict)
    processus: subprocess.Popen[bytes] | None = None

    @property
    def journal(self) -> Path:
        """Fichier où vont ses sorties."""
        return ETAT / "journaux" / f"{self.nom}.log"

    def demarrer(self) -> None:
        """Lance le processus dans son propre groupe : le Ctrl-C du terminal ne va qu'au superviseur."""

        def avant() -> None:
            # Superviseur tué net : le noyau transmet l'arrêt, aucun processus ne reste.
            if _libc is not None:
                _libc.prctl(_PR_SET_PDEATHSIG, int(self.demande_d_arret))

        self.journal.parent.mkdir(exist_ok=True)
        with self.journal.open("ab") as sortie:
            self.processus = subprocess.Popen(
                self.commande,
                cwd=self.dossier,
                env=os.environ | self.environnement,
                stdin=subprocess.DEVNULL,
                stdout=sortie,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                preexec_fn=avant,
                **self.compte,
            )

    def vivant(self) -> bool:
        """Vrai tant que le processus tourne."""
        return self.processus is not None and self.processus.poll() is None

    def attendre(self, secondes: float) -> None:
        """Attend qu'il réponde ; ``Arret`` avec la fin de son journal sinon."""
        fin = time.monotonic() + secondes
        while self.sonde and not repond(self.sonde):
            if not self.vivant():
                raise Arret(f"{self.nom} s'est arrêté :\n{self.fin_du_journal()}")
            if time.monotonic() > fin:
                raise Arret(f"{self.nom} ne répond pas ({self.sonde}) :\n{self.fin_du_journal()}")
            time.sleep(0.1)

    def fin_du_journal(self) -> str:
        """Dernières lignes écrites."""
        lignes = self.journal.read_text(encoding="utf-8", errors="replace").splitlines() if self.journal.exists() else []
        return "\n".join(f"  {ligne[:400]}" for ligne in lignes[-8:]) + f"\n(tout est dans {self.journal})"

    def arreter(self) -> bool:
        """Demande l'arrêt, l'attend, puis l'impose ; vrai si la demande a suffi."""
        if self.processus is None:
            return True
        propre = True
        if self.vivant():
            self.processus.send_signal(self.demande_d_arret)
            try:
                self.processus.wait(self.delai)
            except subprocess.TimeoutExpired:
                propre = False
        # Ce qui reste de son groupe part avec lui.
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self.processus.pid, signal.SIGKILL)
        self.processus.wait()
        return propre


def repond(adresse: str) -> bool:
    """Vrai si l'adresse répond 200."""
    try:
        with urlopen(adresse, timeout=5) as reponse:
            return bool(reponse.status == 200)
    except (HTTPError, URLError, OSError):
        return False


class Demandes:
    """Signaux reçus, traités entre deux tours : jamais au milieu d'un démarrage."""

    def __init__(self) -> None:
        self.arret = 0
        self.redemarrer: list[str] = []
        for numero in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(numero, self._arreter)
        signal.signal(signal.SIGUSR1, lambda *_: self.redemarrer.append("base"))
        signal.signal(signal.SIGUSR2, lambda *_: self.redemarrer.append("application"))

    def _arreter(self, *_: object) -> None:
        self.arret += 1
        if self.arret == 1:
            raise KeyboardInterrupt


class Surveillance:
    """Dit si des sources ont changé depuis le dernier regard."""

    def __init__(self, *dossiers: Path) -> None:
        self._dossiers = dossiers
        self._vu = self._etat()

    def _etat(self) -> dict[str, int]:
        vu = {}
        for dossier in self._dossiers:
            for fichier in dossier.rglob("*"):
                if fichier.suffix in (".py", ".sql", ".json"):
                    try:
                        vu[str(fichier)] = fichier.stat().st_mtime_ns
                    except FileNotFoundError:
                        continue
        return vu

    def change(self) -> bool:
        """Vrai une fois par changement."""
        avant, self._vu = self._vu, self._etat()
        return avant != self._vu


class Relances(Protocol):
    """Ce que la veille fait faire."""

    def relancer(self, nom: str, change: bool) -> None:
        """Redémarre un service."""

    def constater(self, service: Service) -> None:
        """Dit qu'un service est tombé."""


def veiller(services: list[Service], demandes: Demandes, surveillance: Surveillance, relances: Relances) -> None:
    """Tourne jusqu'à l'arrêt ; ``Arret`` si un service dont les autres dépendent tombe."""
    constate = False
    while True:
        time.sleep(0.5)
        while demandes.redemarrer:
            relances.relancer(demandes.redemarrer.pop(0), False)
            constate = False
        if surveillance.change():
            relances.relancer("application", True)
            constate = False
        for service in services:
            if service.vivant():
                continue
            if service.nom != "application":
                raise Arret(f"{service.nom} s'est arrêté :\n{service.fin_du_journal()}")
            if not constate:
                constate = True
                relances.constater(service)
