//! Rows of the catalogue about documents. A finding is a warning: the document is there to be completed, and until then it
//! shows nothing.

use crate::check::catalog::Rule;
use crate::check::catalog::Strength::Cct;
use crate::check::repository::Input::{Documents, Project};

/// The rows.
pub const RULES: &[Rule] = &[
    Rule::warning(
        "normative-framework",
        Documents,
        Cct,
        ("cadre normatif absent ou incomplet", "normative framework missing or incomplete"),
        ("complétez le tableau : une ligne par norme, et ce que l'équipe fait", "complete the table: a line per norm, and what the team does"),
    )
    .because((
        "EXI-G-3 : la solution suit les normes de l'État, de l'Europe et de l'industrie (RGAA, RGS, RGI…).",
        "EXI-G-3: the solution follows the norms of the State, of Europe and of the industry (RGAA, RGS, RGI…).",
    )),
    Rule::warning(
        "ecodesign-sheet",
        Documents,
        Cct,
        ("fiche d'écoconception absente ou incomplète", "ecodesign sheet missing or incomplete"),
        ("remplissez les leviers et les choix ; les mesures viennent en production", "fill in levers and choices; measures come in production"),
    )
    .because((
        "EXI-G-4 : conception frugale, selon le guide d'écoconception de l'État.",
        "EXI-G-4: frugal design, after the State's ecodesign guide.",
    )),
    Rule::warning(
        "runbook",
        Documents,
        Cct,
        ("procédures d'exploitation absentes ou incomplètes", "operation procedures missing or incomplete"),
        ("dites qui joindre, comment restaurer, que faire d'un incident", "say whom to reach, how to restore, what to do of an incident"),
    )
    .because((
        "EXI-ORG-3 : l'équipe qui construit exploite aussi ; à trois heures du matin, un nom à compléter ne répond pas.",
        "EXI-ORG-3: the team that builds also operates; at three in the morning, a name to be completed does not answer.",
    )),
    Rule::warning(
        "restore-test-plan",
        Documents,
        Cct,
        ("plan de test de restauration absent ou incomplet", "restore test plan missing or incomplete"),
        ("fixez les durées et pertes admissibles, et les exercices", "set the admissible durations and losses, and the exercises"),
    )
    .because(("EXI-ORG-18 : la restauration est essayée selon un scénario écrit.", "EXI-ORG-18: restoration is tried after a written scenario.")),
    Rule::warning(
        "ai-sheet",
        Documents,
        Cct,
        ("fiche IA absente ou incomplète", "AI sheet missing or incomplete"),
        (
            "répondez à chaque rubrique : finalité, données, contrôle humain, information",
            "answer each item: purpose, data, human control, information",
        ),
    )
    .because((
        "EXI-G-3 (17 mars 2025) et règlement européen sur l'IA : usage, transparence, supervision humaine.",
        "EXI-G-3 (17 March 2025) and the European AI act: use, transparency, human oversight.",
    )),
    Rule::warning(
        "ai-six-month-review",
        Documents,
        Cct,
        ("trame du bilan de l'IA à six mois absente", "frame of the six-month AI review missing"),
        ("gardez les questions et les alternatives à examiner", "keep the questions and the alternatives to examine"),
    )
    .because((
        "EXI-G-6 (17 mars 2025) : un bilan est fait après six mois d'usage. La trame n'est pas le bilan, qui s'atteste.",
        "EXI-G-6 (17 March 2025): a review is made after six months of use. The frame is not the review, which is attested.",
    )),
    Rule::warning(
        "security-context-decision",
        Documents,
        Cct,
        ("décision sur le contexte de sécurité absente ou incomplète", "decision on the security context missing or incomplete"),
        ("écrivez l'ADR 0010 : contexte, décision, conséquences", "write ADR 0010: context, decision, consequences"),
    )
    .because((
        "EXI-ARCH-26 : écarter une lecture littérale de l'exigence se décide par écrit.",
        "EXI-ARCH-26: not reading the requirement to the letter is decided in writing.",
    )),
    Rule::warning(
        "data-classification",
        Documents,
        Cct,
        ("sensibilité des données et hébergement non consignés", "sensitivity of the data and hosting not recorded"),
        ("complétez l'ADR 0001 : sensibilité, choix, conséquences", "complete ADR 0001: sensitivity, choice, consequences"),
    )
    .because(("EXI-G-5 : l'hébergement correspond à la sensibilité des données.", "EXI-G-5: hosting matches the sensitivity of the data.")),
    Rule::warning(
        "cdn-declared",
        Documents,
        Cct,
        ("demande de CDN et d'anti-DDoS absente ou incomplète", "request for CDN and anti-DDoS missing or incomplete"),
        ("remplissez chaque rubrique, puis envoyez la demande", "fill in each item, then send the request"),
    )
    .because((
        "EXI-G-6 : une application ouverte sur Internet est derrière un CDN et un anti-DDoS.",
        "EXI-G-6: an application open on the Internet stands behind a CDN and anti-DDoS.",
    )),
    Rule::warning(
        "security-policy",
        Documents,
        Cct,
        ("politique de signalement absente ou incomplète", "reporting policy missing or incomplete"),
        ("donnez une adresse réelle et des délais de correction", "give a real address and remediation delays"),
    )
    .because((
        "EXI-ORG-1 et EXI-ORG-13 : politique de signalement, délais de correction écrits.",
        "EXI-ORG-1 and EXI-ORG-13: a reporting policy, remediation delays in writing.",
    )),
    Rule::warning(
        "raci-present",
        Documents,
        Cct,
        ("matrice de responsabilité absente ou incohérente", "responsibility matrix missing or inconsistent"),
        (
            "une seule partie répond de chaque activité (A), une au moins la réalise (R)",
            "one party answers for each activity (A), at least one does it (R)",
        ),
    )
    .because(("EXI-ORG-1 : modèle de responsabilité du CCT.", "EXI-ORG-1: the responsibility model of the CCT.")),
    Rule::warning(
        "cost-driver-model",
        Documents,
        Cct,
        ("modèle d'inducteur de coût absent ou incomplet", "cost driver model missing or incomplete"),
        (
            "estimez les jetons (ou le GPU) par transaction, les transactions par utilisateur, les utilisateurs",
            "estimate tokens (or GPU) per transaction, transactions per user, users",
        ),
    )
    .because((
        "EXI-G-8 (10 mars 2025), EXI-G-7 (17 mars) : un modèle estime le calcul consommé par usager ou par transaction.",
        "EXI-G-8 (10 March 2025), EXI-G-7 (17 March): a model estimates the computing consumed per user or transaction.",
    )),
    Rule::warning(
        "hosting-coherent",
        Project,
        Cct,
        ("exposition incompatible avec la sensibilité déclarée", "exposure incompatible with the declared sensitivity"),
        ("choisissez exposition: rie ou interne, ou revoyez la sensibilité", "choose exposition: rie or interne, or review the sensitivity"),
    )
    .because((
        "EXI-G-5 : des données Diffusion Restreinte ne s'exposent pas directement sur Internet.",
        "EXI-G-5: Diffusion Restreinte data is not exposed directly on the Internet.",
    )),
    Rule::warning(
        "flow-matrix",
        Documents,
        Cct,
        ("matrice des flux absente ou incomplète", "flow matrix missing or incomplete"),
        ("une ligne par flux : source, destination, port, protocole", "one line per flow: source, destination, port, protocol"),
    )
    .because((
        "EXI-ARCH-14 : flux séparés et connus ; l'hébergeur ouvre ce que la matrice demande.",
        "EXI-ARCH-14: separate and known flows; the host opens what the matrix asks for.",
    )),
    Rule::warning(
        "codeowners",
        Project,
        Cct,
        ("relecteurs absents ou à désigner", "reviewers missing or to be named"),
        ("remplacez le relecteur provisoire par une équipe", "replace the temporary reviewer by a team"),
    )
    .because(("EXI-ORG-14 et EXI-ARCH-8 : tout changement est relu par un pair.", "EXI-ORG-14 and EXI-ARCH-8: each change is reviewed by a peer.")),
    Rule::warning(
        "renovate",
        Project,
        Cct,
        ("mises à jour de dépendances non proposées", "updates of dependencies not proposed"),
        (
            "ajoutez renovate.json (extends: config:recommended) ou .github/dependabot.yml",
            "add renovate.json (extends: config:recommended) or .github/dependabot.yml",
        ),
    )
    .because((
        "EXI-ORG-13 : l'équipe continue de corriger les vulnérabilités après la dernière version.",
        "EXI-ORG-13: the team goes on correcting vulnerabilities after the last version.",
    )),
    Rule::warning(
        "test-before-fix",
        Documents,
        Cct,
        ("modèle de demande qui ne rappelle pas le test avant correction", "request template without the reminder of the test before the fix"),
        (
            "ajoutez une case : un test automatique montrait l'anomalie avant la correction",
            "add a box: an automated test showed the defect before the fix",
        ),
    )
    .because((
        "EXI-ORG-12 : avant de corriger un défaut, on écrit le test qui le montre.",
        "EXI-ORG-12: before a defect is corrected, the test that shows it is written.",
    )),
];
