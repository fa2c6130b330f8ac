//! Rows of the catalogue about Dockerfiles.

use crate::check::catalog::Rule;
use crate::check::catalog::Strength::{Cct, Deduced, Platform};
use crate::check::repository::Input::Dockerfiles;

/// The rows.
pub const RULES: &[Rule] = &[
    Rule::error(
        "stand-in-in-image",
        Dockerfiles,
        Deduced,
        ("doublure du poste de développement dans l'image", "stand-in of the workstation in the image"),
        ("ne copiez que ce que l'image exécute, et laissez dev/ dans .dockerignore", "copy only what the image runs, and leave dev/ in .dockerignore"),
    )
    .because((
        "EXI-ARCH-6 : l'image ne contient que ce qui sert. Un fournisseur d'identité sans mot de passe y serait une porte ouverte.",
        "EXI-ARCH-6: the image holds only what serves. An identity provider without passwords in it would be an open door.",
    )),
    Rule::error(
        "dockerfile-user",
        Dockerfiles,
        Cct,
        ("image qui s'exécute en root", "image that runs as root"),
        ("terminez par USER et un numéro autre que 0", "end with USER and a number other than 0"),
    )
    .because((
        "EXI-ARCH-18 : les images tournent sans root ; OpenShift les lance sous un numéro qu'il choisit.",
        "EXI-ARCH-18: images run without root; OpenShift starts them under a number of its choice.",
    ))
    .equals(&["checkov:CKV_DOCKER_3", "checkov:CKV_DOCKER_8", "hadolint:DL3002"]),
    Rule::warning(
        "dockerfile-user-number",
        Dockerfiles,
        Deduced,
        ("image qui s'exécute sous un nom, non sous un numéro", "image that runs under a name, not a number"),
        ("donnez le numéro de cet utilisateur : USER 10001", "give the number of that user: USER 10001"),
    )
    .because((
        "Avec runAsNonRoot, Kubernetes refuse de lancer une image dont l'utilisateur n'est pas un numéro : il ne peut savoir si c'est root.",
        "With runAsNonRoot, Kubernetes refuses to start an image whose user is not a number: it cannot tell whether that is root.",
    )),
    Rule::error(
        "dockerfile-no-latest",
        Dockerfiles,
        Cct,
        ("image de base sans version figée", "base image without a fixed version"),
        ("désignez une étiquette de version, ou une empreinte", "name a version tag, or a digest"),
    )
    .proves(&["dockerfile-base-image"])
    .because((
        "EXI-ARCH-6 et EXI-ARCH-27 : sans version, deux constructions du même commit donnent deux images.",
        "EXI-ARCH-6 and EXI-ARCH-27: without a version, two builds of one commit give two images.",
    ))
    .equals(&["checkov:CKV_DOCKER_7", "hadolint:DL3006", "hadolint:DL3007"]),
    Rule::warning(
        "dockerfile-base-image",
        Dockerfiles,
        Cct,
        ("image de base dont l'éditeur n'est pas reconnu", "base image whose publisher is not recognised"),
        ("partez d'une image officielle ou distroless, ou dites dans une ADR qui maintient celle-ci", "start from an official or distroless image, or say in an ADR who maintains this one"),
    )
    .because((
        "EXI-ARCH-6 : image de base sobre, reconnue et prête pour OpenShift. Liste : images officielles de Docker, distroless, UBI, Chainguard, Microsoft et quelques éditeurs.",
        "EXI-ARCH-6: a lean, recognised base image, ready for OpenShift. List: Docker Official Images, distroless, UBI, Chainguard, Microsoft and a few makers.",
    )),
    Rule::error(
        "dockerfile-base-ended",
        Dockerfiles,
        Cct,
        ("image de base que personne ne corrige plus", "base image that nobody corrects any more"),
        ("passez à une version maintenue", "move to a maintained version"),
    )
    .proves(&["dockerfile-base-image"])
    .because((
        "EXI-ARCH-6 : image de base maintenue ; EXI-ORG-13 : une vulnérabilité s'y corrigerait à la main. Fins de vie : endoflife.date.",
        "EXI-ARCH-6: a maintained base image; EXI-ORG-13: its vulnerabilities would be corrected by hand. Ends of life: endoflife.date.",
    )),
    Rule::error(
        "dockerfile-multi-stage",
        Dockerfiles,
        Cct,
        ("image qui garde ses outils de construction", "image that keeps its build tools"),
        ("construisez dans une première étape, puis COPY --from dans la dernière", "build in a first stage, then COPY --from into the last"),
    )
    .because((
        "EXI-ARCH-6 : la construction se fait en plusieurs étapes. Une image qui ne construit rien n'est pas concernée.",
        "EXI-ARCH-6: images are built in several stages. An image that builds nothing is not concerned.",
    )),
    Rule::warning(
        "dockerfile-final-tooling",
        Dockerfiles,
        Cct,
        ("outil de construction dans l'image livrée", "build tool in the delivered image"),
        ("installez-le dans une étape de construction, ou retirez-le dans le même RUN", "install it in a build stage, or remove it in the same RUN"),
    )
    .because((
        "EXI-ARCH-6 et EXI-ARCH-18 : image minimale, sans outillage : ce qui sert à construire sert aussi à un intrus.",
        "EXI-ARCH-6 and EXI-ARCH-18: a minimal image without tooling: what builds also serves an intruder.",
    )),
    Rule::error(
        "dockerfile-no-sudo-ssh",
        Dockerfiles,
        Cct,
        ("image qui élève ses droits ou qu'on joint à distance", "image that raises its rights or that one logs into"),
        ("retirez sudo et le serveur SSH ; l'administration passe par le cluster", "remove sudo and the SSH server; administration goes through the cluster"),
    )
    .because((
        "EXI-ARCH-18 : sans escalade de privilège, images minimales.",
        "EXI-ARCH-18: no privilege escalation, minimal images.",
    ))
    .equals(&["checkov:CKV2_DOCKER_1", "hadolint:DL3004"]),
    Rule::error(
        "dockerfile-expose",
        Dockerfiles,
        Cct,
        ("port inférieur ou égal à 1024", "port of 1024 or less"),
        ("écoutez au-dessus de 1024 ; le Service garde le port d'usage", "listen above 1024; the Service keeps the usual port"),
    )
    .because((
        "EXI-ARCH-18 : ports au-dessus de 1024, car un utilisateur ordinaire n'ouvre pas les autres.",
        "EXI-ARCH-18: ports above 1024, because an ordinary user cannot open the others.",
    ))
    .equals(&["checkov:CKV_DOCKER_1"]),
    Rule::warning(
        "dockerfile-exec-form",
        Dockerfiles,
        Cct,
        ("commande lancée par un shell, qui garde les signaux", "command run by a shell, which keeps the signals"),
        ("écrivez-la en JSON (CMD [\"…\"]), ou précédez-la de exec", "write it as JSON (CMD [\"…\"]), or put exec before it"),
    )
    .because((
        "EXI-ARCH-19 : le pod s'arrête proprement sur SIGTERM ; un shell en premier processus peut ne pas le transmettre.",
        "EXI-ARCH-19: the pod stops cleanly on SIGTERM; a shell as first process may not pass it on.",
    ))
    .equals(&["hadolint:DL3025"]),
    Rule::error(
        "dockerfile-secret",
        Dockerfiles,
        Cct,
        ("secret porté par l'image", "secret carried by the image"),
        ("donnez-le à l'exécution (coffre), ou à la construction par RUN --mount=type=secret", "give it at run time (vault), or at build time by RUN --mount=type=secret"),
    )
    .because((
        "EXI-ARCH-13 et EXI-ARCH-5 : secrets à part, au coffre. ENV, ARG et fichiers copiés restent lisibles dans l'historique de l'image.",
        "EXI-ARCH-13 and EXI-ARCH-5: secrets apart, in the vault. ENV, ARG and copied files stay readable in the image's history.",
    )),
    Rule::warning(
        "dockerfile-add",
        Dockerfiles,
        Deduced,
        ("ADD qui récupère sans vérifier, ou fait plus que copier", "ADD that fetches without verifying, or does more than copy"),
        ("COPY pour un fichier ; ADD --checksum pour une adresse", "COPY for a file; ADD --checksum for a URL"),
    )
    .because((
        "Ce qui vient d'une adresse peut changer d'une construction à l'autre (documentation de Docker, ADD ou COPY).",
        "What comes from a URL may change from one build to the next (Docker's documentation, ADD or COPY).",
    ))
    .equals(&["checkov:CKV_DOCKER_4", "hadolint:DL3020"]),
    Rule::warning(
        "dockerfile-piped-script",
        Dockerfiles,
        Deduced,
        ("script exécuté dès son téléchargement", "script run as soon as it is downloaded"),
        ("téléchargez, vérifiez une empreinte, puis exécutez", "download, verify a digest, then run"),
    )
    .because((
        "Qui tient l'adresse tient l'image ; et un téléchargement coupé s'exécute à moitié.",
        "Whoever holds the address holds the image; and a download cut short runs by half.",
    )),
    Rule::error(
        "dockerfile-verified-download",
        Dockerfiles,
        Deduced,
        ("téléchargement sans vérification", "download without verification"),
        ("ajoutez l'autorité attendue au magasin de l'image au lieu de tout accepter", "add the expected authority to the image's store instead of accepting everything"),
    )
    .because((
        "RGS et EXI-ARCH-7 : les autorités internes s'ajoutent, elles ne se contournent pas.",
        "RGS and EXI-ARCH-7: internal authorities are added, not bypassed.",
    ))
    .equals(&[
        "checkov:CKV2_DOCKER_2",
        "checkov:CKV2_DOCKER_3",
        "checkov:CKV2_DOCKER_4",
        "checkov:CKV2_DOCKER_5",
        "checkov:CKV2_DOCKER_6",
        "checkov:CKV2_DOCKER_7",
        "checkov:CKV2_DOCKER_8",
        "checkov:CKV2_DOCKER_9",
        "checkov:CKV2_DOCKER_10",
        "checkov:CKV2_DOCKER_11",
        "checkov:CKV2_DOCKER_12",
        "checkov:CKV2_DOCKER_13",
        "checkov:CKV2_DOCKER_14",
        "checkov:CKV2_DOCKER_15",
        "checkov:CKV2_DOCKER_16",
    ]),
    Rule::warning(
        "dockerfile-writable",
        Dockerfiles,
        Cct,
        ("fichiers que tout le monde peut modifier", "files that everyone may change"),
        ("lisibles par le groupe 0 suffit ; l'écriture va sur un volume monté", "readable by group 0 is enough; writes go to a mounted volume"),
    )
    .because((
        "EXI-ARCH-6 et EXI-ARCH-18 : l'image n'écrit que sur des volumes montés.",
        "EXI-ARCH-6 and EXI-ARCH-18: the image writes on mounted volumes only.",
    )),
    Rule::warning(
        "dockerfile-packages",
        Dockerfiles,
        Deduced,
        ("paquets installés au-delà du besoin, ou sans reproduction", "packages installed beyond the need, or not reproducibly"),
        ("apt-get update et install --no-install-recommends dans le même RUN", "apt-get update and install --no-install-recommends in one RUN"),
    )
    .because((
        "EXI-ARCH-18 : images minimales ; EXI-G-4 : frugalité. Documentation de Docker, bonnes pratiques de apt-get.",
        "EXI-ARCH-18: minimal images; EXI-G-4: frugality. Docker's documentation, good practice of apt-get.",
    ))
    .equals(&["checkov:CKV_DOCKER_5", "checkov:CKV_DOCKER_9", "hadolint:DL3015", "hadolint:DL3027"]),
    Rule::warning(
        "dockerfile-workdir",
        Dockerfiles,
        Platform,
        ("dossier de travail relatif", "relative working folder"),
        ("écrivez un chemin absolu", "write an absolute path"),
    )
    .because((
        "Un chemin relatif dépend de l'image de base : il change quand elle change.",
        "A relative path depends on the base image: it changes with it.",
    ))
    .equals(&["checkov:CKV_DOCKER_10", "hadolint:DL3000"]),
    Rule::error(
        "dockerfile-stage-names",
        Dockerfiles,
        Deduced,
        ("deux étapes du même nom", "two stages of one name"),
        ("renommez l'une des deux", "rename one of them"),
    )
    .because((
        "COPY --from désignerait l'une ou l'autre : BuildKit refuse (DuplicateStageName).",
        "COPY --from would name either: BuildKit refuses (DuplicateStageName).",
    ))
    .equals(&["checkov:CKV_DOCKER_11", "hadolint:DL3024"]),
];
