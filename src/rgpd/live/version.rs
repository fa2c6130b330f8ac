//! The versions of PostgreSQL that let clear data out: a restricted role does not hold on a server that has these faults.

/// A fault of the server, and the first version of each branch without it. A branch that is not listed never had it.
struct Fault {
    id: &'static str,
    what: (&'static str, &'static str),
    fixed: &'static [(i32, i32)],
}

/// Those that defeat rights by column, views or row security. Sources: the project's security page
/// (postgresql.org/support/security) and the announcements of May 2024, August 2025, February and May 2026.
const FAULTS: &[Fault] = &[
    Fault {
        id: "CVE-2024-4317",
        what: ("pg_stats_ext montre des valeurs d'autrui", "pg_stats_ext shows the values of others"),
        fixed: &[(14, 12), (15, 7), (16, 3)],
    },
    Fault {
        id: "CVE-2025-8713",
        what: ("les statistiques traversent vues et sécurité par ligne", "statistics go through views and row security"),
        fixed: &[(13, 22), (14, 19), (15, 14), (16, 10), (17, 6)],
    },
    Fault {
        id: "CVE-2026-2006",
        what: ("lecture et écriture hors bornes par un texte mal formé", "out-of-bounds reads and writes by an ill-formed text"),
        fixed: &[(14, 21), (15, 16), (16, 12), (17, 8), (18, 2)],
    },
    Fault {
        id: "CVE-2026-6473",
        what: ("écriture hors bornes par un rôle sans privilège", "out-of-bounds writes by an unprivileged role"),
        fixed: &[(14, 23), (15, 18), (16, 14), (17, 10), (18, 4)],
    },
    Fault {
        id: "CVE-2026-6474",
        what: ("lecture de la mémoire du serveur par timeofday()", "reads the server's memory through timeofday()"),
        fixed: &[(14, 23), (15, 18), (16, 14), (17, 10), (18, 4)],
    },
];

/// The oldest branch that the generated SQL is tried on.
const OLDEST: i32 = 15;

/// The faults of a server by its `server_version_num`: id, and what it lets happen.
pub(super) fn faults(number: i32) -> Vec<(&'static str, (String, String))> {
    let (major, minor) = (number / 10_000, number % 10_000);
    let mut found: Vec<(&'static str, (String, String))> = FAULTS
        .iter()
        .filter_map(|fault| {
            let (_, fixed) = fault.fixed.iter().find(|(branch, _)| *branch == major)?;
            (minor < *fixed).then(|| {
                let (fr, en) = fault.what;
                (fault.id, (format!("{fr} ; corrigé en {major}.{fixed}"), format!("{en}; fixed in {major}.{fixed}")))
            })
        })
        .collect();
    if major < OLDEST {
        found.push((
            "PostgreSQL",
            (format!("branche {major} : le modèle demande {OLDEST} au moins"), format!("branch {major}: the model needs {OLDEST} at least")),
        ));
    }
    found
}

#[cfg(test)]
mod tests {
    use super::faults;

    #[test]
    fn a_version_has_the_faults_that_it_does_not_fix() {
        let ids = |number| faults(number).into_iter().map(|(id, _)| id).collect::<Vec<_>>();
        assert_eq!(ids(150_018), [""; 0]);
        assert_eq!(ids(180_004), [""; 0]);
        assert_eq!(ids(190_000), [""; 0]);
        assert_eq!(ids(150_013), ["CVE-2025-8713", "CVE-2026-2006", "CVE-2026-6473", "CVE-2026-6474"]);
        assert_eq!(ids(170_006), ["CVE-2026-2006", "CVE-2026-6473", "CVE-2026-6474"]);
        assert_eq!(ids(150_006).first(), Some(&"CVE-2024-4317"));
        assert!(ids(140_023).contains(&"PostgreSQL"));
    }
}
