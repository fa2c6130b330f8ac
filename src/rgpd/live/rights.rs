//! The doors that the description does not know: a grant to a stranger, a membership that lends a role's rights, a role
//! above the rights. The generated control looks at the model's own roles; these questions look at all the others.

use super::super::model::Model;

/// A question to the catalogues: its rows are (object, detail).
pub(super) struct Question {
    pub id: &'static str,
    pub sql: &'static str,
    /// Only where there are personal data.
    pub personal: bool,
}

/// `$1`: the model's roles; `$2`: its schemas; `$3`: roles that nobody may be a member of.
pub(super) const QUESTIONS: &[Question] = &[
    Question {
        id: "D01",
        personal: false,
        sql: "WITH grants AS (
  SELECT n.nspname AS nsp, format('%I.%I', n.nspname, c.relname) AS objet, c.relowner AS owner, x.grantee, x.privilege_type AS p
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace, aclexplode(c.relacl) x
  UNION ALL SELECT n.nspname, format('%I.%I.%I', n.nspname, c.relname, a.attname), c.relowner, x.grantee, x.privilege_type
    FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid JOIN pg_namespace n ON n.oid = c.relnamespace, aclexplode(a.attacl) x
  UNION ALL SELECT n.nspname, p.oid::regprocedure::text, p.proowner, x.grantee, x.privilege_type
    FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace, aclexplode(p.proacl) x WHERE x.grantee <> 0
  UNION ALL SELECT n.nspname, 'schéma ' || n.nspname, n.nspowner, x.grantee, x.privilege_type FROM pg_namespace n, aclexplode(n.nspacl) x)
SELECT g.objet::text, string_agg(g.p, ', ' ORDER BY g.p) || ' → ' || coalesce(r.rolname::text, 'PUBLIC')
  FROM grants g LEFT JOIN pg_roles r ON r.oid = g.grantee
  WHERE g.nsp = ANY ($2::text[]) AND g.grantee <> g.owner AND ($3::text[] IS NOT NULL)
    AND (g.grantee = 0 OR NOT (r.rolsuper OR r.rolname = ANY ($1::text[])))
  GROUP BY g.objet, r.rolname ORDER BY 1, 2",
    },
    Question {
        id: "D02",
        personal: false,
        sql: "SELECT m.rolname::text, 'membre de ' || g.rolname
  FROM pg_auth_members a JOIN pg_roles g ON g.oid = a.roleid JOIN pg_roles m ON m.oid = a.member
  WHERE g.rolname = ANY ($3::text[]) AND NOT m.rolsuper AND ($2::text[] IS NOT NULL)
    AND NOT (m.rolname = ($1::text[])[1] AND g.rolname = ($1::text[])[3]) ORDER BY 1, 2",
    },
    Question {
        id: "D03",
        personal: false,
        sql: "SELECT r.rolname::text, concat_ws(', ', CASE WHEN rolsuper THEN 'SUPERUSER' END, CASE WHEN rolbypassrls THEN 'BYPASSRLS' END,
    CASE WHEN rolcreaterole THEN 'CREATEROLE' END, CASE WHEN rolreplication THEN 'REPLICATION' END)
  FROM pg_roles r WHERE r.rolname = ANY ($1::text[]) AND (rolsuper OR rolbypassrls OR rolcreaterole OR rolreplication)
    AND ($2::text[] IS NOT NULL) AND ($3::text[] IS NOT NULL) ORDER BY 1",
    },
    Question {
        id: "D04",
        personal: false,
        sql: "SELECT 'droits par défaut de ' || pg_get_userbyid(d.defaclrole), x.privilege_type || ' → ' || coalesce(r.rolname::text, 'PUBLIC')
  FROM pg_default_acl d LEFT JOIN pg_namespace n ON n.oid = d.defaclnamespace, aclexplode(d.defaclacl) x LEFT JOIN pg_roles r ON r.oid = x.grantee
  WHERE (d.defaclnamespace = 0 OR n.nspname = ANY ($2::text[])) AND pg_get_userbyid(d.defaclrole) = ($1::text[])[1]
    AND x.grantee <> d.defaclrole AND ($3::text[] IS NOT NULL) ORDER BY 1, 2",
    },
    Question {
        id: "D05",
        personal: true,
        sql: "SELECT s.name::text, s.setting FROM pg_settings s
  WHERE ((s.name = 'log_statement' AND s.setting NOT IN ('none', 'ddl')) OR (s.name = 'log_min_duration_statement' AND s.setting = '0'))
    AND ($1::text[] IS NOT NULL) AND ($2::text[] IS NOT NULL) AND ($3::text[] IS NOT NULL) ORDER BY 1",
    },
];

/// Owner, application, publication, then the others; empty names left out.
pub(super) fn roles(model: &Model) -> Vec<String> {
    let r = &model.roles;
    // The third place is that of publication, even where there is none.
    [&r.owner, &r.app, &r.publication, &r.pseudo, &r.anon, &r.dpo, &r.purge].into_iter().cloned().collect()
}

/// Roles that act in the application's name or above it: a member would have their rights under another name.
pub(super) fn closed(model: &Model) -> Vec<String> {
    let r = &model.roles;
    [&r.owner, &r.app, &r.publication, &r.purge].into_iter().filter(|n| !n.is_empty()).cloned().collect()
}
