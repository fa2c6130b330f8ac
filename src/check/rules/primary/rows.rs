//! Rows of the catalogue about the primary chain.

use crate::check::catalog::Rule;
use crate::check::catalog::Strength::{Cct, Deduced, Platform};
use crate::check::repository::Input::{Code, Project, Workflows};

/// The rows.
pub const RULES: &[Rule] = &[
    Rule::error(
        "primary-quality",
        Workflows,
        Cct,
        ("contrôle de qualité absent de la chaîne primaire, ou sans effet", "quality control missing from the primary chain, or without effect"),
        ("un travail qui vérifie style, types, tests ou charts à chaque demande, et dont l'échec arrête", "a job that checks style, types, tests or charts on each request, whose failure stops"),
    )
    .because((
        "EXI-ORG-1 : l'équipe répond d'une qualité constante ; un contrôle dont l'échec n'arrête rien n'en est pas un.",
        "EXI-ORG-1: the team answers for a constant quality; a control whose failure stops nothing is none.",
    )),
    Rule::error(
        "primary-scan",
        Workflows,
        Cct,
        ("analyse de vulnérabilités absente de la chaîne primaire, ou sans effet", "vulnerability scan missing from the primary chain, or without effect"),
        ("donnez à l'analyse un code de sortie (trivy --exit-code 1), sans allow_failure", "give the scan an exit code (trivy --exit-code 1), without allow_failure"),
    )
    .because((
        "EXI-ORG-1 : aucune vulnérabilité exploitable avant une mise en production.",
        "EXI-ORG-1: no exploitable vulnerability before a production release.",
    )),
    Rule::error(
        "scheduled-scan",
        Workflows,
        Cct,
        ("aucune analyse planifiée", "no scheduled scan"),
        ("ajoutez schedule: cron au workflow qui analyse", "add schedule: cron to the workflow that scans"),
    )
    .because((
        "EXI-ORG-13 : on cherche les vulnérabilités après la dernière version aussi. Les planifications de GitLab ne sont pas dans le dépôt : elles s'attestent.",
        "EXI-ORG-13: vulnerabilities are looked for after the last version too. GitLab's schedules are not in the repository: they are attested.",
    )),
    Rule::error(
        "coverage-gate",
        Workflows,
        Cct,
        ("couverture dont le seuil n'arrête pas la chaîne", "coverage whose threshold does not stop the chain"),
        ("--cov-fail-under=100 dans un travail bloquant", "--cov-fail-under=100 in a blocking job"),
    )
    .because((
        "EXI-ORG-10 : les tests unitaires visent 100 % de couverture.",
        "EXI-ORG-10: unit tests aim at 100 % coverage.",
    )),
    Rule::warning(
        "coverage-threshold",
        Code,
        Cct,
        ("seuil de couverture inférieur à 100 %", "coverage threshold below 100 %"),
        ("relevez-le à mesure que les tests viennent, jusqu'à 100", "raise it as tests come, up to 100"),
    )
    .because((
        "EXI-ORG-10 : les tests unitaires visent 100 % de couverture.",
        "EXI-ORG-10: unit tests aim at 100 % coverage.",
    )),
    Rule::error(
        "coverage-artifact",
        Workflows,
        Cct,
        ("rapports de tests non conservés", "test reports not kept"),
        ("gardez-les : artifacts (GitLab), actions/upload-artifact (GitHub)", "keep them: artifacts (GitLab), actions/upload-artifact (GitHub)"),
    )
    .because((
        "EXI-ORG-14 : les preuves des tests vont au dossier d'homologation.",
        "EXI-ORG-14: the proofs of tests go to the homologation file.",
    )),
    Rule::error(
        "cpin-sync",
        Workflows,
        Cct,
        ("Cloud π Native ne reprend pas le dépôt", "Cloud π Native does not mirror the repository"),
        ("appelez sync-cpin.yml, ou POST …/trigger/pipeline avec GIT_BRANCH_DEPLOY et PROJECT_NAME", "call sync-cpin.yml, or POST …/trigger/pipeline with GIT_BRANCH_DEPLOY and PROJECT_NAME"),
    )
    .because((
        "EXI-ORG-6 : la chaîne primaire est raccordée à la chaîne DevSecOps. Sans PROJECT_NAME, le miroir actuel ne sait pas quel dépôt reprendre (guide/repositories-management.md). Un miroir que rien ne lance, ou qui n'attend aucune vérification, ne la raccorde pas non plus.",
        "EXI-ORG-6: the primary chain is connected to the DevSecOps chain. Without PROJECT_NAME, today's mirror does not know which repository to take (guide/repositories-management.md). One that nothing starts, or that no check precedes, does not connect it either.",
    )),
    Rule::error(
        "no-manual-deploy",
        Project,
        Cct,
        ("déploiement par une commande", "deployment by a command"),
        ("changez ce qui est décrit dans git : Argo CD l'applique", "change what git describes: Argo CD applies it"),
    )
    .because((
        "EXI-ORG-8 : GitOps est le seul mode de déploiement, rien n'est appliqué à la main. Scripts d'un cluster local ou jetable exceptés.",
        "EXI-ORG-8: GitOps is the only way to deploy, nothing is applied by hand. Scripts of a local or throw-away cluster are exempt.",
    )),
    Rule::warning(
        "actions-pinned",
        Workflows,
        Deduced,
        ("action d'un tiers qui peut changer sans vous", "third-party action that may change without you"),
        ("désignez le commit entier, la version en commentaire", "name the full commit, with the version as a comment"),
    )
    .because((
        "Une étiquette se déplace : celle de tj-actions/changed-files a servi en mars 2025 à voler des secrets (CVE-2025-30066).",
        "A tag moves: that of tj-actions/changed-files was used in March 2025 to steal secrets (CVE-2025-30066).",
    )),
    Rule::error(
        "workflow-foreign-code",
        Workflows,
        Deduced,
        ("code d'une demande exécuté avec les droits du dépôt", "code of a request run with the repository's rights"),
        ("employez pull_request, ou ne prenez pas le code de la demande", "use pull_request, or do not check out the request's code"),
    )
    .because((
        "pull_request_target donne les secrets et un jeton qui écrit ; quiconque ouvre une demande les obtiendrait (GitHub Security Lab, « pwn requests »).",
        "pull_request_target gives secrets and a token that writes; whoever opens a request would get them (GitHub Security Lab, “pwn requests”).",
    )),
    Rule::error(
        "workflow-injection",
        Workflows,
        Deduced,
        ("texte d'un inconnu collé dans une commande", "text of a stranger pasted into a command"),
        ("passez-le par env, et citez la variable", "pass it through env, and quote the variable"),
    )
    .because((
        "Un titre de demande peut contenir une commande (guide de sécurité de GitHub Actions).",
        "The title of a request may hold a command (GitHub Actions' security guide).",
    ))
    .equals(&["checkov:CKV_GHA_2"]),
    Rule::warning(
        "workflow-permissions",
        Workflows,
        Deduced,
        ("droits du jeton non bornés", "rights of the token not bounded"),
        ("déclarez permissions: contents: read, et davantage où il le faut", "declare permissions: contents: read, and more where needed"),
    )
    .because((
        "Sans cela, le jeton reçoit les droits par défaut de l'organisation, parfois l'écriture partout.",
        "Otherwise the token gets the organisation's default rights, sometimes writing everywhere.",
    ))
    .equals(&["checkov:CKV2_GHA_1"]),
    Rule::error(
        "workflow-refused",
        Workflows,
        Platform,
        ("workflow que GitHub refuse", "workflow that GitHub refuses"),
        ("complétez ou corrigez ce que le constat nomme", "complete or mend what the finding names"),
    )
    .because((
        "GitHub refuse le fichier entier (« Invalid workflow file ») : aucun de ses contrôles ne tourne, et rien ne bloque.",
        "GitHub refuses the whole file (“Invalid workflow file”): none of its controls runs, and nothing is blocked.",
    )),
];
