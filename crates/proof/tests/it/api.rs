//! What people and administrators do through the API, in words a story uses.

use crate::world::{Person, World};
use axum::body::Body;
use axum::http::{Request, header};
use serde_json::{Value as Json, json};
use tower::ServiceExt;

impl World {
    /// Asks the API; the status and the answer.
    pub async fn ask(&self, who: &Person, method: &str, path: &str, body: Option<&Json>) -> (u16, Json) {
        let body = body.map_or_else(Body::empty, |body| Body::from(body.to_string()));
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header(header::AUTHORIZATION, format!("Bearer {}", who.token))
            .body(body)
            .expect("a request");
        let response = self.router.clone().oneshot(request).await.expect("the router answers everything");
        let status = response.status().as_u16();
        let bytes = axum::body::to_bytes(response.into_body(), usize::MAX).await.expect("a body");
        (status, serde_json::from_slice(&bytes).unwrap_or(Json::Null))
    }

    /// Asks for something that must be granted.
    pub async fn done(&self, who: &Person, method: &str, path: &str, body: Option<&Json>) -> Json {
        let (status, json) = self.ask(who, method, path, body).await;
        assert!((200..300).contains(&status), "{method} {path}: {status} {json}");
        json
    }

    /// Makes something.
    pub async fn made(&self, who: &Person, path: &str, body: Json) -> Json {
        self.done(who, "POST", path, Some(&body)).await
    }

    /// Reads something.
    pub async fn get(&self, who: &Person, path: &str) -> Json {
        self.done(who, "GET", path, None).await
    }

    /// The entries of a list or view.
    pub async fn list(&self, who: &Person, path: &str) -> Vec<Json> {
        let page = self.get(who, path).await;
        page["items"].as_array().unwrap_or_else(|| panic!("no list: {page}")).clone()
    }

    /// The entries of one of the five views.
    pub async fn view(&self, who: &Person, view: &str) -> Vec<Json> {
        self.list(who, &format!("/api/crm/views/{view}")).await
    }

    /// The only entry of one of the five views.
    pub async fn only(&self, who: &Person, view: &str) -> Json {
        let mut all = self.view(who, view).await;
        assert_eq!(all.len(), 1, "{view}: {all:?}");
        all.remove(0)
    }

    /// Makes a contact; its id.
    pub async fn contact(&self, who: &Person, body: Json) -> String {
        id(&self.made(who, "/api/crm/contacts", body).await)
    }

    /// Makes a contact that is on its maker's Sync List.
    pub async fn listed(&self, who: &Person, last: &str) -> String {
        self.contact(
            who,
            json!({"first_name": "Ida", "last_name": last, "email1": format!("{}@out.test", last.to_lowercase()), "job_title": "Buyer",
                "on_sync_list": true}),
        )
        .await
    }

    /// Makes an activity; its id.
    pub async fn activity(&self, who: &Person, body: Json) -> String {
        id(&self.made(who, "/api/crm/activities", body).await)
    }

    /// Makes an appointment on a day at ten, one hour; its id.
    pub async fn appointment(&self, who: &Person, subject: &str, day: &str) -> String {
        self.activity(who, appointment(subject, day)).await
    }

    /// Reads a contact.
    pub async fn read_contact(&self, who: &Person, id: &str) -> Json {
        self.get(who, &format!("/api/crm/contacts/{id}")).await
    }

    /// Reads an activity.
    pub async fn read_activity(&self, who: &Person, id: &str) -> Json {
        self.get(who, &format!("/api/crm/activities/{id}")).await
    }

    /// Whether a record can be read.
    pub async fn is_there(&self, who: &Person, path: &str) -> bool {
        let (status, json) = self.ask(who, "GET", path, None).await;
        match status {
            200 => true,
            404 => false,
            other => panic!("{path}: {other} {json}"),
        }
    }

    /// Changes a record of the CRM as it stands now.
    pub async fn edit(&self, who: &Person, path: &str, mut change: Json) -> Json {
        change["version"] = self.get(who, path).await["version"].clone();
        self.done(who, "PATCH", path, Some(&change)).await
    }

    /// Changes a contact.
    pub async fn edit_contact(&self, who: &Person, id: &str, change: Json) -> Json {
        self.edit(who, &format!("/api/crm/contacts/{id}"), change).await
    }

    /// Changes an activity.
    pub async fn edit_activity(&self, who: &Person, id: &str, change: Json) -> Json {
        self.edit(who, &format!("/api/crm/activities/{id}"), change).await
    }

    /// Deletes a record of the CRM as it stands now.
    pub async fn delete(&self, who: &Person, path: &str) {
        let version = self.get(who, path).await["version"].clone();
        self.done(who, "DELETE", &format!("{path}?version={version}"), None).await;
    }

    /// Add To Sync List.
    pub async fn enlist(&self, who: &Person, record: &str) {
        self.made(who, "/api/crm/sync-list", json!({"record": record})).await;
    }

    /// Remove From Sync List.
    pub async fn delist(&self, who: &Person, record: &str) {
        self.done(who, "DELETE", &format!("/api/crm/sync-list?record={record}"), None).await;
    }

    /// Changes settings for all.
    pub async fn settings(&self, patch: Json) {
        self.done(&self.admin, "PATCH", "/api/admin/settings", Some(&patch)).await;
    }

    /// Sets ceilings.
    pub async fn ceilings(&self, levels: Json) {
        self.done(&self.admin, "PATCH", "/api/admin/levels", Some(&levels)).await;
    }

    /// Sets a user's own levels.
    pub async fn levels(&self, who: &Person, levels: Json) {
        self.done(&self.admin, "PATCH", &format!("/api/admin/users/{}/levels", who.login), Some(&levels)).await;
    }

    /// Changes a mapping.
    pub async fn mapping(&self, who: &Person, change: Json) {
        self.done(&self.admin, "PATCH", &format!("/api/admin/users/{}", who.login), Some(&change)).await;
    }

    /// How a user stands.
    pub async fn status(&self, who: &Person) -> Json {
        self.get(&self.admin, &format!("/api/admin/users/{}", who.login)).await
    }

    /// What waits in quarantine for a user.
    pub async fn quarantine(&self, who: &Person) -> Vec<Json> {
        self.list(&self.admin, &format!("/api/admin/quarantine?user={}", who.login)).await
    }

    /// The questions asked about a user's records.
    pub async fn held(&self, who: &Person) -> Vec<Json> {
        self.list(&self.admin, &format!("/api/admin/held?user={}", who.login)).await
    }
}

/// An appointment of the CRM on a day at ten in Berlin.
pub fn appointment(subject: &str, day: &str) -> Json {
    json!({"display": "Calendar and Activities", "subject": subject,
        "start": berlin(&format!("{day}T10:00:00")), "end": berlin(&format!("{day}T11:00:00"))})
}

/// A to-do of the CRM.
pub fn to_do(subject: &str, due: &str) -> Json {
    json!({"display": "To Do and Activities", "subject": subject, "due_day": due})
}

/// A time in Berlin.
pub fn berlin(wall: &str) -> Json {
    json!({"wall": wall, "zone": "Europe/Berlin"})
}

/// The id of something.
pub fn id(json: &Json) -> String {
    json["id"].as_str().unwrap_or_else(|| panic!("no id: {json}")).to_owned()
}
