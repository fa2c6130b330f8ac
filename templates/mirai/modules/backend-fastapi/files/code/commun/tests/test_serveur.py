"""Le processus : il écoute, répond, journalise en JSON et s'arrête proprement sur SIGTERM."""

import json
import signal

from tests.montage_serveur import Processus


def test_sert_puis_s_arrete(processus: Processus) -> None:
    with processus.connecter() as connexion:
        connexion.sendall(b"GET /inconnu HTTP/1.1\r\nHost: essai\r\nConnection: close\r\n\r\n")
        reponse = b"".join(iter(lambda: connexion.recv(65536), b""))
    assert reponse.startswith(b"HTTP/1.1 404")
    lignes = [json.loads(ligne) for ligne in processus.arreter().splitlines()]
    assert processus.execution.returncode in (0, -signal.SIGTERM)
    assert [li["statut"] for li in lignes if li["source"] == "app.requetes"] == [404]
    assert {"horodatage", "niveau", "message", "correlation"} <= lignes[0].keys()
