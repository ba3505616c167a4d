//! What happens to whole mailboxes: moved, replaced, archived, and very full.

use emulator::{MailboxSpec, Site, Unknown};

use crate::world::{ANN, PASSWORD, World, create, get_item, item_id};

const MARKED: &str = "<t:Contact><t:ExtendedProperty><t:ExtendedFieldURI DistinguishedPropertySetId=\"PublicStrings\" PropertyName=\"Mark\" PropertyType=\"String\"/><t:Value>m</t:Value></t:ExtendedProperty><t:Surname>Smith</t:Surname></t:Contact>";
const SHAPE: &str = "<t:BaseShape>Default</t:BaseShape><t:AdditionalProperties><t:ExtendedFieldURI DistinguishedPropertySetId=\"PublicStrings\" PropertyName=\"Mark\" PropertyType=\"String\"/></t:AdditionalProperties>";

fn sync(state: &str) -> String {
    let state = if state.is_empty() { String::new() } else { format!("<m:SyncState>{state}</m:SyncState>") };
    format!(
        "<m:SyncFolderItems><m:ItemShape><t:BaseShape>IdOnly</t:BaseShape></m:ItemShape><m:SyncFolderId><t:DistinguishedFolderId Id=\"contacts\"/></m:SyncFolderId>{state}<m:MaxChangesReturned>512</m:MaxChangesReturned></m:SyncFolderItems>"
    )
}

// M4, decision 2
#[tokio::test]
async fn a_moved_mailbox_keeps_its_properties_and_renews_every_id() {
    for one_site in [true, false] {
        let site = Site::new(5);
        let here = World::in_site(&site);
        let there = if one_site { World::empty(&site) } else { World::empty(&Site::new(6)) };
        let (id, key) = here.create("", MARKED).await;
        let state = here.ask(&sync("")).await.text_of("SyncState").to_owned();
        let root = here.server.folder_id(ANN, "msgfolderroot").unwrap();
        here.server.move_mailbox(ANN, &there.server).unwrap();
        assert_eq!(here.raw(&sync("")).await.0, 401);
        assert_eq!(here.impersonating(ANN).fault(&sync("")).await, "ErrorNonExistentMailbox");
        assert_ne!(there.server.folder_id(ANN, "msgfolderroot").unwrap(), root);
        assert_eq!(there.ask(&sync(&state)).await.codes(), ["ErrorInvalidSyncStateData"]);
        assert_eq!(there.get(&id).await.codes(), ["ErrorItemNotFound"]);
        let (new, new_key) = there.only("contacts").await;
        assert!(new != id && new_key != key);
        let read = there.ask(&get_item(SHAPE, &item_id(&new))).await;
        assert_eq!(read.extended("Mark").as_deref(), Some("m"));
    }
}

// trap 155
#[tokio::test]
async fn another_persons_mailbox_behind_the_same_address_is_empty_and_another() {
    let world = World::new();
    let (id, _) = world.create("", MARKED).await;
    let root = world.server.folder_id(ANN, "msgfolderroot").unwrap();
    world.server.replace_mailbox(MailboxSpec::user(ANN, "Another Ann", PASSWORD)).unwrap();
    assert_ne!(world.server.folder_id(ANN, "msgfolderroot").unwrap(), root);
    assert_eq!(world.get(&id).await.codes(), ["ErrorItemNotFound"]);
    assert!(world.server.items(ANN, "contacts").unwrap().is_empty());
}

#[tokio::test]
async fn an_archived_item_stands_in_the_archives_folder_under_another_id() {
    let world = World::new();
    let (id, _) = world.create("", MARKED).await;
    let new = world.server.archive_item(ANN, &id).unwrap();
    assert_ne!(new, id);
    assert!(world.server.items(ANN, "contacts").unwrap().is_empty());
    let read = world.ask(&get_item(SHAPE, &item_id(&new))).await;
    assert_eq!(read.extended("Mark").as_deref(), Some("m"));
    let (id, _) = world.create("", MARKED).await;
    let body = format!(
        "<m:ArchiveItem><m:ArchiveSourceFolderId><t:DistinguishedFolderId Id=\"contacts\"/></m:ArchiveSourceFolderId><m:ItemIds>{}</m:ItemIds></m:ArchiveItem>",
        item_id(&id)
    );
    assert_eq!(world.ask(&body).await.codes(), ["NoError"]);
    assert_eq!(world.server.touch(ANN, &id), Err(Unknown::Item));
}

#[tokio::test]
async fn an_address_belongs_to_one_mailbox_of_a_site() {
    let world = World::new();
    let again = world.server.add_mailbox(MailboxSpec::user("ANN@crm.test", "x", "x"));
    assert_eq!(again, Err(Unknown::AddressTaken));
    assert_eq!(world.server.disable_mailbox("nobody@crm.test"), Err(Unknown::Mailbox));
}

#[tokio::test]
async fn the_same_seed_and_clock_make_the_same_ids() {
    let ids = async || World::new().create("", MARKED).await;
    assert_eq!(ids().await, ids().await);
}

// trap 170: pages cost what they show, not what the mailbox holds
#[tokio::test]
async fn a_very_full_folder_is_listed_page_by_page() {
    let world = World::new();
    let one: String = (0..500).map(|n| format!("<t:Contact><t:Surname>N{n}</t:Surname></t:Contact>")).collect();
    for _ in 0..40 {
        let (status, _) = world.raw(&create("", &one)).await;
        assert_eq!(status, 200);
    }
    let (mut state, mut seen, mut pages) = (String::new(), 0, 0);
    loop {
        let (_, text) = world.raw(&sync(&state)).await;
        let page = crate::answer::Node::read(&text);
        seen += page.all("Create").len();
        pages += 1;
        page.text_of("SyncState").clone_into(&mut state);
        if page.text_of("IncludesLastItemInRange") == "true" {
            break;
        }
    }
    assert_eq!((seen, pages), (20_000, 40));
}
