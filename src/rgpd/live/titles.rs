//! What each finding is called. The generated control answers in French, code first: the English is here.

use crate::text::Text;

/// Findings of `rgpd check --db` itself.
const OWN: &[(&str, &str, &str)] = &[
    ("V01", "serveur qui n'a pas la correction d'une faille connue", "server without the fix of a known fault"),
    ("V02", "schéma ou outillage rgpd absent", "rgpd schema or tooling missing"),
    ("D01", "droit accordé à un rôle que le modèle ne connaît pas", "right granted to a role that the model does not know"),
    ("D02", "rôle membre d'un rôle réservé", "role that is a member of a reserved role"),
    ("D03", "rôle du modèle au-dessus des droits", "role of the model above the rights"),
    ("D04", "droit par défaut que personne n'a demandé", "default right that nobody asked for"),
    ("D05", "le journal du serveur reçoit les valeurs des requêtes", "the server's log receives the values of queries"),
    ("R01", "lignes encore là après leur échéance", "rows still there past their term"),
    ("K01", "jeu diffusable sous le seuil de k-anonymat", "published set below the threshold of k-anonymity"),
];

/// English of the generated control's rules.
const CONTROL: &[(&str, &str)] = &[
    ("L01", "column without tag"),
    ("L02", "unreadable tag"),
    ("L03", "declared twin missing"),
    ("L04", "direct identifier without twin"),
    ("L05", "clear column that a restricted role may read"),
    ("L06", "twin or managed column that the application may change"),
    ("L07", "published view that depends on a clear column"),
    ("L08", "view without security_barrier"),
    ("L09", "view owned by another role than publication"),
    ("L10", "function that PUBLIC may run"),
    ("L11", "function without fixed search_path"),
    ("L12", "trigger missing or that can be skipped"),
    ("L13", "key in a setting of a role or of the database"),
    ("L14", "extended statistics on a clear column"),
    ("L15", "logical publication of a clear column"),
    ("L16", "restricted role that is a member of a broad role"),
    ("L17", "TEMP or CREATE open to PUBLIC or to a reader"),
    ("L18", "statistics of a sensitive column not silenced"),
    ("L19", "row security disabled"),
    ("L20", "personal column that closing does not erase"),
    ("L21", "trigger function that names a missing column"),
    ("L22", "described column missing"),
    ("L23", "column that the description does not have"),
    ("L24", "personal column in a table without machinery"),
    ("L25", "invariant of anonymised rows missing or not validated"),
    ("L26", "journal that can be changed"),
    ("L27", "schema of the tables open to a reader"),
    ("L28", "table owned by a role that is not the owner"),
    ("L29", "row policy missing or changed"),
    ("L30", "row policy that the description does not have"),
    ("L31", "published object open to another role than its reader"),
    ("L32", "future functions that PUBLIC may run"),
];

/// The title of a finding of ours.
pub(super) fn own(id: &str) -> Text {
    OWN.iter().find(|(code, ..)| *code == id).map_or_else(|| Text::same(id), |(_, fr, en)| Text::new(*fr, *en))
}

/// The code and the title of a rule of the generated control, as it names itself (`L01 colonne sans étiquette`).
pub(super) fn control(rule: &str) -> (String, Text) {
    let (code, fr) = rule.split_once(' ').unwrap_or((rule, rule));
    let en = CONTROL.iter().find(|(known, _)| *known == code).map_or(fr, |(_, en)| *en);
    (code.to_owned(), Text::new(fr, en))
}
