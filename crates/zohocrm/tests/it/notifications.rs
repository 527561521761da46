//! `crm.notifications()`: channels and the notifications that Zoho posts.

use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::time::timeout;
use zoho_emulator::Fault;
use zohocrm::{Channel, ErrorKind, Notification, Record, RecordOperation};

use crate::support::logged_in;

const TOKEN: &str = "a text that is hard to guess";

/// The body of the next request that a listener receives.
async fn next_post(listener: &TcpListener) -> Vec<u8> {
    let receive = async {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut received = Vec::new();
        loop {
            let mut piece = [0; 4096];
            let length = stream.read(&mut piece).await.unwrap();
            received.extend_from_slice(&piece[..length]);
            let text = String::from_utf8_lossy(&received).into_owned();
            let Some((head, body)) = text.split_once("\r\n\r\n") else { continue };
            let length = head.lines().find_map(|line| {
                let (name, value) = line.split_once(':')?;
                name.eq_ignore_ascii_case("content-length").then(|| value.trim().parse::<usize>().unwrap())
            });
            if body.len() >= length.unwrap_or(0) {
                stream
                    .write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
                    .await
                    .unwrap();
                return body.as_bytes().to_vec();
            }
        }
    };
    timeout(Duration::from_secs(10), receive).await.unwrap()
}

#[tokio::test]
async fn a_watched_change_is_posted_with_the_token_of_the_channel() {
    let ada = logged_in().await;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let channel = Channel::new("1000000068001")
        .events(["Leads.all"])
        .notify_url(format!("http://{}/zoho", listener.local_addr().unwrap()))
        .token(TOKEN)
        .return_affected_field_values(true);
    let enabled = ada.crm.notifications().enable([channel]).await.unwrap();
    assert_eq!(enabled[0].as_ref().unwrap().code(), "SUCCESS");

    let leads = ada.crm.records("Leads");
    let id =
        leads.create_one(Record::new().with("Last_Name", "Hopper").with("Company", "Navy")).await.unwrap();
    let id = id.id().unwrap().to_owned();
    let created = Notification::read(&next_post(&listener).await).unwrap();
    assert!(created.has_token(TOKEN) && !created.has_token("guessed") && !created.has_token(""));
    assert_eq!((created.channel_id.as_str(), created.module.as_str()), ("1000000068001", "Leads"));
    assert_eq!((created.operation, created.ids), (Some(RecordOperation::Insert), vec![id.clone()]));

    leads.update_one(&id, Record::new().with("Last_Name", "Murray Hopper")).await.unwrap();
    let updated = Notification::read(&next_post(&listener).await).unwrap();
    assert_eq!(updated.operation, Some(RecordOperation::Update));
    assert!(updated.affected_fields_of(&id).contains(&"Last_Name"), "{updated:?}");
    let values = updated.affected_values_of(&id).unwrap();
    assert_eq!(values.text("Last_Name"), Some("Murray Hopper"));
    assert!(updated.affected_fields_of("1").is_empty() && updated.affected_values_of("1").is_none());
}

#[tokio::test]
async fn channels_are_listed_updated_replaced_and_closed() {
    let ada = logged_in().await;
    let notifications = ada.crm.notifications();
    let channel = |id: &str| {
        Channel::new(id).events(["Leads.create", "Contacts.edit"]).notify_url("http://127.0.0.1:9/x")
    };
    let enabled = notifications.enable([channel("10001").token(TOKEN), channel("10002")]).await.unwrap();
    assert_eq!(enabled.iter().flatten().count(), 2);

    let mut seen = Vec::new();
    let mut listed = notifications.list().stream();
    while let Some(channel) = listed.next().await {
        seen.push(channel.unwrap());
    }
    assert!(
        seen.iter().any(|channel| channel.channel_id == "10001")
            && seen.iter().any(|channel| channel.channel_id == "10002")
    );
    assert!(seen.iter().all(|channel| channel.channel_expiry.is_some()), "{seen:?}");

    notifications
        .update([Channel::new("10001").notify_url("http://127.0.0.1:9/y")])
        .await
        .unwrap()
        .remove(0)
        .unwrap();
    let changed = notifications.list().channel("10001").send().await.unwrap().into_inner().records.remove(0);
    assert_eq!(changed.notify_url.as_deref(), Some("http://127.0.0.1:9/y"));
    assert!(changed.token.is_some(), "properties that are not given are kept");

    notifications.replace([channel("10001")]).await.unwrap().remove(0).unwrap();
    let replaced = notifications.list().channel("10001").send().await.unwrap().into_inner().records.remove(0);
    assert!(replaced.token.is_none(), "properties that are not given are removed");

    let taken_out = Channel::new("10001").events(["Contacts.edit"]);
    notifications.disable_events([taken_out]).await.unwrap().remove(0).unwrap();
    let left = notifications.list().channel("10001").send().await.unwrap();
    let events: Vec<_> = left.records.iter().flat_map(|channel| channel.events.clone().unwrap()).collect();
    assert_eq!(events, ["Leads.create"]);

    for outcome in notifications.disable(["10001", "10002"]).await.unwrap() {
        outcome.unwrap();
    }
    assert!(notifications.list().send().await.unwrap().records.is_empty());
}

#[tokio::test]
async fn a_rejected_channel_does_not_hide_the_others() {
    let ada = logged_in().await;
    let good = Channel::new("1").events(["Leads.create"]).notify_url("http://127.0.0.1:9/x");
    let outcomes = ada.crm.notifications().enable([good, Channel::new("2")]).await;
    // Zoho can reject the call or the one channel. In both cases the error names the missing field.
    let error = match outcomes {
        Ok(outcomes) => outcomes.into_iter().find_map(Result::err).unwrap(),
        Err(error) => error,
    };
    assert_eq!(error.kind(), ErrorKind::InvalidData, "{error}");
    assert!(error.field().is_some(), "{error}");
}

#[tokio::test]
async fn neither_debug_nor_an_error_shows_a_token() {
    let odd =
        Notification::read(br#"{"token":"opensesame","ids":"grace@example.com"}"#).unwrap_err().to_string();
    assert!(!odd.contains("grace") && odd.contains("line 1"), "{odd}");
    let ada = logged_in().await;
    let channel = Channel::new("1").events(["Leads.create"]).token(TOKEN);
    let body = format!(r#"{{"channel_id":1,"token":"{TOKEN}"}}"#);
    let notification = Notification::read(body.as_bytes()).unwrap();
    assert_eq!(notification.channel_id, "1");
    ada.zoho.fault(Fault::on("POST /crm/v8/actions/watch").crm_error(400, "INVALID_DATA"));
    let shown = format!("{channel:?} {notification:?}");
    let error = ada.crm.notifications().enable([channel]).await.unwrap_err();
    assert!(!format!("{shown} {error:?} {error}").contains(TOKEN), "{shown}");
}

#[tokio::test]
async fn an_invalid_notification_is_rejected_and_absent_members_are_empty() {
    for body in ["", "[]", "{", r#"{"ids":"1"}"#] {
        assert!(Notification::read(body.as_bytes()).is_err(), "{body}");
    }
    let bare =
        Notification::read(br#"{"operation":"merge","new":true,"module":null,"ids":null,"token":null}"#)
            .unwrap();
    assert_eq!(bare.operation, Some(RecordOperation::Other("merge".to_owned())));
    assert!(bare.ids.is_empty() && bare.extra.contains_key("new") && !bare.has_token(""));
}
