//! Column types, identifiers, literals and durations: what reaches SQL goes through here, so that nothing of a description
//! is ever pasted unread.

use std::fmt;

use serde_json::Value;

use crate::date::is_date;
use crate::digest::sha256;

/// The longest identifier that PostgreSQL keeps whole (bytes).
pub(super) const IDENT_MAX: usize = 63;

/// Is `name` an identifier of the contract (`^[a-z_][a-z0-9_]*$`), `reserve` bytes left for a suffix?
pub(super) fn is_ident(name: &str, reserve: usize) -> bool {
    name.len() + reserve <= IDENT_MAX
        && name.starts_with(|c: char| c.is_ascii_lowercase() || c == '_')
        && name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_')
}

/// A quoted identifier. Only names that passed [`is_ident`] get here; quoting also covers reserved words.
pub(super) fn q(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// A string literal.
pub(super) fn lit(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

/// A dollar-quoted body whose delimiter does not occur in it.
pub(super) fn dollar(body: &str) -> String {
    let mut tag = "$rgpd$".to_owned();
    let mut n = 0_u32;
    while body.contains(&tag) {
        n += 1;
        tag = format!("$rgpd{n}$");
    }
    format!("{tag}{body}{tag}")
}

/// A name built of several, cut with a digest when PostgreSQL would cut it silently.
pub(super) fn derived(name: &str) -> String {
    if name.len() <= IDENT_MAX {
        return name.to_owned();
    }
    let digest = short_digest(name, 5);
    let cut: String = name.chars().take(IDENT_MAX - 11).collect();
    format!("{cut}_{digest}")
}

/// The first `bytes` bytes of the SHA-256 of `text`, in hexadecimal.
pub(super) fn short_digest(text: &str, bytes: usize) -> String {
    let mut digest = sha256(text.as_bytes());
    digest.truncate(2 * bytes);
    digest
}

/// A column type of the contract.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum SqlType {
    Text,
    Char(u32),
    Varchar(u32),
    Uuid,
    Boolean,
    Smallint,
    Integer,
    Bigint,
    Numeric(Option<(u32, u32)>),
    Date,
    Timestamptz,
    Jsonb,
    Inet,
}

/// What may stand in `type`.
pub(super) const TYPES: &str =
    "text, char(n), varchar(n), uuid, boolean, smallint, integer, bigint, numeric, numeric(p,s), date, timestamptz, jsonb, inet";

impl SqlType {
    /// Reads a type, spaces ignored.
    pub fn parse(text: &str) -> Option<Self> {
        let text: String = text.chars().filter(|c| !c.is_whitespace()).collect();
        let (name, args) = match text.split_once('(') {
            Some((name, rest)) => (name, Some(rest.strip_suffix(')')?)),
            None => (text.as_str(), None),
        };
        let length = |max: u32| args.and_then(|a| a.parse::<u32>().ok()).filter(|n| (1..=max).contains(n));
        Some(match (name, args) {
            ("text", None) => Self::Text,
            ("char", Some(_)) => Self::Char(length(10_000)?),
            ("varchar", Some(_)) => Self::Varchar(length(10_000)?),
            ("uuid", None) => Self::Uuid,
            ("boolean", None) => Self::Boolean,
            ("smallint", None) => Self::Smallint,
            ("integer", None) => Self::Integer,
            ("bigint", None) => Self::Bigint,
            ("numeric", None) => Self::Numeric(None),
            ("numeric", Some(a)) => {
                let (p, s) = a.split_once(',').unwrap_or((a, "0"));
                let (p, s) = (p.parse().ok()?, s.parse().ok()?);
                if p == 0 || p > 1000 || s > p {
                    return None;
                }
                Self::Numeric(Some((p, s)))
            }
            ("date", None) => Self::Date,
            ("timestamptz", None) => Self::Timestamptz,
            ("jsonb", None) => Self::Jsonb,
            ("inet", None) => Self::Inet,
            _ => return None,
        })
    }

    pub fn is_text(&self) -> bool {
        matches!(self, Self::Text | Self::Char(_) | Self::Varchar(_))
    }

    pub fn is_number(&self) -> bool {
        self.is_integer() || matches!(self, Self::Numeric(_))
    }

    pub fn is_integer(&self) -> bool {
        matches!(self, Self::Smallint | Self::Integer | Self::Bigint)
    }

    pub fn is_moment(&self) -> bool {
        matches!(self, Self::Date | Self::Timestamptz)
    }

    /// The literal that writes `value` in this type; the error says what is allowed.
    pub fn literal(&self, value: &Value) -> Result<String, String> {
        match (self, value) {
            (Self::Text, Value::String(t)) => Ok(lit(t)),
            (Self::Char(n), Value::String(t)) if t.chars().count() == *n as usize => Ok(lit(t)),
            (Self::Char(n), _) => Err(format!("un texte d'exactement {n} caractères, entre guillemets")),
            (Self::Varchar(n), Value::String(t)) if t.chars().count() <= *n as usize => Ok(lit(t)),
            (Self::Varchar(n), _) => Err(format!("un texte d'au plus {n} caractères, entre guillemets")),
            (Self::Text, _) => Err("un texte, entre guillemets".into()),
            (Self::Boolean, Value::Bool(b)) => Ok(b.to_string()),
            (Self::Boolean, _) => Err("true, false".into()),
            (Self::Smallint | Self::Integer | Self::Bigint, Value::Number(n)) if n.as_i64().is_some_and(|n| self.holds(n)) => Ok(format!("({n})")),
            (Self::Smallint | Self::Integer | Self::Bigint, _) => Err(format!("un entier de la taille de {self}")),
            // A number with a fraction is written without exponent.
            (Self::Numeric(_), Value::Number(n)) => Ok(n.as_f64().filter(|_| n.is_f64()).map_or_else(|| format!("({n})"), |f| format!("({f})"))),
            (Self::Numeric(_), _) => Err("un nombre".into()),
            (Self::Date, Value::String(t)) if is_date(t) => Ok(format!("DATE {}", lit(t))),
            (Self::Date, _) => Err("une date AAAA-MM-JJ, mois".into()),
            (Self::Timestamptz, Value::String(t)) if is_date(t) => Ok(format!("TIMESTAMPTZ {}", lit(&format!("{t} 00:00:00+00")))),
            (Self::Timestamptz, _) => Err("une date AAAA-MM-JJ (minuit UTC), mois".into()),
            (Self::Uuid, Value::String(t)) if is_uuid(t) => Ok(format!("UUID {}", lit(t))),
            (Self::Uuid, _) => Err("un UUID".into()),
            (Self::Jsonb, Value::String(t)) if serde_json::from_str::<serde_json::Value>(t).is_ok() => Ok(format!("JSONB {}", lit(t))),
            (Self::Jsonb, _) => Err("un texte JSON, par exemple '{}'".into()),
            (Self::Inet, Value::String(t)) if t.parse::<std::net::IpAddr>().is_ok() => Ok(format!("INET {}", lit(t))),
            (Self::Inet, _) => Err("une adresse IP".into()),
        }
    }

    fn holds(&self, n: i64) -> bool {
        match self {
            Self::Smallint => i16::try_from(n).is_ok(),
            Self::Integer => i32::try_from(n).is_ok(),
            _ => true,
        }
    }
}

impl fmt::Display for SqlType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text => f.write_str("text"),
            Self::Char(n) => write!(f, "char({n})"),
            Self::Varchar(n) => write!(f, "varchar({n})"),
            Self::Uuid => f.write_str("uuid"),
            Self::Boolean => f.write_str("boolean"),
            Self::Smallint => f.write_str("smallint"),
            Self::Integer => f.write_str("integer"),
            Self::Bigint => f.write_str("bigint"),
            Self::Numeric(None) => f.write_str("numeric"),
            Self::Numeric(Some((p, s))) => write!(f, "numeric({p},{s})"),
            Self::Date => f.write_str("date"),
            Self::Timestamptz => f.write_str("timestamptz"),
            Self::Jsonb => f.write_str("jsonb"),
            Self::Inet => f.write_str("inet"),
        }
    }
}

fn is_uuid(text: &str) -> bool {
    text.len() == 36 && text.char_indices().all(|(i, c)| if matches!(i, 8 | 13 | 18 | 23) { c == '-' } else { c.is_ascii_hexdigit() })
}

/// A retention: ISO 8601 in years, months, weeks and days, not zero.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Duration(String, [u32; 4]);

/// What may stand where a duration is expected.
pub(super) const DURATIONS: &str = "une durée ISO 8601 non nulle en années, mois, semaines ou jours : P3Y, P18M, P2W, P90D, P1Y6M";

impl Duration {
    /// Reads a duration.
    pub fn parse(text: &str) -> Option<Self> {
        let mut rest = text.strip_prefix('P')?;
        let mut amounts = [0_u32; 4];
        for (slot, unit) in ['Y', 'M', 'W', 'D'].into_iter().enumerate() {
            if let Some(end) = rest.find(|c: char| !c.is_ascii_digit())
                && end > 0
                && rest[end..].starts_with(unit)
            {
                amounts[slot] = rest[..end].parse().ok().filter(|n| *n <= 1200)?;
                rest = &rest[end + 1..];
            }
        }
        (rest.is_empty() && amounts.iter().any(|n| *n > 0)).then(|| Self(text.to_owned(), amounts))
    }

    /// The ISO 8601 form.
    pub fn iso(&self) -> &str {
        &self.0
    }

    /// The words of a document.
    pub fn french(&self) -> String {
        let names = [("an", "ans"), ("mois", "mois"), ("semaine", "semaines"), ("jour", "jours")];
        let words: Vec<String> =
            self.1.iter().zip(names).filter(|(n, _)| **n > 0).map(|(n, (one, many))| format!("{n} {}", if *n > 1 { many } else { one })).collect();
        words.join(" et ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations() {
        for good in ["P3Y", "P18M", "P2W", "P90D", "P1Y6M"] {
            assert_eq!(Duration::parse(good).expect(good).iso(), good);
        }
        assert_eq!(Duration::parse("P1Y6M").expect("valid").french(), "1 an et 6 mois");
        for bad in ["", "P", "3Y", "P0D", "P3", "PT3H", "P3Y ", "P-3Y", "P3M1Y", "P99999999999Y", "3 ans"] {
            assert!(Duration::parse(bad).is_none(), "{bad}");
        }
    }

    #[test]
    fn types_and_literals() {
        assert_eq!(SqlType::parse("numeric(8, 2)").expect("valid").to_string(), "numeric(8,2)");
        for bad in ["char", "char(0)", "text; DROP TABLE x", "serial", "numeric(2,3)", "varchar(9", "TEXT"] {
            assert!(SqlType::parse(bad).is_none(), "{bad}");
        }
        assert_eq!(SqlType::Text.literal(&Value::String("l'an".into())).as_deref(), Ok("'l''an'"));
        assert!(SqlType::Date.literal(&Value::String("2023-02-29".into())).is_err());
        assert!(SqlType::Date.literal(&Value::String("2024-02-29".into())).is_ok());
        assert!(SqlType::Char(5).literal(&Value::String("1234".into())).is_err());
        assert!(SqlType::Smallint.literal(&Value::from(40_000)).is_err());
    }

    #[test]
    fn a_body_never_closes_its_own_quote() {
        assert!(dollar("a $rgpd$ b").starts_with("$rgpd1$"));
        assert_eq!(derived(&"x".repeat(80)).len(), 63);
    }
}
