//! Dates as answers, descriptions and steps write them.

/// Whether a text is a date of the Gregorian calendar, `YYYY-MM-DD`, of the year 1 or later (PostgreSQL knows no year 0).
#[must_use]
pub fn is_date(text: &str) -> bool {
    let mut parts = text.split('-');
    let (Some(y), Some(m), Some(d), None) = (parts.next(), parts.next(), parts.next(), parts.next()) else { return false };
    if (y.len(), m.len(), d.len()) != (4, 2, 2) || !text.bytes().all(|b| b.is_ascii_digit() || b == b'-') {
        return false;
    }
    let (Ok(y), Ok(m), Ok(d)) = (y.parse::<u32>(), m.parse::<u32>(), d.parse::<u32>()) else { return false };
    let leap = y.is_multiple_of(4) && (!y.is_multiple_of(100) || y.is_multiple_of(400));
    let days = match m {
        1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
        4 | 6 | 9 | 11 => 30,
        2 if leap => 29,
        2 => 28,
        _ => return false,
    };
    y > 0 && (1..=days).contains(&d)
}

/// Seconds since 1970 of an instant of RFC 3339, whose zone is required; fractions are dropped. None when it is no instant.
#[must_use]
pub fn instant(text: &str) -> Option<i64> {
    let (date, rest) = text.split_once('T').filter(|(date, _)| is_date(date))?;
    let split = rest.find(['Z', '+', '-'])?;
    let (time, zone) = rest.split_at(split);
    let (time, fraction) = time.split_once('.').unwrap_or((time, "0"));
    let two = |text: &str, limit: i64| Some(text).filter(|t| t.len() == 2 && digits(t)).and_then(|t| t.parse::<i64>().ok()).filter(|n| *n < limit);
    let mut parts = time.split(':');
    let (hours, minutes, seconds) = (two(parts.next()?, 24)?, two(parts.next()?, 60)?, two(parts.next()?, 60)?);
    let offset = match zone.strip_prefix(['+', '-']) {
        None => Some(0).filter(|_| zone == "Z")?,
        Some(shift) => {
            let (h, m) = shift.split_once(':')?;
            (two(h, 24)? * 60 + two(m, 60)?) * if zone.starts_with('-') { -60 } else { 60 }
        }
    };
    if parts.next().is_some() || !digits(fraction) {
        return None;
    }
    let number = |range: std::ops::Range<usize>| date[range].parse::<i64>().ok();
    let (year, month, day) = (number(0..4)?, number(5..7)?, number(8..10)?);
    // Days from civil: <https://howardhinnant.github.io/date_algorithms.html>.
    let (year, month) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    let of_era = year.rem_euclid(400);
    let days = year.div_euclid(400) * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + (153 * month + 2) / 5 + day - 1 - 719_468;
    Some(days * 86_400 + hours * 3_600 + minutes * 60 + seconds - offset)
}

fn digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::{instant, is_date};

    #[test]
    fn instants_are_those_of_rfc_3339_with_their_zone() {
        for (text, seconds) in [
            ("1970-01-01T00:00:00Z", 0),
            ("2026-03-01T10:15:00+01:00", 1_772_356_500),
            ("2000-02-29T23:59:59.999-05:00", 951_886_799),
            ("2026-11-22T07:04:02Z", 1_795_331_042),
        ] {
            assert_eq!(instant(text), Some(seconds), "{text}");
        }
        for wrong in [
            "2026-03-01",
            "2026-03-01T10:15:00",
            "2026-03-01 10:15:00Z",
            "2026-02-30T10:15:00Z",
            "2026-03-01T24:00:00Z",
            "2026-03-01T10:15Z",
            "2026-03-01T10:15:00+1:00",
            "2026-03-01T10:15:00ZZ",
        ] {
            assert_eq!(instant(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn dates_are_those_of_the_calendar() {
        assert!(is_date("2024-02-29") && is_date("2026-12-31") && is_date("2000-02-29"));
        for wrong in [
            "2026-02-29",
            "1900-02-29",
            "2026-13-01",
            "2026-1-1",
            "26-01-01",
            "2026-00-10",
            "2026-01-32",
            "+026-01-01",
            "2026-01-01x",
            "0000-01-01",
            "",
        ] {
            assert!(!is_date(wrong), "{wrong}");
        }
    }
}
