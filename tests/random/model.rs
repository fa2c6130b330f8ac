//! A description drawn at random, what its twins must be, and statements that fill it: every type and rule, names that SQL
//! reserves or almost cuts, chains of entities, both tiers.

#![allow(dead_code, reason = "each test file uses its part")]

use std::fmt::Write as _;

/// Xorshift: the seed of a failure is enough to draw it again.
pub struct Dice(u64);

impl Dice {
    pub fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1)
    }

    pub fn below(&mut self, n: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 >> 33).expect("31 bits") % n
    }

    fn chance(&mut self, percent: usize) -> bool {
        self.below(100) < percent
    }

    fn pick<'a, T>(&mut self, list: &'a [T]) -> &'a T {
        &list[self.below(list.len())]
    }
}

/// What a twin may be, beside the value that it stands for.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Twin {
    /// Empty exactly when the value is.
    Alike,
    Never,
    Always,
    /// As `Alike`, once the batch that holds the key has run.
    Keyed,
}

pub struct Column {
    pub name: String,
    pub twin: Option<(String, Twin)>,
    /// An expression on `i` that draws a value.
    value: String,
    required: bool,
}

pub struct Table {
    pub name: String,
    pub personal: bool,
    pub root: bool,
    pub parent: Option<String>,
    pub start: Option<String>,
    pub quasi: Vec<String>,
    pub columns: Vec<Column>,
}

pub struct Model {
    pub yaml: String,
    pub tables: Vec<Table>,
}

/// (type, what the rgpd block says, what the twin is, an expression, a value after the term, usable as quasi-identifier)
type Kind = (&'static str, &'static str, &'static str, Twin, &'static str, &'static str, bool);

const TEXT: &str = "(ARRAY['', 'é', 'TEMOIN', E'l''été\\n', repeat('x', 300)])[1 + i % 5] || i";
const KINDS: &[Kind] = &[
    ("text", "identifiant-direct", "nom: suppression", Twin::Always, TEXT, "\"-\"", false),
    ("text", "identifiant-direct", "nom: substitution, liste: noms-neutres", Twin::Never, TEXT, "\"-\"", false),
    ("varchar(400)", "identifiant-direct", "nom: substitution, liste: prenoms-epicenes", Twin::Never, TEXT, "\"-\"", false),
    ("text", "identifiant-direct", "nom: constante, valeur: \"l'autre\"", Twin::Never, TEXT, "\"-\"", false),
    ("text", "identifiant-direct", "nom: masque_partiel, debut: 2, fin: 1", Twin::Never, TEXT, "\"-\"", false),
    ("text", "identifiant-direct", "nom: remplacement_aleatoire", Twin::Never, TEXT, "\"-\"", false),
    ("text", "identifiant-direct", "nom: hachage_hmac, contexte: %c", Twin::Keyed, TEXT, "\"-\"", false),
    ("bigint", "identifiant-direct", "nom: hachage_hmac, contexte: %c", Twin::Keyed, "9223372036854775807 - i", "0", false),
    (
        "uuid",
        "identifiant-direct",
        "nom: remplacement_aleatoire",
        Twin::Never,
        "gen_random_uuid()",
        "\"00000000-0000-4000-8000-000000000000\"",
        false,
    ),
    ("inet", "identifiant-direct", "nom: suppression", Twin::Always, "'192.0.2.1'::inet + i", "\"0.0.0.0\"", false),
    ("jsonb", "texte-libre", "nom: suppression", Twin::Always, "jsonb_build_object('t', i)", "\"{}\"", false),
    ("boolean", "attribut", "nom: suppression", Twin::Always, "i % 2 = 0", "false", false),
    ("integer", "attribut", "nom: constante, valeur: 7", Twin::Never, "i * 1000", "0", false),
    ("integer", "attribut", "nom: bruit, ecart: 0.2, arrondi: 10", Twin::Alike, "(i - 50) * 1000", "0", false),
    ("numeric(12,3)", "attribut", "nom: bruit, ecart: 0.05, arrondi: 1", Twin::Alike, "i * 3.141", "0", false),
    (
        "char(5)",
        "quasi-identifiant",
        "nom: generalisation, vers: departement",
        Twin::Alike,
        "(ARRAY['35000', '97411', '2A004', '98800', '     '])[1 + i % 5]",
        "\"00000\"",
        true,
    ),
    (
        "date",
        "quasi-identifiant",
        "nom: generalisation, vers: cohorte, pas: 10",
        Twin::Alike,
        "date '0001-01-01' + (i * 7919) % 3000000",
        "\"1900-01-01\"",
        true,
    ),
    ("date", "quasi-identifiant", "nom: generalisation, vers: mois", Twin::Alike, "date '2000-02-29' + i % 400", "mois", true),
    (
        "timestamptz",
        "quasi-identifiant",
        "nom: generalisation, vers: annee",
        Twin::Alike,
        "timestamptz '1999-12-31 23:30:00-02' + i * interval '1 day'",
        "mois",
        true,
    ),
    ("timestamptz", "quasi-identifiant", "nom: generalisation, vers: mois", Twin::Alike, "now() - i * interval '11 hours'", "mois", true),
    ("smallint", "quasi-identifiant", "nom: generalisation, vers: pas, pas: 5", Twin::Alike, "(i % 400 - 200)::smallint", "0", true),
    ("bigint", "quasi-identifiant", "nom: generalisation, vers: pas, pas: 1000000", Twin::Alike, "-9223372036854775807 + i", "0", true),
];
const NAMES: &[&str] = &[
    "user",
    "select",
    "table",
    "order",
    "group",
    "nom",
    "a",
    "colonne_au_nom_tres_long_qui_touche_presque_la_limite_xy",
    "date_",
    "_x",
    "null_",
    "end",
];

/// Draws a model.
pub fn draw(seed: u64) -> Model {
    let mut dice = Dice::new(seed);
    let complete = dice.chance(60);
    let mut tables: Vec<Table> = Vec::new();
    let mut body = String::new();
    let count = 1 + dice.below(4);
    for n in 0..count {
        let name = format!("{}{n}", dice.pick(&["usager", "order", "t", "entite_au_nom_long_comme_un_jour_s"]));
        let above: Vec<&Table> = tables.iter().filter(|t| t.personal).collect();
        let parent = if !above.is_empty() && dice.chance(60) { Some(above[dice.below(above.len())].name.clone()) } else { None };
        let personal = parent.is_some() || n == 0 || dice.chance(70);
        body.push_str(&table(&mut dice, &name, parent, personal, complete, &mut tables));
    }
    let head = format!(
        "format: mirai/rgpd/v1\napplication: hasard\nniveau: {}\nmodele: {{ version: 1, regles: r1 }}\npostgres:\n  schema: hasard\n  suffixe_copie: {}\n  roles: {{ proprietaire: hasard_owner, application: hasard_app, publication: hasard_publication, \
         lecture_pseudonymisee: hasard_lecture_pseudonymisee, lecture_anonymisee: hasard_lecture_anonymisee, dpo: hasard_dpo, purge: hasard_purge }}\n\
         responsable: {{ organisme: O, representant: R, dpo: {{ nom: D, contact: d@x.invalid }} }}\ntraitements: [{{ id: t1, finalite: F, base_legale: {{ terme: eu-gdpr:A6-1-e }} }}]\n\
         cle: {{ source: vault, chemin: a/b, rotation: P1Y }}\nentites:\n",
        if complete { "complet" } else { "essentiel" },
        dice.pick(&["_anon", "_c"]),
    );
    let suffix = if head.contains("suffixe_copie: _c\n") { "_c" } else { "_anon" };
    for table in &mut tables {
        for column in &mut table.columns {
            if let Some((twin, _)) = &mut column.twin {
                twin.push_str(suffix);
            }
        }
    }
    Model { yaml: head + &body, tables }
}

fn table(dice: &mut Dice, name: &str, parent: Option<String>, personal: bool, complete: bool, tables: &mut Vec<Table>) -> String {
    let (mut text, mut columns, mut quasi) = (String::new(), Vec::new(), Vec::new());
    let uid = "categorie: pd:UID, famille: etat-civil, role: identifiant-technique, regle: { nom: suppression }";
    let tag = if personal { format!("personnel: true, {uid}") } else { "personnel: false, motif: m".to_owned() };
    let _ = writeln!(text, "      id: {{ type: uuid, cle_primaire: true, rgpd: {{ {tag} }} }}");
    if let Some(parent) = &parent {
        let _ = writeln!(text, "      parent_id: {{ type: uuid, obligatoire: true, reference: {parent}.id, rgpd: {{ personnel: true, {uid} }} }}");
    }
    let mut taken = vec!["id".to_owned(), "parent_id".to_owned(), "depuis".to_owned()];
    if personal {
        text.push_str("      depuis: { type: timestamptz, obligatoire: true, rgpd: { personnel: true } }\n");
        columns.push(Column { name: "depuis".into(), twin: Some(("depuis".into(), Twin::Alike)), value: "now()".into(), required: true });
    }
    for n in 0..=dice.below(9) {
        let base = (*dice.pick(NAMES)).to_owned();
        let field = if taken.contains(&base) { format!("f{n}") } else { base };
        if taken.contains(&field) {
            continue;
        }
        taken.push(field.clone());
        if !personal || dice.chance(15) {
            let _ = writeln!(text, "      {field}: {{ type: integer, rgpd: {{ personnel: false, motif: m }} }}");
            columns.push(Column { name: field, twin: None, value: "i % 3".into(), required: false });
            continue;
        }
        let (kind, part, asked, twin, value, after, is_quasi) = *dice.pick(KINDS);
        let required = dice.chance(40);
        let rule = asked.replace("%c", &format!("{name}.f{n}.v1"));
        let _ = writeln!(
            text,
            "      {field}: {{ type: \"{kind}\", obligatoire: {required}, rgpd: {{ personnel: true, categorie: pd:Communication, famille: vie-personnelle, role: {part}, regle: {{ {rule} }}{} }} }}",
            if required { format!(", apres_purge: {after}") } else { String::new() }
        );
        if is_quasi {
            quasi.push(field.clone());
        }
        columns.push(Column { twin: Some((field.clone(), twin)), name: field, value: value.into(), required });
    }
    let root = personal && parent.is_none();
    let mut head = format!("  {name}:\n");
    if personal {
        head.push_str("    personnes: usager\n    traitements: [t1]\n");
    }
    if let Some(parent) = &parent {
        let _ = writeln!(head, "    suit: {{ entite: {parent}, par: parent_id }}");
    } else if personal {
        let end = dice.pick(&["anonymisation", "anonymisation", "suppression", "transfert-puis-suppression"]);
        let _ = writeln!(head, "    conservation: {{ base_active: P1Y, depart: depuis, sort_final: {end} }}");
    }
    if !(complete && root) {
        quasi.clear();
    } else if !quasi.is_empty() {
        let order: Vec<String> = quasi.iter().filter(|_| dice.chance(70)).cloned().collect();
        let _ = writeln!(
            head,
            "    jeu_diffusable: {{ k: {}, quasi_identifiants: [{}], suppression_dans_l_ordre: [{}], attributs: [], cadence: P1D }}",
            5 + dice.below(4),
            quasi.join(", "),
            order.join(", ")
        );
    }
    let start = personal.then(|| "depuis".to_owned());
    tables.push(Table { name: name.to_owned(), personal, root, parent, start, quasi, columns });
    format!("{head}    champs:\n{text}")
}

impl Table {
    /// Inserts `rows` rows, a third of the optional values empty.
    pub fn insert(&self, rows: usize) -> String {
        let mut names: Vec<String> = self.columns.iter().map(|c| format!("\"{}\"", c.name)).collect();
        let mut values: Vec<String> = self
            .columns
            .iter()
            .enumerate()
            .map(|(n, c)| if c.required { c.value.clone() } else { format!("CASE WHEN (i + {n}) % 3 > 0 THEN {} END", c.value) })
            .collect();
        let mut when = String::new();
        if let Some(parent) = &self.parent {
            names.push("parent_id".into());
            values.push(format!(
                "(ARRAY(SELECT id FROM hasard.\"{parent}\"))[1 + i % greatest(1, (SELECT count(*)::integer FROM hasard.\"{parent}\"))]"
            ));
            when = format!(" WHERE EXISTS (SELECT FROM hasard.\"{parent}\")");
        }
        if names.is_empty() {
            return format!("INSERT INTO hasard.\"{}\" SELECT FROM generate_series(1, {rows}) i", self.name);
        }
        format!("INSERT INTO hasard.\"{}\" ({}) SELECT {} FROM generate_series(1, {rows}) i{when}", self.name, names.join(", "), values.join(", "))
    }
}
