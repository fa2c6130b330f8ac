//! The description once judged: what the generators read. Nothing here is text of the author that was not checked.

use super::rules::Rule;
use super::types::{Duration, SqlType};

/// A whole description.
#[derive(Debug, Clone)]
pub(super) struct Model {
    pub application: String,
    pub tier: Tier,
    /// Rendered over a database in service (`plan`): what already stands is not locked again.
    pub live: bool,
    pub version: u32,
    /// Versions still served beside this one.
    pub coexists: Vec<u32>,
    /// What the author says is dropped with this version (`entite`, `entite.champ`), with its line.
    pub removals: Vec<(String, u64)>,
    pub rules_version: String,
    pub schema: String,
    pub schema_anon: String,
    pub roles: Roles,
    pub controller: Option<Controller>,
    pub processings: Vec<Processing>,
    pub key: Option<Key>,
    pub entities: Vec<Entity>,
    pub dpv: String,
    /// The description as the author wrote it: what registers and tags give back without loss.
    pub raw: serde_json::Value,
}

/// How much is rendered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Tier {
    /// What EXI-DATA-2 asks.
    Essential,
    /// And the published snapshot, the archives' visa by lot, the rotation of the key, the replay after a restoration.
    Complete,
}

/// The seven roles; the last five are only needed by personal data.
#[derive(Debug, Default, Clone)]
pub(super) struct Roles {
    pub owner: String,
    pub app: String,
    pub publication: String,
    pub pseudo: String,
    pub anon: String,
    pub dpo: String,
    pub purge: String,
}

/// Who answers for the processing.
#[derive(Debug, Clone)]
pub(super) struct Controller {
    pub organisation: String,
    pub representative: String,
    pub dpo_name: String,
    pub dpo_contact: String,
}

/// One sheet of the register.
#[derive(Debug, Clone)]
pub(super) struct Processing {
    pub id: String,
    pub purpose: String,
    pub purpose_dpv: Option<String>,
    pub basis: String,
    pub basis_text: Option<String>,
    pub persons: Vec<String>,
    pub recipients: Vec<(String, String)>,
    pub transfers: String,
    pub dpia_needed: bool,
    pub dpia_criteria: Vec<String>,
    pub dpia_reference: Option<String>,
    /// Why no assessment is made although it is presumed necessary.
    pub dpia_reason: Option<String>,
    pub dpia_line: u64,
    pub security: Vec<String>,
    pub snapshot_only: bool,
}

/// How the HMAC key reaches the batch.
#[derive(Debug, Clone)]
pub(super) struct Key {
    pub source: String,
    pub path: String,
    pub rotation: Duration,
}

/// A table.
#[derive(Debug, Clone)]
pub(super) struct Entity {
    /// What the author wrote of it, fields left out.
    pub block: serde_json::Value,
    pub name: String,
    pub line: u64,
    pub table: String,
    pub label: Option<String>,
    pub persons: Option<String>,
    pub processings: Vec<String>,
    pub retention: Option<Retention>,
    pub follows: Option<Follows>,
    pub hold: String,
    pub objection: String,
    pub snapshot: Option<Snapshot>,
    /// Rows that a session of the application sees.
    pub rows: Option<RowFilter>,
    /// Unknown to the version in service (`plan`): its table is empty, nothing on it can be stopped.
    pub fresh: bool,
    pub fields: Vec<Field>,
}

/// The published k-anonymous snapshot of an entity.
#[derive(Debug, Clone)]
pub(super) struct Snapshot {
    pub line: u64,
    /// The smallest class that may be published.
    pub k: u32,
    pub quasi: Vec<String>,
    /// Quasi-identifiers given up one after the other for the rows whose class is too small.
    pub order: Vec<String>,
    pub attributes: Vec<String>,
    /// Shortest time between two publications.
    pub cadence: Duration,
}

/// Row-level security: the column that must equal the session's setting `<schema>.<parameter>`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct RowFilter {
    pub column: String,
    pub parameter: String,
}

/// When rows end, and how.
#[derive(Debug, Clone)]
pub(super) struct Retention {
    pub duration: Duration,
    pub start: String,
    pub end: End,
    pub archive: Option<(Duration, String)>,
    pub visa: Visa,
    /// Share of the rows (percent) above which the batch must be confirmed.
    pub guard: u8,
}

/// The archives' visa without which public archives are not eliminated.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Visa {
    NotRequired,
    Missing,
    /// Its reference.
    Given(String),
}

/// What becomes of a row at its term.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum End {
    Anonymise,
    Delete,
    /// Deleted once its transfer to the archives is attested.
    TransferThenDelete,
    /// Paid over to the archives, then deleted from here.
    Deposit,
}

impl End {
    pub fn deletes(self) -> bool {
        self != Self::Anonymise
    }
    pub fn needs_transfer(self) -> bool {
        matches!(self, Self::TransferThenDelete | Self::Deposit)
    }
    pub fn word(self) -> &'static str {
        match self {
            Self::Anonymise => "anonymisation",
            Self::Delete => "suppression",
            Self::TransferThenDelete => "transfert-puis-suppression",
            Self::Deposit => "versement",
        }
    }
}

/// The entity whose term this one shares, and the column that points at it.
#[derive(Debug, Clone)]
pub(super) struct Follows {
    pub entity: String,
    pub by: String,
}

/// A column.
#[derive(Debug, Clone)]
pub(super) struct Field {
    /// Its `rgpd` block, as the author wrote it: its tag carries it.
    pub block: serde_json::Value,
    pub name: String,
    pub line: u64,
    /// The field of the previous version whose values this one carries on.
    pub renamed_from: Option<String>,
    pub label: Option<String>,
    pub sql: SqlType,
    pub primary: bool,
    pub required: bool,
    pub unique: bool,
    pub values: Vec<String>,
    pub reference: Option<(String, String)>,
    pub default: Option<String>,
    pub personal: Option<Personal>,
    pub reason: Option<String>,
    /// What only the union of two versions knows (`plan`).
    pub overlap: Overlap,
}

/// Where a field stands while two versions of the model are served.
#[derive(Debug, Clone, Default)]
pub(super) struct Overlap {
    /// The previous version's tag, whose twin is kept up to date beside the new one.
    pub legacy: Option<Box<Personal>>,
    /// Rows anonymised before this version may not hold the value that closes them yet: the trigger brings it, the invariant
    /// waits for the contract.
    pub settling: bool,
    /// Only the previous version knows this field.
    pub retired: bool,
}

/// What makes a column personal.
#[derive(Debug, Clone)]
#[allow(clippy::struct_excessive_bools, reason = "each is a key of the format")]
pub(super) struct Personal {
    pub category: String,
    pub family: String,
    pub role: String,
    pub article9: Option<(String, String)>,
    pub nir_basis: Option<String>,
    pub delicate: bool,
    pub retention: Option<(Duration, String)>,
    pub rule: Rule,
    /// Column that holds the twin; `None` when the rule needs none.
    pub twin: Option<String>,
    /// The author chose the twin's name: readers know it by that name.
    pub own_name: bool,
    pub after: After,
    pub clear_to_app: bool,
    pub pseudonym_to_reader: bool,
    pub guidance: Option<String>,
}

/// What a personal column holds once its row is anonymised.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum After {
    /// Left as it is (`conserver`, technical identifiers).
    Kept,
    Null,
    /// A literal, already in SQL.
    Literal(String),
    /// Cut to the month.
    Month,
}

impl Field {
    pub fn special(&self) -> bool {
        self.personal.as_ref().is_some_and(|p| p.article9.is_some())
    }
}

impl Entity {
    pub fn is_personal(&self) -> bool {
        self.fields.iter().any(|f| f.personal.is_some())
    }

    pub fn key(&self) -> &Field {
        // `check` refuses an entity without exactly one primary key before any generator runs.
        self.fields.iter().find(|f| f.primary).unwrap_or(&self.fields[0])
    }

    /// Every twin of the entity, those of the previous version included.
    pub fn twin_fields(&self) -> impl Iterator<Item = (&Field, &Personal)> {
        let both = |f| -> [Option<(&Field, &Personal)>; 2] {
            let f: &Field = f;
            [f.personal.as_ref().map(|p| (f, p)), f.overlap.legacy.as_deref().map(|p| (f, p))]
        };
        self.fields.iter().flat_map(both).flatten()
    }

    pub fn personal_fields(&self) -> impl Iterator<Item = (&Field, &Personal)> {
        self.fields.iter().filter_map(|f| f.personal.as_ref().map(|p| (f, p)))
    }
}

impl Model {
    pub fn is_personal(&self) -> bool {
        self.entities.iter().any(Entity::is_personal)
    }

    pub fn complete(&self) -> bool {
        self.tier == Tier::Complete
    }

    pub fn keyed(&self) -> bool {
        self.entities.iter().flat_map(Entity::personal_fields).any(|(_, p)| matches!(p.rule, Rule::Hmac { .. }))
    }

    pub fn entity(&self, name: &str) -> Option<&Entity> {
        self.entities.iter().find(|e| e.name == name)
    }

    /// The snapshots that are published: at the complete tier only.
    pub fn snapshots(&self) -> impl Iterator<Item = (&Entity, &Snapshot)> {
        self.entities.iter().filter(|_| self.complete()).filter_map(|e| e.snapshot.as_ref().map(|s| (e, s)))
    }

    /// The entities that follow `entity` directly.
    pub fn followers<'a>(&'a self, entity: &'a Entity) -> impl Iterator<Item = (&'a Entity, &'a Follows)> {
        self.entities.iter().filter_map(move |e| e.follows.as_ref().filter(|f| f.entity == entity.name).map(|f| (e, f)))
    }

    /// The entity at the head of the chain that `entity` follows (itself when it follows none).
    pub fn root<'a>(&'a self, entity: &'a Entity) -> &'a Entity {
        let mut at = entity;
        for _ in 0..self.entities.len() {
            match at.follows.as_ref().and_then(|f| self.entity(&f.entity)) {
                Some(parent) => at = parent,
                None => break,
            }
        }
        at
    }

    /// What becomes of the rows of `entity` at the term of its root.
    pub fn end(&self, entity: &Entity) -> End {
        self.root(entity).retention.as_ref().map_or(End::Anonymise, |r| r.end)
    }
}
