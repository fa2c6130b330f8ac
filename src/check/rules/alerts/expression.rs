//! Expressions of alerts, as far as their signs tell: the Prometheus operator's admission webhook refuses one that `PromQL` does
//! not read (`prometheus/promql/parser/lex.go`). promtool, in the chains, reads them whole.

use crate::text;
use crate::text::Text;

/// What is wrong: a bracket or a quote that does not close; in `PromQL`, also a number that is none, or a name stuck to what closes
/// before it. The brackets and quotes of `LogQL` close alike.
pub fn fault(expression: &str, promql: bool) -> Option<Text> {
    let mut open = Vec::new();
    let mut rest = expression;
    let mut closed = false;
    let mut counted = false;
    let alone = |c: char| Some(text!("expr : {c:?} sans son pendant", "expr: {c:?} without its counterpart"));
    while let Some(c) = rest.chars().next() {
        let mut taken = c.len_utf8();
        let after = std::mem::replace(&mut closed, false);
        let number_before = counted;
        counted &= c.is_whitespace() || c == '#';
        match c {
            '(' | '[' | '{' => open.push(c),
            ')' | ']' | '}' => {
                let wanted = match c {
                    ')' => '(',
                    ']' => '[',
                    _ => '{',
                };
                if open.pop() != Some(wanted) {
                    return alone(c);
                }
                closed = true;
            }
            '"' | '\'' | '`' => {
                let Some(end) = end_of_text(rest, c) else { return alone(c) };
                taken = end;
                closed = true;
            }
            '#' => taken = rest.find('\n').unwrap_or(rest.len()),
            c if c.is_ascii_alphanumeric() || c == '_' || c == '.' => {
                taken = rest.find(|c: char| !c.is_ascii_alphanumeric() && !matches!(c, '_' | '.' | ':')).unwrap_or(rest.len());
                let word = &rest[..taken];
                let digits = c.is_ascii_digit() && open.last() != Some(&'[');
                let apart = number_before && !["and", "or", "unless", "offset", "atan2"].iter().any(|known| word.eq_ignore_ascii_case(known));
                counted = digits && number(word);
                if promql && (after || apart || (digits && !counted)) {
                    return Some(text!("expr : {word:?} n’a pas de sens à cet endroit", "expr: {word:?} makes no sense there"));
                }
            }
            _ => {}
        }
        rest = &rest[taken..];
    }
    open.pop().and_then(alone)
}

/// Length of a text, its quotes included.
fn end_of_text(rest: &str, quote: char) -> Option<usize> {
    let mut escaped = false;
    rest.char_indices().skip(1).find_map(|(at, c)| {
        let ends = c == quote && !escaped;
        escaped = c == '\\' && !escaped && quote != '`';
        ends.then_some(at + 1)
    })
}

/// A number, or a duration.
fn number(word: &str) -> bool {
    let hexadecimal = word.strip_prefix("0x").is_some_and(|digits| !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_hexdigit()));
    // « 1e-3 » is read in two words, by its sign.
    let exponent = word.strip_suffix(['e', 'E']).is_some_and(|number| number.parse::<f64>().is_ok());
    let mut units = word;
    while let Some(letter) = units.find(|c: char| c.is_ascii_alphabetic()).filter(|at| *at > 0) {
        let unit = &units[letter..];
        let length = unit.find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(unit.len());
        if !["ms", "s", "m", "h", "d", "w", "y"].contains(&&unit[..length]) {
            break;
        }
        units = &unit[length..];
    }
    hexadecimal || exponent || word.parse::<f64>().is_ok() || units.is_empty()
}

#[cfg(test)]
mod tests {
    use super::fault;

    #[test]
    fn an_expression_is_told_wrong_by_its_signs() {
        for good in [
            "up{job=\"demo\"} == 0",
            "sum by (namespace) (rate(a_total{status=~\"5..\"}[5m])) / 2 > 0.05",
            "histogram_quantile(0.95, sum by (le) (rate(x_bucket[1d] offset 1h30m))) > 1e3 # fin",
            "a:b:rate5m > 1e-3 and 0x1F",
            "a > 0.05 # seuil\nand b offset 5m unless c",
        ] {
            assert_eq!(fault(good, true), None, "{good}");
        }
        for bad in ["up == 0x", "sum(a)x", "a > 0.05x", "a{b=\"c\"", "rate(a[5m]))", "a{b=\"c\"}x", "a > 0.05\nx", "a > 1 2"] {
            assert!(fault(bad, true).is_some(), "{bad}");
        }
    }

    #[test]
    fn an_expression_of_logs_is_told_wrong_by_its_brackets_alone() {
        assert_eq!(fault("sum(count_over_time({namespace=\"demo\"} |= `erreur` [5m])) > 5", false), None);
        assert_eq!(fault("{app=\"a\"} | json | duration > 10ms5", false), None);
        assert!(fault("sum(count_over_time({namespace=\"demo\"} [5m]) > 5", false).is_some());
    }
}
