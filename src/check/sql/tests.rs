//! What the examples of the rules cannot say: words, blocks, and what stays unknown.

use super::lex::{Kind, lex};
use super::{Op, script};

fn ops(text: &str) -> Vec<Op> {
    script(text).unwrap().statements.into_iter().map(|s| s.op).collect()
}

fn words(text: &str) -> Vec<String> {
    lex(text, 1).unwrap().tokens.into_iter().map(|t| t.text).collect()
}

#[test]
fn comments_strings_and_dollar_quotes_hide_no_statement_and_make_none() {
    assert_eq!(words("a -- b ; c\n/* d /* e */ ; */ f"), ["a", "f"]);
    assert_eq!(words("'it''s ; one' E'a\\'; b' \"A \"\"b\"\"\" Étage"), ["it's ; one", "a'; b", "A \"b\"", "étage"]);
    assert_eq!(words("$$a;$b$$ $x$ $$;$$ $x$ $1"), ["a;$b", " $$;$$ ", "$1"]);
    assert_eq!(ops("SELECT ';'; DROP TABLE a; -- DROP TABLE b;").len(), 2);
}

#[test]
fn lines_are_those_of_the_file() {
    let sql = script("-- one\nSELECT 'a\nb';\nDO $$\nBEGIN\n  ALTER TABLE t DROP COLUMN c;\nEND $$;\n").unwrap();
    assert_eq!(sql.comments, [(1, "one".to_owned())]);
    assert_eq!(sql.statements.iter().map(|s| s.line).collect::<Vec<_>>(), [2, 6]);
}

#[test]
fn what_never_closes_is_refused_with_its_line() {
    for open in ["SELECT 1;\n'a", "SELECT 1;\n\"a", "SELECT 1;\n/* a /* b */", "SELECT 1;\n$x$ a $$", "SELECT 1;\n`a`"] {
        assert_eq!(lex(open, 1).unwrap_err().line, 2, "{open}");
    }
}

#[test]
fn what_a_block_runs_is_read_and_what_it_builds_is_unknown() {
    assert!(matches!(&ops("DO $$ BEGIN EXECUTE 'DROP TABLE a'; END $$")[..], [Op::Drop { .. }]));
    assert!(matches!(&ops("DO $$ BEGIN EXECUTE format('DROP TABLE %I', x); END $$")[..], [Op::Drop { .. }]));
    for built in ["EXECUTE requete", "EXECUTE 'DROP ' || objet"] {
        assert!(matches!(&ops(&format!("DO $$ BEGIN {built}; END $$"))[..], [Op::Unknown(_)]), "{built}");
    }
    assert_eq!(ops("CREATE FUNCTION f() RETURNS void LANGUAGE plpgsql AS $$ BEGIN DROP TABLE a; END $$").len(), 1);
    assert_eq!(ops("CREATE FUNCTION f() RETURNS int BEGIN ATOMIC SELECT CASE WHEN true THEN 1 END; SELECT 2; END; SELECT 1").len(), 2);
}

#[test]
fn what_is_no_verb_of_postgresql_is_unknown() {
    for odd in ["PRAGMA foreign_keys = ON", "USE demo", "ALTER TABLE a MODIFY b int", "CREATE MAGIC x", "ADD COLUMN a"] {
        assert!(matches!(&ops(odd)[..], [Op::Unknown(_)]), "{odd}: {:?}", ops(odd));
    }
}

#[test]
fn data_of_a_dump_and_commands_of_psql_are_no_statements() {
    let dump = "COPY a (b) FROM stdin;\n1;DROP TABLE x\n\\.\n\\connect demo\nDROP TABLE y;\n";
    assert_eq!(ops(dump).iter().filter(|op| matches!(op, Op::Drop { .. })).count(), 1);
}

#[test]
fn actions_of_one_statement_are_read_apart() {
    let found = ops(
        "ALTER TABLE IF EXISTS ONLY s.t ADD a numeric(10, 2) NOT NULL DEFAULT 0, DROP COLUMN IF EXISTS b CASCADE, ALTER c TYPE varchar(5), VALIDATE CONSTRAINT k",
    );
    assert!(matches!(&found[..], [Op::AddColumn(_, a), Op::DropColumn(_, b, true), Op::ChangeType(_, _, kind), Op::Validate(..)]
        if a.kind == "numeric(10,2)" && a.required && a.filled && b == "b" && kind == "varchar(5)"));
}

#[test]
fn a_grant_names_its_columns_and_its_roles() {
    let [Op::Grant(grant)] = &ops("GRANT SELECT (a, \"B\"), UPDATE ON s.t, u TO x, PUBLIC WITH GRANT OPTION")[..] else { panic!() };
    assert_eq!(grant.privileges, [("select".to_owned(), vec!["a".to_owned(), "B".to_owned()]), ("update".to_owned(), vec![])]);
    assert_eq!((grant.names.len(), &grant.to[..], grant.what.as_str()), (2, &["x".to_owned(), "public".to_owned()][..], "table"));
}

#[test]
fn nothing_that_is_written_stops_the_reader() {
    let pieces =
        ["ALTER", "TABLE", "(", ")", "\"a\"", "'", "$$", "$x$", "/*", "--", ";", ",", "DO", "GRANT", "TO", "ON", "CREATE", "\\", "é", "${", "E'"];
    let mut seed = 7_u64;
    for _ in 0..20_000 {
        let mut text = String::new();
        for _ in 0..12 {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            text.push_str(pieces[usize::try_from(seed >> 33).unwrap() % pieces.len()]);
            text.push(if seed & 64 == 0 { ' ' } else { '\n' });
        }
        let _ = script(&text);
    }
    assert!(lex("$", 1).is_ok_and(|s| s.tokens[0].kind == Kind::Value));
}
