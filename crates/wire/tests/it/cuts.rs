//! Every answer is also cut at every length, swollen past each limit, and replaced by noise.

use crate::samples::{BUSY, CONTACT, SERIES, TASK, answer, changes, folders, found};
use proptest::prelude::*;
use wire::ews::{
    CreateFolder, CreateItem, DeleteItem, Failure, FindFolder, FindItem, GetFolder, GetItem, MoveItem, Operation,
    SyncFolderItems, UpdateFolder, UpdateItem, parse,
};
use wire::xml::{Error, Limits};

fn all_fail_when_cut<O: Operation>(text: &str) {
    for (length, _) in text.char_indices() {
        let failure = parse::<O>(&text.as_bytes()[..length], Limits::default()).err();
        let Some(Failure::Unreadable(error)) = failure else {
            panic!("{} bytes of {} were believed", length, text.len())
        };
        let named = matches!(error, Error::Cut { .. } | Error::Empty | Error::Foreign { .. } | Error::Malformed { .. });
        assert!(named, "{length}: {error}");
    }
}

// trap 148
#[test]
fn an_answer_cut_anywhere_is_no_answer() {
    for item in [CONTACT, SERIES, TASK] {
        all_fail_when_cut::<GetItem>(&answer("GetItem", &format!("<m:Items>{item}</m:Items>")));
    }
    all_fail_when_cut::<SyncFolderItems>(&changes());
    all_fail_when_cut::<FindItem>(&found());
    all_fail_when_cut::<FindFolder>(&folders());
    all_fail_when_cut::<GetItem>(BUSY);
}

#[test]
fn a_cut_says_it_was_cut() {
    let text = changes();
    let failure = parse::<SyncFolderItems>(&text.as_bytes()[..text.len() - 20], Limits::default()).expect_err("cut");
    assert!(matches!(failure, Failure::Unreadable(Error::Cut { .. })), "{failure}");
}

#[test]
fn tags_that_do_not_match_are_malformed() {
    let text = changes().replace("</t:Create>", "</t:Crate>");
    let failure = parse::<SyncFolderItems>(text.as_bytes(), Limits::default()).expect_err("malformed");
    assert!(matches!(failure, Failure::Unreadable(Error::Malformed { .. })), "{failure}");
}

fn limited(limits: Limits, text: &str) -> Error {
    match parse::<GetItem>(text.as_bytes(), limits) {
        Err(Failure::Unreadable(error)) => error,
        other => panic!("read beyond the limit: {other:?}"),
    }
}

// trap 136
#[test]
fn each_limit_is_reached_and_named() {
    let small = Limits { total: 20_000, depth: 16, text: 500, elements: 300 };
    let subject = |n: usize| {
        answer("GetItem", &format!("<m:Items><t:Task><t:Subject>{}</t:Subject></t:Task></m:Items>", "x".repeat(n)))
    };
    assert!(parse::<GetItem>(subject(500).as_bytes(), small).is_ok());
    let error = limited(small, &subject(501));
    let path = "Envelope/Body/GetItemResponse/ResponseMessages/GetItemResponseMessage/Items/Task/Subject".to_owned();
    assert_eq!(error, Error::TextTooLong { path, limit: 500 });
    let error = limited(small, &subject(30_000));
    assert!(matches!(error, Error::TooLarge { limit: 20_000, .. }));
    let deep = format!("<m:Items>{}{}</m:Items>", "<t:a>".repeat(20), "</t:a>".repeat(20));
    assert!(matches!(limited(small, &answer("GetItem", &deep)), Error::TooDeep { limit: 16, .. }));
    let many = format!("<m:Items>{}</m:Items>", "<t:Task/>".repeat(400));
    assert!(matches!(limited(small, &answer("GetItem", &many)), Error::TooMany { limit: 300, .. }));
    let flood =
        format!("<m:Items><t:Task><t:Categories>{}</t:Categories></t:Task></m:Items>", "<t:String/>".repeat(20_001));
    assert!(matches!(limited(Limits::default(), &answer("GetItem", &flood)), Error::TooMany { limit: 20_000, .. }));
}

#[test]
fn a_body_over_the_limit_is_cut_and_says_so() {
    let limits = Limits { text: 100, ..Limits::default() };
    let body =
        format!("<m:Items><t:Task><t:Body BodyType=\"Text\">{}</t:Body></t:Task></m:Items>", "\u{20AC}".repeat(50));
    let parsed = parse::<GetItem>(answer("GetItem", &body).as_bytes(), limits).expect("an answer");
    let item = parsed.only().expect("one").expect("served").first().expect("an item");
    let body = item.body().expect("a body");
    assert_eq!((body.text.chars().count(), body.truncated), (33, true));
}

proptest! {
    #[test]
    fn noise_never_makes_reading_panic(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        everything(&bytes);
    }

    #[test]
    fn answers_with_noise_inside_never_make_reading_panic(
        which in 0usize..7, at in any::<proptest::sample::Index>(), noise in "[<>/&;#xD8\"'= !\\-\\[\\]a-z\u{0}-\u{20}]{0,12}",
    ) {
        let texts = [
            answer("GetItem", &format!("<m:Items>{CONTACT}</m:Items>")),
            answer("GetItem", &format!("<m:Items>{SERIES}</m:Items>")),
            answer("UpdateItem", &format!("<m:Items>{TASK}</m:Items>")),
            changes(), found(), folders(), BUSY.to_owned(),
        ];
        let mut text = texts[which].clone();
        let places: Vec<usize> = text.char_indices().map(|(at, _)| at).collect();
        text.insert_str(places[at.index(places.len())], &noise);
        everything(text.as_bytes());
    }
}

fn everything(bytes: &[u8]) {
    let limits = Limits::default();
    let read = [
        parse::<GetItem>(bytes, limits).is_ok(),
        parse::<SyncFolderItems>(bytes, limits).is_ok(),
        parse::<FindItem>(bytes, limits).is_ok(),
        parse::<FindFolder>(bytes, limits).is_ok(),
        parse::<GetFolder>(bytes, limits).is_ok(),
        parse::<CreateItem>(bytes, limits).is_ok(),
        parse::<UpdateItem>(bytes, limits).is_ok(),
        parse::<DeleteItem>(bytes, limits).is_ok(),
        parse::<MoveItem>(bytes, limits).is_ok(),
        parse::<CreateFolder>(bytes, limits).is_ok(),
        parse::<UpdateFolder>(bytes, limits).is_ok(),
    ];
    // One document answers at most one kind of question.
    assert!(read.into_iter().filter(|ok| *ok).count() <= 1);
}
