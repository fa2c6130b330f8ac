"""Le vrai serveur, dans son propre processus, comme dans le conteneur."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass

import pytest


@dataclass
class Processus:
    """Serveur lancé par ``python -m app``."""

    execution: subprocess.Popen[str]
    port: int

    def connecter(self) -> socket.socket:
        """Connexion au serveur, dès qu'il écoute."""
        fin = time.monotonic() + 20
        while True:
            try:
                return socket.create_connection(("127.0.0.1", self.port), timeout=10)
            except ConnectionRefusedError:
                assert time.monotonic() < fin, "le serveur n'écoute pas"
                assert self.execution.poll() is None, "le serveur s'est arrêté"
                time.sleep(0.05)

    def arreter(self) -> str:
        """SIGTERM, puis les journaux."""
        self.execution.send_signal(signal.SIGTERM)
        return self.execution.communicate(timeout=20)[0]


@pytest.fixture
def processus(reglages: None) -> Iterator[Processus]:
    """Serveur lancé sur un port libre."""
    with socket.socket() as reserve:
        reserve.bind(("127.0.0.1", 0))
        port = reserve.getsockname()[1]
    environnement = os.environ | {"HOTE": "127.0.0.1", "PORT": str(port), "ARRET_SECONDES": "10"}
    execution = subprocess.Popen(
        [sys.executable, "-m", "app"], env=environnement, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    yield Processus(execution, port)
    execution.kill()
    execution.communicate()
