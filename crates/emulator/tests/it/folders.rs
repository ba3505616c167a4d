//! Folders: the ones there are, the ones clients make, and properties on them.

use crate::world::World;

fn find(traversal: &str, parent: &str, more: &str) -> String {
    format!(
        "<m:FindFolder Traversal=\"{traversal}\"><m:FolderShape><t:BaseShape>Default</t:BaseShape></m:FolderShape>{more}<m:ParentFolderIds><t:DistinguishedFolderId Id=\"{parent}\"/></m:ParentFolderIds></m:FindFolder>"
    )
}

fn make(parent: &str, name: &str) -> String {
    format!(
        "<m:CreateFolder><m:ParentFolderId><t:DistinguishedFolderId Id=\"{parent}\"/></m:ParentFolderId><m:Folders><t:Folder><t:DisplayName>{name}</t:DisplayName></t:Folder></m:Folders></m:CreateFolder>"
    )
}

fn get(id: &str, more: &str) -> String {
    format!(
        "<m:GetFolder><m:FolderShape><t:BaseShape>AllProperties</t:BaseShape>{more}</m:FolderShape><m:FolderIds><t:FolderId Id=\"{id}\"/></m:FolderIds></m:GetFolder>"
    )
}

#[tokio::test]
async fn a_listing_always_tells_where_it_ends() {
    let world = World::new();
    let none = world.ask(&find("Shallow", "tasks", "")).await;
    let root = none.find("RootFolder");
    assert_eq!(
        (root.attr("TotalItemsInView"), root.attr("IncludesLastItemInRange"), root.attr("IndexedPagingOffset")),
        ("0", "true", "0")
    );
    let page = world
        .ask(&find(
            "Deep",
            "msgfolderroot",
            "<m:IndexedPageFolderView MaxEntriesReturned=\"5\" Offset=\"0\" BasePoint=\"Beginning\"/>",
        ))
        .await;
    let root = page.find("RootFolder");
    assert_eq!((root.attr("IncludesLastItemInRange"), root.attr("IndexedPagingOffset")), ("false", "5"));
    assert_eq!(page.all("FolderId").len(), 5);
}

// trap 122
#[tokio::test]
async fn hidden_folders_and_foreign_classes_can_be_told() {
    let world = World::new();
    let hidden = "<m:Restriction><t:IsEqualTo><t:ExtendedFieldURI PropertyTag=\"0x10f4\" PropertyType=\"Boolean\"/><t:FieldURIOrConstant><t:Constant Value=\"true\"/></t:FieldURIOrConstant></t:IsEqualTo></m:Restriction>";
    let found = world.ask(&find("Deep", "contacts", hidden)).await;
    let names: Vec<_> = found.all("DisplayName").iter().map(|name| name.text.clone()).collect();
    assert!(names.contains(&"Recipient Cache".to_owned()) && names.contains(&"GAL Contacts".to_owned()));
    assert_eq!(names.len(), 6);
}

#[tokio::test]
async fn a_property_of_the_root_folder_is_kept() {
    let world = World::new();
    let root = world.server.folder_id(crate::world::ANN, "msgfolderroot").unwrap();
    let path = "<t:ExtendedFieldURI PropertySetId=\"c11ff724-aa03-4555-9952-8fa248a11c3e\" PropertyName=\"MailboxId\" PropertyType=\"String\"/>";
    let write = format!(
        "<m:UpdateFolder><m:FolderChanges><t:FolderChange><t:FolderId Id=\"{root}\"/><t:Updates><t:SetFolderField>{path}<t:Folder><t:ExtendedProperty>{path}<t:Value>box-1</t:Value></t:ExtendedProperty></t:Folder></t:SetFolderField></t:Updates></t:FolderChange></m:FolderChanges></m:UpdateFolder>"
    );
    assert_eq!(world.ask(&write).await.codes(), ["NoError"]);
    let read = world.ask(&get(&root, &format!("<t:AdditionalProperties>{path}</t:AdditionalProperties>"))).await;
    assert_eq!(read.extended("MailboxId").as_deref(), Some("box-1"));
    let clear = format!(
        "<m:UpdateFolder><m:FolderChanges><t:FolderChange><t:FolderId Id=\"{root}\"/><t:Updates><t:DeleteFolderField>{path}</t:DeleteFolderField></t:Updates></t:FolderChange></m:FolderChanges></m:UpdateFolder>"
    );
    world.ask(&clear).await;
    let read = world.ask(&get(&root, &format!("<t:AdditionalProperties>{path}</t:AdditionalProperties>"))).await;
    assert_eq!(read.extended("MailboxId"), None);
}

// trap 149
#[tokio::test]
async fn a_renamed_folder_keeps_its_id_and_one_of_the_same_name_gets_another() {
    let world = World::new();
    let made = world.ask(&make("contacts", "Team")).await;
    let id = made.find("FolderId").attr("Id").to_owned();
    assert_eq!(world.ask(&make("contacts", "TEAM")).await.codes(), ["ErrorFolderExists"]);
    let rename = format!(
        "<m:UpdateFolder><m:FolderChanges><t:FolderChange><t:FolderId Id=\"{id}\"/><t:Updates><t:SetFolderField><t:FieldURI FieldURI=\"folder:DisplayName\"/><t:Folder><t:DisplayName>Crew</t:DisplayName></t:Folder></t:SetFolderField></t:Updates></t:FolderChange></m:FolderChanges></m:UpdateFolder>"
    );
    world.ask(&rename).await;
    assert_eq!(world.ask(&get(&id, "")).await.text_of("DisplayName"), "Crew");
    let delete = format!(
        "<m:DeleteFolder DeleteType=\"HardDelete\"><m:FolderIds><t:FolderId Id=\"{id}\"/></m:FolderIds></m:DeleteFolder>"
    );
    assert_eq!(world.ask(&delete).await.codes(), ["NoError"]);
    assert_eq!(world.ask(&get(&id, "")).await.codes(), ["ErrorFolderNotFound"]);
    let again = world.ask(&make("contacts", "Crew")).await;
    assert_ne!(again.find("FolderId").attr("Id"), id);
}

#[tokio::test]
async fn default_folders_stay() {
    let world = World::new();
    let delete = "<m:DeleteFolder DeleteType=\"HardDelete\"><m:FolderIds><t:DistinguishedFolderId Id=\"contacts\"/></m:FolderIds></m:DeleteFolder>";
    assert_eq!(world.ask(delete).await.codes(), ["ErrorDeleteDistinguishedFolder"]);
    let voice = "<m:GetFolder><m:FolderShape><t:BaseShape>IdOnly</t:BaseShape></m:FolderShape><m:FolderIds><t:DistinguishedFolderId Id=\"voicemail\"/></m:FolderIds></m:GetFolder>";
    assert_eq!(world.ask(voice).await.codes(), ["ErrorItemNotFound"]);
}

#[tokio::test]
async fn a_folder_moves_with_its_id_and_empties_with_its_items() {
    let world = World::new();
    let id = world.ask(&make("contacts", "Old")).await.find("FolderId").attr("Id").to_owned();
    let to = |target: &str| {
        format!(
            "<m:MoveFolder><m:ToFolderId>{target}</m:ToFolderId><m:FolderIds><t:FolderId Id=\"{id}\"/></m:FolderIds></m:MoveFolder>"
        )
    };
    let moved = world.ask(&to("<t:DistinguishedFolderId Id=\"inbox\"/>")).await;
    assert_eq!(moved.find("FolderId").attr("Id"), id);
    let inside = world.ask(&to(&format!("<t:FolderId Id=\"{id}\"/>"))).await;
    assert_eq!(inside.codes(), ["ErrorMoveCopyFailed"]);
    world.create("", "<t:Contact><t:Surname>A</t:Surname></t:Contact>").await;
    let empty = "<m:EmptyFolder DeleteType=\"MoveToDeletedItems\" DeleteSubFolders=\"false\"><m:FolderIds><t:DistinguishedFolderId Id=\"contacts\"/></m:FolderIds></m:EmptyFolder>";
    assert_eq!(world.ask(empty).await.codes(), ["NoError"]);
    world.only("deleteditems").await;
}

#[tokio::test]
async fn ids_are_byte_exact() {
    let world = World::new();
    let id = world.server.folder_id(crate::world::ANN, "contacts").unwrap();
    let last = id.len() - 1;
    for wrong in [id.to_lowercase(), id[..last].to_owned(), format!("{id}A"), String::from("AAAA")] {
        let code = world.ask(&get(&wrong, "")).await.codes()[0].to_owned();
        assert!(matches!(code.as_str(), "ErrorInvalidIdMalformed" | "ErrorItemNotFound"), "{code}");
    }
    assert_eq!(world.ask(&get("", "")).await.codes(), ["ErrorInvalidIdEmpty"]);
    let (item, _) = world.create("", "<t:Contact><t:Surname>A</t:Surname></t:Contact>").await;
    assert_eq!(world.ask(&get(&item, "")).await.codes(), ["ErrorCannotUseItemIdForFolderId"]);
    assert_eq!(world.get(&id).await.codes(), ["ErrorCannotUseFolderIdForItemId"]);
}
