//! Bodies: the text a person wrote, apart from our block of participants, in plain text and in HTML (rules C9, C11).

use model::People;
use model::same::normal;
use wire::ews::{Body, BodyKind};

use super::{html, html_edit, people};

/// What a person wrote in the body of an item that got our block, or did not. None when only its beginning came: a part
/// must never pass for the whole.
pub fn read(body: &Body, has_block: bool) -> Option<String> {
    if body.truncated {
        return None;
    }
    let whole = whole(body);
    let lines: Vec<&str> = whole.split('\n').collect();
    Some(normal(&people::without_block(&lines, has_block).join("\n")))
}

/// Whether a body holds the way into an online meeting: such a body is never written (trap 103).
pub fn holds_join_link(body: &Body) -> bool {
    const LINKS: [&str; 7] = [
        "teams.microsoft.com/l/meetup-join",
        "teams.microsoft.com/meet/",
        "teams.live.com/meet/",
        "meet.lync.com/",
        "zoom.us/j/",
        "meet.google.com/",
        "webex.com/meet",
    ];
    LINKS.iter().any(|link| body.text.contains(link))
}

/// A body with this text and this block, made from the present one so that everything else in it stays. None when
/// there is nothing to change.
pub fn write(present: Option<&Body>, text: &str, people: &People) -> Option<Body> {
    let mut lines: Vec<String> = match normal(text) {
        text if text.is_empty() => Vec::new(),
        text => text.split('\n').map(str::to_owned).collect(),
    };
    let block = people::block(people);
    if !block.is_empty() && !lines.is_empty() {
        lines.push(String::new());
    }
    lines.extend(block);
    match present {
        Some(present) if normal(&whole(present)) == lines.join("\n") => None,
        Some(present) if present.kind == BodyKind::Html => {
            let text = html_edit::replace(&present.text, &around(&present.text, &lines));
            Some(Body {
                kind: BodyKind::Html,
                text: text.unwrap_or_else(|| html_edit::document(&lines)),
                truncated: false,
            })
        }
        None if lines.is_empty() => None,
        Some(_) | None => Some(Body { kind: BodyKind::Text, text: lines.join("\r\n"), truncated: false }),
    }
}

fn whole(body: &Body) -> String {
    match body.kind {
        BodyKind::Html => html::text_of(&body.text),
        BodyKind::Text => body.text.clone(),
    }
}

/// The new lines between the empty lines that the present page begins and ends with.
fn around(page: &str, lines: &[String]) -> Vec<String> {
    let present = html::lines(page);
    let blank = |line: &&html::Line| line.text.trim().is_empty();
    let front = present.iter().take_while(blank).count();
    let back = if front == present.len() { 0 } else { present.iter().rev().take_while(blank).count() };
    let mut all = vec![String::new(); front];
    all.extend_from_slice(lines);
    all.extend(vec![String::new(); back]);
    all
}

#[cfg(test)]
mod tests {
    use super::*;
    use model::{Attendee, Response, Role};

    fn plain(text: &str) -> Body {
        Body { kind: BodyKind::Text, text: text.to_owned(), truncated: false }
    }

    fn page(text: &str) -> Body {
        Body { kind: BodyKind::Html, text: text.to_owned(), truncated: false }
    }

    fn ann() -> People {
        let ann = Attendee {
            name: "Ann".to_owned(),
            address: Some("ann@crm.test".to_owned()),
            role: Role::Required,
            response: Response::Unknown,
        };
        [(ann.key(), ann)].into()
    }

    // C9
    #[test]
    fn participants_stand_at_the_end_and_never_flow_back() {
        let made = write(None, "note\nmore", &ann()).expect("a body");
        assert_eq!(
            made.text,
            "note\r\nmore\r\n\r\n--- Participants ---\r\nAnn, ann@crm.test\r\n--- (kept by Syncline) ---"
        );
        assert_eq!(read(&made, true).as_deref(), Some("note\nmore"));
        let without = write(Some(&made), "note\nmore", &People::new()).expect("changed");
        assert_eq!(without.text, "note\r\nmore");
    }

    // C11
    #[test]
    fn a_body_that_says_the_same_is_not_written() {
        for present in [plain("note\r\n\r\nmore \r\n"), page("<p>note</p><p>&nbsp;</p><p>more</p>")] {
            assert_eq!(write(Some(&present), "note\n\nmore", &People::new()), None);
        }
        assert_eq!(write(None, " ", &People::new()), None);
    }

    #[test]
    fn markup_around_the_changed_text_stays() {
        let present =
            page("<html><body><p><br></p><p>note</p><p><img src=\"cid:1\">more</p><p>&nbsp;</p></body></html>");
        let made = write(Some(&present), "other\nmore", &ann()).expect("changed");
        assert!(
            made.text.starts_with("<html><body><p><br></p><p>other</p><p><img src=\"cid:1\">more</p><p>"),
            "{}",
            made.text
        );
        assert_eq!(read(&made, true).as_deref(), Some("other\nmore"));
        let cleared = write(Some(&made), "", &People::new()).expect("changed");
        assert_eq!(read(&cleared, true).as_deref(), Some(""));
    }

    // trap 136
    #[test]
    fn the_beginning_of_a_body_never_passes_for_the_whole() {
        assert_eq!(read(&Body { truncated: true, ..plain("note") }, true), None);
    }

    // trap 103
    #[test]
    fn a_join_link_is_seen() {
        assert!(holds_join_link(&page("<a href=\"https://teams.microsoft.com/l/meetup-join/1\">Join</a>")));
        assert!(!holds_join_link(&plain("see you")));
    }
}
