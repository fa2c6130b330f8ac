//! Quantities as Kubernetes writes them (`500m`, `10Gi`, `0.5`, `1e3`): read exactly, in thousandths, or not at all.

use serde_json::Value;

/// Thousandths of a quantity; none when it is not one, is negative or is beyond reason.
/// Form: `k8s.io/apimachinery/pkg/api/resource`, « Quantity ».
#[must_use]
pub fn milli(quantity: &str) -> Option<u128> {
    let quantity = quantity.strip_prefix('+').unwrap_or(quantity);
    let end = quantity.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(quantity.len());
    let (number, unit) = quantity.split_at(end);
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    if whole.is_empty() && fraction.is_empty() || fraction.contains('.') || fraction.len() > 9 || whole.len() > 18 {
        return None;
    }
    let (times, over) = factor(unit)?;
    let digits: u128 = format!("{whole}{fraction}").parse().ok()?;
    let scale = 10_u128.pow(u32::try_from(fraction.len()).ok()?);
    digits.checked_mul(1000)?.checked_mul(times)?.checked_div(scale.checked_mul(over)?)
}

/// What a unit multiplies by, and divides by.
fn factor(unit: &str) -> Option<(u128, u128)> {
    if let Some(exponent) = unit.strip_prefix(['e', 'E']).filter(|e| !e.is_empty()) {
        let power: i32 = exponent.parse().ok().filter(|p| (-9..=18).contains(p))?;
        let value = 10_u128.pow(power.unsigned_abs());
        return Some(if power < 0 { (1, value) } else { (value, 1) });
    }
    let position = |units: &[&str]| units.iter().position(|u| *u == unit).and_then(|p| u32::try_from(p).ok());
    position(&["n", "u", "m"])
        .map(|p| (1, 1000_u128.pow(3 - p)))
        .or_else(|| position(&["", "k", "M", "G", "T", "P", "E"]).map(|p| (1000_u128.pow(p), 1)))
        .or_else(|| position(&["", "Ki", "Mi", "Gi", "Ti", "Pi", "Ei"]).map(|p| (1024_u128.pow(p), 1)))
}

/// Thousandths of a quantity written as a text or as a bare number.
#[must_use]
pub fn of(value: &Value) -> Option<u128> {
    match value {
        Value::String(text) => milli(text),
        Value::Number(number) => milli(&number.to_string()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::milli;

    #[test]
    fn quantities_are_read_exactly() {
        for (text, expected) in [
            ("1", 1000),
            ("500m", 500),
            ("0.5", 500),
            (".5", 500),
            ("5.", 5000),
            ("1e3", 1_000_000),
            ("12E2", 1_200_000),
            ("1E", 1_000_000_000_000_000_000_000),
            ("1Ki", 1_024_000),
            ("1.5Gi", 1_610_612_736_000),
            ("1k", 1_000_000),
            ("100n", 0),
            ("+2", 2000),
        ] {
            assert_eq!(milli(text), Some(expected), "{text}");
        }
        for wrong in ["", "-1", "a", "1Go", "1 Gi", "1.2.3", "Gi", ".", "1e", "1e99", "99999999999999999999"] {
            assert_eq!(milli(wrong), None, "{wrong}");
        }
    }
}
