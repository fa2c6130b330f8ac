//! The anonymisation rules: their parameters, the twin they fill, and their legal nature, which is computed here and never
//! declared by the author.

use serde_json::Value;

use super::block::Block;
use super::report::Sink;
use super::types::{SqlType, lit};
use crate::yaml::Node;

/// The rule names of the format.
pub(super) const NAMES: &str =
    "suppression, constante, substitution, remplacement_aleatoire, generalisation, bruit, masque_partiel, hachage_hmac, conserver";

/// A rule with its parameters.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Rule {
    Suppression,
    /// The literal, already in SQL.
    Constant(String),
    Substitution(&'static [&'static str], &'static str),
    RandomReplacement,
    Department,
    Cohort(u32),
    Month,
    Year,
    Step(u32),
    /// Share (0–1) and rounding step.
    Noise {
        share: f64,
        step: u32,
    },
    /// Characters kept at the start and at the end.
    Mask {
        start: u32,
        end: u32,
    },
    Hmac {
        context: String,
    },
    Keep,
}

/// What the law sees in the twin.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Nature {
    Anonymising,
    QuasiIdentifier,
    Degraded,
    StillPersonal,
    Pseudonymisation,
}

impl Nature {
    pub fn word(self) -> &'static str {
        match self {
            Self::Anonymising => "anonymisante",
            Self::QuasiIdentifier => "quasi-identifiant restant",
            Self::Degraded => "attribut dégradé",
            Self::StillPersonal => "reste personnel",
            Self::Pseudonymisation => "pseudonymisation",
        }
    }
}

const NEUTRAL_NAMES: &[&str] = &[
    "AMARANTE",
    "AUBIER",
    "BRUYERE",
    "CAILLOU",
    "CHARDON",
    "COLZA",
    "EPICEA",
    "FOUGERE",
    "GENET",
    "HETRE",
    "JONQUILLE",
    "LAVANDE",
    "MELEZE",
    "NOYER",
    "ORGE",
    "ROSEAU",
];
const NEUTRAL_FIRST_NAMES: &[&str] = &[
    "Alix",
    "Ange",
    "Camille",
    "Charlie",
    "Claude",
    "Dominique",
    "Eden",
    "Frédérique",
    "Gabrielle",
    "Lou",
    "Maxime",
    "Morgan",
    "Noa",
    "Sacha",
    "Stéphane",
    "Yaël",
];

impl Rule {
    /// Reads `regle`. `None` after a refusal.
    pub fn read(block: &mut Block<'_>, sql: &SqlType, sink: &mut Sink) -> Option<Self> {
        let line = block.line_of("nom");
        let name = block.need_text("nom", sink)?;
        let fits = |ok: bool, allowed: &str, sink: &mut Sink| {
            if !ok {
                sink.error(line, format!("la règle « {name} » ne s'applique pas au type {sql}"), allowed);
            }
            ok
        };
        match name.as_str() {
            "suppression" => Some(Self::Suppression),
            "conserver" => Some(Self::Keep),
            "constante" => {
                let node = block.need("valeur", sink)?;
                match (sql.literal(&node.value()), node.as_str()) {
                    (Ok(literal), _) => Some(Self::Constant(literal)),
                    // The twin is a text without length: it holds what the column would not.
                    (Err(_), Some(t)) if sql.is_text() => Some(Self::Constant(lit(t))),
                    (Err(allowed), _) => {
                        sink.error(node.line, format!("« valeur » ne convient pas au type {sql}"), &allowed);
                        None
                    }
                }
            }
            "substitution" => {
                let list = block.need_text("liste", sink)?;
                unique_draw(block, "graine", "tirage-unique", sink);
                let found = match list.as_str() {
                    "noms-neutres" => Self::Substitution(NEUTRAL_NAMES, "noms-neutres"),
                    "prenoms-epicenes" => Self::Substitution(NEUTRAL_FIRST_NAMES, "prenoms-epicenes"),
                    _ => {
                        sink.error(block.line_of("liste"), format!("la liste « {list} » est inconnue"), "noms-neutres, prenoms-epicenes");
                        return None;
                    }
                };
                fits(sql.is_text(), "text, char(n), varchar(n)", sink).then_some(found)
            }
            "remplacement_aleatoire" => {
                fits(sql.is_text() || *sql == SqlType::Uuid, "uuid, text, char(n), varchar(n)", sink).then_some(Self::RandomReplacement)
            }
            "generalisation" => Self::read_generalisation(block, sql, sink),
            "bruit" => {
                let share = number(block, "ecart", 0.01..=1.0, sink);
                let step = whole(block, "arrondi", 1, sink);
                unique_draw(block, "tirage", "unique", sink);
                fits(sql.is_number(), "smallint, integer, bigint, numeric", sink).then_some(Self::Noise { share: share?, step: step? })
            }
            "masque_partiel" => {
                let start = whole_or(block, "debut", 0, 4, sink);
                let end = whole_or(block, "fin", 0, 4, sink);
                fits(sql.is_text(), "text, char(n), varchar(n)", sink).then_some(Self::Mask { start, end })
            }
            "hachage_hmac" => {
                let context = block.need_text("contexte", sink)?;
                let clean = context.len() <= 80 && context.chars().all(|c| c.is_ascii_alphanumeric() || "._-".contains(c));
                if !clean {
                    sink.error(
                        block.line_of("contexte"),
                        "le contexte ne convient pas",
                        "lettres, chiffres, « . », « _ », « - », 80 au plus : usager.nir.v1",
                    );
                    return None;
                }
                fits(sql.is_text() || sql.is_integer() || *sql == SqlType::Uuid, "text, char(n), varchar(n), uuid, entiers", sink)
                    .then_some(Self::Hmac { context })
            }
            "hachage" | "hash" | "sha256" | "hachage_sha256" | "md5" | "sha1" | "hachage_sel" => {
                sink.error(
                    line,
                    format!("la règle « {name} » est un hachage sans clé, interdit : il se retrouve par essais"),
                    "hachage_hmac (avec le bloc « cle »), suppression",
                );
                None
            }
            _ => {
                sink.error(line, format!("la règle « {name} » est inconnue"), NAMES);
                None
            }
        }
    }

    fn read_generalisation(block: &mut Block<'_>, sql: &SqlType, sink: &mut Sink) -> Option<Self> {
        let to = block.need_text("vers", sink)?;
        let line = block.line_of("vers");
        // Elsewhere a step would be read by nobody.
        let step = if matches!(to.as_str(), "cohorte" | "pas") { block.get("pas") } else { None };
        let step_of = |min: i64, sink: &mut Sink| match step.and_then(Node::as_i64) {
            Some(n) if n >= min && n <= 1_000_000_000 => u32::try_from(n).ok(),
            _ => {
                sink.error(step.map_or(line, |node| node.line), "« pas » manque ou ne convient pas", &format!("un entier de {min} à 1000000000"));
                None
            }
        };
        let (rule, fits, allowed) = match to.as_str() {
            "departement" => (Self::Department, sql.is_text(), "text, char(n), varchar(n)"),
            "cohorte" => (Self::Cohort(step_of(2, sink)?), *sql == SqlType::Date, "date"),
            "mois" => (Self::Month, sql.is_moment(), "date, timestamptz"),
            "annee" => (Self::Year, sql.is_moment(), "date, timestamptz"),
            "pas" => (Self::Step(step_of(2, sink)?), sql.is_number(), "smallint, integer, bigint, numeric"),
            _ => {
                sink.error(line, format!("la généralisation vers « {to} » est inconnue"), "departement, cohorte (pas), mois, annee, pas (pas)");
                return None;
            }
        };
        if !fits {
            sink.error(line, format!("la généralisation vers « {to} » ne s'applique pas au type {sql}"), allowed);
            return None;
        }
        Some(rule)
    }

    /// The legal nature of the twin.
    pub fn nature(&self) -> Nature {
        match self {
            Self::Suppression | Self::Constant(_) | Self::Substitution(..) | Self::RandomReplacement => Nature::Anonymising,
            Self::Department | Self::Cohort(_) | Self::Month | Self::Year | Self::Step(_) => Nature::QuasiIdentifier,
            Self::Noise { .. } => Nature::Degraded,
            Self::Mask { .. } | Self::Keep => Nature::StillPersonal,
            Self::Hmac { .. } => Nature::Pseudonymisation,
        }
    }

    /// The rule's name in the format.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Suppression => "suppression",
            Self::Constant(_) => "constante",
            Self::Substitution(..) => "substitution",
            Self::RandomReplacement => "remplacement_aleatoire",
            Self::Department | Self::Cohort(_) | Self::Month | Self::Year | Self::Step(_) => "generalisation",
            Self::Noise { .. } => "bruit",
            Self::Mask { .. } => "masque_partiel",
            Self::Hmac { .. } => "hachage_hmac",
            Self::Keep => "conserver",
        }
    }

    /// What a document says of the rule, parameters included.
    pub fn french(&self) -> String {
        match self {
            Self::Suppression => "suppression".into(),
            Self::Constant(_) => "remplacement par une constante".into(),
            Self::Substitution(_, list) => format!("substitution (liste {list}, un seul tirage)"),
            Self::RandomReplacement => "remplacement aléatoire (un seul tirage)".into(),
            Self::Department => "généralisation au département".into(),
            Self::Cohort(n) => format!("généralisation à la cohorte de naissance ({n} ans)"),
            Self::Month => "généralisation au mois".into(),
            Self::Year => "généralisation à l'année".into(),
            Self::Step(n) => format!("généralisation par pas de {n}"),
            Self::Noise { share, step } => format!("bruit de ±{} %, arrondi à {step} (un seul tirage)", share * 100.0),
            Self::Mask { start, end } => format!("masque partiel ({start} caractères au début, {end} à la fin, longueur constante)"),
            Self::Hmac { .. } => "pseudonyme à clé (HMAC-SHA-256)".into(),
            Self::Keep => "conservation".into(),
        }
    }

    /// The type of the twin of a column of type `sql`.
    pub fn twin_type(&self, sql: &SqlType) -> String {
        match self {
            Self::Constant(_) if sql.is_text() => "text".into(),
            Self::Suppression | Self::Keep | Self::Constant(_) => sql.to_string(),
            Self::RandomReplacement if *sql == SqlType::Uuid => "uuid".into(),
            Self::Substitution(..) | Self::RandomReplacement | Self::Department | Self::Mask { .. } | Self::Hmac { .. } => "text".into(),
            Self::Cohort(_) => "smallint".into(),
            Self::Month | Self::Year => "date".into(),
            Self::Step(_) | Self::Noise { .. } => "numeric".into(),
        }
    }

    /// Is the twin drawn at random once and kept?
    pub fn drawn_once(&self) -> bool {
        matches!(self, Self::Substitution(..) | Self::RandomReplacement)
    }
}

fn unique_draw(block: &mut Block<'_>, key: &'static str, only: &str, sink: &mut Sink) {
    if let Some(text) = block.text(key, sink)
        && text != only
    {
        sink.error(block.line_of(key), format!("« {key}: {text} » n'est pas admis : un tirage répété se moyenne"), only);
    }
}

fn number(block: &mut Block<'_>, key: &'static str, range: std::ops::RangeInclusive<f64>, sink: &mut Sink) -> Option<f64> {
    let node = block.need(key, sink)?;
    let value = node.scalar().and_then(Value::as_f64).filter(|v| range.contains(v));
    if value.is_none() {
        sink.error(node.line, format!("« {key} » ne convient pas"), &format!("un nombre de {} à {}", range.start(), range.end()));
    }
    value
}

fn whole(block: &mut Block<'_>, key: &'static str, min: i64, sink: &mut Sink) -> Option<u32> {
    let node = block.need(key, sink)?;
    match node.as_i64() {
        Some(n) if n >= min && n <= 1_000_000_000 => u32::try_from(n).ok(),
        _ => {
            sink.error(node.line, format!("« {key} » ne convient pas"), &format!("un entier de {min} à 1000000000"));
            None
        }
    }
}

fn whole_or(block: &mut Block<'_>, key: &'static str, default: u32, max: u32, sink: &mut Sink) -> u32 {
    let Some(node) = block.get(key) else { return default };
    let value = node.as_i64().and_then(|n| u32::try_from(n).ok()).filter(|n| *n <= max);
    value.unwrap_or_else(|| {
        sink.error(node.line, format!("« {key} » ne convient pas"), &format!("un entier de 0 à {max}"));
        default
    })
}
