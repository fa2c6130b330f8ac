//! The words that tags may use, frozen in the binary so that a description is judged offline: the CNIL's families, and the
//! terms of the W3C Data Privacy Vocabulary.

use std::sync::LazyLock;

const PD: &str = include_str!("vocabulary/pd.txt");
const EU_GDPR: &str = include_str!("vocabulary/eu-gdpr.txt");
const PURPOSES: &str = include_str!("vocabulary/purposes.txt");

/// The families of data of the CNIL's register: code in a description, words in a document.
pub(super) const FAMILIES: [(&str, &str); 10] = [
    ("etat-civil", "État civil, identité, données d'identification, images"),
    ("vie-personnelle", "Vie personnelle"),
    ("vie-professionnelle", "Vie professionnelle"),
    ("economique-financier", "Informations d'ordre économique et financier"),
    ("connexion", "Données de connexion"),
    ("localisation", "Données de localisation"),
    ("internet", "Internet"),
    ("sensible", "Données sensibles (article 9)"),
    ("infraction", "Données d'infraction (article 10)"),
    ("nir", "NIR"),
];

/// What articles 6(1) and 9(2) of the GDPR call each ground: start of a term (a narrower one keeps its parent's words), words.
const GROUNDS: [(&str, &str); 16] = [
    ("A6-1-a", "Consentement (article 6.1.a)"),
    ("A6-1-b", "Contrat (article 6.1.b)"),
    ("A6-1-c", "Obligation légale (article 6.1.c)"),
    ("A6-1-d", "Sauvegarde des intérêts vitaux (article 6.1.d)"),
    ("A6-1-e", "Mission d'intérêt public ou exercice de l'autorité publique (article 6.1.e)"),
    ("A6-1-f", "Intérêts légitimes (article 6.1.f)"),
    ("A9-2-a", "Consentement explicite (article 9.2.a)"),
    ("A9-2-b", "Droit du travail, sécurité et protection sociales (article 9.2.b)"),
    ("A9-2-c", "Sauvegarde des intérêts vitaux (article 9.2.c)"),
    ("A9-2-d", "Organisme à finalité politique, philosophique, religieuse ou syndicale (article 9.2.d)"),
    ("A9-2-e", "Données manifestement rendues publiques par la personne (article 9.2.e)"),
    ("A9-2-f", "Droits en justice (article 9.2.f)"),
    ("A9-2-g", "Motif d'intérêt public important (article 9.2.g)"),
    ("A9-2-h", "Médecine préventive, diagnostics, soins, prise en charge sanitaire ou sociale (article 9.2.h)"),
    ("A9-2-i", "Intérêt public dans le domaine de la santé publique (article 9.2.i)"),
    ("A9-2-j", "Archives, recherche scientifique ou historique, statistiques (article 9.2.j)"),
];

/// A term and whether the vocabulary marks it as a special category (GDPR, article 9).
struct Term {
    name: &'static str,
    special: bool,
}

fn parse(list: &'static str) -> Vec<Term> {
    list.lines()
        .filter(|line| !line.starts_with('#') && !line.is_empty())
        .map(|line| match line.strip_suffix(" !") {
            Some(name) => Term { name, special: true },
            None => Term { name: line, special: false },
        })
        .collect()
}

static PD_TERMS: LazyLock<Vec<Term>> = LazyLock::new(|| parse(PD));
static GDPR_TERMS: LazyLock<Vec<Term>> = LazyLock::new(|| parse(EU_GDPR));
static PURPOSE_TERMS: LazyLock<Vec<Term>> = LazyLock::new(|| parse(PURPOSES));

/// The nine criteria of the data protection authorities (guidelines WP 248 rev.01, section III.B.a): code in a description,
/// words in a document. Two of them make an impact assessment presumed necessary.
pub(super) const CRITERIA: [(&str, &str); 9] = [
    ("evaluation-notation", "Évaluation ou notation, profilage compris"),
    ("decision-automatisee", "Décision automatisée avec effet juridique ou effet significatif similaire"),
    ("surveillance-systematique", "Surveillance systématique"),
    ("donnees-sensibles", "Données sensibles ou à caractère hautement personnel"),
    ("grande-echelle", "Données traitées à grande échelle"),
    ("croisement-donnees", "Croisement ou combinaison d'ensembles de données"),
    ("personnes-vulnerables", "Personnes vulnérables"),
    ("usage-innovant", "Utilisation innovante ou application d'une nouvelle technologie"),
    ("exclusion-droit", "Traitement qui peut empêcher d'exercer un droit ou de bénéficier d'un service ou d'un contrat"),
];

/// Is `term` (with its prefix, `pd:Name`) a category of personal data? `Some(true)` for a special category.
pub(super) fn category(term: &str) -> Option<bool> {
    let name = term.strip_prefix("pd:")?;
    PD_TERMS.iter().find(|t| t.name == name).map(|t| t.special)
}

/// Is `term` a criminal-offence category (article 10, not article 9)?
pub(super) fn is_criminal(term: &str) -> bool {
    term.starts_with("pd:Criminal")
}

/// Is `term` a legal basis of article 6(1)?
pub(super) fn legal_basis(term: &str) -> bool {
    gdpr(term, "A6-1-")
}

/// Is `term` an exception of article 9(2)?
pub(super) fn article9(term: &str) -> bool {
    gdpr(term, "A9-2-")
}

/// A legal basis or an exception in words, for who reads a register; the term itself when it is neither.
pub(super) fn grounds(term: &str) -> &str {
    let name = term.strip_prefix("eu-gdpr:").unwrap_or(term);
    GROUNDS.iter().find(|(start, _)| name.starts_with(start)).map_or(term, |(_, words)| words)
}

fn gdpr(term: &str, start: &str) -> bool {
    term.strip_prefix("eu-gdpr:").is_some_and(|name| name.starts_with(start) && GDPR_TERMS.iter().any(|t| t.name == name))
}

/// Is `term` (with its prefix, `dpv:PublicBenefit`) a purpose?
pub(super) fn purpose(term: &str) -> bool {
    term.strip_prefix("dpv:").is_some_and(|name| PURPOSE_TERMS.iter().any(|t| t.name == name))
}

/// The known purposes nearest to a wrong one.
pub(super) fn near_purposes(term: &str) -> String {
    near(&PURPOSE_TERMS, "dpv:", term)
}

/// The known categories nearest to a wrong one, to be shown in the refusal.
pub(super) fn near_categories(term: &str) -> String {
    near(&PD_TERMS, "pd:", term)
}

fn near(terms: &[Term], prefix: &str, term: &str) -> String {
    let wanted = term.strip_prefix(prefix).unwrap_or(term).to_lowercase();
    let mut scored: Vec<(usize, &str)> = terms.iter().map(|t| (distance(&wanted, &t.name.to_lowercase()), t.name)).collect();
    scored.sort_unstable();
    scored.iter().take(5).map(|(_, name)| format!("{prefix}{name}")).collect::<Vec<_>>().join(", ")
}

/// The terms of the regulation that begin with `start`, for a refusal.
pub(super) fn gdpr_terms(start: &str) -> String {
    GDPR_TERMS.iter().filter(|t| t.name.starts_with(start)).map(|t| format!("eu-gdpr:{}", t.name)).collect::<Vec<_>>().join(", ")
}

/// Edit distance, where a term containing the other costs little: `GivenName` is near `Name`.
fn distance(a: &str, b: &str) -> usize {
    if !b.is_empty() && (a.contains(b) || b.contains(a)) {
        return 1 + a.len().abs_diff(b.len()) / 8;
    }
    let mut row: Vec<usize> = (0..=b.chars().count()).collect();
    for (i, ca) in a.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, cb) in b.chars().enumerate() {
            let next = (diagonal + usize::from(ca != cb)).min(row[j] + 1).min(row[j + 1] + 1);
            diagonal = std::mem::replace(&mut row[j + 1], next);
        }
    }
    row.last().copied().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lists_are_whole() {
        assert_eq!(PD_TERMS.len(), 231);
        assert_eq!(PD_TERMS.iter().filter(|t| t.special).count(), 32);
        assert_eq!(GDPR_TERMS.len(), 234);
        assert_eq!(PURPOSE_TERMS.len(), 121);
    }

    #[test]
    fn terms_that_do_not_exist_are_unknown() {
        assert_eq!(category("pd:Disability"), Some(true));
        assert_eq!(category("pd:Name"), Some(false));
        for absent in ["pd:GivenName", "pd:FamilyName", "pd:PhoneNumber", "pd:Signature", "Name"] {
            assert_eq!(category(absent), None, "{absent}");
        }
        assert!(near_categories("pd:GivenName").contains("pd:Name"));
        assert!(legal_basis("eu-gdpr:A6-1-e-public-interest") && !legal_basis("eu-gdpr:A9-2-b"));
        assert!(purpose("dpv:PublicBenefit") && !purpose("dpv:Purpose") && !purpose("dpv:PersonalData") && !purpose("PublicBenefit"));
        assert!(near_purposes("dpv:PublicService").contains("dpv:"));
        for term in GDPR_TERMS.iter().map(|t| t.name).filter(|n| n.starts_with("A6-1-") || n.starts_with("A9-2-")) {
            let words = grounds(term);
            assert!(words != term && words.contains(&format!("article {}", term[1..6].replace('-', "."))), "{term}: {words}");
        }
        assert!(article9("eu-gdpr:A9-2-j") && !article9("eu-gdpr:A9-2-z"));
    }
}
