//! What the twins cost on insertion: the same rows into the table with its trigger and into one without, in turn, in one run. A
//! ratio, since a machine's seconds say little. `make bench` does it on a hundred thousand rows; here, five thousand.
#![allow(clippy::expect_used, clippy::print_stdout, reason = "a test fails by panicking, and `make bench` keeps its figures")]

#[path = "common/models.rs"]
mod models;
#[path = "common/postgres.rs"]
mod postgres;

use models::{GUICHET, install};
use postgres::{Server, VERSIONS};

const ROUNDS: usize = 7;
/// Far above what was ever measured (2 to 3): a trigger that reads a table or calls the key would pass it.
const CEILING: f64 = 12.0;

#[test]
fn the_twins_cost_a_bounded_ratio_on_insertion() {
    let rows: u32 = std::env::var("MIRAI_COST_ROWS").map_or(5_000, |n| n.parse().expect("MIRAI_COST_ROWS is a number"));
    for major in VERSIONS {
        let server = Server::with(major, &[]);
        install(&server, "guichet", GUICHET);
        // The same columns, constraints and indexes; no trigger.
        server.ok("guichet_owner", "guichet", "CREATE TABLE guichet.temoin (LIKE guichet.usager INCLUDING ALL)");
        let milliseconds = |table: &str| -> f64 {
            let sql = format!(
                "CREATE TEMP TABLE duree (ms numeric); DO $$ DECLARE debut timestamptz := clock_timestamp(); BEGIN \
                 INSERT INTO guichet.{table} (civilite, nom, prenom, nir, email, code_postal, commune, date_naissance, quotient_familial, situation_handicap) \
                 SELECT 'M', 'NOM' || i, 'P', lpad(i::text, 15, '0'), 'e' || i || '@x', '35000', 'C', date '1950-01-01' + i % 20000, i % 3000, false FROM generate_series(1, {rows}) i; \
                 INSERT INTO duree VALUES (1000 * extract(epoch FROM clock_timestamp() - debut)); END $$; SELECT round(ms, 3) FROM duree; DELETE FROM guichet.{table}"
            );
            server.ok("postgres", "guichet", &sql).parse().expect("a duration")
        };
        let mut ratios: Vec<f64> = (0..=ROUNDS).map(|_| milliseconds("usager") / milliseconds("temoin")).skip(1).collect();
        ratios.sort_by(f64::total_cmp);
        let (median, low, high) = (ratios[ROUNDS / 2], ratios[0], ratios[ROUNDS - 1]);
        assert_eq!(server.ok("guichet_owner", "guichet", "SELECT count(*) FROM pg_trigger WHERE tgrelid = 'guichet.temoin'::regclass"), "0");
        println!("| insertion of {rows} rows with their twins, against without (PostgreSQL {major}) | ×{median:.2} | {low:.2}–{high:.2} |");
        assert!(median > 0.8 && median < CEILING, "{ratios:?}");
    }
}
