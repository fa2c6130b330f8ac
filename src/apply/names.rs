//! The rules that one part of a path must satisfy. They are those of the strictest of the three systems, so that a
//! project generated on Linux can be cloned on Windows and macOS, plus git's own (CVE-2014-9390, CVE-2019-1353: names
//! that a file system takes for `.git`).

use unicode_normalization::UnicodeNormalization;

/// Longest name, in bytes, on every usual file system.
const MAX_NAME_BYTES: usize = 255;

/// Windows device names, reserved with any extension and any case:
/// <https://learn.microsoft.com/windows/win32/fileio/naming-a-file>.
const DEVICES: [&str; 6] = ["con", "prn", "aux", "nul", "conin$", "conout$"];

/// Says why `part` may not be a name, if so.
pub(super) fn refusal(part: &str) -> Option<&'static str> {
    if part.is_empty() {
        return Some("has an empty part (doubled or final `/`)");
    }
    if part == "." || part == ".." {
        return Some("has a `.` or `..` part");
    }
    if part.len() > MAX_NAME_BYTES {
        return Some("has a part longer than 255 bytes");
    }
    if let Some(reason) = part.chars().find_map(refused_char) {
        return Some(reason);
    }
    if part.starts_with('~') {
        return Some("has a part that starts with `~`, which shells expand");
    }
    if part.starts_with('-') {
        return Some("has a part that starts with `-`, which commands take for an option");
    }
    if part.ends_with('.') || part.ends_with(char::is_whitespace) {
        return Some("has a part that ends with a dot or a space, which Windows drops");
    }
    // What a file system that folds case and compatibility forms would see (`．GIT`, `COM¹`).
    let seen: String = part.nfkc().flat_map(char::to_lowercase).collect();
    if is_device(&seen) {
        return Some("has a part that Windows takes for a device");
    }
    if is_git(&seen) {
        return Some("has a part that git takes for its own");
    }
    None
}

fn refused_char(c: char) -> Option<&'static str> {
    match c {
        '\\' => Some("contains a backslash"),
        '<' | '>' | ':' | '"' | '|' | '?' | '*' => Some("contains one of < > : \" | ? *"),
        c if c.is_control() || matches!(c, '\u{2028}' | '\u{2029}') => Some("contains a control character"),
        c if is_invisible(c) => Some("contains an invisible or text-direction character"),
        _ => None,
    }
}

/// Unicode format controls (general category Cf) and the other characters whose property is `Default_Ignorable`:
/// drawn as nothing, dropped by HFS+ when it compares names, or reversing the text around them.
fn is_invisible(c: char) -> bool {
    matches!(c,
        '\u{AD}' | '\u{34F}' | '\u{600}'..='\u{605}' | '\u{61C}' | '\u{6DD}' | '\u{70F}' | '\u{890}'..='\u{891}'
        | '\u{8E2}' | '\u{115F}'..='\u{1160}' | '\u{17B4}'..='\u{17B5}' | '\u{180B}'..='\u{180F}'
        | '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2060}'..='\u{206F}' | '\u{3164}'
        | '\u{FE00}'..='\u{FE0F}' | '\u{FEFF}' | '\u{FFA0}' | '\u{FFF0}'..='\u{FFFB}' | '\u{110BD}' | '\u{110CD}'
        | '\u{13430}'..='\u{1343F}' | '\u{1BCA0}'..='\u{1BCA3}' | '\u{1D173}'..='\u{1D17A}'
        | '\u{E0000}'..='\u{E0FFF}')
}

/// `seen` is folded. Windows ignores the extension and the spaces before it: `CON .txt` is the console.
fn is_device(seen: &str) -> bool {
    let stem = seen.split('.').next().unwrap_or(seen).trim_end();
    if DEVICES.contains(&stem) {
        return true;
    }
    let Some(number) = stem.strip_prefix("com").or_else(|| stem.strip_prefix("lpt")) else { return false };
    number.len() == 1 && number.bytes().all(|b| b.is_ascii_digit())
}

/// `seen` is folded. The short (8.3) names are those of git's `protectNTFS`.
fn is_git(seen: &str) -> bool {
    if matches!(seen, ".git" | ".gitmodules") {
        return true;
    }
    let Some((stem, number)) = seen.rsplit_once('~') else { return false };
    let numbered = !number.is_empty() && number.bytes().all(|b| b.is_ascii_digit());
    numbered && matches!(stem, "git" | "gitmod" | "gi7eba")
}

#[cfg(test)]
mod tests {
    use super::super::{PathError, SafeRelPath};

    fn reason(path: &str) -> Option<String> {
        SafeRelPath::new(path).err().map(|e| e.to_string())
    }

    #[test]
    fn usual_paths_pass() {
        for path in [
            "README.md",
            ".gitignore",
            ".gitattributes",
            ".gitlab-ci-dso.yml",
            ".github/workflows/ci.yml",
            ".mirai-kit.yaml",
            "infra/postgres/templates/_helpers.tpl",
            "a/b/c",
            "docs/adr/0001-dépôts.md",
            "été/ŒUVRE.md",
            "日本語.txt",
            "a b.txt",
            "console.md",
            "com.md",
            "com10.txt",
            "lpt",
            "nullable.sql",
            "aux2",
            ".git-blame-ignore-revs",
            "git",
            "digit~1",
            "a~1",
            "v1.2",
            "..a",
            "...a",
            "a-b",
            "(x)",
            "{{x}}",
            "a'b",
            "$x",
            "a&b",
            "@scope/pkg",
        ] {
            assert_eq!(reason(path), None, "{path:?} should pass");
        }
    }

    #[test]
    fn what_leaves_the_folder_is_refused() {
        for path in [
            "..",
            "../x",
            "a/../b",
            "a/..",
            ".",
            "./a",
            "a/./b",
            "/",
            "/etc/passwd",
            "a//b",
            "a/",
            "//server/x",
            "\\\\server\\x",
            "a\\b",
            "..\\x",
            "C:/x",
            "c:x",
            "~/x",
            "a/~root",
            "~",
        ] {
            assert!(reason(path).is_some(), "{path:?} should be refused");
        }
        assert_eq!(SafeRelPath::new(""), Err(PathError::Empty));
    }

    #[test]
    fn every_forbidden_character_is_refused_in_every_position() {
        let named = ['<', '>', ':', '"', '|', '?', '*', '\\', '\u{0}', '\n', '\r', '\t', '\u{1b}', '\u{7f}', '\u{85}', '\u{2028}'];
        let invisible = [
            '\u{ad}',
            '\u{61c}',
            '\u{200b}',
            '\u{200d}',
            '\u{200e}',
            '\u{202e}',
            '\u{2066}',
            '\u{2069}',
            '\u{feff}',
            '\u{fe0f}',
            '\u{e0041}',
            '\u{180e}',
            '\u{3164}',
        ];
        for c in named.into_iter().chain(invisible).chain((0..32).map(char::from)) {
            for path in [format!("{c}ab"), format!("a{c}b"), format!("ab{c}"), format!("d/a{c}b/f"), format!("d/f{c}")] {
                assert!(reason(&path).is_some(), "{path:?} should be refused");
            }
        }
    }

    #[test]
    fn devices_are_refused_in_any_case_and_with_any_extension() {
        let digits = ["0", "1", "2", "3", "4", "5", "6", "7", "8", "9", "¹", "²", "³"];
        let ports = digits.iter().flat_map(|d| [format!("com{d}"), format!("lpt{d}")]);
        for device in ["con", "prn", "aux", "nul", "conin$", "conout$"].into_iter().map(String::from).chain(ports) {
            for name in [device.clone(), device.to_uppercase(), format!("{device}.txt"), format!("{device}.tar.gz"), format!("{device} .x")] {
                for path in [name.clone(), format!("d/{name}"), format!("{name}/f")] {
                    assert!(reason(&path).is_some(), "{path:?} should be refused");
                }
            }
        }
    }

    #[test]
    fn git_is_refused_in_any_disguise() {
        for name in [
            ".git",
            ".GIT",
            ".Git",
            ".git.",
            ".git ",
            ".git . .",
            "git~1",
            "GIT~1",
            "git~12",
            ".g\u{200c}it",
            "\u{feff}.git",
            ".gi\u{200d}t",
            "．git",
            ".ｇｉｔ",
            ".git::$INDEX_ALLOCATION",
            ".gitmodules",
            ".GitModules",
            "gitmod~1",
            "GI7EBA~1",
        ] {
            for path in [name.to_owned(), format!("{name}/config"), format!("a/{name}"), format!("a/{name}/hooks/post-commit")] {
                assert!(reason(&path).is_some(), "{path:?} should be refused");
            }
        }
    }

    #[test]
    fn dashes_dots_spaces_and_lengths() {
        for path in ["-rf", "a/-x", "a.", "a ", "a/b./c", "a\u{a0}"] {
            assert!(reason(path).is_some(), "{path:?} should be refused");
        }
        assert_eq!(reason(&"a".repeat(255)), None);
        assert!(reason(&"a".repeat(256)).is_some());
        assert!(reason(&"é".repeat(128)).is_some(), "the limit is in bytes");
        let deep = |n: usize| vec!["abc"; n].join("/");
        assert_eq!(reason(&deep(256)), None);
        assert!(reason(&deep(257)).is_some());
    }

    #[test]
    fn a_name_is_one_part() {
        assert!(SafeRelPath::name("démo").is_ok());
        assert!(SafeRelPath::name("a/b").is_err());
        assert!(SafeRelPath::name("..").is_err());
    }

    #[test]
    fn below_is_strict() {
        let path = |p| SafeRelPath::new(p).expect("safe");
        assert_eq!(path("app/x/y").below(&path("app")), Some(path("x/y")));
        assert_eq!(path("apple/x").below(&path("app")), None);
        assert_eq!(path("app").below(&path("app")), None);
        assert_eq!(path("a/b").split(), ("a", "b"));
        assert_eq!(path("b").split(), ("", "b"));
    }
}
