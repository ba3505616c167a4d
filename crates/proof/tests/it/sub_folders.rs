//! Sub-folders that an administrator named, and what people do with them (rules D7, E7).

use crate::database::on_both;
use crate::outlook::{self, Outlook, titles};
use crate::world::{Person, World};
use serde_json::json;
use wire::ews::DistinguishedFolder as Folder;

on_both!(a_named_sub_folder_may_be_renamed_and_one_that_is_gone_holds_back_its_kind_alone);

/// Makes a folder of contacts below the default one; its id.
async fn made(outlook: &Outlook, name: &str) -> String {
    let answer = outlook
        .raw("", &format!(r#"<m:CreateFolder><m:ParentFolderId><t:DistinguishedFolderId Id="contacts"/></m:ParentFolderId><m:Folders><t:ContactsFolder><t:DisplayName>{name}</t:DisplayName></t:ContactsFolder></m:Folders></m:CreateFolder>"#))
        .await;
    let id = answer.split(r#"FolderId Id=""#).nth(1).and_then(|rest| rest.split('"').next());
    id.unwrap_or_else(|| panic!("{answer}")).to_owned()
}

async fn renamed(outlook: &Outlook, folder: &str, to: &str) {
    let answer = outlook
        .raw("", &format!(r#"<m:UpdateFolder><m:FolderChanges><t:FolderChange><t:FolderId Id="{folder}"/><t:Updates><t:SetFolderField><t:FieldURI FieldURI="folder:DisplayName"/><t:ContactsFolder><t:DisplayName>{to}</t:DisplayName></t:ContactsFolder></t:SetFolderField></t:Updates></t:FolderChange></m:FolderChanges></m:UpdateFolder>"#))
        .await;
    assert!(answer.contains("NoError"), "{answer}");
}

async fn card(outlook: &Outlook, folder: &str, last: &str) {
    let answer = outlook
        .raw("", &format!(r#"<m:CreateItem MessageDisposition="SaveOnly"><m:SavedItemFolderId><t:FolderId Id="{folder}"/></m:SavedItemFolderId><m:Items><t:Contact><t:Categories><t:String>Siebel Contact</t:String></t:Categories><t:GivenName>Otto</t:GivenName><t:Surname>{last}</t:Surname></t:Contact></m:Items></m:CreateItem>"#))
        .await;
    assert!(answer.contains("NoError"), "{answer}");
}

async fn names(world: &World, who: &Person) -> Vec<String> {
    let all = world.view(who, "my_contacts").await;
    let mut names: Vec<String> =
        all.iter().map(|one| one["last_name"].as_str().unwrap_or_default().to_owned()).collect();
    names.sort();
    names
}

/// Cycles in which contacts wait, and everything else goes on.
async fn contacts_wait(world: &World, anna: &Person) {
    let told = "contact: the sub-folder \"Customers\" named in the connection is not in the mailbox";
    for _ in 0..3 {
        let trouble = world.cycle(anna).await.trouble;
        assert!(trouble.as_deref().is_some_and(|why| why.starts_with(told)), "{trouble:?}");
    }
    let status = world.status(anna).await;
    assert_eq!(status["state"], "trouble", "{status}");
    assert!(status["trouble"].as_str().is_some_and(|why| why.starts_with(told)), "{status}");
}

// D7, E7, traps 148, 149
async fn a_named_sub_folder_may_be_renamed_and_one_that_is_gone_holds_back_its_kind_alone() {
    let (world, anna, _) = World::with_two().await;
    let outlook = world.outlook(&anna);
    let folders = json!({"folders": {"contact": ["Customers"]}});
    world.done(&world.admin, "PATCH", "/api/admin/connections/hq", Some(&folders)).await;
    let first = made(&outlook, "Customers").await;
    card(&outlook, &first, "Sub").await;
    let berg = world.listed(&anna, "Berg").await;
    world.sync(&[&anna]).await;
    assert_eq!(names(&world, &anna).await, ["Berg", "Sub"]);
    // Another name is no event while it is known which folder it was.
    renamed(&outlook, &first, "Clients").await;
    card(&outlook, &first, "Later").await;
    world.sync(&[&anna]).await;
    assert_eq!(names(&world, &anna).await, ["Berg", "Later", "Sub"]);
    // Called otherwise while no server ran, and moved out of its place, it is the same folder still.
    renamed(&outlook, &first, "Partners").await;
    card(&outlook, &first, "Away").await;
    let world = world.restarted().await;
    let outlook = world.outlook(&anna);
    world.edit_contact(&anna, &berg, json!({"job_title": "Chief"})).await;
    world.sync(&[&anna]).await;
    assert_eq!(names(&world, &anna).await, ["Away", "Berg", "Later", "Sub"]);
    let job = async || outlook.only(Folder::Contacts).await.text(wire::ews::Property::JobTitle).map(str::to_owned);
    assert_eq!(job().await.as_deref(), Some("Chief"));
    let told = async || world.get(&world.admin, "/api/admin/history?user=anna&limit=200").await.to_string();
    assert!(told().await.contains("was \\\"clients\\\" and is \\\"partners\\\" now"), "{}", told().await);
    let moved = outlook.raw("", &format!(r#"<m:MoveFolder><m:ToFolderId><t:DistinguishedFolderId Id="msgfolderroot"/></m:ToFolderId><m:FolderIds><t:FolderId Id="{first}"/></m:FolderIds></m:MoveFolder>"#)).await;
    assert!(moved.contains("NoError"), "{moved}");
    card(&outlook, &first, "Moved").await;
    let world = world.restarted().await;
    let outlook = world.outlook(&anna);
    world.sync(&[&anna]).await;
    assert_eq!(names(&world, &anna).await, ["Away", "Berg", "Later", "Moved", "Sub"]);
    assert_eq!(world.status(&anna).await["state"], "ok");
    // Deleted, it deletes nothing; made again it is another folder, which is read whole.
    let gone = outlook.raw("", &format!(r#"<m:DeleteFolder DeleteType="MoveToDeletedItems"><m:FolderIds><t:FolderId Id="{first}"/></m:FolderIds></m:DeleteFolder>"#)).await;
    assert!(gone.contains("NoError"), "{gone}");
    let day = outlook::appointment("Own", "2026-09-30T08:00:00Z", "2026-09-30T09:00:00Z");
    outlook.make(Folder::Calendar, day).await;
    world.edit_contact(&anna, &berg, json!({"job_title": "Buyer"})).await;
    world.appointment(&anna, "Plan", "2026-09-28").await;
    contacts_wait(&world, &anna).await;
    assert_eq!(titles(&outlook.items(Folder::Calendar).await), ["Own", "Plan"]);
    assert_eq!(world.view(&anna, "my_calendar").await.len(), 2);
    assert_eq!(names(&world, &anna).await, ["Away", "Berg", "Later", "Moved", "Sub"]);
    let job = async || outlook.only(Folder::Contacts).await.text(wire::ews::Property::JobTitle).map(str::to_owned);
    assert_eq!(job().await.as_deref(), Some("Chief"), "it waits");
    let second = made(&outlook, "Customers").await;
    card(&outlook, &second, "Again").await;
    world.sync(&[&anna]).await;
    assert_eq!(names(&world, &anna).await, ["Again", "Away", "Berg", "Later", "Moved", "Sub"]);
    assert_eq!(job().await.as_deref(), Some("Buyer"), "what waited went");
    assert_eq!(outlook.count(Folder::Contacts), 1);
    assert_eq!(world.status(&anna).await["state"], "ok");
}
