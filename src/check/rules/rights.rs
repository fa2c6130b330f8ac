//! Rights that SQL scripts give: to everybody, beyond rights, with a password that everybody can read (EXI-DATA-2,
//! « politique de droits associés »).

use crate::check::Report;
use crate::check::catalog::Rule;
use crate::check::catalog::Strength::{Cct, Deduced};
use crate::check::migrations::{Migration, has_extension, migrations};
use crate::check::repository::Input::{self, Migrations};
use crate::check::repository::{below, folder};
use crate::check::sql::{self, Grant, Name, Op, Statement};
use crate::check::view::View;
use crate::text::Text;

/// Rows of the catalogue.
pub const RULES: &[Rule] = &[
    Rule::error(
        "sql-clear-password",
        Migrations,
        Cct,
        ("mot de passe écrit dans un script SQL", "password written in an SQL script"),
        ("créez le rôle sans mot de passe ; la plateforme le pose depuis son coffre", "create the role without a password; the platform sets it from its vault"),
    )
    .because((
        "EXI-ARCH-10 : les secrets viennent du coffre de la plateforme. Un mot de passe versé au dépôt est dans toutes ses copies, et dans le journal du serveur.",
        "EXI-ARCH-10: secrets come from the platform's vault. A password committed to the repository is in all its copies, and in the server's log.",
    )),
    Rule::error(
        "sql-superuser",
        Migrations,
        Cct,
        ("rôle de l'application au-dessus des droits", "role of the application above rights"),
        ("retirez SUPERUSER, BYPASSRLS, CREATEROLE, REPLICATION", "remove SUPERUSER, BYPASSRLS, CREATEROLE, REPLICATION"),
    )
    .because((
        "EXI-DATA-2 demande une politique de droits : ces attributs y échappent (documentation de PostgreSQL, CREATE ROLE).",
        "EXI-DATA-2 asks for a policy of rights: these attributes escape it (PostgreSQL documentation, CREATE ROLE).",
    )),
    Rule::warning(
        "sql-grant-public",
        Migrations,
        Cct,
        ("droit donné à tous les rôles (PUBLIC)", "right given to every role (PUBLIC)"),
        ("nommez les rôles qui en ont besoin", "name the roles that need it"),
    )
    .because((
        "EXI-DATA-2 demande une politique de droits : PUBLIC comprend aussi les rôles à venir (documentation de PostgreSQL, GRANT).",
        "EXI-DATA-2 asks for a policy of rights: PUBLIC also covers roles to come (PostgreSQL documentation, GRANT).",
    )),
    Rule::error(
        "sql-definer-path",
        Migrations,
        Deduced,
        ("fonction SECURITY DEFINER sans search_path fixé", "SECURITY DEFINER function without a fixed search_path"),
        ("ajoutez « SET search_path = pg_catalog, pg_temp »", "add “SET search_path = pg_catalog, pg_temp”"),
    )
    .because((
        "Qui appelle la fonction choisit sinon les objets qu'elle lit, avec les droits de son propriétaire (documentation de PostgreSQL, « Writing SECURITY DEFINER Functions Safely »).",
        "Whoever calls the function otherwise chooses the objects that it reads, with its owner's rights (PostgreSQL documentation, “Writing SECURITY DEFINER Functions Safely”).",
    )),
];

/// Checks migrations, and the scripts that charts and projects of mirai-kit run.
pub fn check(view: &mut View<'_>) -> Report {
    let mut report = Report::default();
    let migrations = migrations(view);
    for Migration { path, statements, .. } in &migrations {
        on_statements(&mut report, path, statements, statements);
    }
    let mut roots = view.projects();
    roots.extend(view.named("Chart.yaml").iter().map(|chart| folder(chart).to_owned()).filter(|chart| !chart.is_empty()));
    let sql = |path: &str| has_extension(path, "sql") && path.split('/').any(|part| part == "sql") && roots.iter().any(|root| below(path, root));
    for path in view.paths(sql) {
        if migrations.iter().any(|m| m.path == path) {
            continue;
        }
        let Some(content) = view.text(Input::Migrations, &path) else { continue };
        // A script that a chart renders is a template before it is SQL.
        if content.contains("{{") {
            continue;
        }
        match sql::script(&content) {
            Ok(script) => on_statements(&mut report, &path, &script.statements, &script.statements),
            Err(wrong) => view.gap(Input::Migrations, &path, wrong.what),
        }
    }
    report
}

fn on_statements(report: &mut Report, path: &str, statements: &[Statement], all: &[Statement]) {
    let fixed = |function: &Name| all.iter().any(|s| matches!(&s.op, Op::FunctionPath(name) if name.name == function.name));
    for Statement { line, op } in statements {
        let line = Some(*line);
        let mut see = |rule: &'static str, problem: Option<String>| report.see_in(rule, path, line, problem.map(Text::same));
        match op {
            Op::Role { name, power, password, .. } => {
                see("sql-clear-password", password.then(|| name.clone()));
                see("sql-superuser", power.as_ref().map(|power| format!("{name} : {power}")));
            }
            Op::Grant(grant) => see("sql-grant-public", public(grant)),
            Op::Function { name, definer: true, path } => see("sql-definer-path", (!path && !fixed(name)).then(|| name.to_string())),
            _ => {}
        }
    }
}

/// What a grant opens to everybody; the use of a schema, type or function alone shows no row.
fn public(grant: &Grant) -> Option<String> {
    let everybody = grant.to.iter().any(|role| role == "public");
    let harmless = |(privilege, _): &(String, Vec<String>)| matches!(privilege.as_str(), "usage" | "execute" | "connect");
    if !everybody || grant.privileges.iter().all(harmless) {
        return None;
    }
    let privileges = grant.privileges.iter().map(|(p, _)| p.to_uppercase()).collect::<Vec<_>>().join(", ");
    let names = grant.names.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
    Some(format!("GRANT {privileges} ON {} {names} TO PUBLIC", grant.what.to_uppercase()))
}
