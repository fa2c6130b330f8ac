//! What a field usually is: the words of its name, and the tag that goes with it. A proposal, for `rgpd init` and
//! `rgpd import`: a person confirms each one, and a field that nothing names has no proposal at all.

use super::types::SqlType;

/// A usual kind of field.
pub struct Nature {
    /// Its name in answers.
    pub id: &'static str,
    /// Its title, in French and in English.
    pub title: (&'static str, &'static str),
    /// Type of a new column.
    pub kind: &'static str,
    /// Words of a name, without accents, underscores between them.
    names: &'static [&'static str],
    category: &'static str,
    family: &'static str,
    role: &'static str,
    /// Preferred rule, and the types it applies to.
    rule: (&'static str, Fits),
    /// Keys that people have to fill in.
    more: &'static str,
}

#[derive(Clone, Copy)]
enum Fits {
    Any,
    Text,
    Number,
    Date,
    Moment,
}

/// Not personal: a reason is needed.
pub const NOT_PERSONAL: &str = "non-personnel";
/// Nobody has said yet.
pub const TO_CONFIRM: &str = "a-confirmer";
/// A time stamp.
pub const MOMENT: &str = "horodatage";

const SPECIAL: &str = "sensible: {article9: a-completer, motif: a-completer}, ";
const SUPPRESSED: (&str, Fits) = ("{nom: suppression}", Fits::Any);

macro_rules! nature {
    ($id:literal, $fr:literal, $en:literal, $kind:literal, [$($name:literal),*], $category:literal, $family:literal, $role:literal, $rule:expr, $more:expr) => {
        Nature {
            id: $id, title: ($fr, $en), kind: $kind, names: &[$($name),*], category: $category, family: $family, role: $role, rule: $rule, more: $more,
        }
    };
}

/// The usual kinds, the more telling first.
pub const NATURES: &[Nature] = &[
    nature!(
        "nir",
        "NIR (numéro de sécurité sociale)",
        "NIR (social security number)",
        "char(15)",
        ["nir", "numero_nir", "nss", "numero_securite_sociale", "num_secu", "ssn"],
        "pd:OfficialID",
        "nir",
        "identifiant-direct",
        SUPPRESSED,
        "fondement_nir: a-completer, "
    ),
    nature!(
        "nom",
        "Nom de famille",
        "Family name",
        "text",
        [
            "nom",
            "nom_famille",
            "nom_usage",
            "nom_naissance",
            "patronyme",
            "last_name",
            "lastname",
            "surname",
            "family_name",
            "full_name",
            "nom_complet",
            "display_name"
        ],
        "pd:Name",
        "etat-civil",
        "identifiant-direct",
        ("{nom: substitution, liste: noms-neutres, graine: tirage-unique}", Fits::Text),
        ""
    ),
    nature!(
        "prenom",
        "Prénom",
        "First name",
        "text",
        ["prenom", "prenoms", "first_name", "firstname", "given_name"],
        "pd:Name",
        "etat-civil",
        "identifiant-direct",
        ("{nom: substitution, liste: prenoms-epicenes, graine: tirage-unique}", Fits::Text),
        ""
    ),
    nature!(
        "courriel",
        "Adresse de courriel",
        "E-mail address",
        "text",
        ["courriel", "email", "mail", "e_mail", "adresse_mail", "email_address"],
        "pd:EmailAddress",
        "etat-civil",
        "identifiant-direct",
        ("{nom: constante, valeur: \"***@***\"}", Fits::Text),
        ""
    ),
    nature!(
        "telephone",
        "Téléphone",
        "Telephone",
        "text",
        ["telephone", "tel", "phone", "mobile", "portable", "gsm", "fax", "phone_number"],
        "pd:TelephoneNumber",
        "etat-civil",
        "identifiant-direct",
        SUPPRESSED,
        ""
    ),
    nature!(
        "ip",
        "Adresse IP",
        "IP address",
        "inet",
        ["ip", "adresse_ip", "ip_address", "remote_addr", "client_ip"],
        "pd:IPAddress",
        "connexion",
        "identifiant-direct",
        SUPPRESSED,
        ""
    ),
    nature!(
        "adresse",
        "Adresse postale",
        "Postal address",
        "text",
        ["adresse", "address", "rue", "voie", "street", "adresse_voie", "complement_adresse"],
        "pd:PhysicalAddress",
        "etat-civil",
        "identifiant-direct",
        SUPPRESSED,
        ""
    ),
    nature!(
        "code-postal",
        "Code postal",
        "Postal code",
        "char(5)",
        ["code_postal", "cp", "zip", "zipcode", "postal_code", "postcode"],
        "pd:PostalCode",
        "localisation",
        "quasi-identifiant",
        ("{nom: generalisation, vers: departement}", Fits::Text),
        ""
    ),
    nature!(
        "commune",
        "Commune",
        "Town",
        "text",
        ["commune", "ville", "city", "town", "lieu_naissance"],
        "pd:City",
        "localisation",
        "quasi-identifiant",
        SUPPRESSED,
        ""
    ),
    nature!(
        "position",
        "Position géographique",
        "Position",
        "numeric",
        ["latitude", "longitude", "position", "geoloc", "gps", "lat", "lon", "lng"],
        "pd:GPSCoordinate",
        "localisation",
        "identifiant-direct",
        SUPPRESSED,
        ""
    ),
    nature!(
        "date-naissance",
        "Date de naissance",
        "Date of birth",
        "date",
        ["date_naissance", "ne_le", "nee_le", "naissance", "birth_date", "birthdate", "date_of_birth", "dob"],
        "pd:BirthDate",
        "etat-civil",
        "quasi-identifiant",
        ("{nom: generalisation, vers: cohorte, pas: 10}", Fits::Date),
        ""
    ),
    nature!(
        "age",
        "Âge",
        "Age",
        "smallint",
        ["age"],
        "pd:Age",
        "etat-civil",
        "quasi-identifiant",
        ("{nom: generalisation, vers: pas, pas: 10}", Fits::Number),
        ""
    ),
    nature!(
        "genre",
        "Civilité ou genre",
        "Title or gender",
        "text",
        ["civilite", "genre", "sexe", "gender", "sex"],
        "pd:Gender",
        "etat-civil",
        "quasi-identifiant",
        SUPPRESSED,
        ""
    ),
    nature!(
        "nationalite",
        "Nationalité",
        "Nationality",
        "text",
        ["nationalite", "nationality", "citizenship"],
        "pd:Nationality",
        "etat-civil",
        "quasi-identifiant",
        SUPPRESSED,
        ""
    ),
    nature!(
        "situation-familiale",
        "Situation familiale",
        "Marital status",
        "text",
        ["situation_familiale", "etat_matrimonial", "marital_status"],
        "pd:MaritalStatus",
        "vie-personnelle",
        "attribut",
        SUPPRESSED,
        ""
    ),
    nature!(
        "emploi",
        "Emploi",
        "Job",
        "text",
        ["profession", "emploi", "metier", "poste", "fonction", "grade", "job", "job_title", "employeur", "employer"],
        "pd:Professional",
        "vie-professionnelle",
        "attribut",
        SUPPRESSED,
        ""
    ),
    nature!(
        "compte-bancaire",
        "Compte bancaire",
        "Bank account",
        "text",
        ["iban", "rib", "compte_bancaire", "bank_account"],
        "pd:FinancialAccountNumber",
        "economique-financier",
        "identifiant-direct",
        SUPPRESSED,
        "hautement_personnel: true, "
    ),
    nature!(
        "revenu",
        "Revenu",
        "Income",
        "numeric(12,2)",
        ["revenu", "revenus", "salaire", "quotient_familial", "ressources", "income", "salary"],
        "pd:Income",
        "economique-financier",
        "attribut",
        ("{nom: bruit, ecart: 0.10, arrondi: 50, tirage: unique}", Fits::Number),
        ""
    ),
    nature!(
        "compte",
        "Compte, identifiant de connexion",
        "Account, login",
        "text",
        ["login", "identifiant", "username", "user_name", "pseudo", "pseudonyme", "matricule", "sub", "external_id", "numero_agent"],
        "pd:Username",
        "connexion",
        "identifiant-direct",
        SUPPRESSED,
        ""
    ),
    nature!(
        "secret",
        "Mot de passe, jeton",
        "Password, token",
        "text",
        ["password", "mot_de_passe", "mdp", "password_hash", "hash", "token", "jeton", "secret"],
        "pd:Password",
        "connexion",
        "identifiant-direct",
        SUPPRESSED,
        ""
    ),
    nature!(
        "sante",
        "Santé, handicap",
        "Health, disability",
        "text",
        ["sante", "handicap", "situation_handicap", "maladie", "pathologie", "groupe_sanguin", "allergie", "health", "disability", "medical"],
        "pd:Health",
        "sensible",
        "attribut-sensible",
        SUPPRESSED,
        SPECIAL
    ),
    nature!(
        "opinion",
        "Opinion politique",
        "Political opinion",
        "text",
        ["opinion_politique", "opinion", "parti", "political_opinion"],
        "pd:PoliticalOpinion",
        "sensible",
        "attribut-sensible",
        SUPPRESSED,
        SPECIAL
    ),
    nature!(
        "religion",
        "Religion",
        "Religion",
        "text",
        ["religion", "confession", "culte", "belief"],
        "pd:Religion",
        "sensible",
        "attribut-sensible",
        SUPPRESSED,
        SPECIAL
    ),
    nature!(
        "syndicat",
        "Appartenance syndicale",
        "Trade-union membership",
        "text",
        ["syndicat", "appartenance_syndicale", "trade_union"],
        "pd:TradeUnionMembership",
        "sensible",
        "attribut-sensible",
        SUPPRESSED,
        SPECIAL
    ),
    nature!(
        "origine",
        "Origine ethnique",
        "Ethnic origin",
        "text",
        ["origine", "origine_ethnique", "ethnie", "ethnicity", "race"],
        "pd:EthnicOrigin",
        "sensible",
        "attribut-sensible",
        SUPPRESSED,
        SPECIAL
    ),
    nature!(
        "orientation",
        "Vie ou orientation sexuelle",
        "Sexual life or orientation",
        "text",
        ["orientation_sexuelle", "sexual_orientation"],
        "pd:SexualPreference",
        "sensible",
        "attribut-sensible",
        SUPPRESSED,
        SPECIAL
    ),
    nature!(
        "infraction",
        "Infraction, condamnation",
        "Offence, conviction",
        "text",
        ["infraction", "condamnation", "casier", "casier_judiciaire", "conviction", "offence"],
        "pd:CriminalConviction",
        "infraction",
        "attribut",
        SUPPRESSED,
        "fondement_article10: a-completer, "
    ),
    nature!(
        "texte-libre",
        "Texte libre",
        "Free text",
        "text",
        [
            "commentaire",
            "commentaires",
            "comment",
            "note",
            "notes",
            "remarque",
            "observation",
            "observations",
            "message",
            "contenu",
            "body",
            "bio",
            "motif",
            "description",
            "texte"
        ],
        "pd:Communication",
        "vie-personnelle",
        "texte-libre",
        SUPPRESSED,
        "consigne_de_saisie: \"Ni santé, ni opinion, ni jugement de valeur\", "
    ),
    nature!(
        "horodatage",
        "Date ou horodatage d'un événement",
        "Date or time stamp of an event",
        "timestamptz",
        [],
        "pd:Transactional",
        "connexion",
        "quasi-identifiant",
        ("{nom: generalisation, vers: mois}", Fits::Moment),
        ""
    ),
    nature!(
        "lien",
        "Identifiant technique, lien vers une personne",
        "Technical identifier, link to a person",
        "uuid",
        [],
        "pd:UID",
        "etat-civil",
        "identifiant-technique",
        SUPPRESSED,
        ""
    ),
];

impl Nature {
    /// One of them, by its id.
    #[must_use]
    pub fn find(id: &str) -> Option<&'static Self> {
        NATURES.iter().find(|n| n.id == id)
    }

    /// The one that a name tells: its whole name first, else its first or last words.
    #[must_use]
    pub fn of_name(name: &str) -> Option<&'static Self> {
        let name = plain(name);
        let whole = NATURES.iter().find(|n| n.names.contains(&name.as_str()));
        whole.or_else(|| {
            let part = |n: &&Nature| {
                n.names.iter().any(|w| {
                    name.strip_prefix(w).is_some_and(|rest| rest.starts_with('_')) || name.strip_suffix(w).is_some_and(|rest| rest.ends_with('_'))
                })
            };
            NATURES.iter().find(part)
        })
    }

    /// The rule that suits a type.
    pub(super) fn rule_for(&self, sql: Option<&SqlType>) -> &'static str {
        let fits = match (self.rule.1, sql) {
            (Fits::Any, _) => true,
            (_, None) => false,
            (Fits::Text, Some(sql)) => sql.is_text(),
            (Fits::Number, Some(sql)) => sql.is_number(),
            (Fits::Date, Some(sql)) => *sql == SqlType::Date,
            (Fits::Moment, Some(sql)) => sql.is_moment(),
        };
        if fits { self.rule.0 } else { SUPPRESSED.0 }
    }

    /// Category, family and role, and what people have to fill in, as keys of a tag.
    pub(super) fn keys(&self) -> String {
        format!("categorie: {}, famille: {}, role: {}, {}", self.category, self.family, self.role, self.more)
    }

    /// What stands for a mandatory text once its row is anonymised.
    pub(super) fn replacement(&self) -> &'static str {
        if self.id == "courriel" { "anonymise@anonymise.invalid" } else { "[anonymisé]" }
    }
}

/// Small letters without accents, words joined by `_`, capitals of `camelCase` taken as new words.
fn plain(name: &str) -> String {
    use unicode_normalization::UnicodeNormalization as _;
    let mut out = String::new();
    let mut before_small = false;
    for c in name.nfd().filter(|c| !unicode_normalization::char::is_combining_mark(*c)) {
        if c.is_uppercase() && before_small {
            out.push('_');
        }
        before_small = c.is_lowercase() || c.is_ascii_digit();
        if c.is_alphanumeric() {
            out.extend(c.to_lowercase());
        } else {
            out.push('_');
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::{NATURES, Nature};
    use crate::rgpd::vocabulary::{self, FAMILIES};

    #[test]
    fn every_nature_uses_terms_that_exist_and_no_name_twice() {
        let mut seen = std::collections::BTreeSet::new();
        for nature in NATURES {
            assert!(vocabulary::category(nature.category).is_some(), "{}", nature.category);
            assert!(FAMILIES.iter().any(|(code, _)| *code == nature.family), "{}", nature.family);
            assert!(seen.insert(nature.id) && nature.names.iter().all(|n| seen.insert(n) || *n == nature.id), "{}", nature.id);
        }
    }

    #[test]
    fn names_are_told_whole_then_by_their_ends() {
        for (name, nature) in [
            ("nom", Some("nom")),
            ("lastName", Some("nom")),
            ("Prénom", Some("prenom")),
            ("courriel_pro", Some("courriel")),
            ("user_email", Some("courriel")),
            ("date_naissance", Some("date-naissance")),
            ("situation_handicap", Some("sante")),
            ("num_secu", Some("nir")),
            ("montant", None),
            ("nombre", None),
            ("telescope", None),
        ] {
            assert_eq!(Nature::of_name(name).map(|n| n.id), nature, "{name}");
        }
    }
}
