"""Débit par appelant : un seau de jetons, en mémoire de ce pod. Un appelant pressé ne gêne que lui."""

import threading
import time
from collections import OrderedDict
from collections.abc import Callable

_APPELANTS_MAX = 10_000  # au-delà, les plus anciens sont oubliés : leur seau est de toute façon plein


class Debit:
    """Laisse passer dix secondes de débit d'un coup, puis le débit."""

    def __init__(self, par_minute: int, horloge: Callable[[], float] = time.monotonic) -> None:
        self._par_seconde = par_minute / 60
        self._contenance = max(1.0, par_minute / 6)
        self._horloge = horloge
        self._verrou = threading.Lock()
        self._seaux: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def attente(self, appelant: str) -> float:
        """Secondes à attendre avant la prochaine requête ; 0 : celle-ci passe, et elle est comptée."""
        maintenant = self._horloge()
        with self._verrou:
            reste, vu = self._seaux.pop(appelant, (self._contenance, maintenant))
            reste = min(self._contenance, reste + (maintenant - vu) * self._par_seconde)
            passe = reste >= 1
            self._seaux[appelant] = (reste - 1 if passe else reste, maintenant)
            if len(self._seaux) > _APPELANTS_MAX:
                self._seaux.popitem(last=False)
        return 0.0 if passe else (1 - reste) / self._par_seconde
