//! How long a server asks us to wait in the header of an answer (RFC 9110, 10.2.3): seconds, or a moment.

use super::trouble::LONGEST_WAIT_MS;
use crate::http::{Answer, moment};

/// Milliseconds to wait, when told. A moment counts from the answer's own date, whatever our clock says; without that date
/// nobody knows how far off it is.
pub(super) fn retry_after(answer: &Answer) -> Option<u64> {
    let told = answer.header("retry-after").next()?.trim();
    let wait_ms = match told.parse::<u64>() {
        Ok(seconds) => seconds.saturating_mul(1000),
        Err(_) => {
            let date = answer.header("date").next()?;
            let ms = moment(told)?.as_millisecond() - moment(date)?.as_millisecond();
            u64::try_from(ms).unwrap_or(0)
        }
    };
    Some(wait_ms.min(LONGEST_WAIT_MS))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(retry: &str, date: Option<&str>) -> Option<u64> {
        let mut headers = vec![("retry-after".to_owned(), retry.to_owned())];
        headers.extend(date.map(|date| ("date".to_owned(), date.to_owned())));
        retry_after(&Answer { status: 503, headers, body: Vec::new() })
    }

    // Trap 166
    #[test]
    fn a_wait_is_told_in_seconds_or_as_a_moment() {
        let now = Some("Sun, 06 Nov 1994 08:49:37 GMT");
        assert_eq!(told("120", None), Some(120_000));
        assert_eq!(told("Sun, 06 Nov 1994 08:50:07 GMT", now), Some(30_000));
        assert_eq!(told("Wed, 06 Nov 2024 08:49:37 GMT", now), Some(LONGEST_WAIT_MS), "thirty years are too long");
        assert_eq!(told("Sun, 06 Nov 1994 08:00:00 GMT", now), Some(0), "over already");
        assert_eq!(told("Sun, 06 Nov 1994 08:50:07 GMT", None), None, "from when?");
        assert_eq!(told("soon", now), None);
    }
}
