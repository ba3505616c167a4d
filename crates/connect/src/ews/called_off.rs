//! The word that Exchange and Outlook put before the subject of a copy whose meeting was called off: it is the flag's, not
//! the meeting's (rule C6).

use wire::ews::{Item, Property};

/// In the languages of Outlook; which one stands there is the organiser's.
const WORDS: [&str; 24] = [
    "Canceled",
    "Cancelled",
    "Abgesagt",
    "Annulé",
    "Cancelado",
    "Cancelada",
    "Cancel·lat",
    "Annullato",
    "Annullata",
    "Geannuleerd",
    "Aflyst",
    "Avlyst",
    "Inställt",
    "Avbokat",
    "Peruutettu",
    "Odwołane",
    "Anulowano",
    "Zrušeno",
    "Zrušené",
    "Törölve",
    "Отменено",
    "İptal Edildi",
    "已取消",
    "キャンセル済み",
];

/// The subject without that word, once.
pub fn without_word<'a>(item: &Item, subject: &'a str) -> &'a str {
    if item.flag(Property::IsCancelled) != Some(true) {
        return subject;
    }
    let subject = subject.trim_start();
    let Some((word, rest)) = subject.split_once([':', '\u{ff1a}']) else { return subject };
    let known = WORDS.iter().any(|known| model::same::fold(known) == model::same::fold(word.trim()));
    if known { rest.trim_start() } else { subject }
}

#[cfg(test)]
mod tests {
    use super::*;
    use wire::ews::{ItemKind, Value};

    // C6
    #[test]
    fn the_word_before_a_subject_goes_once_and_only_from_what_was_called_off() {
        let item = |off: bool| Item::new(ItemKind::CalendarItem).with(Property::IsCancelled, Value::Flag(off));
        for (shown, meant) in [
            ("Canceled: Plan", "Plan"),
            ("CANCELLED:  Plan", "Plan"),
            ("Abgesagt: Canceled: Plan", "Canceled: Plan"),
            ("Annulé\u{a0}: Plan", "Plan"),
            ("已取消： Plan", "Plan"),
            ("Project: Plan", "Project: Plan"),
            ("Canceled", "Canceled"),
            ("Canceled: ", ""),
        ] {
            assert_eq!(without_word(&item(true), shown), meant);
            assert_eq!(without_word(&item(false), shown), shown);
        }
    }
}
