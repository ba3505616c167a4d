//! Streaming notifications: an answer that goes on, part by part, each valid by the schema.

use std::pin::Pin;
use std::time::Duration;

use axum::body::{Body, HttpBody as _};
use axum::http::HeaderValue;
use emulator::{Emulator, EmulatorOptions, Quirk, ServerVersion};

use crate::answer::Node;
use crate::world::{ANN, BOB, World, create};

const CONTACT: &str = "<t:Contact><t:Surname>A</t:Surname></t:Contact>";

fn subscribe(folder: &str) -> String {
    format!(
        "<m:Subscribe><m:StreamingSubscriptionRequest><t:FolderIds><t:DistinguishedFolderId Id=\"{folder}\"/></t:FolderIds><t:EventTypes><t:EventType>CreatedEvent</t:EventType><t:EventType>ModifiedEvent</t:EventType><t:EventType>MovedEvent</t:EventType><t:EventType>DeletedEvent</t:EventType></t:EventTypes></m:StreamingSubscriptionRequest></m:Subscribe>"
    )
}

fn listen(ids: &[&str]) -> String {
    let ids: String = ids.iter().map(|id| format!("<t:SubscriptionId>{id}</t:SubscriptionId>")).collect();
    format!(
        "<m:GetStreamingEvents><m:SubscriptionIds>{ids}</m:SubscriptionIds><m:ConnectionTimeout>30</m:ConnectionTimeout></m:GetStreamingEvents>"
    )
}

async fn subscribed(world: &World, folder: &str) -> String {
    let answer = world.ask(&subscribe(folder)).await;
    assert_eq!(answer.codes(), ["NoError"]);
    answer.text_of("SubscriptionId").to_owned()
}

struct Stream<'a> {
    world: &'a World,
    body: Body,
}

impl<'a> Stream<'a> {
    async fn open(world: &'a World, ids: &[&str]) -> Stream<'a> {
        world.judge.see("request", &world.envelope(&listen(ids)));
        let response = world.send(world.http(world.envelope(&listen(ids)))).await;
        assert_eq!(response.status(), 200);
        let mut stream = Stream { world, body: response.into_body() };
        assert_eq!(stream.part().await.expect("a part").text_of("ConnectionStatus"), "OK");
        stream
    }

    /// The next part; none at the end, however it ends.
    async fn part(&mut self) -> Option<Node> {
        self.text().await.map(|text| Node::read(&text))
    }

    async fn text(&mut self) -> Option<String> {
        let frame = std::future::poll_fn(|context| Pin::new(&mut self.body).poll_frame(context)).await?.ok()?;
        let text = String::from_utf8(frame.into_data().ok()?.to_vec()).unwrap();
        self.world.judge.see("part", &text);
        Some(text)
    }
}

#[tokio::test]
async fn what_happens_in_the_folder_is_told_at_once() {
    let world = World::new();
    let id = subscribed(&world, "contacts").await;
    let mut stream = Stream::open(&world, &[&id]).await;
    world.create("", "<t:Task><t:Subject>elsewhere</t:Subject></t:Task>").await;
    let (item, key) = world.create("", CONTACT).await;
    let part = stream.part().await.unwrap();
    assert_eq!((part.text_of("SubscriptionId"), part.all("CreatedEvent").len()), (&*id, 1));
    assert_eq!(part.all("Watermark").len(), 0, "streamed events carry none");
    let surname = crate::world::set("contacts:Surname", "Contact", "<t:Surname>B</t:Surname>");
    world.ask(&crate::world::update("ConflictResolution=\"AlwaysOverwrite\"", &item, &key, &surname)).await;
    assert_eq!(stream.part().await.unwrap().all("ModifiedEvent").len(), 1);
    // Moved to Deleted Items: told where it came from.
    let delete = format!(
        "<m:DeleteItem DeleteType=\"MoveToDeletedItems\"><m:ItemIds>{}</m:ItemIds></m:DeleteItem>",
        crate::world::item_id(&item)
    );
    world.ask(&delete).await;
    assert_eq!(stream.part().await.unwrap().all("MovedEvent").len(), 1);
    world.server.end_streams(true);
    assert_eq!(stream.part().await.unwrap().text_of("ConnectionStatus"), "Closed");
    assert!(stream.part().await.is_none());
}

// Clients cut the answer into its parts by the envelope's end as Exchange writes it.
#[tokio::test]
async fn each_part_is_an_envelope_whose_header_and_body_stand_on_their_own() {
    let world = World::new();
    let id = subscribed(&world, "contacts").await;
    let mut stream = Stream::open(&world, &[&id]).await;
    world.create("", CONTACT).await;
    let part = stream.text().await.unwrap();
    let soap = "http://schemas.xmlsoap.org/soap/envelope/";
    let begin = format!(
        "<?xml version=\"1.0\" encoding=\"utf-8\"?><Envelope xmlns=\"{soap}\"><soap11:Header xmlns:soap11=\"{soap}\">"
    );
    assert!(part.starts_with(&begin), "{part}");
    assert!(part.contains(&format!("</soap11:Header><soap11:Body xmlns:soap11=\"{soap}\">")), "{part}");
    assert!(part.ends_with("</soap11:Body></Envelope>"), "{part}");
}

#[tokio::test]
async fn what_happened_between_two_connections_is_told_by_the_next() {
    let world = World::new();
    let id = subscribed(&world, "contacts").await;
    let mut stream = Stream::open(&world, &[&id]).await;
    world.server.end_streams(false);
    assert!(stream.part().await.is_none(), "broken off without a word");
    world.create("", CONTACT).await;
    let mut stream = Stream::open(&world, &[&id]).await;
    assert_eq!(stream.part().await.unwrap().all("CreatedEvent").len(), 1);
}

#[tokio::test]
async fn subscriptions_that_are_not_kept_are_named() {
    let world = World::new();
    let (kept, lost) = (subscribed(&world, "contacts").await, subscribed(&world.signed_in(BOB), "contacts").await);
    let mut stream = Stream::open(&world, &[&kept, "none", &lost]).await;
    let part = stream.part().await.unwrap();
    assert_eq!(part.codes(), ["ErrorSubscriptionNotFound"]);
    assert_eq!(part.all("SubscriptionId").len(), 2, "one of nobody and one of somebody else");
    world.create("", CONTACT).await;
    assert_eq!(stream.part().await.unwrap().all("CreatedEvent").len(), 1, "the one that is kept goes on");
    world.server.lose_subscriptions(ANN).unwrap();
    assert_eq!(stream.part().await.unwrap().codes(), ["ErrorSubscriptionNotFound"]);
    assert_eq!(stream.part().await.unwrap().text_of("ConnectionStatus"), "Closed");
    assert!(stream.part().await.is_none());
    world.pass(31 * 60);
    assert_eq!(
        world.ask(&format!("<m:Unsubscribe><m:SubscriptionId>{kept}</m:SubscriptionId></m:Unsubscribe>")).await.codes(),
        ["ErrorSubscriptionNotFound"]
    );
}

#[tokio::test]
async fn a_heartbeat_comes_when_nothing_else_does() {
    let world = World::new();
    world.server.set_heartbeat(Duration::from_millis(1));
    let id = subscribed(&world, "contacts").await;
    let mut stream = Stream::open(&world, &[&id]).await;
    assert_eq!(stream.part().await.unwrap().text_of("ConnectionStatus"), "OK");
}

#[tokio::test]
async fn a_subscription_lives_on_the_server_that_made_it() {
    let world = World::new();
    world.server.set_quirk(Quirk::SeveralBackEnds, true);
    let mut request = world.http(world.envelope(&subscribe("contacts")));
    for (name, value) in [("x-anchormailbox", BOB), ("x-preferserveraffinity", "true")] {
        request.headers_mut().insert(name, HeaderValue::from_str(value).unwrap());
    }
    let response = world.send(request).await;
    let cookie = response.headers()["set-cookie"].to_str().unwrap().split(';').next().unwrap().to_owned();
    let bytes = axum::body::to_bytes(response.into_body(), usize::MAX).await.unwrap();
    let id = Node::read(std::str::from_utf8(&bytes).unwrap()).text_of("SubscriptionId").to_owned();
    let mut elsewhere = Stream::open(&world, &[&id]).await;
    assert_eq!(elsewhere.part().await.unwrap().codes(), ["ErrorSubscriptionNotFound"]);
    let mut request = world.http(world.envelope(&listen(&[&id])));
    request.headers_mut().insert("cookie", HeaderValue::from_str(&cookie).unwrap());
    let mut stream = Stream { world: &world, body: world.send(request).await.into_body() };
    assert_eq!(stream.part().await.unwrap().text_of("ConnectionStatus"), "OK");
    world.create("", &CONTACT.replace('A', "B")).await;
    assert_eq!(stream.part().await.unwrap().all("CreatedEvent").len(), 1);
}

#[tokio::test]
async fn servers_before_2010_do_not_stream() {
    let world = World::new();
    let clock = std::sync::Arc::new(|| jiff::Timestamp::UNIX_EPOCH);
    let version = ServerVersion { major: 8, minor: 3, build: 83, revision: 4, schema: "Exchange2007_SP1".to_owned() };
    let old = Emulator::new(EmulatorOptions { version, ..EmulatorOptions::new(1, clock) }.in_site(world.server.site()));
    old.add_mailbox(emulator::MailboxSpec::user("eve@crm.test", "Eve", crate::world::PASSWORD)).unwrap();
    let eve = World { server: old, ..world.signed_in("eve@crm.test") };
    assert_eq!(eve.fault(&subscribe("contacts")).await, "ErrorSchemaValidation");
    assert_eq!(eve.fault(&listen(&["x"])).await, "ErrorSchemaValidation");
    assert_eq!(eve.ask(&create("", CONTACT)).await.codes(), ["NoError"]);
}
