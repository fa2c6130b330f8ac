//! The one reading of the clock: today in the local calendar (documents), and the time of the first commits.
//! `SOURCE_DATE_EPOCH` takes its place when set: <https://reproducible-builds.org/specs/source-date-epoch/>.

use crate::text;
use crate::text::{Problem, Text};

/// An instant: seconds since 1970 in UTC, and the local offset in minutes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Now {
    pub seconds: i64,
    pub offset: i32,
}

impl Now {
    /// Reads the environment, else the clock.
    ///
    /// # Errors
    /// When `SOURCE_DATE_EPOCH` is not a number of seconds of the years 1970 to 9999.
    pub fn read(source_date_epoch: Option<&str>) -> Result<Self, Problem> {
        let Some(text) = source_date_epoch else {
            return Ok(git2::Signature::now("-", "-").map_or(Self { seconds: 0, offset: 0 }, |signature| {
                let when = signature.when();
                Self { seconds: when.seconds(), offset: when.offset_minutes() }
            }));
        };
        match text.parse::<i64>() {
            Ok(seconds) if (0..=253_402_300_799).contains(&seconds) => Ok(Self { seconds, offset: 0 }),
            _ => Err(Problem::new(
                "SOURCE_DATE_EPOCH",
                text!("{text:?} n'est pas un nombre de secondes depuis 1970", "{text:?} is not a number of seconds since 1970"),
            )
            .hint(Text::new("retirez cette variable, ou donnez par exemple 1767225600", "unset this variable, or give for example 1767225600"))),
        }
    }

    /// The day, `YYYY-MM-DD`, of the Gregorian calendar.
    pub fn day(self) -> String {
        let days = (self.seconds + i64::from(self.offset) * 60).div_euclid(86_400);
        // Days from civil, turned round: <https://howardhinnant.github.io/date_algorithms.html>.
        let shifted = days + 719_468;
        let era = shifted.div_euclid(146_097);
        let of_era = shifted.rem_euclid(146_097);
        let year_of_era = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
        let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
        let month_from_march = (5 * of_year + 2) / 153;
        let day = of_year - (153 * month_from_march + 2) / 5 + 1;
        let month = if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 };
        let year = year_of_era + era * 400 + i64::from(month <= 2);
        format!("{year:04}-{month:02}-{day:02}")
    }
}

#[cfg(test)]
mod tests {
    use super::Now;

    #[test]
    fn days_are_those_of_the_calendar_where_one_stands() {
        for (seconds, offset, day) in [
            (0, 0, "1970-01-01"),
            (0, -60, "1969-12-31"),
            (951_782_400, 0, "2000-02-29"),
            (1_709_164_800, 0, "2024-02-29"),
            (1_735_689_599, 0, "2024-12-31"),
            (1_735_689_599, 60, "2025-01-01"),
            (4_107_542_400, 0, "2100-03-01"),
            (253_402_300_799, 0, "9999-12-31"),
        ] {
            assert_eq!(Now { seconds, offset }.day(), day);
        }
    }

    #[test]
    fn the_variable_wins_over_the_clock_and_is_checked() {
        assert_eq!(Now::read(Some("1767225600")).unwrap().day(), "2026-01-01");
        for wrong in ["", "hier", "-1", "1.5", "99999999999999"] {
            assert!(Now::read(Some(wrong)).is_err(), "{wrong}");
        }
        assert!(Now::read(None).unwrap().seconds > 1_700_000_000);
    }
}
