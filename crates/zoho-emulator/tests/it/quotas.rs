//! Zoho's quotas on codes and tokens.

use std::sync::Arc;
use std::time::Duration;

use serde_json::json;
use tokio::task::JoinSet;
use zoho_emulator::{Emulator, Fault};

use crate::{ADA, access_token, exchange, http, parameter, post_token, refresh, refresh_token, send};

const ENGLISH: &str = "You have made too many requests continuously. Please try again after some time.";

#[tokio::test]
async fn the_eleventh_access_token_in_ten_minutes_is_throttled() {
    let zoho = Emulator::start().await;
    let token = refresh_token(&zoho);
    for _ in 0..10 {
        assert!(refresh(&zoho, &token).await.json().get("access_token").is_some());
    }
    let reply = refresh(&zoho, &token).await;
    let expected = json!({ "error_description": ENGLISH, "error": "Access Denied", "status": "failure" });
    assert_eq!((reply.status, reply.json()), (400, expected));
    assert_eq!(zoho.throttle_events(), 1);
}

#[tokio::test]
async fn the_quota_applies_to_concurrent_requests() {
    let zoho = Arc::new(Emulator::start().await);
    let token = refresh_token(&zoho);
    let mut refreshes = JoinSet::new();
    for _ in 0..40 {
        let (zoho, token) = (Arc::clone(&zoho), token.clone());
        refreshes.spawn(async move { refresh(&zoho, &token).await.status });
    }
    let statuses = refreshes.join_all().await;
    assert_eq!(statuses.iter().filter(|status| **status == 200).count(), 10);
    assert_eq!((zoho.throttle_events(), zoho.live_access_tokens(&token)), (30, 10));
}

#[tokio::test]
async fn a_throttled_refresh_token_works_again_after_the_window() {
    let zoho = Emulator::start().await;
    let token = refresh_token(&zoho);
    for _ in 0..11 {
        refresh(&zoho, &token).await;
    }
    zoho.advance(Duration::from_secs(590));
    assert_eq!(refresh(&zoho, &token).await.status, 400);
    zoho.advance(Duration::from_secs(11));
    assert!(refresh(&zoho, &token).await.json().get("access_token").is_some());
}

#[tokio::test]
async fn a_throttled_refresh_token_does_not_affect_another() {
    let zoho = Emulator::builder().access_tokens_per_window(1).start().await;
    let (one, other) = (refresh_token(&zoho), refresh_token(&zoho));
    refresh(&zoho, &one).await;
    assert_eq!(refresh(&zoho, &one).await.status, 400);
    assert_eq!(refresh(&zoho, &other).await.status, 200);
}

#[tokio::test]
async fn the_exchange_counts_only_if_configured() {
    for (counts, status) in [(false, 200), (true, 400)] {
        let zoho = Emulator::builder().access_tokens_per_window(1).count_code_exchange(counts).start().await;
        let body = exchange(&zoho, &zoho.self_client_code(ADA)).await.json();
        assert_eq!(refresh(&zoho, body["refresh_token"].as_str().unwrap()).await.status, status);
    }
}

#[tokio::test]
async fn the_throttle_can_come_with_status_200() {
    let zoho = Emulator::builder().throttle_status(200).access_tokens_per_window(0).start().await;
    let reply = refresh(&zoho, &refresh_token(&zoho)).await;
    assert_eq!((reply.status, reply.json()["status"].as_str()), (200, Some("failure")));
}

#[tokio::test]
async fn the_throttle_is_localized_unless_english_is_requested() {
    let zoho = Emulator::builder().localized_throttle(true).access_tokens_per_window(0).start().await;
    let (client, token) = (zoho.default_client(), refresh_token(&zoho));
    let form = [
        ("grant_type", "refresh_token"),
        ("refresh_token", &token),
        ("client_id", client.id()),
        ("client_secret", client.secret()),
    ];
    let request = http().post(zoho.base_url() + "/oauth/v2/token").form(&form);
    let chinese = send(request.try_clone().unwrap()).await;
    assert_eq!((chinese.status, chinese.json()["error"].as_str()), (400, Some("拒绝访问")));
    let english = send(request.header("Accept-Language", "en")).await;
    assert_eq!(english.json()["error"], "Access Denied");
}

#[tokio::test]
async fn the_localized_throttle_can_be_a_fault() {
    let zoho = Emulator::start().await;
    zoho.fault(Fault::on("POST /oauth/v2/token").throttle_localized());
    let reply = refresh(&zoho, &refresh_token(&zoho)).await;
    let body = reply.json();
    assert_eq!((reply.status, &body["error"], &body["status"]), (400, &json!("拒绝访问"), &json!("failure")));
}

#[tokio::test]
async fn the_sixteenth_access_token_evicts_the_oldest() {
    let zoho = Emulator::start().await;
    let parent = refresh_token(&zoho);
    let tokens: Vec<String> = (0..16).map(|_| zoho.issue_access_token(&parent)).collect();
    assert!(!zoho.is_access_token_valid(&tokens[0]));
    assert!(tokens[1..].iter().all(|token| zoho.is_access_token_valid(token)));
    assert_eq!(zoho.live_access_tokens(&parent), 15);
}

#[tokio::test]
async fn an_expired_access_token_does_not_count() {
    let zoho =
        Emulator::builder().live_access_tokens(2).token_lifetime(Duration::from_secs(60)).start().await;
    let parent = refresh_token(&zoho);
    let expired = zoho.issue_access_token(&parent);
    zoho.advance(Duration::from_secs(61));
    let live = [(); 2].map(|()| zoho.issue_access_token(&parent));
    assert!(!zoho.is_access_token_valid(&expired));
    assert!(live.iter().all(|token| zoho.is_access_token_valid(token)));
}

#[tokio::test]
async fn the_twenty_first_refresh_token_silently_evicts_the_oldest_and_its_access_tokens() {
    let zoho = Emulator::start().await;
    let oldest = refresh_token(&zoho);
    let its_access_token = zoho.issue_access_token(&oldest);
    let others: Vec<String> = (0..19).map(|_| refresh_token(&zoho)).collect();
    assert!(zoho.is_refresh_token_valid(&oldest));

    let newest = exchange(&zoho, &zoho.self_client_code(ADA)).await.json();
    assert!(zoho.is_refresh_token_valid(newest["refresh_token"].as_str().unwrap()));
    assert!(!zoho.is_refresh_token_valid(&oldest));
    assert!(!zoho.is_access_token_valid(&its_access_token));
    assert!(others.iter().all(|token| zoho.is_refresh_token_valid(token)));
    assert_eq!(refresh(&zoho, &oldest).await.json(), json!({ "error": "invalid_code" }));
}

#[tokio::test]
async fn the_eleventh_code_of_a_client_in_ten_minutes_is_denied() {
    let zoho = Emulator::start().await;
    let url = format!(
        "{}/oauth/v2/auth?response_type=code&client_id={}&scope=ZohoCRM.users.READ&redirect_uri={}",
        zoho.base_url(),
        zoho.default_client().id(),
        zoho.default_client().first_redirect_url(),
    );
    for _ in 0..10 {
        assert!(parameter(&zoho.log_in(&url, ADA).unwrap(), "code").is_some());
    }
    assert_eq!(parameter(&zoho.log_in(&url, ADA).unwrap(), "error").as_deref(), Some("access_denied"));
    zoho.advance(Duration::from_secs(601));
    assert!(parameter(&zoho.log_in(&url, ADA).unwrap(), "code").is_some());
}

#[tokio::test]
async fn api_credits_are_reported_once_half_is_used_and_run_out() {
    let zoho = Emulator::builder().daily_credits(4).start().await;
    let token = access_token(&zoho);
    let mut reported = Vec::new();
    for _ in 0..5 {
        let reply = crate::get(&zoho, &token, "/crm/v8/org").await;
        reported.push((reply.status, reply.header("x-api-credits-remaining").to_owned()));
    }
    let expected = [(200, ""), (200, "2"), (200, "1"), (200, "0"), (429, "")];
    assert_eq!(reported, expected.map(|(status, left)| (status, left.to_owned())));
}

#[tokio::test]
async fn a_rejected_request_does_not_count_towards_the_quota() {
    let zoho = Emulator::builder().access_tokens_per_window(1).start().await;
    let token = refresh_token(&zoho);
    post_token(&zoho, &[("grant_type", "refresh_token"), ("refresh_token", "1000.no.such")]).await;
    zoho.fault(Fault::on("POST /oauth/v2/token").status_500());
    assert_eq!(refresh(&zoho, &token).await.status, 500);
    assert_eq!(refresh(&zoho, &token).await.status, 200);
}
