//! The expand of a new version over a database in service: columns added under a lock that is asked for in short tries, the
//! union's files, then the backfill by lots. Order and traps: measured by the prototype (`DROP COLUMN`, `REVOKE` then `GRANT`,
//! rewriting defaults, cached plans).

use std::fmt::Write as _;

use super::super::Output;
use super::super::model::{Entity, Field, Model};
use super::super::plan::coarser;
use super::super::rules::Rule;
use super::super::types::{dollar, lit, q, short_digest};
use super::{close, files, full, function, header, tables, twins};

/// All files of the expand.
pub(in crate::rgpd) fn expand(old: &Model, union: &Model) -> Vec<Output> {
    let mut outputs = files(union);
    let mut add = |step: u32, name: &str, content: String| {
        if !content.is_empty() {
            outputs.push(Output { path: format!("migrations/{:03}_{name}.sql", union.version * 100 + step), content });
        }
    };
    add(5, "extension", extension(old, union));
    add(28, "index_perimes", stale_indexes(union, &tables::indexes(old), &tables::indexes(union)));
    add(85, "reprise", backfill(old, union, "Reprise : les lignes en place reçoivent ce que la nouvelle version attend."));
    outputs.sort_by_key(|o| (!o.path.starts_with("sql/"), number(&o.path)));
    outputs
}

/// The number that orders a migration.
fn number(path: &str) -> u32 {
    path.trim_start_matches(|c: char| !c.is_ascii_digit()).split('_').next().and_then(|n| n.parse().ok()).unwrap_or(0)
}

/// Locks `list` in short tries: a migration that queues behind a long transaction makes every session queue behind it.
pub(super) fn lock(list: &[String]) -> String {
    if list.is_empty() {
        return String::new();
    }
    format!(
        "-- Verrou demandé par essais courts : une migration qui attend fait attendre derrière elle toute l'application.\nDO {};\n",
        dollar(&format!(
            "\nBEGIN\n  FOR essai IN 1..600 LOOP\n    BEGIN\n      SET LOCAL lock_timeout = '30ms';\n      \
             LOCK TABLE {} IN ACCESS EXCLUSIVE MODE;\n      RETURN;\n    EXCEPTION WHEN lock_not_available THEN\n      \
             PERFORM pg_sleep(0.05 + random() * 0.1);\n    END;\n  END LOOP;\n  \
             RAISE EXCEPTION 'RGPD : verrou non obtenu, rejouez la migration à une heure plus calme' USING ERRCODE = '55P03';\nEND\n",
            list.join(", ")
        ))
    )
}

fn extension(old: &Model, union: &Model) -> String {
    let (mut locked, mut body) = (Vec::new(), String::new());
    for entity in &union.entities {
        let Some(before) = old.entity(&entity.name) else { continue };
        let text = table(old, before, union, entity);
        if !text.is_empty() {
            locked.push(full(union, entity));
            body.push_str(&text);
        }
    }
    if body.is_empty() {
        return String::new();
    }
    format!("{}{}{body}", header(union, "Extension : colonnes ajoutées, rien n'est retiré, renommé ni rendu obligatoire."), lock(&locked))
}

/// What the table of `entity` needs before anything else.
fn table(old: &Model, before: &Entity, union: &Model, entity: &Entity) -> String {
    let name = full(union, entity);
    let mut out = String::new();
    for field in &entity.fields {
        match before.fields.iter().find(|f| f.name == field.name) {
            None => added(union, entity, field, &mut out),
            Some(was) => altered(entity, was, field, &name, &mut out),
        }
    }
    let known: Vec<String> =
        before.twin_fields().filter_map(|(_, p)| p.twin.clone()).chain(super::managed(old, before).into_iter().map(|(n, ..)| n)).collect();
    let copies = entity.twin_fields().filter_map(|(f, p)| p.twin.as_ref().map(|t| (t.clone(), p.rule.twin_type(&f.sql))));
    let managed = super::managed(union, entity).into_iter().map(|(n, kind, _)| (n, kind.to_owned()));
    for (column, kind) in copies.chain(managed).filter(|(n, _)| !known.contains(n)) {
        let _ = writeln!(out, "ALTER TABLE {name} ADD COLUMN IF NOT EXISTS {} {kind};", q(&column));
    }
    if before.is_personal() && !old.end(before).deletes() && (union.end(entity).deletes() || close::check_name(before) != close::check_name(entity)) {
        let _ = writeln!(out, "ALTER TABLE {name} DROP CONSTRAINT IF EXISTS {};", q(&close::check_name(before)));
    }
    if entity.is_personal() && (!before.is_personal() || close::check_name(before) != close::check_name(entity)) {
        close::invariant(union, entity, &mut out);
    }
    out.push_str(&follow_renames(union, entity));
    out
}

/// A column that the previous version does not know: no value is demanded, none is computed while the table is locked.
fn added(union: &Model, entity: &Entity, field: &Field, out: &mut String) {
    let (table, column) = (full(union, entity), q(&field.name));
    let drawn = field.default.as_deref().filter(|d| d.starts_with("gen_random_uuid"));
    let default = field.default.as_deref().filter(|_| drawn.is_none()).map_or_else(String::new, |d| format!(" DEFAULT {d}"));
    let _ = writeln!(out, "ALTER TABLE {table} ADD COLUMN IF NOT EXISTS {column} {}{default};", field.sql);
    if let Some(drawn) = drawn {
        // Computed for each row: as a default at once it would rewrite the table.
        let _ = writeln!(out, "ALTER TABLE {table} ALTER COLUMN {column} SET DEFAULT {drawn};");
    }
    if !field.values.is_empty() {
        constraint(&table, &tables::constraint(entity, field, "valeurs"), &tables::allowed(field), out);
    }
    if let Some((to, _)) = &field.reference
        && let Some(target) = union.entity(to)
    {
        let rule = format!("FOREIGN KEY ({column}) REFERENCES {} ({})", full(union, target), q(&target.key().name));
        constraint(&table, &tables::constraint(entity, field, "fkey"), &rule, out);
    }
}

/// A constraint that does not read the table while it is locked.
pub(super) fn constraint(table: &str, name: &str, rule: &str, out: &mut String) {
    let _ = write!(
        out,
        "DO $$\nBEGIN\n  IF NOT EXISTS (SELECT FROM pg_catalog.pg_constraint WHERE conname = {} AND conrelid = {}::regclass) THEN\n    \
         ALTER TABLE {table} ADD CONSTRAINT {} {rule} NOT VALID;\n  END IF;\nEND\n$$;\n",
        lit(name),
        lit(table),
        q(name)
    );
}

/// What both versions must be able to write: the looser of the two.
fn altered(entity: &Entity, was: &Field, field: &Field, table: &str, out: &mut String) {
    let column = q(&field.name);
    if was.default != field.default {
        let default = field.default.as_ref().map_or_else(|| "DROP DEFAULT".to_owned(), |d| format!("SET DEFAULT {d}"));
        let _ = writeln!(out, "ALTER TABLE {table} ALTER COLUMN {column} {default};");
    }
    if was.required && !field.required {
        let _ = writeln!(out, "ALTER TABLE {table} ALTER COLUMN {column} DROP NOT NULL;");
    }
    if was.unique && !field.unique {
        let _ = writeln!(out, "ALTER TABLE {table} DROP CONSTRAINT IF EXISTS {};", q(&tables::constraint(entity, field, "key")));
    }
    if was.reference.is_some() && field.reference.is_none() {
        let _ = writeln!(out, "ALTER TABLE {table} DROP CONSTRAINT IF EXISTS {};", q(&tables::constraint(entity, field, "fkey")));
    }
    if was.values != field.values && !was.values.is_empty() {
        let name = tables::constraint(entity, field, "valeurs");
        let _ = writeln!(out, "ALTER TABLE {table} DROP CONSTRAINT IF EXISTS {};", q(&name));
        if !field.values.is_empty() {
            let _ = writeln!(out, "ALTER TABLE {table} ADD CONSTRAINT {} {} NOT VALID;", q(&name), tables::allowed(field));
        }
    }
}

/// The fields of `entity` that carry on another, with its name.
pub(super) fn renames(entity: &Entity) -> Vec<(&Field, &str)> {
    entity.fields.iter().filter_map(|f| f.renamed_from.as_deref().map(|from| (f, from))).collect()
}

/// While a field has two names, what one version writes under its own is seen by the other.
fn follow_renames(union: &Model, entity: &Entity) -> String {
    let pairs: Vec<(&Field, &str)> =
        renames(entity).into_iter().filter(|(_, from)| entity.fields.iter().any(|f| f.name == *from && f.overlap.retired)).collect();
    if pairs.is_empty() {
        return String::new();
    }
    let mut body = String::from("\nBEGIN\n");
    for (field, from) in pairs {
        let (new, old) = (q(&field.name), q(from));
        let _ = write!(
            body,
            "  IF TG_OP = 'INSERT' THEN\n    IF NEW.{new} IS NOT NULL THEN NEW.{old} := NEW.{new}; ELSE NEW.{new} := NEW.{old}; END IF;\n  \
             ELSIF NEW.{new} IS DISTINCT FROM OLD.{new} THEN NEW.{old} := NEW.{new};\n  ELSE NEW.{new} := NEW.{old}; END IF;\n"
        );
    }
    body.push_str("  RETURN NEW;\nEND\n");
    let name = function("accorder", entity);
    let mut out = format!(
        "CREATE OR REPLACE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql\n  SET search_path = pg_catalog, pg_temp AS {};\n\
         REVOKE ALL ON FUNCTION {name}() FROM PUBLIC;\n",
        dollar(&body)
    );
    twins::trigger(union.live, &full(union, entity), "zy_rgpd_accorder", &name, &mut out);
    out
}

/// Indexes whose name stays and whose definition changes: `IF NOT EXISTS` would keep the old one.
pub(super) fn stale_indexes(model: &Model, before: &str, after: &str) -> String {
    let definitions = |text: &str| -> Vec<(String, String)> {
        let lines = text.lines().filter_map(|l| l.strip_prefix("CREATE INDEX CONCURRENTLY IF NOT EXISTS "));
        lines.filter_map(|l| l.split_once(' ').map(|(n, d)| (n.to_owned(), d.to_owned()))).collect()
    };
    let kept = definitions(after);
    let stale = definitions(before).into_iter().filter(|(name, definition)| !kept.iter().any(|(n, d)| n == name && d == definition));
    let blocks: Vec<String> = stale.map(|(name, _)| format!("DROP INDEX CONCURRENTLY IF EXISTS {}.{name};\n", q(&model.schema))).collect();
    if blocks.is_empty() {
        return String::new();
    }
    format!(
        "-- hors-transaction\n-- Index que leur nouvelle définition remplace. Écrit par mirai-kit depuis donnees/modele.yaml. Rejouable.\n\n{}",
        blocks.join("\n")
    )
}

/// What is missing in a row of `entity`, in SQL, for rows in use then for rows already anonymised.
pub(super) fn missing(old: &Model, union: &Model, entity: &Entity) -> Vec<String> {
    let Some(before) = old.entity(&entity.name) else { return Vec::new() };
    let mut open = Vec::new();
    if entity.is_personal() && !before.is_personal() {
        open.push("\"rgpd_complet\" IS NULL".to_owned());
    }
    let known: Vec<&String> = before.twin_fields().filter_map(|(_, p)| p.twin.as_ref()).collect();
    for (field, personal) in entity.twin_fields() {
        let Some(twin) = personal.twin.as_ref().filter(|t| !known.contains(t)) else { continue };
        let (source, twin) = (q(&field.name), q(twin));
        match &personal.rule {
            Rule::Suppression | Rule::Keep | Rule::Hmac { .. } => {}
            Rule::Constant(_) | Rule::Mask { .. } | Rule::Substitution(..) | Rule::RandomReplacement => open.push(format!("{twin} IS NULL")),
            _ => open.push(format!("({source} IS NOT NULL AND {twin} IS NULL)")),
        }
    }
    // What is not personal is carried on in every row, anonymised or not.
    let mut any = Vec::new();
    for (field, from) in renames(entity) {
        let list = if field.personal.is_some() { &mut open } else { &mut any };
        list.push(format!("({} IS NULL AND {} IS NOT NULL)", q(&field.name), q(from)));
    }
    let drawn =
        |f: &&Field| f.default.as_deref().is_some_and(|d| d.starts_with("gen_random_uuid")) && !before.fields.iter().any(|b| b.name == f.name);
    for field in entity.fields.iter().filter(drawn) {
        let list = if field.personal.is_some() { &mut open } else { &mut any };
        list.push(format!("{} IS NULL", q(&field.name)));
    }
    let mut list = any;
    let closed = before.is_personal() && !union.end(entity).deletes();
    if !open.is_empty() {
        let text = open.join(" OR ");
        list.push(if entity.is_personal() && closed { format!("(\"rgpd_anonymise_le\" IS NULL AND ({text}))") } else { format!("({text})") });
    }
    let late = close::unsettled(entity);
    if closed && !late.is_empty() {
        list.push(format!("(\"rgpd_anonymise_le\" IS NOT NULL AND ({}))", late.join(" OR ")));
    }
    list
}

/// `…_reprise.sql`: outside any transaction, one committed lot after the other, in the order of the key.
pub(super) fn backfill(old: &Model, union: &Model, what: &str) -> String {
    let mut blocks = Vec::new();
    for entity in &union.entities {
        let Some(before) = old.entity(&entity.name) else { continue };
        let (table, key) = (full(union, entity), q(&entity.key().name));
        for field in entity.fields.iter().filter(|f| !f.overlap.retired) {
            let was = before.fields.iter().find(|f| f.name == field.name);
            let mut validate = |suffix: &str| {
                blocks.push(format!("ALTER TABLE {table} VALIDATE CONSTRAINT {};\n", q(&tables::constraint(entity, field, suffix))));
            };
            if !field.values.is_empty() && was.is_none_or(|w| w.values != field.values && !w.values.is_empty()) {
                validate("valeurs");
            }
            if field.reference.is_some() && was.is_none() {
                validate("fkey");
            }
        }
        for (field, personal) in entity.personal_fields() {
            let Some((from, to, rule)) = derivable(before, field, personal) else { continue };
            let needs = [from.trim_matches('"').to_owned()];
            let todo = format!("\"rgpd_anonymise_le\" IS NOT NULL AND {to} IS NULL AND {from} IS NOT NULL");
            blocks.push(lots(&table, entity, &needs, &todo, &format!("{to} = {rule}")));
        }
        let todo = missing(old, union, entity);
        if !todo.is_empty() {
            let drawn = entity.fields.iter().filter(|f| f.default.as_deref().is_some_and(|d| d.starts_with("gen_random_uuid")) && !f.primary);
            let mut set: Vec<String> = drawn
                .filter(|f| !before.fields.iter().any(|b| b.name == f.name))
                .map(|f| format!("{n} = coalesce({n}, gen_random_uuid())", n = q(&f.name)))
                .collect();
            if set.is_empty() {
                // Any update: the triggers fill what is missing.
                set.push(format!("{key} = {key}"));
            }
            let needs: Vec<String> = renames(entity).into_iter().map(|(_, from)| from.to_owned()).collect();
            blocks.push(lots(&table, entity, &needs, &todo.join(" OR "), &set.join(", ")));
        }
    }
    if blocks.is_empty() {
        return String::new();
    }
    format!(
        "-- hors-transaction\n-- {what}\n-- Modèle version {}. Écrit par mirai-kit depuis donnees/modele.yaml. Rejouable ; empreinte {}.\n\n{}",
        union.version,
        short_digest(&blocks.concat(), 4),
        blocks.join("\n")
    )
}

/// The new twin of an anonymised row, when the twin of before is finer.
fn derivable(before: &Entity, field: &Field, personal: &super::super::model::Personal) -> Option<(String, String, String)> {
    let old = before.fields.iter().find(|f| f.name == field.name || field.renamed_from.as_deref() == Some(&f.name))?.personal.as_ref()?;
    let (from, to) = (old.twin.as_ref()?, personal.twin.as_ref()?);
    let from_column = q(from);
    let rule = if old.rule == personal.rule && !matches!(personal.rule, Rule::Hmac { .. } | Rule::Mask { .. } | Rule::Suppression) {
        from_column.clone()
    } else {
        coarser(&old.rule, &personal.rule, &from_column)?
    };
    (from != to).then(|| (from_column, q(to), rule))
}

/// Updates the rows of `todo` by lots of two hundred, each committed (a longer one would hold the rows that the application writes); nothing once the columns that it `needs` are withdrawn.
fn lots(table: &str, entity: &Entity, needs: &[String], todo: &str, set: &str) -> String {
    let (key, kind) = (q(&entity.key().name), entity.key().sql.to_string());
    let guard = if needs.is_empty() {
        String::new()
    } else {
        let names = needs.iter().map(|n| lit(n)).collect::<Vec<_>>().join(", ");
        format!(
            "  IF (SELECT count(*) FROM pg_catalog.pg_attribute WHERE attrelid = {}::regclass AND attname IN ({names}) AND NOT attisdropped) < {} THEN RETURN; END IF;\n",
            lit(table),
            needs.len()
        )
    };
    format!(
        "DO {};\n",
        dollar(&format!(
            "\nDECLARE lot {kind}[]; dernier {kind}; passes integer := 0;\nBEGIN\n{guard}  LOOP\n    \
             lot := ARRAY(SELECT s.{key} FROM {table} s WHERE (dernier IS NULL OR s.{key} > dernier) AND ({todo})\n                 \
             ORDER BY s.{key} LIMIT 200 FOR UPDATE SKIP LOCKED);\n    \
             IF cardinality(lot) > 0 THEN\n      UPDATE {table} SET {set} WHERE {key} = ANY (lot);\n      dernier := lot[cardinality(lot)];\n    \
             ELSE\n      EXIT WHEN NOT EXISTS (SELECT FROM {table} s WHERE {todo});\n      \
             -- des lignes tenues par l'application : on y revient\n      passes := passes + 1;\n      dernier := NULL;\n      \
             IF passes > 100 THEN RAISE EXCEPTION 'RGPD : des lignes restent à compléter' USING ERRCODE = 'RG010'; END IF;\n      \
             PERFORM pg_sleep(0.1);\n    END IF;\n    COMMIT;\n  END LOOP;\nEND\n"
        ))
    )
}
