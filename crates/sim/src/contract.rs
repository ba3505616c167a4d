//! What every side must do, whoever speaks for it: one suite for memory, the built-in CRM and Exchange.

use engine::port::{Create, FindBy, Mail, Page, Remote, Trouble, Update, Wanted, Write, Written};
use model::{Domain, Field, Fields, FolderId, Gone, Kind, MailboxId, Mark, Path, RecordId, Seen, Side, Value, Version};

/// Pages of a listing in so small a room; more means that it never ends.
const PAGES: usize = 100;

/// Records made at once.
const MANY: usize = 4;

/// A side with one user in it, empty or furnished, on which the suite may write.
pub trait Room {
    /// The side.
    fn remote(&self) -> &dyn Remote;
    /// A key no other create of this room carries.
    fn fresh(&self) -> String;
}

/// Runs the suite; answers every promise that is not kept.
pub async fn faults(room: &dyn Room) -> Vec<String> {
    let mut faults = Vec::new();
    for domain in [Domain::PersonalContact, Domain::Calendar, Domain::Task] {
        if let Err(fault) = life(room, domain).await {
            faults.push(format!("{domain}: {fault}"));
        }
        if let Err(fault) = together(room, domain).await {
            faults.push(format!("{domain} together: {fault}"));
        }
    }
    if let Err(fault) = one_refused_among_others(room).await {
        faults.push(format!("one refused among others: {fault}"));
    }
    faults
}

type Check<T = ()> = Result<T, String>;

fn that(holds: bool, promise: &str) -> Check {
    if holds { Ok(()) } else { Err(promise.to_owned()) }
}

fn told(trouble: Trouble) -> String {
    format!("unexpected trouble: {trouble}")
}

/// A record's life: made, found, changed, never changed by a stale hand, deleted with proof.
async fn life(room: &dyn Room, domain: Domain) -> Check {
    let (remote, kind) = (room.remote(), domain.kind());
    let before = list(room, kind).await?;
    let key = room.fresh();
    let made = remote.write(&Write::Create(create(domain, &key))).await.map_err(told)?;
    that(!before.contains(&made.id), "a new record has a new id")?;
    let found = remote.find(kind, &FindBy::Key(key.clone()), 2).await.map_err(told)?;
    that(found.len() == 1 && found.iter().all(|one| one.id == made.id), "a create is found by its key, once")?;
    let shown = present(remote, kind, &made.id).await?;
    that(shown.version == made.version || remote.side() == Side::Pim, "the CRM shows the version a write answered")?;
    that(
        shown.fields.contains_key(&Path::of(Field::Body)),
        "a mapped field that is not set is answered too (trap 20)",
    )?;
    that(list(room, kind).await?.contains(&made.id), "a new record is listed")?;
    let traced = remote.trace(kind, &key, 2).await.map_err(told)?;
    let stands = traced.len() == 1 && traced.iter().all(|one| one.id == made.id && one.gone.is_none());
    that(stands && traced.iter().all(|one| one.record.is_some()), "a create is traced by its key")?;
    let never = remote.trace(kind, &room.fresh(), 2).await.map_err(told)?;
    that(never.is_empty(), "a create that never arrived leaves no trace")?;

    let path = name(domain);
    let update = |version: Version, value: Value| {
        Write::Update(Update {
            domain,
            id: made.id.clone(),
            version,
            planned: None,
            changes: Fields::from([(path.clone(), value)]),
            keep: Fields::new(),
            mark: (remote.side() == Side::Pim).then(|| mark(&key, 2)),
            mail: Mail::None,
        })
    };
    let changed = remote.write(&update(shown.version.clone(), Value::text("changed"))).await.map_err(told)?;
    that(changed.version != shown.version, "a change has a new version")?;
    let stale = remote.write(&update(shown.version.clone(), Value::text("stale"))).await;
    that(stale == Err(Trouble::Stale), "a write against an old version is stale")?;
    let now = present(remote, kind, &made.id).await?;
    that(now.fields.get(&path) == Some(&Value::text("changed")), "a stale write changes nothing")?;

    let delete =
        |version: Version| Write::Delete { kind, id: made.id.clone(), version, planned: None, mail: Mail::None };
    let refused = remote.write(&delete(shown.version.clone())).await;
    that(refused == Err(Trouble::Stale), "a delete planned against an old version leaves the newer record")?;
    let last = latest(room, kind, &key).await?;
    let gone: Result<Written, Trouble> = remote
        .write(&Write::Delete { kind, id: last.0.clone(), version: last.1, planned: None, mail: Mail::None })
        .await;
    gone.map_err(told)?;
    let look = look(remote, kind, &last.0, Some(key.clone())).await?;
    that(matches!(look, Seen::Gone(Gone::Deleted)), "a delete is proven by reading that id")?;
    that(!list(room, kind).await?.contains(&last.0), "a deleted record is not listed")?;
    let traced = remote.trace(kind, &key, 2).await.map_err(told)?;
    let gone = traced.len() == 1 && traced.iter().all(|one| one.gone == Some(Gone::Deleted));
    that(gone, "a create that was deleted since is traced by its key (trap 43)")?;
    let number = |one: &engine::port::Traced| Some(one.record.as_ref()?.facts.mark.as_ref()?.write_no);
    let told_last = remote.side() == Side::Crm || traced.iter().all(|one| number(one) == Some(2));
    that(told_last, "an item in Deleted Items shows the number of the last write")?;
    let nobody = self::look(remote, kind, &RecordId::new("nobody"), None).await?;
    that(matches!(nobody, Seen::Gone(Gone::Unknown)), "an id nobody knows proves nothing")
}

/// Several records made at once: as many answers, in order, each the record that was asked for in its place.
async fn together(room: &dyn Room, domain: Domain) -> Check {
    let (remote, kind) = (room.remote(), domain.kind());
    let keys: Vec<String> = (0..MANY).map(|_| room.fresh()).collect();
    let mut writes = Vec::new();
    for (number, key) in keys.iter().enumerate() {
        let mut one = create(domain, key);
        one.fields.insert(name(domain), Value::text(format!("made {number}")));
        writes.push(Write::Create(one));
    }
    let answers = remote.write_all(&writes).await.map_err(told)?;
    that(answers.len() == MANY, "each of several writes has an answer")?;
    let mut ids = std::collections::BTreeSet::new();
    for (number, (key, answer)) in keys.iter().zip(answers).enumerate() {
        let made = answer.map_err(told)?;
        let shown = present(remote, kind, &made.id).await?;
        let says = shown.fields.get(&name(domain)) == Some(&Value::text(format!("made {number}")));
        that(says, "an answer stands in the place of what was asked")?;
        let found = remote.find(kind, &FindBy::Key(key.clone()), 2).await.map_err(told)?;
        that(
            found.len() == 1 && found.iter().all(|one| one.id == made.id),
            "each of several is found by its key, once",
        )?;
        ids.insert(made.id);
    }
    that(ids.len() == MANY, "several writes make several records")?;
    let none = remote.write_all(&[]).await.map_err(told)?;
    that(none.is_empty(), "nothing asked, nothing answered")
}

/// What a side refuses of several stays unmade, and hinders none of the others (rule E1).
async fn one_refused_among_others(room: &dyn Room) -> Check {
    let (remote, domain) = (room.remote(), Domain::Calendar);
    let keys: Vec<String> = (0..MANY).map(|_| room.fresh()).collect();
    let mut writes = Vec::new();
    for (number, key) in keys.iter().enumerate() {
        let mut one = create(domain, key);
        if number == 1 {
            // It ends before it begins.
            let early = "2026-03-10T09:00:00".parse().expect("a wall time written here");
            let early = Value::When(model::When::zoned(early, model::Zone::utc()));
            one.fields.insert(Path::of(Field::End), early);
        }
        writes.push(Write::Create(one));
    }
    let answers = remote.write_all(&writes).await.map_err(told)?;
    that(answers.len() == MANY, "each of several writes has an answer")?;
    for (number, (key, answer)) in keys.iter().zip(answers).enumerate() {
        let found = remote.find(domain.kind(), &FindBy::Key(key.clone()), 2).await.map_err(told)?;
        match answer {
            Ok(made) => {
                that(number != 1, "what cannot be is refused")?;
                that(found.len() == 1 && found.iter().all(|one| one.id == made.id), "the others are made")?;
            }
            Err(Trouble::Refused { .. }) => {
                that(number == 1, "only the one that will not do is refused")?;
                that(found.is_empty(), "what was refused does not stand")?;
            }
            Err(trouble) => return Err(told(trouble)),
        }
    }
    Ok(())
}

/// Every id of a kind, read page by page to a proven end; an inventory shows the same.
async fn list(room: &dyn Room, kind: Kind) -> Check<Vec<RecordId>> {
    let remote = room.remote();
    let mut all = Vec::new();
    for folder in remote.folders(kind).await.map_err(told)? {
        let mut cursor: Option<String> = None;
        let mut ended = false;
        let mut listed: Vec<(RecordId, Version)> = Vec::new();
        for _ in 0..PAGES {
            let page: Page = remote.changes(kind, &folder, cursor.as_deref()).await.map_err(told)?;
            listed.extend(page.records.into_iter().map(|record| (record.id, record.version)));
            cursor = Some(page.cursor);
            if !page.more {
                ended = true;
                break;
            }
        }
        that(ended, "a listing ends")?;
        let (mut shown, after) = inventory(remote, kind, &folder).await?;
        for cursor in [cursor, Some(after)] {
            let idle = remote.changes(kind, &folder, cursor.as_deref()).await.map_err(told)?;
            let quiet = idle.records.is_empty() && idle.vanished.is_empty() && !idle.more;
            that(quiet, "nothing changed, nothing is shown")?;
        }
        listed.sort();
        shown.sort();
        that(shown == listed, "an inventory shows each id in the version that was read")?;
        all.extend(listed.into_iter().map(|(id, _)| id));
    }
    Ok(all)
}

/// What a folder's inventory shows, and the cursor behind it.
async fn inventory(remote: &dyn Remote, kind: Kind, folder: &FolderId) -> Check<(Vec<(RecordId, Version)>, String)> {
    let mut shown = Vec::new();
    let mut cursor: Option<String> = None;
    for _ in 0..PAGES {
        let page = remote.inventory(kind, folder, cursor.as_deref()).await.map_err(told)?;
        shown.extend(page.shown);
        if !page.more {
            return Ok((shown, page.cursor));
        }
        cursor = Some(page.cursor);
    }
    Err("an inventory ends".to_owned())
}

async fn latest(room: &dyn Room, kind: Kind, key: &str) -> Check<(RecordId, Version)> {
    let found = room.remote().find(kind, &FindBy::Key(key.to_owned()), 2).await.map_err(told)?;
    found.into_iter().next().map(|record| (record.id, record.version)).ok_or_else(|| "it is found again".to_owned())
}

async fn look(remote: &dyn Remote, kind: Kind, id: &RecordId, mark_key: Option<String>) -> Check<Seen> {
    let answers = remote.get(kind, &[Wanted { id: id.clone(), mark_key, global_id: None }]).await.map_err(told)?;
    that(answers.len() == 1, "every id asked has one answer")?;
    match answers.into_iter().next() {
        Some((of, Ok(seen))) if of == *id => Ok(seen),
        Some((_, Err(trouble))) => Err(told(trouble)),
        Some(_) | None => Err("the answer names the id asked".to_owned()),
    }
}

async fn present(remote: &dyn Remote, kind: Kind, id: &RecordId) -> Check<model::Record> {
    match look(remote, kind, id, None).await? {
        Seen::Present(record) => Ok(std::sync::Arc::unwrap_or_clone(record)),
        Seen::Gone(why) => Err(format!("it stands, but the answer is {why:?}")),
    }
}

fn name(domain: Domain) -> Path {
    match domain.kind() {
        Kind::Contact => Path::of(Field::JobTitle),
        Kind::Appointment | Kind::Task => Path::of(Field::Subject),
    }
}

fn mark(key: &str, write_no: u64) -> Mark {
    Mark { mailbox: MailboxId::new("contract"), epoch: 1, key: key.to_owned(), write_no }
}

fn create(domain: Domain, key: &str) -> Create {
    let at = |text: &str| {
        let wall = text.parse().expect("a wall time written here");
        Value::When(model::When::zoned(wall, model::Zone::utc()))
    };
    let mut fields = Fields::from([(name(domain), Value::text("made"))]);
    match domain.kind() {
        Kind::Contact => {
            fields.insert(Path::of(Field::LastName), Value::text("Contract"));
            fields.insert(Path::of(Field::Email1), Value::text(format!("{key}@contract.test")));
        }
        Kind::Appointment => {
            fields.insert(Path::of(Field::Start), at("2026-03-10T10:00:00"));
            fields.insert(Path::of(Field::End), at("2026-03-10T11:00:00"));
        }
        Kind::Task => {}
    }
    Create {
        domain,
        folder: None,
        fields,
        mark: mark(key, 1),
        global_id: None,
        meeting: None,
        locked: false,
        owner: None,
        made_from: None,
        revive: None,
        mail: Mail::None,
    }
}
