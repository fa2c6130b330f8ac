//! Rows of the catalogue for migrations.

use crate::check::catalog::Rule;
use crate::check::catalog::Strength::{Cct, Deduced};
use crate::check::repository::Input::Migrations;

const COEXIST: (&str, &str) = (
    "EXI-ARCH-21 : pendant un déploiement, la version en service et la suivante travaillent sur le même modèle. Ce qui disparaît ou change de forme sous la première la fait échouer ; le retrait vient une version plus tard, quand plus rien ne lit l’ancien.",
    "EXI-ARCH-21: during a deployment, the version in service and the next one work on the same model. What disappears or changes shape under the first makes it fail; the removal comes one version later, when nothing reads the old one any more.",
);

const LOCK: (&str, &str) = (
    "EXI-ARCH-21, « sans impact fonctionnel » : un verrou tenu le temps de parcourir la table arrête l’application en service (documentation de PostgreSQL, ALTER TABLE et CREATE INDEX).",
    "EXI-ARCH-21, “without functional impact”: a lock held while the table is scanned stops the application in service (PostgreSQL documentation, ALTER TABLE and CREATE INDEX).",
);

const MARK: (&str, &str) = (
    "ajoutez d’abord, retirez une version plus tard, et dites-le : « -- mirai-kit: contract after <version> »",
    "add first, remove one version later, and say so: “-- mirai-kit: contract after <version>”",
);

/// Rows of the catalogue.
pub const RULES: &[Rule] = &[
    Rule::error(
        "migration-drop-table",
        Migrations,
        Cct,
        ("table ou vue retirée sous la version en service", "table or view removed under the version in service"),
        MARK,
    )
    .proves(&["expand-contract"])
    .because(COEXIST),
    Rule::error("migration-drop-column", Migrations, Cct, ("colonne retirée sous la version en service", "column removed under the version in service"), MARK)
        .proves(&["expand-contract"])
        .because(COEXIST),
    Rule::error(
        "migration-rename",
        Migrations,
        Cct,
        ("table, colonne ou valeur renommée sous la version en service", "table, column or value renamed under the version in service"),
        ("ajoutez le nouveau nom, écrivez les deux, retirez l’ancien une version plus tard", "add the new name, write both, remove the old one a version later"),
    )
    .proves(&["expand-contract"])
    .because(COEXIST),
    Rule::error(
        "migration-type-change",
        Migrations,
        Cct,
        ("type d’une colonne changé sous la version en service", "type of a column changed under the version in service"),
        ("ajoutez une colonne du nouveau type, remplissez-la, retirez l’ancienne une version plus tard", "add a column of the new type, fill it, remove the old one a version later"),
    )
    .proves(&["expand-contract"])
    .because(COEXIST),
    Rule::error(
        "migration-set-not-null",
        Migrations,
        Cct,
        ("colonne rendue obligatoire sans CHECK validé avant", "column made mandatory without a CHECK validated before"),
        (
            "ADD CONSTRAINT … CHECK (colonne IS NOT NULL) NOT VALID, puis VALIDATE CONSTRAINT, puis SET NOT NULL, quand la version en service l’écrit toujours",
            "ADD CONSTRAINT … CHECK (column IS NOT NULL) NOT VALID, then VALIDATE CONSTRAINT, then SET NOT NULL, once the version in service always writes it",
        ),
    )
    .proves(&["expand-contract"])
    .because(COEXIST),
    Rule::error(
        "migration-required-column",
        Migrations,
        Cct,
        ("colonne obligatoire ajoutée sans valeur par défaut", "mandatory column added without a default"),
        ("donnez un DEFAULT, ou admettez NULL : la version en service n’écrit pas cette colonne", "give a DEFAULT, or admit NULL: the version in service does not write this column"),
    )
    .proves(&["expand-contract"])
    .because(COEXIST),
    Rule::error(
        "migration-contract-mark",
        Migrations,
        Deduced,
        ("marque de retrait qui ne dit pas après quelle version", "removal mark that does not say after which version"),
        ("écrivez « -- mirai-kit: contract after <version> », une version passée", "write “-- mirai-kit: contract after <version>”, a past version"),
    )
    .because((
        "EXI-ARCH-21 : la marque autorise un retrait ; elle n’a de sens que si elle nomme la version depuis laquelle plus rien ne lit ce qui part.",
        "EXI-ARCH-21: the mark allows a removal; it only makes sense when it names the version since which nothing reads what goes.",
    )),
    Rule::warning(
        "migration-to-review",
        Migrations,
        Cct,
        ("changement que la version en service peut ne pas supporter", "change that the version in service may not bear"),
        MARK,
    )
    .because(COEXIST),
    Rule::error(
        "migration-concurrently-transaction",
        Migrations,
        Deduced,
        ("CONCURRENTLY dans une transaction : le serveur refuse", "CONCURRENTLY in a transaction: the server refuses"),
        (
            "sortez l’instruction de la transaction : première ligne « -- hors-transaction », autocommit_block() d’Alembic, fichier à part",
            "take the statement out of the transaction: first line “-- hors-transaction”, Alembic’s autocommit_block(), a file apart",
        ),
    )
    .because((
        "« CREATE INDEX CONCURRENTLY cannot run inside a transaction block » (documentation de PostgreSQL, CREATE INDEX) : la migration échoue et le déploiement avec elle.",
        "“CREATE INDEX CONCURRENTLY cannot run inside a transaction block” (PostgreSQL documentation, CREATE INDEX): the migration fails, and the deployment with it.",
    )),
    Rule::warning(
        "migration-index-concurrently",
        Migrations,
        Deduced,
        ("index construit en arrêtant les écritures", "index built while writes are stopped"),
        ("CREATE INDEX CONCURRENTLY, hors transaction", "CREATE INDEX CONCURRENTLY, outside a transaction"),
    )
    .because(LOCK),
    Rule::warning(
        "migration-not-valid",
        Migrations,
        Deduced,
        ("contrainte ajoutée en parcourant la table sous verrou", "constraint added while the table is scanned under a lock"),
        ("ADD CONSTRAINT … NOT VALID, puis VALIDATE CONSTRAINT", "ADD CONSTRAINT … NOT VALID, then VALIDATE CONSTRAINT"),
    )
    .because(LOCK),
    Rule::warning(
        "migration-unique-added",
        Migrations,
        Deduced,
        ("unicité ajoutée à une table en service", "uniqueness added to a table in service"),
        ("vérifiez qu’il n’y a pas de doublon et que la version en service n’en écrit pas", "check that there is no duplicate, and that the version in service writes none"),
    )
    .because(COEXIST),
    Rule::warning(
        "migration-volatile-default",
        Migrations,
        Deduced,
        ("colonne dont la valeur par défaut réécrit la table", "column whose default rewrites the table"),
        ("ajoutez-la sans valeur, posez DEFAULT ensuite, remplissez par lots", "add it without a value, set DEFAULT afterwards, fill in batches"),
    )
    .because(LOCK),
    Rule::warning(
        "migration-lock-timeout",
        Migrations,
        Deduced,
        ("verrou attendu sans limite de temps", "lock awaited without a time limit"),
        ("SET LOCAL lock_timeout = '3s' en tête de la migration", "SET LOCAL lock_timeout = '3s' at the head of the migration"),
    )
    .because((
        "Une instruction qui attend un verrou fait attendre toutes les suivantes derrière elle : une requête longue arrête alors l’application (documentation de PostgreSQL, lock_timeout).",
        "A statement that waits for a lock makes every later one wait behind it: one long query then stops the application (PostgreSQL documentation, lock_timeout).",
    )),
    Rule::warning(
        "migration-unbounded-write",
        Migrations,
        Deduced,
        ("table vidée par une migration", "table emptied by a migration"),
        ("bornez par WHERE, ou passez par un traitement tracé", "bound it with WHERE, or use a traced batch"),
    )
    .because((
        "EXI-ARCH-9 et EXI-ARCH-21 : les données en service ne reviennent que par une restauration.",
        "EXI-ARCH-9 and EXI-ARCH-21: data in service only come back through a restore.",
    )),
    Rule::warning(
        "migration-drop-cascade",
        Migrations,
        Deduced,
        ("retrait en cascade : ce qui part n’est pas écrit", "removal in cascade: what goes is not written"),
        ("retirez chaque objet par son nom", "remove each object by its name"),
    )
    .because((
        "EXI-ARCH-21 : CASCADE retire aussi vues, contraintes et clés d’autres tables, que la relecture ne voit pas.",
        "EXI-ARCH-21: CASCADE also removes views, constraints and keys of other tables, which a review does not see.",
    )),
    Rule::error(
        "migration-number-twice",
        Migrations,
        Deduced,
        ("deux migrations du même numéro", "two migrations of the same number"),
        ("renumérotez celle qui n’est pas encore appliquée", "renumber the one that is not applied yet"),
    )
    .because((
        "L’outil refuse le dossier (kit, Flyway) ou n’applique que l’une des deux (Alembic) : les environnements divergent.",
        "The tool refuses the folder (kit, Flyway) or applies only one of them (Alembic): environments drift apart.",
    )),
    Rule::error(
        "migration-chain",
        Migrations,
        Deduced,
        ("révision qui suit une révision absente", "revision that follows an absent one"),
        ("corrigez down_revision, ou ajoutez la révision qui manque", "mend down_revision, or add the missing revision"),
    )
    .because(("Alembic s’arrête : la base n’est plus migrée (documentation d’Alembic, « Working with Branches »).", "Alembic stops: the database is no longer migrated (Alembic documentation, “Working with Branches”).")),
    Rule::error(
        "migration-heads",
        Migrations,
        Deduced,
        ("plusieurs têtes de révision", "several revision heads"),
        ("alembic merge heads", "alembic merge heads"),
    )
    .because((
        "« alembic upgrade head » refuse plusieurs têtes : le déploiement échoue (documentation d’Alembic, « Working with Branches »).",
        "“alembic upgrade head” refuses several heads: the deployment fails (Alembic documentation, “Working with Branches”).",
    )),
];
