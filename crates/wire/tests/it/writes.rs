//! Requests that change, remove, look for and move, byte by byte and against the published schema.

use crate::schema::*;
use wire::ews::*;

// traps 55, 56
#[test]
fn an_update_names_each_field_it_sets_or_takes_away_and_no_other() {
    let fields = vec![
        FieldChange::Set(Path::entry(Dictionary::City, "Business"), text("Bonn")),
        FieldChange::Delete(Path::entry(Dictionary::Street, "Business")),
        FieldChange::Delete(Path::entry(Dictionary::EmailAddress, "EmailAddress2")),
        FieldChange::Delete(Property::Nickname.into()),
        FieldChange::Set(mark(), text("m2")),
    ];
    let change = ItemChange { item: ItemId::at("A", "1").into(), kind: ItemKind::Contact, fields };
    let request = UpdateItem { conflicts: ConflictResolution::default(), mail: Mail::None, changes: vec![change] };
    assert_eq!(
        body(&request),
        format!(
            "<m:UpdateItem ConflictResolution=\"NeverOverwrite\" MessageDisposition=\"SaveOnly\"><m:ItemChanges><t:ItemChange><t:ItemId Id=\"A\" ChangeKey=\"1\"/><t:Updates>\
             <t:SetItemField><t:IndexedFieldURI FieldURI=\"contacts:PhysicalAddress:City\" FieldIndex=\"Business\"/><t:Contact><t:PhysicalAddresses><t:Entry Key=\"Business\"><t:City>Bonn</t:City></t:Entry></t:PhysicalAddresses></t:Contact></t:SetItemField>\
             <t:DeleteItemField><t:IndexedFieldURI FieldURI=\"contacts:PhysicalAddress:Street\" FieldIndex=\"Business\"/></t:DeleteItemField>\
             <t:DeleteItemField><t:IndexedFieldURI FieldURI=\"contacts:EmailAddress\" FieldIndex=\"EmailAddress2\"/></t:DeleteItemField>\
             <t:DeleteItemField><t:FieldURI FieldURI=\"contacts:Nickname\"/></t:DeleteItemField>\
             <t:SetItemField><t:ExtendedFieldURI PropertySetId=\"{GUID}\" PropertyName=\"mark\" PropertyType=\"String\"/><t:Contact><t:ExtendedProperty><t:ExtendedFieldURI PropertySetId=\"{GUID}\" PropertyName=\"mark\" PropertyType=\"String\"/><t:Value>m2</t:Value></t:ExtendedProperty></t:Contact></t:SetItemField>\
             </t:Updates></t:ItemChange></m:ItemChanges></m:UpdateItem>"
        )
    );
}

// C4, C9
#[test]
fn a_delete_goes_to_deleted_items_and_always_says_what_it_sends() {
    let ids = vec![ItemId::at("A", "1").into()];
    let request =
        DeleteItem { how: DeleteType::default(), mail: Mail::None, tasks: AffectedTaskOccurrences::default(), ids };
    assert_eq!(
        body(&request),
        "<m:DeleteItem DeleteType=\"MoveToDeletedItems\" SendMeetingCancellations=\"SendToNone\" AffectedTaskOccurrences=\"AllOccurrences\"><m:ItemIds><t:ItemId Id=\"A\" ChangeKey=\"1\"/></m:ItemIds></m:DeleteItem>"
    );
    let tasks = AffectedTaskOccurrences::SpecifiedOccurrenceOnly;
    for (how, name) in [(DeleteType::SoftDelete, "SoftDelete"), (DeleteType::HardDelete, "HardDelete")] {
        assert!(body(&DeleteItem { how, tasks, ..request.clone() }).contains(name));
    }
}

// C9
#[test]
fn only_a_write_that_says_so_sends_mail() {
    let guest = Attendee {
        mailbox: Mailbox {
            name: Some("Ann".to_owned()),
            address: Some("ann@crm.test".to_owned()),
            routing: Some("SMTP".to_owned()),
            kind: None,
        },
        response: Some("Accept".to_owned()),
        last_response: None,
    };
    let item = Item::new(ItemKind::CalendarItem).with(Property::RequiredAttendees, Value::Attendees(vec![guest]));
    let on = MailOn::an_administrator_turned_mail_on();
    let create = CreateItem { folder: DistinguishedFolder::Calendar.into(), items: vec![item], mail: Mail::On(on) };
    let written = body(&create);
    assert!(written.contains("SendMeetingInvitations=\"SendToAllAndSaveCopy\""));
    assert!(!written.contains("ResponseType"), "responses are never written"); // P4
    let fields = vec![FieldChange::Set(Property::Location.into(), text("Room"))];
    let change = ItemChange { item: ItemId::at("A", "1").into(), kind: ItemKind::CalendarItem, fields };
    for (mail, word) in [
        (Mail::None, "\"SendToNone\""),
        (Mail::On(on), "\"SendToAllAndSaveCopy\""),
        (Mail::On(on.only_to_those_added_or_removed()), "\"SendToChangedAndSaveCopy\""),
    ] {
        let conflicts = ConflictResolution::AutoResolve;
        let written = body(&UpdateItem { conflicts, mail, changes: vec![change.clone()] });
        assert!(written.contains(&format!("SendMeetingInvitationsOrCancellations={word}")), "{written}");
    }
}

#[test]
fn searches_and_moves_are_valid() {
    let all = Restriction::And(vec![
        Restriction::IsEqualTo(mark(), "m\"1".to_owned()),
        Restriction::Or(vec![
            Restriction::Exists(mark()),
            Restriction::Not(Box::new(Restriction::StartsWith(Property::ItemClass.into(), "IPM.Task".to_owned()))),
        ]),
    ]);
    let shape = Shape::of([mark()]).and_parent();
    let view = View::Page { offset: 100, most: 50 };
    let find =
        FindItem { shape, view, restriction: Some(all), folders: vec![DistinguishedFolder::DeletedItems.into()] };
    assert_eq!(
        body(&find),
        format!(
            "<m:FindItem Traversal=\"Shallow\"><m:ItemShape><t:BaseShape>IdOnly</t:BaseShape><t:AdditionalProperties><t:FieldURI FieldURI=\"item:ParentFolderId\"/><t:ExtendedFieldURI PropertySetId=\"{GUID}\" PropertyName=\"mark\" PropertyType=\"String\"/></t:AdditionalProperties></m:ItemShape>\
             <m:IndexedPageItemView MaxEntriesReturned=\"50\" Offset=\"100\" BasePoint=\"Beginning\"/><m:Restriction><t:And>\
             <t:IsEqualTo><t:ExtendedFieldURI PropertySetId=\"{GUID}\" PropertyName=\"mark\" PropertyType=\"String\"/><t:FieldURIOrConstant><t:Constant Value=\"m&quot;1\"/></t:FieldURIOrConstant></t:IsEqualTo>\
             <t:Or><t:Exists><t:ExtendedFieldURI PropertySetId=\"{GUID}\" PropertyName=\"mark\" PropertyType=\"String\"/></t:Exists><t:Not><t:Contains ContainmentMode=\"Prefixed\" ContainmentComparison=\"IgnoreCase\"><t:FieldURI FieldURI=\"item:ItemClass\"/><t:Constant Value=\"IPM.Task\"/></t:Contains></t:Not></t:Or>\
             </t:And></m:Restriction><m:ParentFolderIds><t:DistinguishedFolderId Id=\"deleteditems\"/></m:ParentFolderIds></m:FindItem>"
        )
    );
    let span = Span {
        from: "2026-11-02T00:00:00Z".parse().expect("a time"),
        to: "2026-11-03T00:00:00Z".parse().expect("a time"),
    };
    let view = View::Calendar { span, most: 10 };
    let written = body(&FindItem {
        view,
        restriction: None,
        shape: Shape::id_only(),
        folders: vec![DistinguishedFolder::Calendar.into()],
    });
    assert!(written.contains("<m:CalendarView MaxEntriesReturned=\"10\" StartDate=\"2026-11-02T00:00:00Z\" EndDate=\"2026-11-03T00:00:00Z\"/>"));
    let ids = vec![ItemId::of("A").into()];
    for (asks_for_ids, word) in [(true, "<m:ReturnNewItemIds>true</m:ReturnNewItemIds>"), (false, "")] {
        assert_eq!(
            body(&MoveItem { to: FolderId::of("F").into(), ids: ids.clone(), asks_for_ids }),
            format!(
                "<m:MoveItem><m:ToFolderId><t:FolderId Id=\"F\"/></m:ToFolderId><m:ItemIds><t:ItemId Id=\"A\"/></m:ItemIds>{word}</m:MoveItem>"
            )
        );
    }
}

#[test]
fn folders_are_listed_made_and_marked() {
    let ours = ExtendedPath::named(GUID, "mailbox", ExtendedType::String);
    for (traversal, word) in [(FolderTraversal::Deep, "Deep"), (FolderTraversal::Shallow, "Shallow")] {
        let parent = DistinguishedFolder::MsgFolderRoot.into();
        let written = body(&FindFolder { extended: vec![ours.clone()], parent, traversal, offset: 0, most: 200 });
        assert!(written.starts_with(&format!("<m:FindFolder Traversal=\"{word}\">")));
    }
    let kinds = [FolderKind::Contacts, FolderKind::Calendar, FolderKind::Tasks, FolderKind::Other, FolderKind::Search];
    let folders = kinds.map(|kind| NewFolder { kind, name: "Sub & co".to_owned() }).to_vec();
    assert!(body(&CreateFolder { parent: DistinguishedFolder::Contacts.into(), folders }).contains("Sub &amp; co"));
    let request = UpdateFolder {
        folder: DistinguishedFolder::MsgFolderRoot.into(),
        kind: FolderKind::Other,
        set: vec![
            (ours, text("mb1")),
            (ExtendedPath::number("Common", 7, ExtendedType::StringArray), Value::Texts(vec!["a".to_owned()])),
        ],
    };
    assert_eq!(
        body(&request),
        format!(
            "<m:UpdateFolder><m:FolderChanges><t:FolderChange><t:DistinguishedFolderId Id=\"msgfolderroot\"/><t:Updates><t:SetFolderField><t:ExtendedFieldURI PropertySetId=\"{GUID}\" PropertyName=\"mailbox\" PropertyType=\"String\"/><t:Folder><t:ExtendedProperty><t:ExtendedFieldURI PropertySetId=\"{GUID}\" PropertyName=\"mailbox\" PropertyType=\"String\"/><t:Value>mb1</t:Value></t:ExtendedProperty></t:Folder></t:SetFolderField>\
             <t:SetFolderField><t:ExtendedFieldURI DistinguishedPropertySetId=\"Common\" PropertyId=\"7\" PropertyType=\"StringArray\"/><t:Folder><t:ExtendedProperty><t:ExtendedFieldURI DistinguishedPropertySetId=\"Common\" PropertyId=\"7\" PropertyType=\"StringArray\"/><t:Values><t:Value>a</t:Value></t:Values></t:ExtendedProperty></t:Folder></t:SetFolderField></t:Updates></t:FolderChange></m:FolderChanges></m:UpdateFolder>"
        )
    );
}

#[test]
fn the_directory_is_asked_by_address() {
    let entry = "smtp:anna@crm.test".to_owned();
    assert_eq!(
        body(&ResolveNames { entry }),
        "<m:ResolveNames ReturnFullContactData=\"true\" SearchScope=\"ActiveDirectory\"><m:UnresolvedEntry>smtp:anna@crm.test</m:UnresolvedEntry></m:ResolveNames>"
    );
}

// L1
#[test]
fn the_lists_of_rooms_are_asked_for() {
    assert_eq!(body(&GetRoomLists), "<m:GetRoomLists/>");
    let list = "a&b@crm.test".to_owned();
    assert_eq!(
        body(&GetRooms { list }),
        "<m:GetRooms><m:RoomList><t:EmailAddress>a&amp;b@crm.test</t:EmailAddress></m:RoomList></m:GetRooms>"
    );
}
