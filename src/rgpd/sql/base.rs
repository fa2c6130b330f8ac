//! Roles (superuser) and the doors that PostgreSQL leaves open to PUBLIC.

use std::fmt::Write as _;

use super::super::model::Model;
use super::super::types::{lit, q};
use super::header;

/// `sql/000_roles.sql`: the only file that a superuser (or CloudNativePG) runs.
pub(super) fn roles(model: &Model) -> String {
    let r = &model.roles;
    let mut names = vec![&r.owner, &r.app];
    if model.is_personal() {
        names.extend([&r.publication, &r.pseudo, &r.anon, &r.dpo, &r.purge]);
    }
    let array = names.iter().map(|n| lit(n)).collect::<Vec<_>>().join(", ");
    let mut out = format!(
        "-- Rôles, créés par la plateforme (superutilisateur, ou CloudNativePG à l'initialisation) : une application n'a pas CREATEROLE.\n\
         -- Modèle « {} ». Écrit par mirai-kit depuis donnees/modele.yaml. Rejouable ; aucun mot de passe ici.\n\
         -- Un rôle qui existe déjà (compte de connexion posé par la plateforme) est laissé tel quel.\n\
         DO $$\nDECLARE r text;\nBEGIN\n  FOREACH r IN ARRAY ARRAY[{array}] LOOP\n    \
         IF NOT EXISTS (SELECT FROM pg_catalog.pg_roles WHERE rolname = r) THEN\n      \
         EXECUTE format('CREATE ROLE %I NOLOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS', r);\n    \
         END IF;\n  END LOOP;\nEND\n$$;\n",
        model.application.replace(['\n', '\r'], " ")
    );
    if model.is_personal() {
        let _ = write!(
            out,
            "-- Le propriétaire confie ses vues au rôle de publication, qui n'a aucun droit sur le clair.\nGRANT {} TO {};\n",
            q(&r.publication),
            q(&r.owner)
        );
    }
    out
}

/// `…_base.sql`: closed doors and schemas.
pub(super) fn base(model: &Model) -> String {
    let r = &model.roles;
    let mut connect = vec![&r.owner, &r.app];
    if model.is_personal() {
        connect.extend([&r.pseudo, &r.anon, &r.dpo, &r.purge]);
    }
    let connect = connect.iter().map(|n| q(n)).collect::<Vec<_>>().join(", ");
    let mut out = header(model, "Base : portes fermées à PUBLIC, schémas.");
    let _ = write!(
        out,
        "-- TEMP ouvert à PUBLIC laisse créer une fonction qui lit les lignes filtrées d'une vue ; CONNECT est donné nommément.\n\
         DO $$\nBEGIN\n  EXECUTE format('REVOKE ALL ON DATABASE %I FROM PUBLIC', current_database());\n  \
         EXECUTE format('GRANT CONNECT ON DATABASE %I TO {connect}', current_database());\nEND\n$$;\n\
         REVOKE ALL ON SCHEMA public FROM PUBLIC;\n\
         -- Une fonction est exécutable par PUBLIC dès sa création : plus pour celles de ce propriétaire.\n\
         ALTER DEFAULT PRIVILEGES REVOKE EXECUTE ON FUNCTIONS FROM PUBLIC;\n\
         CREATE SCHEMA IF NOT EXISTS {};\nCREATE SCHEMA IF NOT EXISTS rgpd;\n",
        q(&model.schema)
    );
    if model.is_personal() {
        let _ = writeln!(out, "CREATE SCHEMA IF NOT EXISTS {};", q(&model.schema_anon));
    }
    out
}
