//! A series takes several requests: what stands after some of them is never read as a person's change (decision 2).

use model::same::same_or_blank;
use model::{Fields, Link, Path, Record};
use planted::Planted;
use std::borrow::Cow;
use std::collections::BTreeSet;

/// Corrects a link whose write of a series may have stopped half-way, by what the mailbox shows now. An exception that
/// arrived is agreed; one that is missing, or still as it was, is the CRM's to carry over again; any other is a person's.
/// Whether that person saw what the CRM says of it nobody knows: it is answered, and told as overruled (rule C3).
/// `sent` and `shown` know occurrences by their date.
pub(crate) fn mend(link: &mut Link, result: &Link, sent: &Fields, shown: &Fields) -> Fields {
    let mut unseen = Fields::new();
    if planted::is(Planted::HalfSeriesBelieved) {
        return unseen;
    }
    let paths: BTreeSet<Path> = link
        .pim
        .base
        .keys()
        .chain(result.pim.base.keys())
        .chain(shown.keys())
        .filter(|path| path.occurrence.is_some())
        .cloned()
        .collect();
    for path in paths {
        let field = &path.field;
        let (is, was) = (shown.get(&path), link.pim.base.get(&path));
        let meant = result.pim.base.get(&path);
        if same_or_blank(field, is, meant) {
            put(&mut link.crm.base, &path, result.crm.base.get(&path));
            put(&mut link.pim.base, &path, is);
        } else if same_or_blank(field, is, None) || same_or_blank(field, is, was) {
            put(&mut link.pim.base, &path, is);
            if !sent.contains_key(&path) {
                // It went with the rule that was set: what the CRM shows is new to the mailbox again.
                link.crm.base.remove(&path);
            }
        } else if let Some(said) = result.crm.base.get(&path).filter(|said| !said.is_blank()) {
            unseen.insert(path, said.clone());
        }
    }
    unseen
}

/// A node that pauses in the middle of a call may send a write that another node has given up (decision 10): the item then
/// bears a number of ours which its link does not know. What a late write of a series took away is no person's removal.
pub(crate) fn came_late<'l>(link: &'l Link, item: &Record, epoch: u64) -> Cow<'l, Link> {
    let late = item.facts.mark.as_ref().filter(|mark| {
        // A link whose own mark never arrived knows no key yet: the first that its item bears came with such a write.
        let names = plan::keys::crm_id(&mark.key) == Some(link.crm.id.as_str());
        let ours = mark.key == link.mark_key || link.mark_key.is_empty() && names;
        ours && mark.epoch == epoch && mark.write_no > link.write_no && link.sleep.is_none()
    });
    let Some(mark) = late else {
        return Cow::Borrowed(link);
    };
    let mut mended = link.clone();
    mended.write_no = mark.write_no;
    mended.mark_key.clone_from(&mark.key);
    // What it overwrote is merged as any edit is, and told there.
    let _merged = mend(&mut mended, link, &Fields::new(), &plan::occurrence::by_date(&item.fields));
    Cow::Owned(mended)
}

fn put(base: &mut Fields, path: &Path, value: Option<&model::Value>) {
    match value {
        Some(value) => base.insert(path.clone(), value.clone()),
        None => base.remove(path),
    };
}
