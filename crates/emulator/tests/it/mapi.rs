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
