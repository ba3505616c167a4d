//! What a server said, kept in a folder and said again: a request is answered as it was, anything else is not.

use async_trait::async_trait;
use connect::http::{Answer, Lost, Request, Transport};
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Mutex;

/// Where requests and their answers stand, numbered in the order they came.
const SAID: &str = "said";

/// Plays back what was recorded.
pub struct Played(BTreeMap<Vec<u8>, Answer>);

impl Played {
    /// What a folder holds.
    pub fn of(folder: &Path) -> Self {
        let mut said = BTreeMap::new();
        for (request, answer) in pairs(folder) {
            let headers = vec![("content-type".to_owned(), "text/xml; charset=utf-8".to_owned())];
            said.insert(request, Answer { status: 200, headers, body: answer });
        }
        Self(said)
    }
}

#[async_trait]
impl Transport for Played {
    async fn call(&self, request: &Request) -> Result<Answer, Lost> {
        self.0.get(&request.body).cloned().ok_or_else(|| Lost::NotSent("nothing of it was recorded".to_owned()))
    }
}

/// Passes requests on, in smaller pages if need be, and keeps what was said.
pub struct Recorder<T> {
    /// To the server.
    pub to: T,
    /// The most items that a page lists.
    pub page: usize,
    /// What is said of this folder is kept from whoever asks: reading ends there.
    pub not: String,
    /// What was said, in its order.
    pub said: Mutex<Vec<(Vec<u8>, Vec<u8>)>>,
}

#[async_trait]
impl<T: Transport> Transport for Recorder<T> {
    async fn call(&self, request: &Request) -> Result<Answer, Lost> {
        let text = String::from_utf8(request.body.clone()).expect("text");
        if text.contains("<m:SyncFolderItems>") && text.contains(&self.not) {
            return Err(Lost::NotSent("reading ends here".to_owned()));
        }
        let most = |most: usize| format!("<m:MaxChangesReturned>{most}</m:MaxChangesReturned>");
        let body = text.replace(&most(512), &most(self.page)).into_bytes();
        let answer = self.to.call(&Request { body, ..request.clone() }).await?;
        assert_eq!(answer.status, 200);
        self.said.lock().expect("unpoisoned").push((request.body.clone(), answer.body.clone()));
        Ok(answer)
    }
}

impl<T> Recorder<T> {
    /// Keeps what was said in a folder.
    pub fn keep(&self, folder: &Path) {
        for (number, (request, answer)) in self.said.lock().expect("unpoisoned").iter().enumerate() {
            for (end, bytes) in [("request", request), ("answer", answer)] {
                std::fs::write(folder.join(format!("{SAID}-{number:05}.{end}")), bytes).expect("written");
            }
        }
    }
}

fn pairs(folder: &Path) -> Vec<(Vec<u8>, Vec<u8>)> {
    let file = |number: usize, end: &str| std::fs::read(folder.join(format!("{SAID}-{number:05}.{end}"))).ok();
    (0..).map_while(|number| Some((file(number, "request")?, file(number, "answer")?))).collect()
}

/// The answers that a folder holds.
pub fn answers(folder: &Path) -> Vec<Vec<u8>> {
    pairs(folder).into_iter().map(|(_, answer)| answer).collect()
}
