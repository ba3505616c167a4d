//! A person's mail program, as the demonstration has one: it signs in to one mailbox and reads and writes it by EWS.

use super::ews_fields::{changes, face_of, item_kind, item_of, said_once, shape};
use super::ews_times;
use anyhow::{Context, Result, anyhow, bail};
use connect::http::{Network, Request};
use connect::sign_in::SignIn;
use jiff::civil::DateTime;
use model::{Field, Fields, Kind, Path, Value};
use secrecy::SecretString;
use std::collections::BTreeSet;
use std::sync::Arc;
use wire::ews::{
    AffectedTaskOccurrences, Answer, Attendee, BodyFormat, ConflictResolution, CreateItem, DeleteItem, DeleteType,
    DistinguishedFolder, FieldChange, FindItem, GetItem, Header, Item, ItemChange, ItemId, ItemRef, Mail, MailOn,
    Mailbox, MoveItem, Operation, Property, Shape, UpdateItem, Value as WireValue, View,
};

/// How long one request may take.
const DEADLINE_MS: u64 = 30_000;
/// The largest answer.
const MOST_BYTES: usize = 64 * 1024 * 1024;
/// Items listed by one request, and read by one request.
const PAGE: u32 = 500;
const BATCH: usize = 100;
/// A folder of the sample has fewer pages than this.
const PAGES: u32 = 40;

/// A signed-in mailbox.
pub struct Outlook {
    network: Arc<Network>,
    url: String,
    account: SignIn,
    /// The mailbox's address.
    pub address: String,
}

/// An item with what it says.
#[derive(Clone, Debug)]
pub struct Seen {
    /// Its id and version.
    pub id: ItemId,
    /// What it is.
    pub kind: Kind,
    /// What it says, in the mailbox's words, exceptions of a series included.
    pub face: Fields,
    /// The item as it came.
    pub item: Item,
}

/// A folder's items, and the answers they came in.
#[derive(Default)]
pub struct Reading {
    /// The items.
    pub items: Vec<Seen>,
    /// The bytes of every answer, as they came, by name.
    pub raw: Vec<(String, Vec<u8>)>,
}

impl Outlook {
    /// Opens a mailbox.
    pub fn new(network: Arc<Network>, url: &str, address: &str, password: &str) -> Outlook {
        Outlook {
            network,
            url: url.to_owned(),
            account: SignIn::basic(address, SecretString::from(password.to_owned())),
            address: address.to_owned(),
        }
    }

    async fn ask<O: Operation>(&self, operation: &O) -> Result<(Answer<O::Reply>, Vec<u8>)> {
        let header = Header { version: wire::ews::Version::default(), impersonation: None };
        let request = Request {
            url: self.url.clone(),
            headers: vec![("content-type".to_owned(), "text/xml; charset=utf-8".to_owned())],
            body: wire::ews::prepare(&header, operation),
            deadline_ms: DEADLINE_MS,
            most: MOST_BYTES,
        };
        let answer = self
            .account
            .send(self.network.as_ref(), request)
            .await
            .with_context(|| format!("{} of the demo's mail program", O::NAME))?;
        if answer.status == 401 {
            bail!("{}: {}", O::NAME, self.account.refused(&answer));
        }
        let parsed = wire::ews::parse::<O>(&answer.body, wire::xml::Limits::default())
            .map_err(|why| anyhow!("{} of the demo's mail program: {why}", O::NAME))?;
        Ok((parsed, answer.body))
    }

    async fn only<O: Operation>(&self, operation: &O) -> Result<O::Reply> {
        let (answer, _) = self.ask(operation).await?;
        answer.only().map_err(|why| anyhow!("{}: {why}", O::NAME))?.map_err(|why| anyhow!("{}: {why}", O::NAME))
    }

    /// Every item of a kind in its default folder, in full.
    pub async fn read(&self, kind: Kind) -> Result<Reading> {
        self.read_folder(kind, default_folder(kind)).await
    }

    /// Every item of a kind in a folder, in full.
    pub async fn read_folder(&self, kind: Kind, folder: DistinguishedFolder) -> Result<Reading> {
        let mut reading = Reading::default();
        let mut ids = Vec::new();
        let mut offset = 0;
        for page in 0..PAGES {
            let find = FindItem {
                shape: Shape::of([Property::ItemClass.into()]),
                view: View::Page { offset, most: PAGE },
                restriction: None,
                folders: vec![folder.into()],
            };
            let (answer, raw) = self.ask(&find).await?;
            reading.raw.push((format!("{}-find-{page}", folder.name()), raw));
            let found =
                answer.only().map_err(|why| anyhow!("FindItem: {why}"))?.map_err(|why| anyhow!("FindItem: {why}"))?;
            ids.extend(
                found.items.iter().filter(|item| item.kind == item_kind(kind)).filter_map(|item| item.id.clone()),
            );
            if found.is_last() {
                break;
            }
            offset = found.next_offset.unwrap_or(offset + PAGE);
        }
        for (at, batch) in ids.chunks(BATCH).enumerate() {
            let refs = batch.iter().cloned().map(ItemRef::Item).collect();
            let name = format!("{}-get-{at}", folder.name());
            for item in self.get(kind, refs, name, &mut reading.raw).await? {
                let seen = self.seen(kind, item, &mut reading.raw).await?;
                reading.items.extend(seen);
            }
        }
        Ok(reading)
    }

    /// What stands in a folder, by class and by what it is called: the answers as they came.
    pub async fn subjects(&self, folder: DistinguishedFolder) -> Result<Vec<(String, Vec<u8>)>> {
        let mut raw = Vec::new();
        let mut offset = 0;
        for page in 0..PAGES {
            let find = FindItem {
                shape: Shape::of(
                    [Property::ItemClass, Property::Subject, Property::DisplayName, Property::JobTitle].map(Into::into),
                ),
                view: View::Page { offset, most: PAGE },
                restriction: None,
                folders: vec![folder.into()],
            };
            let (answer, bytes) = self.ask(&find).await?;
            raw.push((format!("{}-find-{page}", folder.name()), bytes));
            let found =
                answer.only().map_err(|why| anyhow!("FindItem: {why}"))?.map_err(|why| anyhow!("FindItem: {why}"))?;
            if found.is_last() {
                break;
            }
            offset = found.next_offset.unwrap_or(offset + PAGE);
        }
        Ok(raw)
    }

    async fn get(
        &self,
        kind: Kind,
        ids: Vec<ItemRef>,
        name: String,
        raw: &mut Vec<(String, Vec<u8>)>,
    ) -> Result<Vec<Item>> {
        let count = ids.len();
        let mut wanted = Shape::of(shape(kind));
        wanted.body = BodyFormat::Text;
        let (answer, bytes) = self.ask(&GetItem { shape: wanted, ids }).await?;
        raw.push((name, bytes));
        answer
            .exactly(count)
            .map_err(|why| anyhow!("GetItem: {why}"))?
            .into_iter()
            .map(|result| result.map_err(|why| anyhow!("GetItem: {why}"))?.first().context("GetItem answered no item"))
            .collect()
    }

    /// What an item says; of a series with what its exceptions say.
    async fn seen(&self, kind: Kind, item: Item, raw: &mut Vec<(String, Vec<u8>)>) -> Result<Option<Seen>> {
        let Some(id) = item.id.clone() else {
            return Ok(None);
        };
        let mut face = face_of(kind, &item);
        let modified = item.modified_occurrences().to_vec();
        if !modified.is_empty() {
            let zone = ews_times::zone_of(&item, Property::StartTimeZone);
            let refs = modified.iter().map(|of| ItemRef::Item(ItemId::of(of.id.id.clone()))).collect();
            let name = format!("occurrences-{}", raw.len());
            let items = self.get(kind, refs, name, raw).await?;
            for (of, occurrence) in modified.iter().zip(items) {
                let Some(original) = ews_times::wall(of.original_start, &zone) else {
                    continue;
                };
                exception(&mut face, original, &face_of(kind, &occurrence));
            }
        }
        Ok(Some(Seen { id, kind, face, item }))
    }

    /// Makes an item; the participants are written to when there are any.
    pub async fn create(
        &self,
        kind: Kind,
        face: &Fields,
        words: &BTreeSet<String>,
        invited: &[(String, String)],
    ) -> Result<ItemId> {
        let mut item = item_of(kind, face, words);
        if !invited.is_empty() {
            let people = invited
                .iter()
                .map(|(name, address)| Attendee {
                    mailbox: Mailbox {
                        name: Some(name.clone()),
                        address: Some(address.clone()),
                        routing: Some("SMTP".to_owned()),
                        kind: None,
                    },
                    ..Attendee::default()
                })
                .collect();
            item.values.insert(Property::RequiredAttendees.into(), WireValue::Attendees(people));
        }
        let made = self
            .only(&CreateItem {
                folder: default_folder(kind).into(),
                items: vec![item],
                mail: mail(!invited.is_empty()),
            })
            .await?;
        let id = made.first().and_then(|item| item.id).context("CreateItem answered no id")?;
        self.exceptions(kind, &id, face).await?;
        Ok(id)
    }

    /// Gives a new series its exceptions, occurrence by occurrence.
    async fn exceptions(&self, kind: Kind, id: &ItemId, face: &Fields) -> Result<()> {
        let originals: BTreeSet<DateTime> = face.keys().filter_map(|path| path.occurrence).collect();
        for original in originals {
            let state = face.get(&Path::occurrence(original, Field::State));
            if state.and_then(Value::as_text) == Some("cancelled") {
                self.cancel_occurrence(kind, id, face, original).await?;
            } else {
                let changed: Fields = face
                    .iter()
                    .filter(|(path, _)| path.occurrence == Some(original) && path.field != Field::State)
                    .map(|(path, value)| (path.clone(), value.clone()))
                    .collect();
                self.change_occurrence(kind, id, face, original, &changed).await?;
            }
        }
        Ok(())
    }

    /// Writes fields of an item, and nothing else of it.
    pub async fn update(&self, kind: Kind, id: &ItemId, face: &Fields, changed: &[Field], send: bool) -> Result<()> {
        let mut fields = Vec::new();
        for field in changed {
            let value = face.get(&Path::of(field.clone())).cloned().unwrap_or(Value::Null);
            fields.extend(changes(kind, field, &value, face));
        }
        self.write(kind, ItemRef::Item(ItemId::of(id.id.clone())), said_once(fields), send).await
    }

    /// Sets an item's categories.
    pub async fn categories(&self, kind: Kind, id: &ItemId, words: &BTreeSet<String>) -> Result<()> {
        let list = words.iter().cloned().collect();
        let field = FieldChange::Set(Property::Categories.into(), WireValue::Texts(list));
        self.write(kind, ItemRef::Item(ItemId::of(id.id.clone())), vec![field], false).await
    }

    /// Marks an item as private, or no longer.
    pub async fn private(&self, kind: Kind, id: &ItemId, private: bool) -> Result<()> {
        let fields = changes(kind, &Field::Private, &Value::Flag(private), &Fields::new());
        self.write(kind, ItemRef::Item(ItemId::of(id.id.clone())), fields, false).await
    }

    async fn write(&self, kind: Kind, item: ItemRef, fields: Vec<FieldChange>, send: bool) -> Result<()> {
        let change = ItemChange { item, kind: item_kind(kind), fields };
        self.only(&UpdateItem {
            conflicts: ConflictResolution::AlwaysOverwrite,
            mail: mail(send),
            changes: vec![change],
        })
        .await
        .map(|_| ())
    }

    /// Moves or renames an occurrence of a series.
    pub async fn change_occurrence(
        &self,
        kind: Kind,
        id: &ItemId,
        face: &Fields,
        original: DateTime,
        changed: &Fields,
    ) -> Result<()> {
        let mut fields = Vec::new();
        for (path, value) in changed {
            // An occurrence takes its times alone: zone and all-day are the series'.
            fields.extend(changes(kind, &path.field, value, changed).into_iter().filter(|change| {
                !matches!(path.field, Field::Start | Field::End)
                    || [Property::Start.into(), Property::End.into()].contains(change.path())
            }));
        }
        self.write(kind, occurrence(id, face, original)?, fields, false).await
    }

    /// Takes an occurrence out of a series.
    pub async fn cancel_occurrence(&self, _kind: Kind, id: &ItemId, face: &Fields, original: DateTime) -> Result<()> {
        self.delete_ref(occurrence(id, face, original)?, false).await
    }

    /// Moves an item to Deleted Items.
    pub async fn delete(&self, id: &ItemId, send: bool) -> Result<()> {
        self.delete_ref(ItemRef::Item(ItemId::of(id.id.clone())), send).await
    }

    async fn delete_ref(&self, item: ItemRef, send: bool) -> Result<()> {
        self.only(&DeleteItem {
            how: DeleteType::MoveToDeletedItems,
            mail: mail(send),
            tasks: AffectedTaskOccurrences::AllOccurrences,
            ids: vec![item],
        })
        .await
    }

    /// Answers an invitation, and tells the organiser.
    pub async fn answer(&self, id: &ItemId, answer: Answered) -> Result<()> {
        self.only(&Response { id: id.clone(), answer }).await
    }

    /// Moves an item to another folder.
    pub async fn move_to(&self, id: &ItemId, folder: DistinguishedFolder) -> Result<()> {
        self.only(&MoveItem { to: folder.into(), ids: vec![ItemRef::Item(id.clone())], asks_for_ids: true })
            .await
            .map(|_| ())
    }
}

/// A person's answer to an invitation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answered {
    /// Comes.
    Accepted,
    /// Comes perhaps.
    Tentative,
    /// Does not come; Exchange moves the meeting to Deleted Items.
    Declined,
}

impl Answered {
    /// How the CRM calls it.
    pub fn as_str(self) -> &'static str {
        match self {
            Answered::Accepted => "accepted",
            Answered::Tentative => "tentative",
            Answered::Declined => "declined",
        }
    }
}

/// CreateItem with an answer, which the product itself never sends (P4).
struct Response {
    id: ItemId,
    answer: Answered,
}

impl Operation for Response {
    type Reply = ();
    const NAME: &'static str = "CreateItem";

    fn write(&self, w: &mut wire::xml::Writer) {
        let element = match self.answer {
            Answered::Accepted => "t:AcceptItem",
            Answered::Tentative => "t:TentativelyAcceptItem",
            Answered::Declined => "t:DeclineItem",
        };
        w.element("m:CreateItem", &[("MessageDisposition", "SendAndSaveCopy")], |w| {
            w.element("m:Items", &[], |w| {
                w.element(element, &[], |w| w.element("t:ReferenceItemId", &[("Id", &self.id.id)], |_| {}));
            });
        });
    }
}

fn mail(send: bool) -> Mail {
    if send {
        // A person's mail program asks its user, who says yes.
        Mail::On(MailOn::an_administrator_turned_mail_on())
    } else {
        Mail::None
    }
}

/// Where Exchange keeps a kind of item.
pub fn default_folder(kind: Kind) -> DistinguishedFolder {
    match kind {
        Kind::Contact => DistinguishedFolder::Contacts,
        Kind::Appointment => DistinguishedFolder::Calendar,
        Kind::Task => DistinguishedFolder::Tasks,
    }
}

/// An occurrence by its place in the series, counted from one.
fn occurrence(id: &ItemId, face: &Fields, original: DateTime) -> Result<ItemRef> {
    let at = super::faces::occurrences(face)
        .iter()
        .position(|start| *start == original)
        .context("the series has no such occurrence")?;
    Ok(ItemRef::Occurrence { master: ItemId::of(id.id.clone()), index: u32::try_from(at + 1)? })
}

/// Notes what an occurrence has otherwise than its series.
fn exception(face: &mut Fields, original: DateTime, occurrence: &Fields) {
    face.insert(Path::occurrence(original, Field::State), Value::text("modified"));
    for field in
        [Field::Subject, Field::Start, Field::End, Field::Location, Field::Body, Field::Reminder, Field::ShowAs]
    {
        let path = Path::of(field.clone());
        let always = matches!(field, Field::Start | Field::End);
        let value = occurrence.get(&path).cloned().unwrap_or(Value::Null);
        if always || face.get(&path) != occurrence.get(&path) {
            face.insert(Path::occurrence(original, field), value);
        }
    }
}
