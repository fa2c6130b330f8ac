//! Rows of the catalogue about GitLab chains.

use crate::check::catalog::Rule;
use crate::check::catalog::Strength::{Cct, Deduced, Platform};
use crate::check::repository::Input::Pipelines;

/// The rows.
pub const RULES: &[Rule] = &[
    Rule::error(
        "dso-pipeline",
        Pipelines,
        Cct,
        ("chaîne secondaire absente ou incomplète", "secondary chain missing or incomplete"),
        ("incluez $CATALOG_PATH et commencez par un travail qui étend .vault:read_secret", "include $CATALOG_PATH and start with a job that extends .vault:read_secret"),
    )
    .because((
        "EXI-ORG-7 : l'équipe tient la chaîne secondaire, fondée sur le catalogue de la plateforme ; sa documentation rend la lecture des secrets obligatoire.",
        "EXI-ORG-7: the team owns the secondary chain, built on the platform's catalogue; its documentation makes reading the secrets mandatory.",
    )),
    Rule::error(
        "dso-no-latest",
        Pipelines,
        Cct,
        ("image de la chaîne sans version figée", "image of the chain without a fixed version"),
        ("désignez une étiquette de version", "name a version tag"),
    )
    .because((
        "EXI-ARCH-27 : jamais latest ; une chaîne doit donner demain ce qu'elle donne aujourd'hui.",
        "EXI-ARCH-27: never latest; a chain has to give tomorrow what it gives today.",
    )),
    Rule::error(
        "dso-image-tag",
        Pipelines,
        Cct,
        ("image poussée sous latest ou sans étiquette", "image pushed as latest or without a tag"),
        ("liez l'étiquette au commit : nom:${CI_COMMIT_SHORT_SHA}", "tie the tag to the commit: name:${CI_COMMIT_SHORT_SHA}"),
    )
    .because((
        "EXI-ARCH-27, et bonnes pratiques de Cloud π Native : une étiquette unique par commit ; sans changement d'étiquette, rien n'est redéployé.",
        "EXI-ARCH-27, and Cloud π Native's best practices: one tag per commit; without a new tag, nothing is deployed again.",
    )),
    Rule::error(
        "dso-secrets-first",
        Pipelines,
        Platform,
        ("travail qui n'attend pas la lecture des secrets", "job that does not wait for the secrets"),
        ("ajoutez à needs le travail qui étend .vault:read_secret", "add to needs the job that extends .vault:read_secret"),
    )
    .because((
        "Avec needs, un travail ne reçoit les variables que des travaux qu'il nomme : DOCKER_AUTH, IMAGE_REPOSITORY et SONAR_TOKEN lui manqueraient (vault-ci.yml du catalogue).",
        "With needs, a job gets variables from the jobs it names only: DOCKER_AUTH, IMAGE_REPOSITORY and SONAR_TOKEN would be missing (vault-ci.yml of the catalogue).",
    )),
    Rule::error(
        "dso-tests",
        Pipelines,
        Cct,
        ("tests automatisés absents de la chaîne secondaire, ou sans effet", "automated tests missing from the secondary chain, or without effect"),
        ("un travail qui lance les tests, sans allow_failure ni « || true »", "a job that runs the tests, without allow_failure nor “|| true”"),
    )
    .because((
        "EXI-ORG-7 : la chaîne secondaire porte les tests automatisés.",
        "EXI-ORG-7: the secondary chain holds the automated tests.",
    ))
    .proves(&["backend-tests"]),
    Rule::error(
        "dso-quality-gate",
        Pipelines,
        Cct,
        ("analyse de qualité absente ou dont le verdict n'arrête rien", "quality analysis missing, or whose verdict stops nothing"),
        ("étendez .sonar:sonar-scanner, sans allow_failure, avec SONAR_WAIT_QUALITY_GATE: \"true\"", "extend .sonar:sonar-scanner, without allow_failure, with SONAR_WAIT_QUALITY_GATE: \"true\""),
    )
    .because((
        "EXI-ORG-7 et EXI-ORG-14 : la qualité mesurée ne baisse jamais, donc son contrôle arrête la chaîne.",
        "EXI-ORG-7 and EXI-ORG-14: the measured quality never declines, so its control stops the chain.",
    )),
    Rule::error(
        "dso-build",
        Pipelines,
        Cct,
        ("ce que le dépôt livre n'est pas construit par la chaîne secondaire", "what the repository delivers is not built by the secondary chain"),
        ("un travail par image, qui étend .kaniko:build-push et nomme son Dockerfile", "one job per image, which extends .kaniko:build-push and names its Dockerfile"),
    )
    .because((
        "EXI-ORG-9 : livraisons continues ; les images déployées viennent de la chaîne (FAQ de Cloud π Native).",
        "EXI-ORG-9: continuous delivery; deployed images come from the chain (Cloud π Native's FAQ).",
    )),
    Rule::error(
        "pipeline-stages",
        Pipelines,
        Deduced,
        ("étape qui n'est pas déclarée", "stage that is not declared"),
        ("ajoutez-la à stages", "add it to stages"),
    )
    .because((
        "GitLab refuse la chaîne entière : « chosen stage does not exist » ; rien ne tourne.",
        "GitLab refuses the whole chain: “chosen stage does not exist”; nothing runs.",
    )),
    Rule::error(
        "pipeline-needs",
        Pipelines,
        Deduced,
        ("travail attendu qui n'existe pas, ou qui vient plus tard", "awaited job that does not exist, or comes later"),
        ("corrigez son nom, ou marquez-le optional", "correct its name, or mark it optional"),
    )
    .because((
        "GitLab refuse la chaîne entière quand needs nomme un travail absent.",
        "GitLab refuses the whole chain when needs names an absent job.",
    )),
    Rule::error(
        "pipeline-extends",
        Pipelines,
        Platform,
        ("gabarit qui n'existe pas ou n'est pas inclus", "template that does not exist or is not included"),
        ("incluez le fichier du catalogue qui le porte", "include the file of the catalogue that holds it"),
    )
    .because((
        "GitLab refuse la chaîne entière ; le catalogue n'a que huit fichiers, et certains noms de sa documentation n'y sont pas.",
        "GitLab refuses the whole chain; the catalogue has eight files only, and some names of its documentation are not in it.",
    )),
    Rule::error(
        "pipeline-job",
        Pipelines,
        Deduced,
        ("travail qui ne fait rien", "job that does nothing"),
        ("donnez-lui un script, ou cachez-le par un point", "give it a script, or hide it with a dot"),
    )
    .because((
        "GitLab refuse la chaîne entière : un travail visible a script, run ou trigger.",
        "GitLab refuses the whole chain: a visible job has script, run or trigger.",
    )),
    Rule::warning(
        "pipeline-include-pinned",
        Pipelines,
        Deduced,
        ("gabarit d'un autre dépôt qui peut changer sans vous", "template of another repository that may change without you"),
        ("désignez une étiquette ou un commit (ref), ou integrity pour une adresse", "name a tag or a commit (ref), or integrity for a URL"),
    )
    .because((
        "Qui change ce gabarit change votre chaîne et lit ses secrets. Le catalogue de Cloud π Native est excepté : il ne se consomme que sur main.",
        "Whoever changes that template changes your chain and reads its secrets. Cloud π Native's catalogue is exempt: it is consumed on main only.",
    )),
    Rule::error(
        "pipeline-keywords",
        Pipelines,
        Platform,
        ("mot-clé que GitLab refuse", "keyword that GitLab refuses"),
        ("corrigez la valeur que le constat nomme", "mend the value that the finding names"),
    )
    .because((
        "GitLab refuse la chaîne entière : aucun de ses contrôles ne tourne (référence « CI/CD YAML syntax »).",
        "GitLab refuses the whole chain: none of its controls runs (reference “CI/CD YAML syntax”).",
    )),
    Rule::error(
        "dso-image-after-controls",
        Pipelines,
        Cct,
        ("image poussée sans attendre les tests ou la qualité", "image pushed without waiting for the tests or the quality"),
        ("nommez ces travaux dans needs, ou placez l'image dans une étape qui suit", "name those jobs in needs, or put the image in a later stage"),
    )
    .because((
        "EXI-ORG-7 et EXI-ORG-14 : le contrôle arrête la livraison. Avec needs, un travail part dès que ceux qu'il nomme ont fini : les autres peuvent échouer après lui.",
        "EXI-ORG-7 and EXI-ORG-14: the control stops the delivery. With needs, a job starts as soon as those it names are done: the others may fail after it.",
    )),
];
