"""Disjoncteur : un service en panne n'est pas rappelé sans fin, et revient en service par un seul appel."""

from app.disjoncteur import Disjoncteur
from tests.montage_local import Horloge


def test_disjoncteur_ouvre_au_cinquieme_echec_de_suite() -> None:
    disjoncteur = Disjoncteur(30, Horloge())
    for reussite in (False, False, False, False, True, False, False, False, False):
        disjoncteur.noter(reussite)
        assert disjoncteur.attente() == 0
        assert disjoncteur.sonder() is None
    disjoncteur.noter(reussite=False)
    assert disjoncteur.attente() == 30
    assert disjoncteur.sonder() == "les appels sont suspendus"


def test_disjoncteur_laisse_passer_un_seul_appel_pour_voir() -> None:
    horloge = Horloge()
    disjoncteur = Disjoncteur(30, horloge)
    for _ in range(5):
        disjoncteur.noter(reussite=False)
    horloge.instant += 30
    assert [disjoncteur.attente(), disjoncteur.attente()] == [0, 30]
    disjoncteur.noter(reussite=False)
    assert disjoncteur.attente() == 30
    horloge.instant += 30
    assert disjoncteur.attente() == 0
    disjoncteur.noter(reussite=True)
    assert [disjoncteur.attente(), disjoncteur.attente()] == [0, 0]


def test_disjoncteur_reporte_quand_le_service_le_demande() -> None:
    horloge = Horloge()
    disjoncteur = Disjoncteur(30, horloge)
    disjoncteur.reporter(7)
    assert disjoncteur.attente() == 7
    horloge.instant += 6.5
    assert disjoncteur.attente() == 0.5
    horloge.instant += 0.5
    assert disjoncteur.sonder() is None
    assert disjoncteur.attente() == 0


def test_disjoncteur_plus_sensible() -> None:
    disjoncteur = Disjoncteur(30, Horloge(), seuil=1)
    assert disjoncteur.attente() == 0
    disjoncteur.noter(reussite=False)
    assert disjoncteur.attente() == 30
