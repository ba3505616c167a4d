//! Standard properties under the names that MAPI clients know: written one way, read the other.

use crate::answer::Node;
use crate::world::{World, get_item, item_id, update};

const QUIET: &str = "ConflictResolution=\"AlwaysOverwrite\"";

fn tag(tag: &str, kind: &str) -> String {
    format!("<t:ExtendedFieldURI PropertyTag=\"{tag}\" PropertyType=\"{kind}\"/>")
}

fn numbered(set: &str, id: i32, kind: &str) -> String {
    format!("<t:ExtendedFieldURI DistinguishedPropertySetId=\"{set}\" PropertyId=\"{id}\" PropertyType=\"{kind}\"/>")
}

fn keywords() -> String {
    "<t:ExtendedFieldURI DistinguishedPropertySetId=\"PublicStrings\" PropertyName=\"Keywords\" PropertyType=\"StringArray\"/>"
        .to_owned()
}

fn property(path: &str, value: &str) -> String {
    format!("<t:ExtendedProperty>{path}{value}</t:ExtendedProperty>")
}

fn one(path: &str, value: &str) -> String {
    property(path, &format!("<t:Value>{value}</t:Value>"))
}

fn cleared(paths: &[String]) -> String {
    paths.iter().map(|path| format!("<t:DeleteItemField>{path}</t:DeleteItemField>")).collect()
}

async fn by_mapi(world: &World, id: &str, paths: &[String]) -> Node {
    let more = paths.concat();
    let shape = format!("<t:BaseShape>IdOnly</t:BaseShape><t:AdditionalProperties>{more}</t:AdditionalProperties>");
    world.ask(&get_item(&shape, &item_id(id))).await
}

fn texts<'a>(node: &'a Node, name: &str) -> Vec<&'a str> {
    node.all(name).into_iter().map(|one| one.text.as_str()).collect()
}

#[tokio::test]
async fn a_contact_written_by_its_mapi_names_is_the_same_contact() {
    let world = World::new();
    let work = numbered("Address", 0x8045, "String");
    let home = tag("0x3a59", "String");
    let other = tag("0x3a61", "String");
    let secret = numbered("Common", 0x8506, "Boolean");
    let birthday = tag("0x3a42", "SystemTime");
    let note = tag("0x1000", "String");
    let two = "<t:Values><t:Value>Customers</t:Value><t:Value>Friends</t:Value></t:Values>";
    let item = [
        one(&work, "Main 1"),
        one(&home, "Potsdam"),
        one(&other, "14467"),
        one(&secret, "true"),
        one(&birthday, "1980-02-29T00:00:00Z"),
        one(&note, "first\nsecond"),
        property(&keywords(), two),
    ]
    .concat();
    let (id, key) = world.create("", &format!("<t:Contact>{item}<t:GivenName>Ann</t:GivenName></t:Contact>")).await;
    let read = world.get(&id).await;
    assert_eq!(
        [read.text_of("Street"), read.text_of("City"), read.text_of("PostalCode"), read.text_of("Sensitivity")],
        ["Main 1", "Potsdam", "14467", "Private"]
    );
    assert_eq!(read.text_of("Birthday"), "1980-02-29T00:00:00Z");
    assert_eq!(texts(read.find("Categories"), "String"), ["Customers", "Friends"]);
    assert!(read.find("Contact").text_of("Body").contains("second"));
    let paths = [work, home, other, secret, birthday, note, keywords()];
    let again = by_mapi(&world, &id, &paths).await;
    assert_eq!(
        texts(&again, "Value"),
        ["Main 1", "Potsdam", "14467", "true", "1980-02-29T00:00:00Z", "first\r\nsecond", "Customers", "Friends"]
    );
    let answer = world.ask(&update(QUIET, &id, &key, &cleared(&paths))).await;
    assert_eq!(answer.codes(), ["NoError"]);
    let read = world.get(&id).await;
    for gone in ["PhysicalAddresses", "Birthday", "Categories"] {
        assert!(read.all(gone).is_empty(), "{gone}");
    }
    assert_eq!((read.text_of("Sensitivity"), read.find("Contact").text_of("Body")), ("Normal", ""));
}

#[tokio::test]
async fn a_tasks_days_are_the_same_under_their_mapi_names() {
    let world = World::new();
    let [start, due] = [0x8104, 0x8105].map(|id| numbered("Task", id, "SystemTime"));
    let days = one(&start, "2026-01-05T00:00:00Z") + &one(&due, "2026-01-09T00:00:00Z");
    let (id, key) = world.create("", &format!("<t:Task>{days}</t:Task>")).await;
    let read = world.get(&id).await;
    assert_eq!((read.text_of("StartDate"), read.text_of("DueDate")), ("2026-01-05T00:00:00Z", "2026-01-09T00:00:00Z"));
    assert_eq!(texts(&by_mapi(&world, &id, &[start, due.clone()]).await, "Value").len(), 2);
    assert_eq!(world.ask(&update(QUIET, &id, &key, &cleared(&[due]))).await.codes(), ["NoError"]);
    assert!(world.get(&id).await.all("DueDate").is_empty());
}

#[tokio::test]
async fn items_are_numbered_as_they_come_into_a_folder() {
    let world = World::new();
    let number = [tag("0xe23", "Integer")];
    let mut last = 0;
    for _ in 0..3 {
        let (id, _) = world.create("", "<t:Contact><t:GivenName>Ann</t:GivenName></t:Contact>").await;
        let now: i32 = by_mapi(&world, &id, &number).await.text_of("Value").parse().unwrap();
        assert!(now > last);
        last = now;
    }
}

#[tokio::test]
async fn a_folder_tells_when_something_in_it_changed() {
    let world = World::new();
    let committed = tag("0x670a", "SystemTime");
    let (own, unread, below) = (tag("0x3008", "SystemTime"), tag("0x3603", "Integer"), tag("0x360a", "Boolean"));
    let ask = format!(
        "<m:GetFolder><m:FolderShape><t:BaseShape>IdOnly</t:BaseShape><t:AdditionalProperties>{committed}{own}{unread}{below}</t:AdditionalProperties></m:FolderShape><m:FolderIds><t:DistinguishedFolderId Id=\"contacts\"/></m:FolderIds></m:GetFolder>"
    );
    let begin = "2026-01-01T00:00:00Z";
    let told = world.ask(&ask).await;
    assert_eq!(texts(&told, "Value"), [begin, begin, "0", "true"]);
    world.pass(60);
    let (id, key) = world.create("", "<t:Contact><t:GivenName>Ann</t:GivenName></t:Contact>").await;
    assert_eq!(texts(&world.ask(&ask).await, "Value"), ["2026-01-01T00:01:00Z", begin, "0", "true"]);
    world.pass(60);
    let name = "<t:SetItemField><t:FieldURI FieldURI=\"contacts:GivenName\"/><t:Contact><t:GivenName>Eve</t:GivenName></t:Contact></t:SetItemField>";
    assert_eq!(world.ask(&update(QUIET, &id, &key, name)).await.codes(), ["NoError"]);
    assert_eq!(texts(&world.ask(&ask).await, "Value"), ["2026-01-01T00:02:00Z", begin, "0", "true"]);
    world.pass(60);
    let delete =
        format!("<m:DeleteItem DeleteType=\"HardDelete\"><m:ItemIds>{}</m:ItemIds></m:DeleteItem>", item_id(&id));
    assert_eq!(world.ask(&delete).await.codes(), ["NoError"]);
    assert_eq!(texts(&world.ask(&ask).await, "Value"), ["2026-01-01T00:03:00Z", begin, "0", "true"]);
}

/// "vCal-Uid" and the UID `1@syncline`, as MS-OXCICAL packs it.
const GLOBAL_ID: &str = "040000008200E00074C5B7101A82E008\
                         0000000000000000000000000000000000000000170000007643616C2D55696401000000314073796E636C696E6500";
const GLOBAL_ID_ON_WIRE: &str = "BAAAAIIA4AB0xbcQGoLgCAAAAAAAAAAAAAAAAAAAAAAAAAAAFwAAAHZDYWwtVWlkAQAAADFAc3luY2xpbmUA";

/// What a client writes that makes a meeting from a request (MS-OXOCAL 3.1.4.7.2.2).
fn received_meeting() -> String {
    let properties = [
        one(&numbered("Meeting", 0x3, "Binary"), GLOBAL_ID_ON_WIRE),
        one(&numbered("Meeting", 0x23, "Binary"), GLOBAL_ID_ON_WIRE),
        one(&numbered("Appointment", 0x8217, "Integer"), "3"),
        one(&numbered("Appointment", 0x8218, "Integer"), "5"),
        one(&tag("0x42", "String"), "Ann"),
        one(&tag("0x64", "String"), "SMTP"),
        one(&tag("0x65", "String"), crate::world::ANN),
    ];
    let properties = properties.concat();
    format!(
        "<t:CalendarItem><t:Subject>Plan</t:Subject>{properties}<t:Start>2026-02-02T10:00:00Z</t:Start>\
         <t:End>2026-02-02T11:00:00Z</t:End></t:CalendarItem>"
    )
}

const NOBODY: &str = "SendMeetingInvitations=\"SendToNone\"";

// MS-OXOCAL 2.2.1.10, 2.2.1.11, 2.2.1.27: the schema's own elements show what these properties say.
#[tokio::test]
async fn a_meeting_written_by_its_mapi_names_is_that_meeting() {
    let world = World::new().signed_in(crate::world::BOB);
    let (id, key) = world.create(NOBODY, &received_meeting()).await;
    let shown = world.get(&id).await;
    for (name, text) in [
        ("IsMeeting", "true"),
        ("IsOrganizer", "false"),
        ("MyResponseType", "NoResponseReceived"),
        ("AppointmentState", "3"),
        ("MeetingRequestWasSent", "false"),
        ("UID", GLOBAL_ID),
    ] {
        assert_eq!(shown.text_of(name), text, "{name}");
    }
    assert_eq!(shown.find("Organizer").text_of("EmailAddress"), crate::world::ANN);
    assert_eq!(shown.find("Organizer").text_of("Name"), "Ann");
    let other = GLOBAL_ID_ON_WIRE.replace("FwAAAHZD", "FwAAAHZE");
    let path = numbered("Meeting", 0x23, "Binary");
    let updates =
        format!("<t:SetItemField>{path}<t:CalendarItem>{}</t:CalendarItem></t:SetItemField>", one(&path, &other));
    let how = format!("{QUIET} SendMeetingInvitationsOrCancellations=\"SendToNone\"");
    let answer = world.ask(&update(&how, &id, &key, &updates)).await;
    assert_eq!(answer.codes(), ["ErrorInvalidPropertySet"], "once set it must not change");
    assert!(world.server.sink().is_empty());
}

#[tokio::test]
async fn a_server_that_does_not_keep_them_takes_them_all_the_same() {
    let world = World::new().signed_in(crate::world::BOB);
    world.server.set_quirk(emulator::Quirk::StatePropertiesNotKept, true);
    let (id, _) = world.create(NOBODY, &received_meeting()).await;
    let shown = world.get(&id).await;
    assert_eq!((shown.text_of("IsMeeting"), shown.text_of("UID")), ("false", GLOBAL_ID));
    assert_eq!(shown.find("Organizer").text_of("EmailAddress"), crate::world::BOB);
}

// MS-OXOCAL 3.1.4.7.2: the request is for the copy that stands; what its owner organises himself is none.
#[tokio::test]
async fn a_request_finds_its_meeting_in_the_calendar_unless_its_owner_organises_it() {
    for (keeps, kept) in [(true, "Plan, really"), (false, "Plan")] {
        let world = World::new();
        let bob = world.signed_in(crate::world::BOB);
        bob.server.set_quirk(emulator::Quirk::StatePropertiesNotKept, !keeps);
        let (id, _) = bob.create(NOBODY, &received_meeting()).await;
        let people = format!(
            "<t:RequiredAttendees><t:Attendee><t:Mailbox><t:EmailAddress>{}</t:EmailAddress></t:Mailbox></t:Attendee>\
             </t:RequiredAttendees>",
            crate::world::BOB
        );
        let invitation = format!(
            "<t:CalendarItem><t:Subject>Plan, really</t:Subject><t:UID>{GLOBAL_ID}</t:UID>\
             <t:Start>2026-02-02T10:00:00Z</t:Start><t:End>2026-02-02T11:00:00Z</t:End>{people}</t:CalendarItem>"
        );
        world.create("SendMeetingInvitations=\"SendToAllAndSaveCopy\"", &invitation).await;
        assert_eq!(world.server.items(crate::world::BOB, "calendar").unwrap().len(), 1);
        let shown = bob.get(&id).await;
        assert_eq!(shown.text_of("Subject"), kept);
        assert_eq!(shown.text_of("MeetingRequestWasSent"), keeps.to_string());
        assert_eq!(world.server.items(crate::world::BOB, "inbox").unwrap().len(), 1, "the request itself");
    }
}
