//! Patterns of an `AppProject`, as Argo CD reads them: `util/glob` is `github.com/gobwas/glob` (0.2.3), where a star stops at a
//! separator when there is one; addresses of repositories are compared as `util/git.NormalizeGitURL` writes them (Argo CD 3.5).

use regex_lite::Regex;

/// Whether a list of addresses, some of them refusals (`!…`), admits a repository (`AppProject.IsSourcePermitted`).
pub fn source(list: &[&str], address: &str) -> bool {
    let address = normalized(address);
    let mut admitted = false;
    for pattern in list {
        if let Some(refused) = pattern.strip_prefix('!') {
            if matches(&normalized(refused), &address, true) {
                return false;
            }
            admitted = true;
        } else {
            admitted |= *pattern == "*" || matches(&normalized(pattern), &address, true);
        }
    }
    admitted
}

/// Whether a text is what a pattern says, or is not what a refusal says (`globMatch`).
pub fn field(pattern: &str, value: &str) -> bool {
    pattern.strip_prefix('!').map_or_else(|| matches(pattern, value, false), |refused| !matches(refused, value, false))
}

/// Whether a namespace is one of those where the Applications of a project may stand: a pattern, or an expression between bars
/// (`glob.MatchStringInList`, `REGEXP`). One that is not understood here may say anything.
pub fn namespace(pattern: &str, value: &str) -> bool {
    match pattern.strip_prefix('/').and_then(|rest| rest.strip_suffix('/')) {
        Some(expression) => Regex::new(expression).map_or(true, |regex| regex.is_match(value)),
        None => matches(pattern, value, false),
    }
}

/// An address in lower case, without `.git`, an SSH one as `user@host/path`. What a URL has to escape no longer is a sign of
/// patterns.
fn normalized(address: &str) -> String {
    let mut address = address.trim().to_lowercase();
    let bare = address.strip_prefix("ssh://").unwrap_or(&address);
    let ssh = bare.split_once('@').is_some_and(|(user, host)| !user.contains(['/', ':']) && !host.is_empty() && !host.contains('@'));
    if ssh {
        address = address.strip_prefix("ssh://").map_or_else(|| address.replacen(':', "/", 1), str::to_owned);
    }
    address.strip_suffix(".git").unwrap_or(&address).replace('{', "%7B").replace('}', "%7D")
}

/// A pattern that cannot be read matches nothing.
fn matches(pattern: &str, value: &str, separated: bool) -> bool {
    expression(pattern, separated).and_then(|expression| Regex::new(&expression).ok()).is_some_and(|regex| regex.is_match(value))
}

/// `syntax/lexer` and `syntax/ast`, as a regular expression.
fn expression(pattern: &str, separated: bool) -> Option<String> {
    let one = if separated { "[^/]" } else { "." };
    let mut out = String::from("(?s)^");
    let mut signs = pattern.chars().peekable();
    let mut open = 0;
    while let Some(sign) = signs.next() {
        match sign {
            '*' if signs.next_if_eq(&'*').is_some() => out.push_str(".*"),
            '*' => out.extend([one, "*"]),
            '?' => out.push_str(one),
            '{' => {
                open += 1;
                out.push_str("(?:");
            }
            ',' if open > 0 => out.push('|'),
            '}' if open > 0 => {
                open -= 1;
                out.push(')');
            }
            '[' => {
                let inside: String = signs.by_ref().take_while(|c| *c != ']').collect();
                out.push_str(&class(&inside)?);
            }
            '\\' => out.push_str(&regex_lite::escape(signs.next()?.encode_utf8(&mut [0; 4]))),
            letter => out.push_str(&regex_lite::escape(letter.encode_utf8(&mut [0; 4]))),
        }
    }
    out.push('$');
    (open == 0).then_some(out)
}

/// A class: letters, or one range.
fn class(inside: &str) -> Option<String> {
    let (not, letters) = inside.strip_prefix('!').map_or(("", inside), |rest| ("^", rest));
    let escaped = |letters: &str| letters.chars().map(|c| if c.is_alphanumeric() { c.to_string() } else { format!("\\{c}") }).collect::<String>();
    let all: Vec<char> = letters.chars().collect();
    let body = match all[..] {
        [] => return None,
        [low, '-', high] => format!("{}-{}", escaped(&low.to_string()), escaped(&high.to_string())),
        _ => escaped(letters),
    };
    Some(format!("[{not}{body}]"))
}

#[cfg(test)]
mod tests {
    use super::{field, namespace, source};

    #[test]
    fn a_pattern_is_read_as_argo_cd_reads_it() {
        let texts = [("*", ""), ("a*c*e", "abcde"), ("demo", "demo"), ("demo-?", "demo-1"), ("demo-[a-c]x", "demo-bx"), ("{a,b*}-x", "bcd-x")];
        for (pattern, value) in texts.into_iter().chain([("[!a]b", "cb"), ("a\\*", "a*"), ("!demo", "autre"), ("a/*", "a/b/c")]) {
            assert!(field(pattern, value), "{pattern} {value}");
        }
        for (pattern, value) in
            [("demo", "demo-prod"), ("a*e", "abcd"), ("", "demo"), ("demo-?", "demo-12"), ("demo-[", "demo-["), ("!demo", "demo"), ("{a", "a")]
        {
            assert!(!field(pattern, value), "{pattern} {value}");
        }
    }

    #[test]
    fn a_star_in_an_address_stops_at_a_folder() {
        let forge = "https://forge.exemple.fr";
        for (pattern, address) in
            [("*", "x"), ("FORGE/*", "FORGE/a.git"), ("FORGE/**", "FORGE/a/b.git"), ("FORGE/A.git", "FORGE/a"), ("git@h:a/*", "ssh://git@h/a/b.git")]
        {
            let (pattern, address) = (pattern.replace("FORGE", forge), address.replace("FORGE", forge));
            assert!(source(&[&pattern], &address), "{pattern} {address}");
        }
        for pattern in ["FORGE/*", "FORGE/{a,b}/c", "https://autre/**", "FORGE/a/?"] {
            let pattern = pattern.replace("FORGE", forge);
            assert!(!source(&[&pattern], "https://forge.exemple.fr/a/bc.git"), "{pattern}");
        }
        assert!(!source(&["*", "!https://forge.exemple.fr/a"], "https://forge.exemple.fr/a.git"));
        assert!(source(&["!https://forge.exemple.fr/a"], "https://forge.exemple.fr/b.git"));
        assert!(namespace("/^equipe-.*$/", "equipe-a") && !namespace("/^equipe-.*$/", "autre") && namespace("equipe-*", "equipe-a"));
    }
}
