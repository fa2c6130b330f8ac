//! Which finding is the same as the one of an earlier run: what a baseline tells it by, and its rank among those that this
//! leaves alike.

use std::collections::BTreeMap;

use crate::check::baseline::fingerprint;
use crate::check::judge::Located;
use crate::digest::sha256;

/// Gives an identity to the findings of one folder, in their order.
#[derive(Debug, Default)]
pub(super) struct Identities {
    seen: BTreeMap<String, usize>,
}

impl Identities {
    /// 64 hexadecimal digits, unique in the folder.
    pub(super) fn of(&mut self, found: &Located) -> String {
        let told = fingerprint(found);
        let rank = self.seen.entry(told.clone()).or_default();
        *rank += 1;
        if *rank == 1 { told } else { sha256(format!("{told}#{rank}").as_bytes()) }
    }
}

#[cfg(test)]
mod tests {
    use super::Identities;
    use crate::check::judge::Located;
    use crate::text::Text;

    fn found(file: &str, line: usize, detail: &str) -> Located {
        Located { file: file.into(), line: Some(line), rule: "names", object: "Service/a".into(), detail: Text::new(detail, "x") }
    }

    #[test]
    fn a_finding_keeps_its_identity_when_its_line_or_the_language_changes() {
        let one = |found| Identities::default().of(&found);
        assert_eq!(one(found("a.yaml", 3, "x")), one(found("a.yaml", 9, "y")));
        assert_ne!(one(found("a.yaml", 3, "x")), one(found("b.yaml", 3, "x")));
    }

    #[test]
    fn findings_that_are_alike_are_told_apart() {
        let mut identities = Identities::default();
        assert_ne!(identities.of(&found("a.yaml", 3, "x")), identities.of(&found("a.yaml", 9, "x")));
    }
}
