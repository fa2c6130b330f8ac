"""``make dev`` : l'application et tout ce dont elle dépend, sur ce poste, en une commande. Ctrl-C arrête tout.

Bibliothèque standard seulement : ce programme installe le reste. Voir ``LISEZ-MOI.md``.
"""

import contextlib
import fcntl
import functools
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass

from poste import conteneurs, essais, installations, services
from poste.reglages import BACKEND, DONNEES, ETAT, PYTHON, Arret, Projet, charger, dire, ports_libres
from poste.superviseur import Demandes, Service, Surveillance, veiller

VERROU = ETAT / "superviseur.pid"


@contextlib.contextmanager
def seul() -> Iterator[None]:
    """Un seul superviseur par projet ; son numéro est dans le fichier du verrou."""
    with VERROU.open("a+") as verrou:
        try:
            fcntl.flock(verrou, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as erreur:
            verrou.seek(0)
            raise Arret(f"« make dev » tourne déjà (processus {verrou.read().strip()}) : arrêtez-le par Ctrl-C dans son terminal") from erreur
        verrou.truncate(0)
        verrou.write(str(os.getpid()))
        verrou.flush()
        yield


def superviseur() -> int | None:
    """Numéro du superviseur qui tourne, ou None."""
    if not VERROU.exists():
        return None
    with VERROU.open() as verrou:
        try:
            fcntl.flock(verrou, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return int(verrou.read())
        return None


def preparer_base(projet: Projet) -> None:
    """Rôles et base, comme la plateforme ; puis les migrations, comme le Job de déploiement."""
    reglages = {"id": projet.id, "port": projet.ports["base"], "scripts": str(DONNEES / "sql")} | projet.secrets
    programme = [str(PYTHON), "-m", "poste.preparer_base"]
    environnement = os.environ | {"PREPARATION": json.dumps(reglages)}
    fait = subprocess.run(programme, cwd=ETAT.parent, env=environnement, check=False, capture_output=True, text=True)
    if fait.returncode != 0:
        raise Arret(f"la base n'a pas pu être préparée :\n{fait.stderr.strip()[-1500:]}")
    migrer(projet)


def migrer(projet: Projet) -> None:
    """Migrations, sous le rôle propriétaire."""
    environnement = os.environ | services.base(projet, "owner")
    fait = subprocess.run([str(PYTHON), "-m", "app.migrer"], cwd=BACKEND, env=environnement, check=False, capture_output=True, text=True)
    if fait.returncode != 0:
        raise Arret(f"les migrations ont échoué (« make dev-propre » repart d'une base vide) :\n{(fait.stdout + fait.stderr).strip()[-1500:]}")


def presenter(projet: Projet, debut: float) -> None:
    """Adresses, jeton, et premiers gestes."""
    api = projet.adresse("application")
    lignes = [
        ("page pour essayer", f"{projet.adresse('portail')}/"),
        ("API", f"{api}/api (description : {api}/api/openapi.json)"),
        ("disponibilité, mesures", f"{api}/health/ready, {api}/metrics"),
    ]
    if projet.bdd:
        lignes.append(("PostgreSQL", f"127.0.0.1:{projet.ports['base']}, base {projet.id} (mots de passe : dev/.etat/secrets.json)"))
        lignes.append(("S3 (doublure)", f"{projet.adresse('stockage')}, compartiment {projet.id}-dev"))
    if projet.oidc:
        lignes.append(("identité (doublure)", projet.adresse("identite")))
    if projet.ia:
        lignes.append(("passerelle LLM (doublure)", f"{projet.adresse('passerelle')}/v1"))
    lignes.append(("référence (doublure)", f"{projet.adresse('referentiels')}/departements-d-outre-mer"))
    dire(f"\n{projet.nom} : prête en {time.monotonic() - debut:.1f} s\n")
    for nom, valeur in lignes:
        dire(f"  {nom:<26}{valeur}")
    if projet.session:
        dire(f'\nEssayer : curl -b "session=$(make -s dev-jeton)" {api}/api/informations (session de Camille Martin, compte fictif)')
    elif projet.oidc:
        dire(f"\nJeton de Camille Martin, compte fictif (« make -s dev-jeton » en donne un autre) :\n\n{essais.jeton(projet)}")
        dire(f'\nEssayer : curl -H "Authorization: Bearer $(make -s dev-jeton)" {api}/api/informations')
    dire("\nLe code modifié est relancé tout seul. Journaux : dev/.etat/journaux/. Ctrl-C arrête tout.")


def lancer(projet: Projet, tous: list[Service]) -> None:
    """Les dépendances ensemble, puis l'application sur une base prête, puis la page."""
    apres = ("application", "portail")
    dependances = [service for service in tous if service.nom not in apres]
    for service in dependances:
        service.demarrer()
    if projet.bdd:
        preparer_base(projet)
    for service in dependances:
        service.attendre(60)
    for service in tous:
        if service.nom in apres:
            service.demarrer()
            service.attendre(30)


@dataclass
class Relances:
    """Redémarrages pendant la veille : sur demande, ou parce que le code a changé."""

    projet: Projet
    services: dict[str, Service]

    def relancer(self, nom: str, change: bool) -> None:
        """Arrête puis relance un service ; un échec se dit, et le prochain changement réessaie."""
        service = self.services.get(nom)
        if service is None:
            return
        dire(f"{'Le code a changé' if change else 'Sur demande'} : {nom} redémarre…")
        service.arreter()
        try:
            if change and self.projet.bdd:
                migrer(self.projet)
            service.demarrer()
            service.attendre(30)
            dire(f"{nom} répond.")
        except Arret as raison:
            dire(str(raison))

    def constater(self, service: Service) -> None:
        """L'application seule peut tomber sans que tout s'arrête."""
        dire(f"{service.nom} s'est arrêté ; le prochain changement du code le relancera :\n{service.fin_du_journal()}")


def preparer(projet: Projet) -> list[Service]:
    """Contrôle le poste, installe ce qui manque, rend les services."""
    ports_libres(projet)
    installations.installer(projet)
    shutil.rmtree(ETAT / "journaux", ignore_errors=True)
    return services.composer(projet)


def demarrer(projet: Projet) -> int:
    """Installe, démarre, veille, arrête."""
    with seul():
        demandes = Demandes()
        tous: list[Service] = []
        try:
            tous = preparer(projet)
            debut = time.monotonic()
            lancer(projet, tous)
            if projet.bdd:
                essais.creer_compartiment(projet)
            essais.deposer_exemples(projet)
            presenter(projet, debut)
            veiller(tous, demandes, Surveillance(BACKEND / "app", DONNEES / "migrations"), Relances(projet, {s.nom: s for s in tous}))
        except KeyboardInterrupt:
            dire("\nArrêt…")
        finally:
            demandes.arret += 1  # un second Ctrl-C n'interrompt pas l'arrêt
            for service in reversed(tous):
                if not service.arreter():
                    dire(f"{service.nom} ne s'est pas arrêté à temps : tué")
            if tous:
                dire("Tout est arrêté.")
    return 0


def redemarrer(quoi: str) -> int:
    """Demande au superviseur de redémarrer la base ou l'application."""
    signaux = {"base": signal.SIGUSR1, "application": signal.SIGUSR2}
    numero = superviseur()
    if quoi not in signaux:
        raise Arret("redémarrer quoi ? « base » ou « application »")
    if numero is None:
        raise Arret("rien à redémarrer : « make dev » ne tourne pas")
    os.kill(numero, signaux[quoi])
    return 0


def propre() -> int:
    """Efface la base, les installations, les secrets de développement."""
    if superviseur() is not None:
        raise Arret("« make dev » tourne : arrêtez-le d'abord par Ctrl-C")
    shutil.rmtree(ETAT, ignore_errors=False)
    dire("dev/.etat est effacé : « make dev » repart de zéro.")
    return 0


def principal(arguments: list[str]) -> int:
    """Commande, et ce qu'elle demande."""
    try:
        projet = charger()
        match arguments:
            case []:
                return demarrer(projet)
            case ["jeton"]:
                if not projet.oidc:
                    raise Arret(f"pas de jeton avec « {projet.identite} » : l'identité vient du mandataire, ou il n'y en a pas")
                dire(essais.temoin(projet) if projet.session else essais.jeton(projet))
                return 0
            case ["conteneurs"]:
                return conteneurs.demarrer(projet, functools.partial(presenter, projet, time.monotonic()))
            case ["verifier"]:
                essais.verifier(projet)
                return 0
            case ["redemarrer", quoi]:
                return redemarrer(quoi)
            case ["propre"]:
                return propre()
            case _:
                raise Arret("usage : demarrer.py [conteneurs | jeton | verifier | redemarrer base|application | propre]")
    except Arret as raison:
        print(f"dev : {raison}", file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(principal(sys.argv[1:]))
