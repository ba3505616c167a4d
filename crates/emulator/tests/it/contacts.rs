//! Contacts: everything a client sets comes back, the server's own names follow, and edits meet each other.

use crate::world::{World, create, get_item, item_id, set, update};

const ANN_SMITH: &str = "<t:Contact><t:Sensitivity>Private</t:Sensitivity><t:Body BodyType=\"Text\">line one\nline two</t:Body><t:Categories><t:String>Customers</t:String><t:String>VIP</t:String></t:Categories><t:ExtendedProperty><t:ExtendedFieldURI PropertySetId=\"c11ff724-aa03-4555-9952-8fa248a11c3e\" PropertyName=\"Mark\" PropertyType=\"String\"/><t:Value>m-1</t:Value></t:ExtendedProperty><t:ExtendedProperty><t:ExtendedFieldURI PropertyTag=\"0x3A45\" PropertyType=\"String\"/><t:Value>Dr.</t:Value></t:ExtendedProperty><t:GivenName>Ann</t:GivenName><t:CompanyName>Acme &amp; Sons</t:CompanyName><t:EmailAddresses><t:Entry Key=\"EmailAddress1\">ann@acme.test</t:Entry></t:EmailAddresses><t:PhysicalAddresses><t:Entry Key=\"Business\"><t:Street>1 Main St</t:Street><t:City>Springfield</t:City></t:Entry></t:PhysicalAddresses><t:PhoneNumbers><t:Entry Key=\"BusinessPhone\">+1 (555) 01</t:Entry><t:Entry Key=\"MobilePhone\">0170</t:Entry></t:PhoneNumbers><t:Birthday>1980-02-29T00:00:00Z</t:Birthday><t:JobTitle>Buyer</t:JobTitle><t:Surname>Smith</t:Surname></t:Contact>";

const SHAPE: &str = "<t:BaseShape>AllProperties</t:BaseShape><t:BodyType>Text</t:BodyType><t:AdditionalProperties><t:ExtendedFieldURI PropertySetId=\"C11FF724-AA03-4555-9952-8FA248A11C3E\" PropertyName=\"Mark\" PropertyType=\"String\"/></t:AdditionalProperties>";

#[tokio::test]
async fn everything_that_was_set_comes_back() {
    let world = World::new();
    let (id, key) = world.create("", ANN_SMITH).await;
    assert!(id.len() >= 140 && !key.is_empty());
    let read = world.ask(&get_item(SHAPE, &item_id(&id))).await;
    for (name, text) in [
        ("DisplayName", "Ann Smith"),
        ("FileAs", "Smith, Ann"),
        ("CompanyName", "Acme & Sons"),
        ("Body", "line one\r\nline two"),
        ("Birthday", "1980-02-29T00:00:00Z"),
        ("Sensitivity", "Private"),
        ("Title", "Dr."),
        ("City", "Springfield"),
        ("ItemClass", "IPM.Contact"),
    ] {
        assert_eq!(read.find("Contact").text_of(name), text, "{name}");
    }
    let words: Vec<_> = read.find("Categories").all("String").iter().map(|word| word.text.clone()).collect();
    assert_eq!(words, ["Customers", "VIP"]);
    assert_eq!(read.extended("Mark").as_deref(), Some("m-1"));
}

// trap 47
#[tokio::test]
async fn an_extended_property_asked_for_with_another_type_is_not_there() {
    let world = World::new();
    let (id, _) = world.create("", ANN_SMITH).await;
    let shape = SHAPE.replace("PropertyType=\"String\"", "PropertyType=\"Integer\"");
    let read = world.ask(&get_item(&shape, &item_id(&id))).await;
    assert_eq!(read.extended("Mark"), None);
}

// trap 55
#[tokio::test]
async fn an_update_changes_its_field_alone_and_the_change_key() {
    let world = World::new();
    let (id, key) = world.create("", ANN_SMITH).await;
    let change = update(
        "ConflictResolution=\"NeverOverwrite\"",
        &id,
        &key,
        &set("contacts:Surname", "Contact", "<t:Surname>Jones</t:Surname>"),
    );
    let answer = world.ask(&change).await;
    assert_eq!(answer.codes(), ["NoError"]);
    let (same, new) = answer.item_id();
    assert!(same == id && new != key);
    let read = world.get(&id).await;
    assert_eq!(read.text_of("DisplayName"), "Ann Jones");
    assert_eq!(read.text_of("JobTitle"), "Buyer");
    assert_eq!(world.ask(&change).await.codes(), ["ErrorIrresolvableConflict"]);
    let forced = change.replace("NeverOverwrite", "AlwaysOverwrite");
    assert_eq!(world.ask(&forced).await.codes(), ["NoError"]);
}

// trap 56
#[tokio::test]
async fn fields_are_set_and_cleared_by_key() {
    let world = World::new();
    let (id, key) = world.create("", ANN_SMITH).await;
    let entry = |uri: &str, index: &str, inner: &str| {
        format!(
            "<t:SetItemField><t:IndexedFieldURI FieldURI=\"{uri}\" FieldIndex=\"{index}\"/><t:Contact>{inner}</t:Contact></t:SetItemField>"
        )
    };
    let clear = |uri: &str, index: &str| {
        format!("<t:DeleteItemField><t:IndexedFieldURI FieldURI=\"{uri}\" FieldIndex=\"{index}\"/></t:DeleteItemField>")
    };
    let updates = [
        entry(
            "contacts:PhoneNumber",
            "HomePhone",
            "<t:PhoneNumbers><t:Entry Key=\"HomePhone\">99</t:Entry></t:PhoneNumbers>",
        ),
        clear("contacts:PhoneNumber", "MobilePhone"),
        entry(
            "contacts:PhysicalAddress:City",
            "Business",
            "<t:PhysicalAddresses><t:Entry Key=\"Business\"><t:City>Shelbyville</t:City></t:Entry></t:PhysicalAddresses>",
        ),
        clear("contacts:PhysicalAddress:Street", "Business"),
        clear("contacts:EmailAddress", "EmailAddress1"),
        "<t:DeleteItemField><t:FieldURI FieldURI=\"contacts:JobTitle\"/></t:DeleteItemField>".to_owned(),
        "<t:DeleteItemField><t:FieldURI FieldURI=\"item:Categories\"/></t:DeleteItemField>".to_owned(),
        "<t:DeleteItemField><t:ExtendedFieldURI PropertySetId=\"c11ff724-aa03-4555-9952-8fa248a11c3e\" PropertyName=\"Mark\" PropertyType=\"String\"/></t:DeleteItemField>".to_owned(),
    ]
    .concat();
    let answer = world.ask(&update("ConflictResolution=\"NeverOverwrite\"", &id, &key, &updates)).await;
    assert_eq!(answer.codes(), ["NoError"]);
    let read = world.ask(&get_item(SHAPE, &item_id(&id))).await;
    let phones: Vec<_> = read.find("PhoneNumbers").all("Entry").iter().map(|e| e.attr("Key").to_owned()).collect();
    assert_eq!(phones, ["BusinessPhone", "HomePhone"]);
    assert_eq!(read.text_of("City"), "Shelbyville");
    for gone in ["Street", "EmailAddresses", "JobTitle", "Categories"] {
        assert!(!read.has(gone), "{gone}");
    }
    assert_eq!(read.extended("Mark"), None);
}

#[tokio::test]
async fn a_change_without_a_key_or_with_a_mismatch_is_refused() {
    let world = World::new();
    let (id, key) = world.create("", ANN_SMITH).await;
    let surname = set("contacts:Surname", "Contact", "<t:Surname>X</t:Surname>");
    let try_it = async |attrs: &str, key: &str, updates: &str| {
        let answer = world.ask(&update(attrs, &id, key, updates)).await;
        answer.codes()[0].to_owned()
    };
    let never = "ConflictResolution=\"NeverOverwrite\"";
    assert_eq!(try_it(never, "", &surname).await, "ErrorChangeKeyRequired");
    assert_eq!(try_it(never, "AAAA", &surname).await, "ErrorInvalidChangeKey");
    let mismatch = set("contacts:GivenName", "Contact", "<t:Surname>X</t:Surname>");
    assert_eq!(try_it(never, &key, &mismatch).await, "ErrorUpdatePropertyMismatch");
    let two = set("contacts:GivenName", "Contact", "<t:GivenName>X</t:GivenName><t:Surname>X</t:Surname>");
    assert_eq!(try_it(never, &key, &two).await, "ErrorIncorrectUpdatePropertyCount");
    let computed = set("contacts:CompleteName", "Contact", "<t:CompleteName/>");
    assert_eq!(try_it(never, &key, &computed).await, "ErrorInvalidPropertySet");
    let append = surname.replace("SetItemField", "AppendToItemField");
    assert_eq!(try_it(never, &key, &append).await, "ErrorInvalidPropertyAppend");
    assert_eq!(world.get(&id).await.text_of("Surname"), "Smith");
}

#[tokio::test]
async fn one_bad_item_does_not_stop_the_others() {
    let world = World::new();
    let items = "<t:Contact><t:Surname>A</t:Surname></t:Contact><t:Contact><t:ExtendedProperty><t:ExtendedFieldURI PropertyTag=\"0x8001\" PropertyType=\"String\"/><t:Value>x</t:Value></t:ExtendedProperty></t:Contact><t:Contact><t:Surname>C</t:Surname></t:Contact>";
    let answer = world.ask(&create("", items)).await;
    assert_eq!(answer.codes(), ["NoError", "ErrorNoPropertyTagForCustomProperties", "NoError"]);
}

#[tokio::test]
async fn elements_out_of_order_fail_the_schema_and_nothing_is_made() {
    let world = World::new();
    let wrong = "<t:Contact><t:Surname>Smith</t:Surname><t:GivenName>Ann</t:GivenName></t:Contact>";
    assert_eq!(world.fault(&create("", wrong)).await, "ErrorSchemaValidation");
    assert!(world.server.items(crate::world::ANN, "contacts").unwrap().is_empty());
}

// trap 46
#[tokio::test]
async fn a_copy_keeps_the_mark_and_a_move_changes_the_id() {
    let world = World::new();
    let (id, _) = world.create("", ANN_SMITH).await;
    let to = |operation: &str| {
        format!(
            "<m:{operation}><m:ToFolderId><t:DistinguishedFolderId Id=\"deleteditems\"/></m:ToFolderId><m:ItemIds>{}</m:ItemIds></m:{operation}>",
            item_id(&id)
        )
    };
    let (copy, _) = world.ask(&to("CopyItem")).await.item_id();
    let read = world.ask(&get_item(SHAPE, &item_id(&copy))).await;
    assert_eq!(read.extended("Mark").as_deref(), Some("m-1"));
    let (moved, _) = world.ask(&to("MoveItem")).await.item_id();
    assert!(moved != id && moved != copy);
    assert_eq!(world.get(&id).await.codes(), ["ErrorItemNotFound"]);
}

#[tokio::test]
async fn a_delete_ignores_change_keys_and_ends_where_it_was_told() {
    let world = World::new();
    let delete = |id: &str, kind: &str| {
        format!(
            "<m:DeleteItem DeleteType=\"{kind}\"><m:ItemIds><t:ItemId Id=\"{id}\" ChangeKey=\"stale\"/></m:ItemIds></m:DeleteItem>"
        )
    };
    for (kind, folder) in [("MoveToDeletedItems", "deleteditems"), ("SoftDelete", "recoverableitemsdeletions")] {
        let (id, _) = world.create("", ANN_SMITH).await;
        assert_eq!(world.ask(&delete(&id, kind)).await.codes(), ["NoError"]);
        assert_eq!(world.ask(&delete(&id, kind)).await.codes(), ["ErrorItemNotFound"]);
        let (there, _) = world.only(folder).await;
        assert_eq!(world.get(&there).await.text_of("Surname"), "Smith");
    }
    let (id, _) = world.create("", ANN_SMITH).await;
    world.ask(&delete(&id, "HardDelete")).await;
    assert!(world.server.items(crate::world::ANN, "contacts").unwrap().is_empty());
}

// trap 112
#[tokio::test]
async fn properties_under_their_mapi_names_are_the_same_properties() {
    let world = World::new();
    let contact = "<t:Contact><t:ExtendedProperty><t:ExtendedFieldURI PropertyTag=\"0x3a06\" PropertyType=\"String\"/><t:Value>Ann</t:Value></t:ExtendedProperty><t:ExtendedProperty><t:ExtendedFieldURI PropertyTag=\"0x3a1c\" PropertyType=\"String\"/><t:Value>0170</t:Value></t:ExtendedProperty></t:Contact>";
    let (id, _) = world.create("", contact).await;
    let read = world.get(&id).await;
    assert_eq!((read.text_of("GivenName"), read.text_of("Entry")), ("Ann", "0170"));
    let shape = "<t:BaseShape>IdOnly</t:BaseShape><t:AdditionalProperties><t:ExtendedFieldURI PropertyTag=\"0x3a06\" PropertyType=\"String\"/></t:AdditionalProperties>";
    let read = world.ask(&get_item(shape, &item_id(&id))).await;
    assert_eq!(read.extended("0x3a06").as_deref(), Some("Ann"));
}

// trap 140
#[tokio::test]
async fn files_are_kept_beside_every_edit() {
    let world = World::new();
    let (id, _) = world.create("", ANN_SMITH).await;
    let add = format!(
        "<m:CreateAttachment><m:ParentItemId Id=\"{id}\"/><m:Attachments><t:FileAttachment><t:Name>a.txt</t:Name><t:Content>aGVsbG8=</t:Content></t:FileAttachment></m:Attachments></m:CreateAttachment>"
    );
    let added = world.ask(&add).await;
    let file = added.find("AttachmentId");
    let (attachment, key) = (file.attr("Id").to_owned(), file.attr("RootItemChangeKey").to_owned());
    let edit = update(
        "ConflictResolution=\"NeverOverwrite\"",
        &id,
        &key,
        &set("contacts:Surname", "Contact", "<t:Surname>J</t:Surname>"),
    );
    assert_eq!(world.ask(&edit).await.codes(), ["NoError"]);
    assert_eq!(world.get(&id).await.text_of("HasAttachments"), "true");
    let ids = format!("<m:AttachmentIds><t:AttachmentId Id=\"{attachment}\"/></m:AttachmentIds>");
    let read = world.ask(&format!("<m:GetAttachment>{ids}</m:GetAttachment>")).await;
    assert_eq!(read.text_of("Content"), "aGVsbG8=");
    world.ask(&format!("<m:DeleteAttachment>{ids}</m:DeleteAttachment>")).await;
    assert_eq!(world.get(&id).await.text_of("HasAttachments"), "false");
}

#[tokio::test]
async fn a_distribution_list_lives_among_the_contacts() {
    let world = World::new();
    let list = "<t:DistributionList><t:DisplayName>Team</t:DisplayName><t:Members><t:Member><t:Mailbox><t:Name>Bob</t:Name><t:EmailAddress>bob@crm.test</t:EmailAddress></t:Mailbox></t:Member></t:Members></t:DistributionList>";
    let (id, _) = world.create("", list).await;
    let read = world.get(&id).await;
    assert_eq!(read.text_of("ItemClass"), "IPM.DistList");
    assert_eq!(read.find("Members").text_of("EmailAddress"), "bob@crm.test");
}
