//! The table of stages that stands at the end of a run.

use std::fmt::Write as _;

/// One line per stage and a sum, columns aligned.
pub fn table<'a>(rows: impl Iterator<Item = (&'a str, f64, &'a str)>) -> String {
    let mut text = format!("{:<10} {:>8}  result\n", "stage", "minutes");
    let mut sum = 0.0;
    for (name, minutes, word) in rows {
        sum += minutes;
        writeln!(text, "{name:<10} {minutes:>8.1}  {word}").expect("a String takes every line");
    }
    writeln!(text, "{:<10} {sum:>8.1}", "all").expect("a String takes every line");
    text
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_table_shows_each_stage_and_the_sum() {
        let text = super::table([("format", 0.06, "ok"), ("tests", 12.3, "FAILED")].into_iter());
        assert_eq!(
            text,
            "stage       minutes  result\nformat          0.1  ok\ntests          12.3  FAILED\nall            12.4\n"
        );
    }
}
