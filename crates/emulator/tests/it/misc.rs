//! The small operations clients begin with: ids, zones, names, configurations, subscriptions.

use crate::world::{ANN, PASSWORD, World};
use emulator::{MailboxKind, MailboxSpec};

#[tokio::test]
async fn an_id_is_converted_and_a_wrong_one_is_a_response_code() {
    let world = World::new();
    let (id, _) = world.create("", "<t:Contact><t:Surname>A</t:Surname></t:Contact>").await;
    let convert = |from: &str, to: &str, id: &str| {
        format!(
            "<m:ConvertId DestinationFormat=\"{to}\"><m:SourceIds><t:AlternateId Format=\"{from}\" Id=\"{id}\" Mailbox=\"{ANN}\"/></m:SourceIds></m:ConvertId>"
        )
    };
    for format in ["EntryId", "HexEntryId", "OwaId", "StoreId", "EwsLegacyId"] {
        let there = world.ask(&convert("EwsId", format, &id)).await;
        let other = there.find("AlternateId").attr("Id").to_owned();
        assert_eq!(there.find("AlternateId").attr("Mailbox"), ANN);
        let back = world.ask(&convert(format, "EwsId", &other)).await;
        assert_eq!(back.find("AlternateId").attr("Id"), id, "{format}");
    }
    assert_eq!(world.ask(&convert("EwsId", "EntryId", "DUMMY")).await.codes(), ["ErrorInvalidIdMalformed"]);
}

#[tokio::test]
async fn zones_are_listed_with_their_rules() {
    let world = World::new();
    let ask = |ids: &str| format!("<m:GetServerTimeZones ReturnFullTimeZoneData=\"true\">{ids}</m:GetServerTimeZones>");
    let all = world.ask(&ask("")).await;
    assert!(all.all("TimeZoneDefinition").len() > 130);
    let one = world.ask(&ask("<m:Ids><t:Id>Pacific Standard Time</t:Id></m:Ids>")).await;
    let transitions = one.all("RecurringDayTransition");
    assert_eq!(transitions.len(), 2);
    assert_eq!((transitions[0].text_of("Month"), transitions[0].text_of("Occurrence")), ("3", "2"));
    assert_eq!(world.ask(&ask("<m:Ids><t:Id>Nowhere</t:Id></m:Ids>")).await.codes(), ["ErrorTimeZone"]);
}

#[tokio::test]
async fn names_are_resolved_from_the_directory() {
    let world = World::new();
    let ask = |name: &str| {
        format!(
            "<m:ResolveNames ReturnFullContactData=\"true\"><m:UnresolvedEntry>{name}</m:UnresolvedEntry></m:ResolveNames>"
        )
    };
    assert_eq!(world.ask(&ask("jones")).await.text_of("EmailAddress"), "bob@crm.test");
    assert_eq!(world.ask(&ask("nobody")).await.codes(), ["ErrorNameResolutionNoResults"]);
    let mailbox = emulator::MailboxSpec::user("bobby@crm.test", "Bobby", "x");
    world.server.add_mailbox(mailbox).unwrap();
    let several = world.ask(&ask("bob")).await;
    assert_eq!(several.codes(), ["ErrorNameResolutionMultipleResults"]);
    assert_eq!(several.all("Resolution").len(), 2);
}

// L1: by the schema a room's entry says "Mailbox" as a person's does; only the lists of rooms tell.
#[tokio::test]
async fn rooms_stand_in_the_lists_that_an_administrator_made() {
    let world = World::new();
    let lists = "<m:GetRoomLists/>";
    let rooms = |list: &str| {
        format!("<m:GetRooms><m:RoomList><t:EmailAddress>{list}</t:EmailAddress></m:RoomList></m:GetRooms>")
    };
    let none = world.ask(lists).await;
    assert_eq!(none.find("GetRoomListsResponse").attr("ResponseClass"), "Success");
    assert!(none.all("Address").is_empty());
    for (address, kind) in [("hall@crm.test", MailboxKind::Room), ("beamer@crm.test", MailboxKind::Equipment)] {
        let spec = MailboxSpec { kind, ..MailboxSpec::user(address, "Thing", PASSWORD) };
        world.server.add_mailbox(spec).unwrap();
    }
    world.server.add_room_list("Rooms@crm.test", "All rooms", &["hall@crm.test", "beamer@crm.test"]);
    let told = world.ask(lists).await;
    assert_eq!(told.all("Address").len(), 1);
    assert_eq!((told.text_of("EmailAddress"), told.text_of("MailboxType")), ("rooms@crm.test", "PublicDL"));
    let told = world.ask(&rooms("rooms@CRM.test")).await;
    assert_eq!(told.all("Room").len(), 1, "a list of rooms holds rooms alone");
    assert_eq!(told.text_of("EmailAddress"), "hall@crm.test");
    assert_eq!(world.ask(&rooms("no@crm.test")).await.text_of("ResponseCode"), "ErrorNameResolutionNoResults");
}

// L1: "a shared mailbox's account is disabled"; so are those of rooms and things.
#[tokio::test]
async fn nobody_signs_in_as_a_mailbox_that_is_nobodys_own() {
    let world = World::new();
    for (address, kind) in [("desk@crm.test", MailboxKind::Shared), ("hall@crm.test", MailboxKind::Room)] {
        let spec = MailboxSpec { kind, ..MailboxSpec::user(address, "Desk", PASSWORD) };
        world.server.add_mailbox(spec).unwrap();
        let there = world.signed_in(address);
        let request = there.http(there.envelope("<m:GetRoomLists/>"));
        assert_eq!(there.send(request).await.status().as_u16(), 401, "{address}");
        let asked = "<m:GetFolder><m:FolderShape><t:BaseShape>IdOnly</t:BaseShape></m:FolderShape><m:FolderIds><t:DistinguishedFolderId Id=\"calendar\"/></m:FolderIds></m:GetFolder>";
        assert_eq!(world.impersonating(address).ask(asked).await.codes(), ["NoError"], "others act for it");
    }
}

#[tokio::test]
async fn a_configuration_is_not_found() {
    let world = World::new();
    let ask = "<m:GetUserConfiguration><m:UserConfigurationName Name=\"OWA.UserOptions\"><t:DistinguishedFolderId Id=\"root\"/></m:UserConfigurationName><m:UserConfigurationProperties>All</m:UserConfigurationProperties></m:GetUserConfiguration>";
    assert_eq!(world.ask(ask).await.codes(), ["ErrorItemNotFound"]);
}

// trap 193
#[tokio::test]
async fn a_subscription_tells_what_happened_since_its_watermark() {
    let world = World::new();
    let subscribe = "<m:Subscribe><m:PullSubscriptionRequest><t:FolderIds><t:DistinguishedFolderId Id=\"contacts\"/></t:FolderIds><t:EventTypes><t:EventType>CreatedEvent</t:EventType><t:EventType>MovedEvent</t:EventType><t:EventType>DeletedEvent</t:EventType></t:EventTypes><t:Timeout>10</t:Timeout></m:PullSubscriptionRequest></m:Subscribe>";
    let made = world.ask(subscribe).await;
    let (id, mark) = (made.text_of("SubscriptionId").to_owned(), made.text_of("Watermark").to_owned());
    let events = |mark: &str| {
        format!("<m:GetEvents><m:SubscriptionId>{id}</m:SubscriptionId><m:Watermark>{mark}</m:Watermark></m:GetEvents>")
    };
    assert!(world.ask(&events(&mark)).await.has("StatusEvent"));
    let (item, _) = world.create("", "<t:Contact><t:Surname>A</t:Surname></t:Contact>").await;
    let told = world.ask(&events(&mark)).await;
    assert_eq!(told.find("CreatedEvent").item_id().0, item);
    let next = told.find("CreatedEvent").text_of("Watermark").to_owned();
    assert!(world.ask(&events(&next)).await.has("StatusEvent"));
    assert_eq!(world.ask(&events("AAAA")).await.codes(), ["ErrorEventNotFound"]);
    world.pass(3600);
    assert_eq!(world.ask(&events(&mark)).await.codes(), ["ErrorSubscriptionNotFound"]);
    let end = format!("<m:Unsubscribe><m:SubscriptionId>{id}</m:SubscriptionId></m:Unsubscribe>");
    assert_eq!(world.ask(&end).await.codes(), ["NoError"]);
    assert_eq!(world.ask(&end).await.codes(), ["ErrorSubscriptionNotFound"]);
}
