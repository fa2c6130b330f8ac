"""Une requête commencée avant SIGTERM est menée à son terme."""

import json
import signal
import time

from tests.montage_serveur import Processus
from tests.saisies import SAISIE


def test_la_requete_en_cours_aboutit(processus: Processus, entetes: dict[str, str]) -> None:
    corps = json.dumps(SAISIE).encode()
    tete = {"Host": "essai", "Content-Type": "application/json", "Content-Length": str(len(corps)), **entetes}
    debut = "POST /api/demandes HTTP/1.1\r\n" + "".join(f"{nom}: {valeur}\r\n" for nom, valeur in tete.items())
    with processus.connecter() as connexion:
        connexion.sendall(debut.encode() + b"\r\n" + corps[:5])
        time.sleep(0.5)
        processus.execution.send_signal(signal.SIGTERM)
        time.sleep(0.5)
        connexion.sendall(corps[5:])
        reponse = connexion.recv(65536)
    assert reponse.startswith(b"HTTP/1.1 201")
    processus.execution.communicate(timeout=20)
