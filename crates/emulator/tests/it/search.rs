//! FindItem: restrictions, orders and pages.

use crate::world::{World, create};

const MARK: &str = "<t:ExtendedFieldURI PropertySetId=\"c11ff724-aa03-4555-9952-8fa248a11c3e\" PropertyName=\"Mark\" PropertyType=\"String\"/>";

fn find(more: &str) -> String {
    format!(
        "<m:FindItem Traversal=\"Shallow\"><m:ItemShape><t:BaseShape>Default</t:BaseShape></m:ItemShape>{more}<m:ParentFolderIds><t:DistinguishedFolderId Id=\"contacts\"/></m:ParentFolderIds></m:FindItem>"
    )
}

fn restriction(inner: &str) -> String {
    format!("<m:Restriction>{inner}</m:Restriction>")
}

fn compare(how: &str, path: &str, value: &str) -> String {
    format!("<t:{how}>{path}<t:FieldURIOrConstant><t:Constant Value=\"{value}\"/></t:FieldURIOrConstant></t:{how}>")
}

async fn world() -> World {
    let world = World::new();
    let items: String = [("Ann", "Smith", "a"), ("Bob", "Jones", "b"), ("Cid", "Smith", "")]
        .iter()
        .map(|(given, surname, mark)| {
            let mark = if mark.is_empty() {
                String::new()
            } else {
                format!("<t:ExtendedProperty>{MARK}<t:Value>{mark}</t:Value></t:ExtendedProperty>")
            };
            format!("<t:Contact><t:Categories><t:String>{given}s</t:String></t:Categories>{mark}<t:GivenName>{given}</t:GivenName><t:EmailAddresses><t:Entry Key=\"EmailAddress1\">{given}@x.test</t:Entry></t:EmailAddresses><t:Surname>{surname}</t:Surname></t:Contact>")
        })
        .collect();
    world.ask(&create("", &items)).await;
    world
}

async fn names(world: &World, more: &str) -> Vec<String> {
    let answer = world.ask(&find(more)).await;
    assert_eq!(answer.codes(), ["NoError"]);
    answer.all("Subject").iter().map(|subject| subject.text.clone()).collect()
}

fn uri(name: &str) -> String {
    format!("<t:FieldURI FieldURI=\"{name}\"/>")
}

#[tokio::test]
async fn records_are_found_by_what_they_hold() {
    let world = world().await;
    let surname = uri("contacts:Surname");
    let mail = "<t:IndexedFieldURI FieldURI=\"contacts:EmailAddress\" FieldIndex=\"EmailAddress1\"/>";
    for (inner, expected) in [
        (compare("IsEqualTo", &surname, "smith"), vec!["Cid Smith", "Ann Smith"]),
        (compare("IsNotEqualTo", &surname, "Smith"), vec!["Bob Jones"]),
        (compare("IsEqualTo", MARK, "b"), vec!["Bob Jones"]),
        (format!("<t:Exists>{MARK}</t:Exists>"), vec!["Bob Jones", "Ann Smith"]),
        (format!("<t:Not><t:Exists>{MARK}</t:Exists></t:Not>"), vec!["Cid Smith"]),
        (compare("IsEqualTo", mail, "bob@x.test"), vec!["Bob Jones"]),
        (compare("IsEqualTo", &uri("item:Categories"), "Cids"), vec!["Cid Smith"]),
        (
            format!(
                "<t:Contains ContainmentMode=\"Substring\" ContainmentComparison=\"IgnoreCase\">{}<t:Constant Value=\"NN S\"/></t:Contains>",
                uri("item:Subject")
            ),
            vec!["Ann Smith"],
        ),
        (
            format!(
                "<t:And>{}{}</t:And>",
                compare("IsGreaterThan", &uri("contacts:GivenName"), "Ann"),
                compare("IsLessThanOrEqualTo", &uri("contacts:GivenName"), "Bob")
            ),
            vec!["Bob Jones"],
        ),
        (
            format!("<t:Or>{}{}</t:Or>", compare("IsEqualTo", MARK, "a"), compare("IsEqualTo", MARK, "b")),
            vec!["Bob Jones", "Ann Smith"],
        ),
        (compare("IsGreaterThanOrEqualTo", &uri("item:DateTimeCreated"), "2027-01-01T00:00:00Z"), vec![]),
    ] {
        assert_eq!(names(&world, &restriction(&inner)).await, expected, "{inner}");
    }
}

#[tokio::test]
async fn listings_are_sorted_and_paged() {
    let world = world().await;
    let order = format!(
        "<m:SortOrder><t:FieldOrder Order=\"Ascending\">{}</t:FieldOrder><t:FieldOrder Order=\"Descending\">{}</t:FieldOrder></m:SortOrder>",
        uri("contacts:Surname"),
        uri("contacts:GivenName")
    );
    assert_eq!(names(&world, &order).await, ["Bob Jones", "Cid Smith", "Ann Smith"]);
    let page = |offset: u32| {
        format!("<m:IndexedPageItemView MaxEntriesReturned=\"2\" Offset=\"{offset}\" BasePoint=\"Beginning\"/>")
    };
    let first = world.ask(&find(&format!("{}{order}", page(0)))).await;
    let root = first.find("RootFolder");
    assert_eq!(
        (root.attr("TotalItemsInView"), root.attr("IndexedPagingOffset"), root.attr("IncludesLastItemInRange")),
        ("3", "2", "false")
    );
    let second = world.ask(&find(&format!("{}{order}", page(2)))).await;
    assert_eq!(second.find("RootFolder").attr("IncludesLastItemInRange"), "true");
    assert_eq!(second.text_of("Subject"), "Ann Smith");
    let zero = find("<m:IndexedPageItemView MaxEntriesReturned=\"0\" Offset=\"0\" BasePoint=\"Beginning\"/>");
    assert_eq!(world.ask(&zero).await.codes(), ["ErrorInvalidIndexedPagingParameters"]);
}

#[tokio::test]
async fn an_empty_listing_has_its_root_folder_too() {
    let world = World::new();
    let answer = world.ask(&find("")).await;
    assert_eq!(answer.find("RootFolder").attr("TotalItemsInView"), "0");
}

#[tokio::test]
async fn what_cannot_be_searched_is_refused() {
    let world = world().await;
    let bad = find(&restriction(&format!("<t:Exists>{}</t:Exists>", uri("item:MimeContent"))));
    assert_eq!(world.fault(&bad).await, "ErrorUnsupportedPathForQuery");
    let nonsense = find(&restriction(&format!("<t:Exists>{}</t:Exists>", uri("item:Nonsense"))));
    let (_, text) = world.raw(&nonsense).await;
    assert!(text.contains("ErrorSchemaValidation"));
}

#[tokio::test]
async fn listings_leave_out_bodies_and_people() {
    let world = world().await;
    let all = find("").replace(">Default<", ">AllProperties<");
    let answer = world.ask(&all).await;
    assert!(answer.has("GivenName") && answer.all("Contact")[0].all("Body").is_empty());
}

#[tokio::test]
async fn a_view_that_is_not_served_is_refused_and_not_passed_over() {
    let world = world().await;
    assert_eq!(world.fault(&find("<m:ContactsView InitialName=\"A\"/>")).await, "ErrorInvalidRequest");
}
