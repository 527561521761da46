//! Retries, limits, timeouts, and servers that are slow, unreachable or send invalid responses.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt, AsyncWriteExt, copy_bidirectional};
use tokio::net::{TcpListener, TcpStream};
use zoho_emulator::{Emulator, Fault};
use zohocrm::{
    Authenticator, ConnectionFailure, Crm, Environment, Error, ErrorKind, Method, Record, Retries,
};

use crate::support::{ADA, crm, logged_in, logged_in_at, quick};

#[tokio::test]
async fn a_read_is_retried_after_a_server_error() {
    let ada = logged_in().await;
    for fault in [
        Fault::on("GET /crm/v8/org").status_500(),
        Fault::on("GET /crm/v8/org").bad_gateway(),
        Fault::on("GET /crm/v8/org").throttle(),
        Fault::on("GET /crm/v8/org").drop_before(),
        Fault::on("GET /crm/v8/org").drop_after(),
        Fault::on("GET /crm/v8/org").truncate_body(),
        Fault::on("GET /crm/v8/org").truncate_gzip(),
    ] {
        ada.zoho.journal().clear();
        ada.zoho.fault(fault.clone().times(2));
        crm(&ada, |crm| crm).organization().await.unwrap_or_else(|error| panic!("{fault:?}: {error}"));
        let asked = ada.zoho.journal().count("GET /crm/v8/org");
        assert!((2..=3).contains(&asked), "{fault:?} was requested {asked} times");
        ada.zoho.clear_faults();
    }
}

#[tokio::test]
async fn a_read_fails_after_the_last_attempt() {
    let ada = logged_in().await;
    ada.zoho.fault(Fault::on("GET /crm/v8/org").forever().status_500());
    let error = crm(&ada, |crm| crm.retries(quick().attempts(3))).organization().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Server);
    assert_eq!(ada.zoho.journal().count("GET /crm/v8/org"), 3);
}

#[tokio::test]
async fn no_call_is_sent_for_a_while_after_throttling() {
    let ada = logged_in().await;
    let retries = Retries::new().first_delay(Duration::from_millis(400));
    let crm = crm(&ada, |crm| crm.retries(retries));
    crm.current_user().await.unwrap();
    ada.zoho.fault(Fault::on("GET /crm/v8/org").throttle());
    let throttled = tokio::spawn({
        let crm = crm.clone();
        async move { crm.organization().await }
    });
    while ada.zoho.journal().count("GET /crm/v8/org") == 0 {
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    tokio::time::sleep(Duration::from_millis(20)).await;
    crm.current_user().await.unwrap();
    throttled.await.unwrap().unwrap();
    let entries = ada.zoho.journal().entries();
    let after = entries.iter().skip_while(|entry| entry.status != Some(429)).collect::<Vec<_>>();
    assert_eq!(after.len(), 3, "the throttled call, its retry, and the other call");
    let pause = after[1].at - after[0].at;
    assert!(pause >= 100, "{pause} ms");
}

#[tokio::test]
async fn fifty_concurrent_calls_never_exceed_the_limit_of_the_organization() {
    let zoho = Emulator::builder().concurrent_calls(3).response_delay(Duration::from_millis(5)).start().await;
    let ada = logged_in_at(zoho).await;
    let crm = crm(&ada, |crm| crm.concurrency(3).retries(Retries::none()));
    let calls: Vec<_> = (0..50)
        .map(|_| {
            let crm = crm.clone();
            tokio::spawn(async move { crm.organization().await.map(drop) })
        })
        .collect();
    for call in calls {
        call.await.unwrap().unwrap();
    }
    assert_eq!(ada.zoho.journal().count_where(|entry| entry.status == Some(429)), 0);
}

#[tokio::test]
async fn too_many_calls_of_two_programs_succeed_after_retries() {
    let zoho = Emulator::builder().concurrent_calls(2).response_delay(Duration::from_millis(5)).start().await;
    let ada = logged_in_at(zoho).await;
    let programs = [(); 2].map(|()| crm(&ada, |crm| crm.retries(quick().attempts(30))));
    let calls: Vec<_> = (0..24)
        .map(|number: usize| {
            let crm = programs[number % 2].clone();
            tokio::spawn(async move { crm.organization().await.map(drop) })
        })
        .collect();
    for call in calls {
        call.await.unwrap().unwrap();
    }
    assert!(ada.zoho.journal().count_where(|entry| entry.status == Some(429)) > 0);
}

#[tokio::test]
async fn credits_are_reserved_below_the_floor() {
    let zoho = Emulator::builder().daily_credits(10).start().await;
    let ada = logged_in_at(zoho).await;
    let crm = crm(&ada, |crm| crm.credits_floor(4));
    let mut rejected = None;
    for _ in 0..12 {
        match crm.organization().await {
            Ok(_) => {}
            Err(error) => {
                rejected = Some(error);
                break;
            }
        }
    }
    let error = rejected.unwrap();
    assert!(matches!(error, Error::CreditsShort { remaining: 3, floor: 4, .. }), "{error:?}");
    assert_eq!(error.kind(), ErrorKind::Throttled);
    assert!(error.retry_at().is_some() && !error.is_transient());
    assert_eq!(ada.zoho.journal().count("GET /crm/v8/org"), 7);
}

#[tokio::test]
async fn a_call_times_out_no_matter_where_it_hangs() {
    let ada = logged_in().await;
    for fault in [
        Fault::on("GET /crm/v8/org").hang(),
        Fault::on("GET /crm/v8/org").slow_head(Duration::from_millis(400)),
        Fault::on("GET /crm/v8/org").slow_body(Duration::from_millis(400)),
    ] {
        ada.zoho.fault(fault.forever());
        let crm = crm(&ada, |crm| crm.timeout(Duration::from_millis(100)).retries(Retries::none()));
        let start = Instant::now();
        let error = crm.organization().await.unwrap_err();
        assert!(
            matches!(error, Error::Unreachable { failure: ConnectionFailure::TimedOut, sent: true, .. }),
            "{error:?}"
        );
        assert!(start.elapsed() < Duration::from_secs(2), "{:?}", start.elapsed());
        ada.zoho.clear_faults();
    }
}

#[tokio::test]
async fn a_slow_response_is_read_as_long_as_data_arrives() {
    let ada = logged_in().await;
    ada.zoho.fault(Fault::on("GET /crm/v8/org").slow_body(Duration::from_millis(1)));
    crm(&ada, |crm| crm.timeout(Duration::from_millis(300))).organization().await.unwrap();
}

#[tokio::test]
async fn a_stopped_server_is_unreachable_and_nothing_was_sent() {
    let ada = logged_in().await;
    ada.crm.organization().await.unwrap();
    let crm = crm(&ada, |crm| crm);
    drop(ada.zoho);
    let error = crm.records("Leads").create_one(Record::new().with("Last_Name", "Nobody")).await.unwrap_err();
    assert!(
        matches!(error, Error::Unreachable { sent: false, failure: ConnectionFailure::NotConnected, .. }),
        "{error:?}"
    );
    assert!(error.is_transient());
}

#[tokio::test]
async fn invalid_responses_are_errors_with_evidence() {
    let ada = logged_in().await;
    let org = || Fault::on("GET /crm/v8/org");
    for (fault, evidence) in [
        (org().html(), "the body is not JSON (line 1, column 1)"),
        (
            org().respond_as(200, "application/json", "<html></html>"),
            "the body is not JSON (line 1, column 1)",
        ),
        (org().respond(200, ""), "`org` has no entry"),
        (org().respond(200, "[1,2]"), "`org` has no entry"),
        (org().respond(200, r#"{"org":[{"id":"1"}"#), "the JSON ends too early (line 1, column 18)"),
        (
            org().respond(200, r#"{"org":[{"id":"1"}]} and more"#),
            "the body continues after the end of the JSON",
        ),
        (org().nested_arrays(10_000), "the body is not JSON"),
    ] {
        ada.zoho.clear_faults();
        ada.zoho.fault(fault);
        let error = crm(&ada, |crm| crm).organization().await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Decode, "{error:?}");
        let Error::InvalidResponse { evidence: seen, .. } = &error else { panic!("{error:?}") };
        assert!(seen.contains(evidence), "{seen}");
    }
}

#[tokio::test]
async fn json_with_another_content_type_is_decoded() {
    let ada = logged_in().await;
    ada.zoho.fault(Fault::on("GET /crm/v8/org").content_type("text/html"));
    crm(&ada, |crm| crm).organization().await.unwrap();
}

#[tokio::test]
async fn an_endless_response_is_aborted_at_the_limit() {
    let ada = logged_in().await;
    let leads = || Fault::on("GET /crm/v8/Leads");
    // The emulator compresses this body to a thousandth.
    let bomb = format!("{{{}}}", " ".repeat(64 << 20));
    for fault in [leads().flood(2 << 30), leads().endless(), leads().respond(200, bomb)] {
        ada.zoho.fault(fault);
        let crm = crm(&ada, |crm| crm.max_bytes(1_000_000));
        let error = crm.records("Leads").list().fields(["id"]).send().await.unwrap_err();
        assert!(matches!(error, Error::TooLarge { max_bytes: 1_000_000, .. }), "{error:?}");
        assert!(!error.is_transient());
        ada.zoho.clear_faults();
    }
}

#[tokio::test]
async fn a_redirect_to_another_host_gets_no_token() {
    let ada = logged_in().await;
    let foreign = Emulator::start().await;
    ada.zoho.fault(Fault::on("GET /crm/v8/org").redirect(format!("{}/crm/v8/org", foreign.base_url())));
    let error = crm(&ada, |crm| crm).organization().await.unwrap_err();
    assert_eq!(error.api().map(|error| error.status()), Some(307), "{error:?}");
    assert!(foreign.journal().entries().is_empty());
}

#[tokio::test]
async fn responses_are_compressed_if_zoho_supports_it() {
    let ada = logged_in().await;
    ada.zoho.add_records(ADA, "Leads", 200);
    let page = ada.crm.records("Leads").list().fields(["Last_Name"]).send().await.unwrap();
    assert_eq!((page.status(), page.records.len()), (200, 200));
    let entries = ada.zoho.journal().entries();
    let asked = entries.iter().find(|entry| entry.path == "/crm/v8/Leads").unwrap();
    assert!(asked.header("accept-encoding").is_some_and(|kinds| kinds.contains("gzip")), "{asked:?}");
}

#[tokio::test]
async fn a_dropped_call_releases_its_slot() {
    let ada = logged_in().await;
    let crm = crm(&ada, |crm| crm.concurrency(1));
    ada.zoho.fault(Fault::on("GET /crm/v8/org").hang());
    let hanging = tokio::time::timeout(Duration::from_millis(100), crm.organization()).await;
    assert!(hanging.is_err(), "the call hangs");
    let next = tokio::time::timeout(Duration::from_secs(5), crm.current_user()).await;
    next.expect("the slot is free").unwrap();
}

#[tokio::test]
async fn an_unread_file_holds_its_slot_until_it_is_dropped() {
    let ada = logged_in().await;
    let crm = crm(&ada, |crm| crm.concurrency(1));
    ada.zoho.fault(Fault::on("GET /crm/v8/files").respond_as(200, "text/plain", "a file"));
    let file = crm.files().download("a").await.unwrap();
    let moment = Duration::from_millis(100);
    assert!(tokio::time::timeout(moment, crm.current_user()).await.is_err());
    drop(file);
    tokio::time::timeout(Duration::from_secs(5), crm.current_user())
        .await
        .expect("the slot is free")
        .unwrap();
}

#[tokio::test]
async fn a_file_that_was_read_holds_no_slot() {
    let ada = logged_in().await;
    let crm = crm(&ada, |crm| crm.concurrency(1));
    ada.zoho.fault(Fault::on("GET /crm/v8/files").respond_as(200, "text/plain", "a file"));
    let mut file = crm.files().download("a").await.unwrap();
    while file.chunk().await.unwrap().is_some() {}
    let next = tokio::time::timeout(Duration::from_secs(5), crm.current_user()).await;
    next.expect("the slot is free").unwrap();
    assert_eq!(file.chunk().await.unwrap(), None, "the file stays at its end");
}

#[tokio::test]
async fn a_custom_header_is_sent_but_authorization_cannot_be_set() {
    let ada = logged_in().await;
    let call = ada.crm.request(Method::Get, "/crm/v8/org").header("X-CRM-ORG", "60000001");
    call.send().await.unwrap();
    let entries = ada.zoho.journal().entries();
    let asked = entries.iter().find(|entry| entry.path == "/crm/v8/org").unwrap();
    assert_eq!(asked.header("x-crm-org"), Some("60000001"));
    let error = call.header("AUTHORIZATION", "Zoho-oauthtoken stolen").send().await.unwrap_err();
    assert!(matches!(error, Error::Request(_)), "{error:?}");
    let error = ada.crm.request(Method::Get, "/crm/v8/org").header("X", "a\nb").send().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Request, "{error:?}");
}

#[tokio::test]
async fn everything_goes_through_the_proxy_and_its_password_is_never_shown() {
    let ada = logged_in().await;
    let (address, connections) = proxy().await;
    let proxied = crm(&ada, |crm| crm.proxy(format!("http://user:opensesame@{address}")));
    proxied.organization().await.unwrap();
    assert_eq!(connections.load(Ordering::SeqCst), 1);
    assert!(
        !format!("{proxied:?} {:?}", Crm::builder(&ada.authenticator).proxy("http://opensesame@x"))
            .contains("sesame")
    );
    let wrong = crm(&ada, |crm| crm.proxy("http://[opensesame"));
    let error = wrong.organization().await.unwrap_err();
    assert!(
        matches!(error, Error::Request(_)) && !format!("{error} {error:?}").contains("sesame"),
        "{error:?}"
    );
}

#[tokio::test]
async fn a_proxy_that_requires_a_password_is_named_and_the_call_is_not_retried() {
    let ada = logged_in().await;
    let (address, connections) = counted(|mut client| async move {
        let _ = client.read(&mut [0; 4096]).await;
        let rejection = "HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n";
        let _ = client.write_all(rejection.as_bytes()).await;
    })
    .await;
    // The proxy has to connect to an HTTPS host, which a test has none of.
    let environment =
        Environment::new(&ada.zoho.base_url(), "https://crm.invalid", "https://crm.invalid").unwrap();
    let authenticator =
        Authenticator::builder(environment).store(ada.authenticator.store().clone()).build().unwrap();
    let crm = Crm::builder(&authenticator).retries(quick()).proxy(format!("http://{address}")).build_for(ADA);
    let error = crm.organization().await.unwrap_err();
    let failure = ConnectionFailure::ProxyCredentials;
    assert!(
        matches!(&error, Error::Unreachable { failure: seen, sent: false, .. } if *seen == failure),
        "{error:?}"
    );
    assert!(error.to_string().contains("HTTPS_PROXY") && !error.is_transient(), "{error}");
    assert_eq!(connections.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn a_missing_connection_says_what_the_operating_system_said() {
    let ada = logged_in().await;
    ada.crm.organization().await.unwrap();
    let crm = crm(&ada, |crm| crm);
    drop(ada.zoho);
    let error = crm.organization().await.unwrap_err();
    assert!(error.to_string().contains("refused"), "{error}");
}

/// A proxy for plain HTTP that counts its connections.
async fn proxy() -> (SocketAddr, Arc<AtomicUsize>) {
    counted(|mut client| async move {
        let mut head = vec![0; 4096];
        let length = client.read(&mut head).await.unwrap();
        let head = String::from_utf8_lossy(&head[..length]).into_owned();
        // A proxy receives the full URL: GET http://127.0.0.1:PORT/path HTTP/1.1
        let rest = head.split_once("http://").unwrap().1;
        let (host, path) = rest.split_once('/').unwrap();
        let mut server = TcpStream::connect(host).await.unwrap();
        let method = head.split(' ').next().unwrap();
        server.write_all(format!("{method} /{path}").as_bytes()).await.unwrap();
        let _ = copy_bidirectional(&mut client, &mut server).await;
    })
    .await
}

/// A server that serves its connections one after the other, and counts them.
async fn counted<F>(serve: impl Fn(TcpStream) -> F + Send + 'static) -> (SocketAddr, Arc<AtomicUsize>)
where
    F: Future<Output = ()> + Send,
{
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let connections = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&connections);
    tokio::spawn(async move {
        while let Ok((client, _)) = listener.accept().await {
            counter.fetch_add(1, Ordering::SeqCst);
            serve(client).await;
        }
    });
    (address, connections)
}
