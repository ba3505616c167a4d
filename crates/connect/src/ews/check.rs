//! Trying everything the connector needs of a server and a mailbox, step by step, in words; nothing stays behind.

use engine::port::Trouble;
use model::{FolderId, Kind, Zone};
use wire::ews::{
    self, BodyKind, ConflictResolution, CreateFolder, CreateItem, DeleteFolder, DeleteType, FieldChange, FindItem,
    Folder, FolderKind, FolderRef, Item, ItemChange, ItemId, ItemRef, Mail, NewFolder, Property, ResolveNames,
    Restriction, Shape, SyncFolderItems, UpdateFolder, UpdateItem, Value, Version, View,
};

use super::affinity::Affinity;
use super::kind_map::item_kind;
use super::own;
use super::remote::EwsRemote;
use super::trouble::{Effect, is_no_mailbox};
use super::zone;
use crate::http::{Lost, Request, checked};

/// One thing that was tried.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// What was tried.
    pub what: &'static str,
    /// How it went.
    pub found: Found,
}

/// How a step went.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Found {
    /// As it should; with what there is to know.
    Fine(String),
    /// Not everything, but the sync works without: what is lost.
    Lacking(String),
    /// Not at all.
    Fault {
        /// What went wrong.
        why: String,
        /// What to do about it.
        cure: String,
    },
}

impl Step {
    pub(super) fn fine(what: &'static str, told: impl Into<String>) -> Self {
        Self { what, found: Found::Fine(told.into()) }
    }

    pub(super) fn lacking(what: &'static str, lost: impl Into<String>) -> Self {
        Self { what, found: Found::Lacking(lost.into()) }
    }

    fn fault(what: &'static str, why: impl Into<String>, cure: &str) -> Self {
        Self { what, found: Found::Fault { why: why.into(), cure: cure.to_owned() } }
    }

    /// Whether it went wrong.
    pub fn is_fault(&self) -> bool {
        matches!(self.found, Found::Fault { .. })
    }
}

/// How long a streaming connection may take to say that it is open.
const FIRST_WORD: std::time::Duration = std::time::Duration::from_secs(30);

const ADDRESS: &str = "address";
const SIGN_IN: &str = "sign-in";
const MAILBOX: &str = "mailbox";
const VERSION: &str = "version";
const FOLDERS: &str = "folders";
const WRITE: &str = "write and delete";
const KEPT: &str = "kept properties";
const STREAMING: &str = "streaming";

impl EwsRemote {
    /// Tries it all. A step that cannot work without the one before it is not tried. `name` names what is made for the
    /// trial and taken away again.
    pub async fn check(&self, name: &str) -> Vec<Step> {
        let mut steps = vec![self.try_address().await];
        if steps.iter().any(Step::is_fault) {
            return steps;
        }
        steps.push(self.try_sign_in().await);
        if steps.iter().any(Step::is_fault) {
            return steps;
        }
        steps.push(self.try_mailbox().await);
        if steps.iter().any(Step::is_fault) {
            return steps;
        }
        steps.extend(self.try_version());
        steps.push(self.try_folders().await);
        for kind in Kind::ALL {
            match self.try_writing(kind, name).await {
                Ok(tried) => steps.extend(tried),
                Err(trouble) => steps.push(Step::fault(WRITE, format!("{kind}: {trouble}"), cure(&trouble))),
            }
        }
        steps.push(self.try_streaming().await);
        steps
    }

    /// Whether notifications come through. Without them the mailbox is polled, which works as well, only later.
    async fn try_streaming(&self) -> Step {
        let affinity = Affinity::to(self.reach.address.clone());
        let tried = async {
            let id = self.subscribe(&affinity).await?;
            let heard = match self.listen(&affinity, vec![id.clone()]).await {
                Ok(mut stream) => match tokio::time::timeout(FIRST_WORD, stream.next()).await {
                    Ok(heard) => heard,
                    Err(_) => Err(Trouble::Broken {
                        why: "the connection opens, but nothing comes: something before the server holds answers back"
                            .to_owned(),
                    }),
                },
                Err(trouble) => Err(trouble),
            };
            self.unsubscribe(&affinity, &id).await?;
            heard
        };
        match tried.await {
            Ok(Some(heard)) if heard.lost.is_empty() => Step::fine(STREAMING, "the server tells of changes at once"),
            Ok(_) => {
                Step::lacking(STREAMING, "the server does not keep the subscription it made; the mailbox is polled")
            }
            Err(trouble) => Step::lacking(STREAMING, format!("{trouble}; the mailbox is polled")),
        }
    }

    /// Whether a server answers there, over a connection we trust.
    async fn try_address(&self) -> Step {
        if let Err(why) = checked(&self.reach.url) {
            return Step::fault(ADDRESS, why.to_string(), "give the address as https://…/EWS/Exchange.asmx");
        }
        let headers = vec![("content-type".to_owned(), "text/xml; charset=utf-8".to_owned())];
        let request = Request {
            url: self.reach.url.clone(),
            headers,
            body: Vec::new(),
            deadline_ms: self.reach.deadline_ms,
            most: 1 << 20,
        };
        match self.reach.transport.call(&request).await {
            Ok(answer) if matches!(answer.status, 404 | 410) => Step::fault(
                ADDRESS,
                format!("a server answers, but not for Exchange Web Services (status {})", answer.status),
                "the path is usually /EWS/Exchange.asmx; 'syncline connection find' asks the mail domain for it",
            ),
            Ok(answer) if (300..=399).contains(&answer.status) => {
                let host = answer.header("location").next().and_then(|to| checked(to).ok());
                let host = host.and_then(|(url, _)| url.host_str().map(str::to_owned));
                let host = host.unwrap_or_else(|| "another address".to_owned());
                Step::fault(ADDRESS, format!("the server sends us to {host}"), "set that address, if it is yours")
            }
            Ok(_) | Err(Lost::TooLarge(_)) => Step::fine(ADDRESS, "a server answers, and its certificate is trusted"),
            Err(lost) => {
                let cure = match &lost {
                    Lost::NotSent(why) if why.contains("not trusted") => {
                        "name the authority that signed the server's certificate: --ca-file"
                    }
                    Lost::NotSent(why) if why.contains("expired") => "renew the server's certificate",
                    Lost::NotSent(why) if why.contains("another name") => {
                        "use the name that stands in the server's certificate"
                    }
                    Lost::NotSent(_) | Lost::Unanswered(_) | Lost::Refused(_) | Lost::TooLarge(_) => {
                        "check name, port and firewall between this machine and the server"
                    }
                };
                Step::fault(ADDRESS, lost.to_string(), cure)
            }
        }
    }

    /// Whether the account is let in, whatever it may do there.
    async fn try_sign_in(&self) -> Step {
        let asked = ResolveNames { entry: format!("smtp:{}", self.reach.address) };
        match self.reach.as_itself().one(&asked, Effect::Read).await {
            Err(Trouble::NoAccess { why }) if why.contains("sign-in") || why.contains("refused") => {
                let cure = "check --user and the password (SYNCLINE_PASSWORD), and that the account is not locked; \
                            --sign-in names the scheme";
                Step::fault(SIGN_IN, why, cure)
            }
            Err(trouble @ (Trouble::Busy { .. } | Trouble::Broken { .. })) => {
                let cure = cure(&trouble);
                Step::fault(SIGN_IN, trouble.to_string(), cure)
            }
            // Whatever else the directory says, it says it to an account it knows.
            Ok(_) | Err(_) => Step::fine(SIGN_IN, "the account is let in"),
        }
    }

    /// Whether the account reaches this mailbox, and whose it is.
    async fn try_mailbox(&self) -> Step {
        let by = match (self.reach.impersonate, self.reach.delegate) {
            (true, _) => "by impersonation",
            (false, true) => "by the rights it was given",
            (false, false) => "as its own",
        };
        let judged = match self.who().await {
            // One that carries our id was judged at the first contact; what it became since is asked here.
            Ok(identity) if identity.is_user => self.directory_entry().await.map(|(is_user, _)| is_user),
            judged => judged.map(|identity| identity.is_user),
        };
        match judged {
            Ok(false) => Step::fault(
                MAILBOX,
                "it is shared, a room or a thing; only people's are synchronised (rule L1)",
                "map the person's own mailbox",
            ),
            Ok(_) => Step::fine(MAILBOX, format!("the account reaches it {by}")),
            Err(trouble) => {
                let cure = if is_no_mailbox(&trouble) {
                    "name a mailbox that this server holds, with one of its addresses"
                } else if self.reach.impersonate {
                    "give the account ApplicationImpersonation: New-ManagementRoleAssignment -Role \
                     ApplicationImpersonation -User ACCOUNT; then wait some minutes"
                } else if self.reach.delegate {
                    "give the account full access: Add-MailboxPermission MAILBOX -User ACCOUNT -AccessRights FullAccess"
                } else {
                    "sign in as the mailbox's owner, or set --impersonate true"
                };
                Step::fault(MAILBOX, trouble.to_string(), cure)
            }
        }
    }

    /// What the server says it is, and what its level lacks.
    fn try_version(&self) -> Vec<Step> {
        let (version, server) = (self.reach.spoken.version(), self.reach.spoken.server());
        let build = server.map_or_else(
            || "a server that does not say its build".to_owned(),
            |server| format!("build {}.{}.{}", server.major, server.minor, server.build),
        );
        let mut steps = vec![Step::fine(VERSION, format!("{build}, spoken to as {}", version.name()))];
        let mut lacking = |since: Version, what: &str| {
            if version < since {
                steps.push(Step::lacking(VERSION, what));
            }
        };
        lacking(Version::Exchange2013, "links of online meetings are not told apart from other text");
        lacking(Version::Exchange2010, "appointments carry no time zone; series keep the zone of the mailbox");
        lacking(Version::Exchange2010, "there are no Recoverable Items and no archive to look for vanished items in");
        steps
    }

    async fn try_folders(&self) -> Step {
        let mut missing = Vec::new();
        for kind in Kind::ALL {
            match self.observed(kind).await {
                Ok(folders) => {
                    for folder in &folders {
                        if let Err(trouble) = self.first_page(folder).await {
                            missing.push(format!("{kind}: {trouble}"));
                        }
                    }
                }
                Err(trouble) => missing.push(format!("{kind}: {trouble}")),
            }
        }
        if missing.is_empty() {
            return Step::fine(FOLDERS, "contacts, calendar and tasks can be listed");
        }
        let cure = "open the mailbox once with Outlook, which makes its folders; check the names given by --folder";
        Step::fault(FOLDERS, missing.join("; "), cure)
    }

    async fn first_page(&self, folder: &FolderId) -> Result<(), Trouble> {
        let asked = SyncFolderItems {
            shape: Shape::id_only(),
            folder: ews::FolderId::of(folder.as_str()).into(),
            state: None,
            most: 1,
        };
        self.reach.one(&asked, Effect::Read).await.map(|_| ())
    }

    /// Makes a folder below the default one, where no sync looks, with one item in it; reads it, changes it, finds it,
    /// and takes the folder away with all it holds.
    async fn try_writing(&self, kind: Kind, name: &str) -> Result<Vec<Step>, Trouble> {
        let Some(home) = self.observed(kind).await.ok().and_then(|folders| folders.into_iter().next()) else {
            return Ok(Vec::new());
        };
        let folder_kind = match kind {
            Kind::Contact => FolderKind::Contacts,
            Kind::Appointment => FolderKind::Calendar,
            Kind::Task => FolderKind::Tasks,
        };
        let asked = CreateFolder {
            parent: ews::FolderId::of(home.as_str()).into(),
            folders: vec![NewFolder { kind: folder_kind, name: format!("Syncline check {name}") }],
        };
        let made: Option<Folder> = self.reach.one(&asked, Effect::Write).await?.first();
        let place: FolderRef = match made.and_then(|folder| folder.id) {
            Some(id) => ews::FolderId::of(id.id).into(),
            None => return Err(Trouble::Broken { why: "the server answered without an id".to_owned() }),
        };
        let mut tried = self.try_item(kind, folder_kind, &place, name).await;
        if let (Kind::Appointment, Ok(steps)) = (kind, &mut tried) {
            match self.try_meeting(&place, name).await {
                Ok(step) => steps.push(step),
                Err(trouble) => tried = Err(trouble),
            }
        }
        let away = DeleteFolder { how: DeleteType::HardDelete, folder: place };
        let gone = self.reach.one(&away, Effect::Write).await;
        let mut steps = tried?;
        if let Err(trouble) = gone {
            let cure = "remove the folder 'Syncline check …' by hand";
            steps.push(Step::fault(WRITE, format!("{kind}: the trial folder could not be removed: {trouble}"), cure));
        }
        Ok(steps)
    }

    async fn try_item(
        &self,
        kind: Kind,
        folder_kind: FolderKind,
        place: &FolderRef,
        name: &str,
    ) -> Result<Vec<Step>, Trouble> {
        let set = vec![(own::mailbox(), Value::Text(name.to_owned()))];
        self.reach.one(&UpdateFolder { folder: place.clone(), kind: folder_kind, set }, Effect::Write).await?;
        let items = vec![self.trial(kind, name)];
        let made = CreateItem { folder: place.clone(), items, mail: Mail::None };
        let none = || Trouble::Broken { why: "the server answered without an id".to_owned() };
        let id = self.reach.one(&made, Effect::Write).await?.first().and_then(|item| item.id).ok_or_else(none)?;
        let before = self.trial_item(kind, &id).await?;
        let version = before.id.clone().ok_or_else(none)?;
        let changed = format!("{name} changed");
        let fields = vec![FieldChange::Set(own::mark(), Value::Text(changed.clone()))];
        let changes = vec![ItemChange { item: ItemRef::Item(version), kind: item_kind(kind), fields }];
        let conflicts = ConflictResolution::NeverOverwrite;
        self.reach.one(&UpdateItem { conflicts, mail: Mail::None, changes }, Effect::Write).await?;
        let after = self.trial_item(kind, &id).await?;
        let mut steps = Vec::new();
        if after.text(own::mark()) != Some(&changed) || after.text(own::key()) != Some(name) {
            let why = format!("{kind}: the server does not keep our properties on items");
            let cure = "without them a lost answer cannot be told from a lost item; this server cannot be used";
            return Ok(vec![Step::fault(KEPT, why, cure)]);
        }
        if let (Some(old), Some(new)) = (&before.id, &after.id)
            && old.change_key == new.change_key
        {
            let lost =
                format!("{kind}: versions do not change with an item; edits made at the same time may be overwritten");
            steps.push(Step::lacking(KEPT, lost));
        }
        if let Some(old) = &before.id {
            let fields = vec![FieldChange::Set(own::mark(), Value::Text(name.to_owned()))];
            let changes = vec![ItemChange { item: ItemRef::Item(old.clone()), kind: item_kind(kind), fields }];
            let stale = UpdateItem { conflicts: ConflictResolution::NeverOverwrite, mail: Mail::None, changes };
            if self.reach.one(&stale, Effect::Write).await.is_ok() && old.change_key != after_key(&after) {
                let lost = format!(
                    "{kind}: the server takes changes against an old version; an edit of the same field made within the \
                     same seconds may be overwritten"
                );
                steps.push(Step::lacking(KEPT, lost));
            }
        }
        let folder = after.parent.clone().map_or_else(|| place.clone(), FolderRef::from);
        let search = FindItem {
            shape: Shape::of([own::key()]),
            view: View::Page { offset: 0, most: 10 },
            restriction: Some(Restriction::IsEqualTo(own::key(), name.to_owned())),
            folders: vec![folder],
        };
        match self.reach.one(&search, Effect::Read).await {
            Ok(page) if page.items.iter().any(|item| item.text(own::key()) == Some(name)) => {
                steps.push(Step::fine(KEPT, format!("{kind}: our mark is kept, and found by a search")));
            }
            Ok(_) | Err(_) => steps.push(Step::lacking(
                KEPT,
                format!("{kind}: items are not found by our mark; what vanished is not told apart from what moved"),
            )),
        }
        steps.push(Step::fine(WRITE, format!("{kind}: written, read, changed and removed")));
        Ok(steps)
    }

    fn trial(&self, kind: Kind, name: &str) -> Item {
        let text = |text: &str| Value::Text(text.to_owned());
        let title = format!("Syncline check {name}");
        let item = Item::new(item_kind(kind)).with(own::key(), text(name)).with(own::mark(), text(name));
        let body =
            ews::Body { kind: BodyKind::Text, text: "Made and removed by a check.".to_owned(), truncated: false };
        let item = item.with(Property::Subject, text(&title)).with(Property::Body, Value::Body(body));
        match kind {
            Kind::Contact => item.with(Property::GivenName, text(&title)).with(Property::FileAs, text(&title)),
            Kind::Task => item,
            Kind::Appointment => {
                let day = jiff::civil::date(2000, 1, 3);
                let at = |hour| Value::Moment(ews::Moment::utc(Zone::utc().instant(day.at(hour, 0, 0, 0))));
                let item = item.with(Property::Start, at(9)).with(Property::End, at(10));
                let item = item.with(Property::ReminderIsSet, Value::Flag(false));
                if self.reach.spoken.version() < Version::Exchange2010 {
                    return item;
                }
                item.with(Property::StartTimeZone, Value::Zone(zone::write(&self.zone, day)))
            }
        }
    }

    async fn trial_item(&self, kind: Kind, id: &ItemId) -> Result<Item, Trouble> {
        let refs = [ItemRef::Item(ItemId::of(id.id.as_str()))];
        self.reach.items(&self.map(kind).shape(), &refs).await?.remove(0)
    }
}

fn after_key(item: &Item) -> Option<String> {
    item.id.as_ref().and_then(|id| id.change_key.clone())
}

/// What to do about a trouble, by its kind.
fn cure(trouble: &Trouble) -> &'static str {
    match trouble {
        Trouble::NoAccess { .. } => "check the account's rights on the mailbox",
        Trouble::Busy { .. } => "try again later; a throttling policy of its own keeps the account from waiting",
        Trouble::Refused { .. } => "the code says what the server did not take; docs/exchange.md explains it",
        Trouble::Broken { .. } | Trouble::Unknown { .. } => "try again; if it stays, look at the server's own logs",
        Trouble::Gone(_) | Trouble::Stale | Trouble::CursorRefused => "try again; something else works in the mailbox",
    }
}
