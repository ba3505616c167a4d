//! Subscribing and being told: requests byte by byte, and the stream of answers as Exchange sends it.

use crate::samples::{answer, envelope};
use crate::schema::body;
use wire::ews::*;
use wire::xml::Limits;

// E4
#[test]
fn what_can_change_a_listing_is_subscribed_to() {
    let folder = |id: &str| FolderRef::from(FolderId::of(id));
    assert_eq!(
        body(&Subscribe { folders: vec![folder("A="), folder("B=")] }),
        "<m:Subscribe><m:StreamingSubscriptionRequest><t:FolderIds><t:FolderId Id=\"A=\"/><t:FolderId Id=\"B=\"/></t:FolderIds>\
         <t:EventTypes><t:EventType>CopiedEvent</t:EventType><t:EventType>CreatedEvent</t:EventType><t:EventType>DeletedEvent</t:EventType>\
         <t:EventType>ModifiedEvent</t:EventType><t:EventType>MovedEvent</t:EventType></t:EventTypes></m:StreamingSubscriptionRequest></m:Subscribe>"
    );
    assert_eq!(
        body(&Unsubscribe { id: "S+/=".to_owned() }),
        "<m:Unsubscribe><m:SubscriptionId>S+/=</m:SubscriptionId></m:Unsubscribe>"
    );
    let streamed = GetStreamingEvents { subscriptions: vec!["S1".to_owned(), "S2".to_owned()], minutes: 99 };
    assert_eq!(
        body(&streamed),
        "<m:GetStreamingEvents><m:SubscriptionIds><t:SubscriptionId>S1</t:SubscriptionId><t:SubscriptionId>S2</t:SubscriptionId></m:SubscriptionIds>\
         <m:ConnectionTimeout>30</m:ConnectionTimeout></m:GetStreamingEvents>"
    );
    assert!(body(&GetStreamingEvents { minutes: 0, ..streamed }).contains(">1</m:ConnectionTimeout>"));
}

#[test]
fn a_subscription_without_an_id_is_none() {
    let read = |text: &str| parse::<Subscribe>(text.as_bytes(), Limits::default()).expect("an answer");
    let made = read(&answer("Subscribe", "<m:SubscriptionId> S1= </m:SubscriptionId>"));
    assert_eq!(made.only().expect("one"), Ok(Subscribed { id: "S1=".to_owned() }));
    let none = parse::<Subscribe>(answer("Subscribe", "").as_bytes(), Limits::default());
    assert!(matches!(none, Err(Failure::Unreadable(_))), "{none:?}");
}

const HAPPENED: &str = "<m:Notifications><m:Notification><t:SubscriptionId>S1</t:SubscriptionId>\
    <t:CreatedEvent><t:TimeStamp>2026-03-01T09:00:00Z</t:TimeStamp><t:ItemId Id=\"I\" ChangeKey=\"1\"/><t:ParentFolderId Id=\"F\"/></t:CreatedEvent>\
    <t:ModifiedEvent><t:TimeStamp>2026-03-01T09:00:00Z</t:TimeStamp><t:FolderId Id=\"F\"/><t:ParentFolderId Id=\"R\"/><t:UnreadCount>0</t:UnreadCount></t:ModifiedEvent>\
    </m:Notification><m:Notification><t:SubscriptionId>S2</t:SubscriptionId><t:StatusEvent><t:Watermark>W</t:Watermark></t:StatusEvent></m:Notification></m:Notifications>";

fn lost() -> String {
    envelope(
        "<m:GetStreamingEventsResponse xmlns:m=\"http://schemas.microsoft.com/exchange/services/2006/messages\" xmlns:t=\"http://schemas.microsoft.com/exchange/services/2006/types\">\
         <m:ResponseMessages><m:GetStreamingEventsResponseMessage ResponseClass=\"Error\"><m:MessageText>gone</m:MessageText>\
         <m:ResponseCode>ErrorSubscriptionNotFound</m:ResponseCode><m:DescriptiveLinkKey>0</m:DescriptiveLinkKey>\
         <m:ErrorSubscriptionIds><t:SubscriptionId>S3</t:SubscriptionId><t:SubscriptionId>S4</t:SubscriptionId></m:ErrorSubscriptionIds>\
         <m:ConnectionStatus>Closed</m:ConnectionStatus></m:GetStreamingEventsResponseMessage></m:ResponseMessages></m:GetStreamingEventsResponse>",
    )
}

fn parts(documents: &[Vec<u8>]) -> Vec<StreamingPart> {
    let read = |bytes: &Vec<u8>| parse::<GetStreamingEvents>(bytes, Limits::default()).expect("an answer");
    let results = documents.iter().map(read).flat_map(|answer| answer.results);
    results.map(|result| result.expect("a part")).collect()
}

// E4, trap 193
#[test]
fn a_stream_tells_part_by_part_wherever_it_is_cut() {
    let heartbeat = answer("GetStreamingEvents", "<m:ConnectionStatus>OK</m:ConnectionStatus>");
    let stream = format!("{heartbeat}\r\n{}{}", answer("GetStreamingEvents", HAPPENED), lost());
    let expected = |parts: &[StreamingPart]| {
        assert_eq!(parts.len(), 3);
        assert_eq!(parts[0], StreamingPart::default());
        assert_eq!(parts[1], StreamingPart { told: vec!["S1".to_owned()], ..StreamingPart::default() });
        assert_eq!((&parts[2].lost[..], parts[2].closed), (&["S3".to_owned(), "S4".to_owned()][..], true));
        let code = parts[2].refusal.as_ref().map(|refusal| refusal.code.clone());
        assert_eq!(code, Some(ResponseCode::ErrorSubscriptionNotFound));
    };
    for cut in 0..=stream.len() {
        let mut envelopes = Envelopes::new(10_000);
        let (front, back) = stream.as_bytes().split_at(cut);
        let mut documents = envelopes.take(front).expect("short");
        documents.extend(envelopes.take(back).expect("short"));
        assert!(envelopes.is_between());
        if cut % 97 == 0 {
            expected(&parts(&documents));
        } else {
            assert_eq!(documents.len(), 3, "cut at {cut}");
        }
    }
}

// trap 148
#[test]
fn a_stream_that_ends_within_a_document_gives_nothing_of_it() {
    let whole = answer("GetStreamingEvents", HAPPENED);
    for cut in 1..whole.len() {
        let mut envelopes = Envelopes::new(10_000);
        assert_eq!(envelopes.take(&whole.as_bytes()[..cut]), Ok(vec![]), "cut at {cut}");
        assert!(!envelopes.is_between());
    }
}
