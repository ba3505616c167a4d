//! A person at Outlook: whatever he does goes to his own mailbox as EWS, signed in as himself.

use crate::world::{PASSWORD, Person, World};
use connect::http::{Answer, InProcess, Lost, Request};
use connect::sign_in::SignIn;
use emulator::Emulator;
use secrecy::SecretString;
use std::sync::Arc;
use wire::ews::{
    self, AffectedTaskOccurrences, Body as Text, BodyKind, ConflictResolution, DeleteItem, DeleteType, Dictionary,
    DistinguishedFolder as Folder, FieldChange, Header, Item, ItemChange, ItemKind, ItemRef, Mail, MailOn, Moment,
    Operation, Path, Property, Shape, Value, prepare,
};
use wire::xml::Limits;

const URL: &str = "http://127.0.0.1/EWS/Exchange.asmx";

/// A mailbox and the person whose it is.
pub struct Outlook {
    server: Emulator,
    address: String,
}

impl World {
    /// The mailbox of somebody, wherever it is.
    pub fn outlook(&self, who: &Person) -> Outlook {
        let moved = self.branch.mailboxes().contains(&who.address);
        let server = if moved { self.branch.clone() } else { self.hq.clone() };
        Outlook { server, address: who.address.clone() }
    }
}

impl World {
    /// Somebody with a mailbox of the site whom the CRM does not know.
    pub fn outsider(&self, address: &str) -> Outlook {
        let spec = emulator::MailboxSpec::user(address, "Eve Far", PASSWORD);
        self.hq.add_mailbox(spec).expect("a new address");
        Outlook { server: self.hq.clone(), address: address.to_owned() }
    }
}

impl Outlook {
    /// Any operation that must be served.
    pub async fn ask<O: Operation>(&self, operation: O) -> O::Reply {
        self.try_ask(operation).await.unwrap_or_else(|refused| panic!("{refused}: {}", refused.message.0))
    }

    async fn try_ask<O: Operation>(&self, operation: O) -> Result<O::Reply, ews::Refusal> {
        let header = Header { version: ews::Version::default(), impersonation: None };
        let answer = self.send(prepare(&header, &operation)).await;
        let parsed = ews::parse::<O>(&answer, Limits::default()).expect("an answer");
        parsed.only().expect("one result")
    }

    /// Sends bytes as they stand and answers with bytes.
    pub async fn send(&self, body: Vec<u8>) -> Vec<u8> {
        let request = Request {
            url: URL.to_owned(),
            headers: vec![("content-type".to_owned(), "text/xml; charset=utf-8".to_owned())],
            body,
            deadline_ms: 1_000,
            most: 1 << 26,
        };
        let sign_in = SignIn::basic(&self.address, SecretString::from(PASSWORD));
        sign_in.send(&transport(&self.server), request).await.expect("answered").body
    }

    /// Accepts the only invitation in the calendar and tells its organiser nothing.
    pub async fn accept(&self) {
        self.accept_item(&self.only(Folder::Calendar).await).await;
    }

    /// Accepts an invitation and tells its organiser nothing.
    pub async fn accept_item(&self, item: &Item) {
        let item = item.id.clone().expect("an id");
        let key = item.change_key.expect("a change key");
        let body = format!(
            r#"<?xml version="1.0" encoding="utf-8"?><s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/" xmlns:t="http://schemas.microsoft.com/exchange/services/2006/types" xmlns:m="http://schemas.microsoft.com/exchange/services/2006/messages"><s:Header><t:RequestServerVersion Version="Exchange2013_SP1"/></s:Header><s:Body><m:CreateItem MessageDisposition="SaveOnly"><m:Items><t:AcceptItem><t:ReferenceItemId Id="{}" ChangeKey="{key}"/></t:AcceptItem></m:Items></m:CreateItem></s:Body></s:Envelope>"#,
            item.id
        );
        let answer = self.send(body.into_bytes()).await;
        let answer = String::from_utf8(answer).expect("text");
        assert!(answer.contains("NoError"), "{answer}");
    }

    /// Any request as a client would write it, with its own time zone context if it sends one; the answer as it came.
    pub async fn raw(&self, context: &str, body: &str) -> String {
        let request = format!(
            r#"<?xml version="1.0" encoding="utf-8"?><s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/" xmlns:t="http://schemas.microsoft.com/exchange/services/2006/types" xmlns:m="http://schemas.microsoft.com/exchange/services/2006/messages"><s:Header><t:RequestServerVersion Version="Exchange2013_SP1"/>{context}</s:Header><s:Body>{body}</s:Body></s:Envelope>"#
        );
        String::from_utf8(self.send(request.into_bytes()).await).expect("text")
    }

    /// Copies an item within its folder: the copy keeps every property of ours; its id.
    pub async fn copy(&self, folder: Folder, original: &str) -> String {
        let to = folder.name();
        let body = format!(
            r#"<m:CopyItem><m:ToFolderId><t:DistinguishedFolderId Id="{to}"/></m:ToFolderId><m:ItemIds><t:ItemId Id="{original}"/></m:ItemIds></m:CopyItem>"#
        );
        let answer = self.raw("", &body).await;
        answer.split(r#"ItemId Id=""#).nth(1).and_then(|rest| rest.split('"').next()).expect("an id").to_owned()
    }

    /// Makes an item from its XML; its id.
    pub async fn make_raw(&self, folder: Folder, item: &str) -> String {
        let mail = if folder == Folder::Calendar { r#" SendMeetingInvitations="SendToNone""# } else { "" };
        let answer = self
            .raw("", &format!(r#"<m:CreateItem MessageDisposition="SaveOnly"{mail}><m:SavedItemFolderId><t:DistinguishedFolderId Id="{}"/></m:SavedItemFolderId><m:Items>{item}</m:Items></m:CreateItem>"#, folder.name()))
            .await;
        let id = answer.split(r#"ItemId Id=""#).nth(1).and_then(|rest| rest.split('"').next());
        id.unwrap_or_else(|| panic!("{answer}")).to_owned()
    }

    /// When the calendar shows something between two instants, as a client's week view asks: subject, start, end.
    pub async fn shows(&self, from: &str, to: &str) -> Vec<(String, String, String)> {
        let answer = self
            .raw("", &format!(r#"<m:FindItem Traversal="Shallow"><m:ItemShape><t:BaseShape>IdOnly</t:BaseShape><t:AdditionalProperties><t:FieldURI FieldURI="item:Subject"/><t:FieldURI FieldURI="calendar:Start"/><t:FieldURI FieldURI="calendar:End"/></t:AdditionalProperties></m:ItemShape><m:CalendarView StartDate="{from}" EndDate="{to}"/><m:ParentFolderIds><t:DistinguishedFolderId Id="calendar"/></m:ParentFolderIds></m:FindItem>"#))
            .await;
        assert!(answer.contains("NoError"), "{answer}");
        let part = |item: &str, name: &str| {
            let rest = item.split(&format!("<t:{name}>")).nth(1).unwrap_or_default();
            rest.split('<').next().unwrap_or_default().to_owned()
        };
        answer
            .split("<t:CalendarItem>")
            .skip(1)
            .map(|item| (part(item, "Subject"), part(item, "Start"), part(item, "End")))
            .collect()
    }

    /// Makes an item; its id.
    pub async fn make(&self, folder: Folder, item: Item) -> String {
        self.make_with(folder, item, Mail::None).await
    }

    /// Makes many items at once.
    pub async fn make_many(&self, folder: Folder, items: Vec<Item>) {
        let count = items.len();
        let header = Header { version: ews::Version::default(), impersonation: None };
        let create = ews::CreateItem { folder: folder.into(), items, mail: Mail::None };
        let answer = self.send(prepare(&header, &create)).await;
        let parsed = ews::parse::<ews::CreateItem>(&answer, Limits::default()).expect("an answer");
        assert!(parsed.exactly(count).expect("one result each").iter().all(Result::is_ok));
    }

    /// Makes a meeting and sends the invitations; its id.
    pub async fn invite(&self, item: Item) -> String {
        self.make_with(Folder::Calendar, item, sent()).await
    }

    async fn make_with(&self, folder: Folder, item: Item, mail: Mail) -> String {
        let made = self.ask(ews::CreateItem { folder: folder.into(), items: vec![item], mail }).await;
        made.first().expect("an item").id.expect("an id").id
    }

    /// Changes an item, whatever its version.
    pub async fn edit(&self, id: &str, fields: Vec<FieldChange>) {
        self.edit_with(id, fields, Mail::None).await;
    }

    /// Changes a meeting and sends the update.
    pub async fn edit_and_send(&self, id: &str, fields: Vec<FieldChange>) {
        self.edit_with(id, fields, sent()).await;
    }

    async fn edit_with(&self, id: &str, fields: Vec<FieldChange>, mail: Mail) {
        let kind = self.read(id).await.expect("the item").kind;
        let changes = vec![ItemChange { item: ItemRef::Item(ews::ItemId::of(id)), kind, fields }];
        self.ask(ews::UpdateItem { conflicts: ConflictResolution::AlwaysOverwrite, mail, changes }).await;
    }

    /// Deletes an item: it goes to Deleted Items.
    pub async fn delete(&self, id: &str) {
        self.delete_with(id, DeleteType::MoveToDeletedItems, Mail::None).await;
    }

    /// Deletes a meeting and sends the cancellation.
    pub async fn cancel(&self, id: &str) {
        self.delete_with(id, DeleteType::MoveToDeletedItems, sent()).await;
    }

    /// Deletes an item for good, past Recoverable Items.
    pub async fn purge(&self, id: &str) {
        self.delete_with(id, DeleteType::HardDelete, Mail::None).await;
    }

    /// Deletes an item past Deleted Items: it can be recovered.
    pub async fn soft_delete(&self, id: &str) {
        self.delete_with(id, DeleteType::SoftDelete, Mail::None).await;
    }

    async fn delete_with(&self, id: &str, how: DeleteType, mail: Mail) {
        let tasks = AffectedTaskOccurrences::AllOccurrences;
        self.ask(DeleteItem { how, mail, tasks, ids: vec![ItemRef::Item(ews::ItemId::of(id))] }).await;
    }

    /// Moves an item to another folder; its new id.
    pub async fn move_to(&self, id: &str, folder: Folder) -> String {
        let moved = self
            .ask(ews::MoveItem { to: folder.into(), ids: vec![ItemRef::Item(ews::ItemId::of(id))], asks_for_ids: true })
            .await;
        moved.first().expect("an item").id.expect("an id").id
    }

    /// An item as the mailbox shows it; none when it is not there.
    pub async fn read(&self, id: &str) -> Option<Item> {
        let ids = vec![ItemRef::Item(ews::ItemId::of(id))];
        let shape = Shape::of(shown().into_iter().map(Path::from).chain(entries())).and_parent();
        match self.try_ask(ews::GetItem { shape, ids }).await {
            Ok(items) => items.first(),
            Err(_) => None,
        }
    }

    /// Other paths of an item.
    pub async fn read_all(&self, id: &str, paths: impl IntoIterator<Item = Path>) -> Item {
        let ids = vec![ItemRef::Item(ews::ItemId::of(id))];
        self.ask(ews::GetItem { shape: Shape::of(paths), ids }).await.first().expect("an item")
    }

    /// The items of a folder.
    pub async fn items(&self, folder: Folder) -> Vec<Item> {
        let mut items = Vec::new();
        for item in self.server.items(&self.address, folder.name()).expect("a folder") {
            items.push(self.read(&item.id).await.expect("the item"));
        }
        items
    }

    /// The only item of a folder.
    pub async fn only(&self, folder: Folder) -> Item {
        let mut items = self.items(folder).await;
        assert_eq!(items.len(), 1, "{}: {:?}", folder.name(), titles(&items));
        items.remove(0)
    }

    /// How many items a folder has.
    pub fn count(&self, folder: Folder) -> usize {
        self.server.items(&self.address, folder.name()).expect("a folder").len()
    }

    /// How many items the three folders have that are synchronised, looked at from behind.
    pub fn server_count(&self) -> usize {
        [Folder::Contacts, Folder::Calendar, Folder::Tasks].map(|folder| self.count(folder)).iter().sum()
    }

    /// An occurrence of a series, counted from 1.
    pub async fn occurrence(&self, series: &str, index: u32) -> String {
        let ids = vec![ItemRef::Occurrence { master: ews::ItemId::of(series), index }];
        let items = self.ask(ews::GetItem { shape: Shape::id_only(), ids }).await;
        items.first().expect("an item").id.expect("an id").id
    }
}

fn sent() -> Mail {
    Mail::On(MailOn::an_administrator_turned_mail_on())
}

/// What a test looks at.
fn shown() -> Vec<Property> {
    use Property as P;
    vec![
        P::ItemClass,
        P::Subject,
        P::Sensitivity,
        P::Body,
        P::Categories,
        P::Importance,
        P::ReminderIsSet,
        P::ReminderDueBy,
        P::ReminderMinutesBeforeStart,
        P::HasAttachments,
        P::GivenName,
        P::Surname,
        P::JobTitle,
        P::Department,
        P::CompanyName,
        P::Manager,
        P::Birthday,
        P::Start,
        P::End,
        P::IsAllDayEvent,
        P::Location,
        P::LegacyFreeBusyStatus,
        P::IsMeeting,
        P::IsCancelled,
        P::MeetingRequestWasSent,
        P::MyResponseType,
        P::Organizer,
        P::RequiredAttendees,
        P::StartTimeZone,
        P::Recurrence,
        P::ModifiedOccurrences,
        P::DeletedOccurrences,
        P::DueDate,
        P::StartDate,
        P::Status,
        P::PercentComplete,
        P::TaskRecurrence,
    ]
}

fn entries() -> Vec<Path> {
    vec![email(1), email(2), Path::entry(Dictionary::PhoneNumber, "BusinessPhone")]
}

/// The path of an e-mail address.
pub fn email(number: u8) -> Path {
    Path::entry(Dictionary::EmailAddress, &format!("EmailAddress{number}"))
}

/// A text.
pub fn text(text: &str) -> Value {
    Value::Text(text.to_owned())
}

/// Several texts.
pub fn texts(list: &[&str]) -> Value {
    Value::Texts(list.iter().map(|text| (*text).to_owned()).collect())
}

/// An instant, as `2026-09-22T08:00:00Z`.
pub fn moment(text: &str) -> Value {
    Value::Moment(Moment::read(text).expect("a time"))
}

/// A plain body.
pub fn plain(text: &str) -> Value {
    Value::Body(Text { kind: BodyKind::Text, text: text.to_owned(), truncated: false })
}

/// Sets a property.
pub fn set(path: impl Into<Path>, value: Value) -> FieldChange {
    FieldChange::Set(path.into(), value)
}

/// A contact with these categories.
pub fn contact(first: &str, last: &str, address: &str, categories: &[&str]) -> Item {
    let item = Item::new(ItemKind::Contact)
        .with(Property::GivenName, text(first))
        .with(Property::Surname, text(last))
        .with(email(1), text(address));
    if categories.is_empty() { item } else { item.with(Property::Categories, texts(categories)) }
}

/// An appointment between two instants.
pub fn appointment(subject: &str, from: &str, to: &str) -> Item {
    Item::new(ItemKind::CalendarItem)
        .with(Property::Subject, text(subject))
        .with(Property::Start, moment(from))
        .with(Property::End, moment(to))
        .with(Property::StartTimeZone, Value::Zone(ews::ZoneDefinition::named("W. Europe Standard Time")))
        .with(Property::EndTimeZone, Value::Zone(ews::ZoneDefinition::named("W. Europe Standard Time")))
}

/// A meeting with these people.
pub fn meeting(subject: &str, from: &str, to: &str, people: &[&str]) -> Item {
    appointment(subject, from, to).with(Property::RequiredAttendees, guests(people))
}

/// These people as attendees.
pub fn guests(people: &[&str]) -> Value {
    let people = people.iter().map(|address| ews::Attendee {
        mailbox: ews::Mailbox { address: Some((*address).to_owned()), ..ews::Mailbox::default() },
        ..ews::Attendee::default()
    });
    Value::Attendees(people.collect())
}

/// A task due on a day.
pub fn task(subject: &str, due: &str) -> Item {
    Item::new(ItemKind::Task)
        .with(Property::Subject, text(subject))
        .with(Property::DueDate, moment(&format!("{due}T00:00:00Z")))
}

/// What an item is called.
pub fn title(item: &Item) -> &str {
    item.text(Property::Surname).or_else(|| item.text(Property::Subject)).unwrap_or_default()
}

/// What items are called, in order.
pub fn titles(items: &[Item]) -> Vec<&str> {
    let mut all: Vec<&str> = items.iter().map(title).collect();
    all.sort_unstable();
    all
}

/// The id of an item.
pub fn id(item: &Item) -> String {
    item.id.as_ref().expect("an id").id.clone()
}

/// The categories of an item.
pub fn categories(item: &Item) -> Vec<&str> {
    item.texts(Property::Categories).unwrap_or_default().iter().map(String::as_str).collect()
}

/// An instant of an item, as text.
pub fn at(item: &Item, property: Property) -> String {
    item.moment(property).and_then(|moment| moment.instant()).expect("a time").to_string()
}

/// The server, called in this process.
pub fn transport(server: &Emulator) -> InProcess {
    let emulator = server.clone();
    InProcess(Arc::new(move |request: Request| {
        let emulator = emulator.clone();
        Box::pin(async move {
            let said = emulator.post(&request.url, &request.headers, request.body).await;
            let said = said.map_err(|unsaid| Lost::Unanswered(unsaid.to_string()))?;
            Ok(Answer { status: said.status, headers: said.headers, body: said.body })
        })
    }))
}
