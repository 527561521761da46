//! The proxy, in front of a server that echoes every byte.

use std::io::ErrorKind;
use std::time::{Duration, Instant};

use servers::Proxy;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::timeout;

/// Long enough for everything that should happen.
const TIMEOUT: Duration = Duration::from_secs(10);
/// Long enough to notice that nothing happens.
const MOMENT: Duration = Duration::from_millis(200);

#[tokio::test]
async fn every_answered_request_is_one_round_trip() {
    let proxy = Proxy::to(echo().await).await.unwrap();
    let mut one = connect(&proxy).await;
    let mut other = connect(&proxy).await;
    for _ in 0..3 {
        ask(&mut one, b"a").await;
    }
    ask(&mut other, b"together").await;
    assert_eq!(proxy.round_trips(), 4);
    proxy.reset_count();
    ask(&mut other, b"b").await;
    assert_eq!(proxy.round_trips(), 1);
}

#[tokio::test]
async fn a_goodbye_and_a_greeting_are_not_round_trips() {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let proxy = Proxy::to(listener.local_addr().unwrap().port()).await.unwrap();
    let mut client = connect(&proxy).await;
    let (mut server, _) = listener.accept().await.unwrap();
    server.write_all(b"hello").await.unwrap();
    client.read_exact(&mut [0; 5]).await.unwrap();
    client.write_all(b"goodbye").await.unwrap();
    drop(client);
    server.read_to_end(&mut Vec::new()).await.unwrap();
    assert_eq!(proxy.round_trips(), 0);
}

#[tokio::test]
async fn a_cut_proxy_drops_connections_and_rejects_new_ones_until_it_resumes() {
    let mut proxy = Proxy::to(echo().await).await.unwrap();
    let mut client = connect(&proxy).await;
    ask(&mut client, b"a").await;

    proxy.cut().await;
    let end = timeout(TIMEOUT, client.read(&mut [0])).await.expect("the connection ends");
    assert!(!matches!(end, Ok(1..)), "{end:?}");
    let refused = TcpStream::connect(("127.0.0.1", proxy.port())).await.unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::ConnectionRefused);

    proxy.resume().await.unwrap();
    ask(&mut connect(&proxy).await, b"b").await;
}

#[tokio::test]
async fn a_hanging_proxy_keeps_connections_and_their_data() {
    let mut proxy = Proxy::to(echo().await).await.unwrap();
    let mut old = connect(&proxy).await;
    ask(&mut old, b"a").await;

    proxy.hang().await.unwrap();
    let mut new = connect(&proxy).await;
    for client in [&mut old, &mut new] {
        client.write_all(b"b").await.unwrap();
        assert!(timeout(MOMENT, client.read(&mut [0])).await.is_err(), "nothing is passed on");
    }

    proxy.resume().await.unwrap();
    for client in [&mut old, &mut new] {
        timeout(TIMEOUT, client.read_exact(&mut [0])).await.expect("it goes on").unwrap();
    }
}

#[tokio::test]
async fn a_cut_proxy_can_hang_next() {
    let mut proxy = Proxy::to(echo().await).await.unwrap();
    proxy.cut().await;
    proxy.hang().await.unwrap();
    let mut client = connect(&proxy).await;
    client.write_all(b"a").await.unwrap();
    assert!(timeout(MOMENT, client.read(&mut [0])).await.is_err(), "nothing is passed on");
    proxy.cut().await;
    let end = timeout(TIMEOUT, client.read(&mut [0])).await.expect("the connection ends");
    assert!(!matches!(end, Ok(1..)), "{end:?}");
}

#[tokio::test]
async fn a_delay_is_added_in_both_directions() {
    let proxy = Proxy::to(echo().await).await.unwrap();
    let mut client = connect(&proxy).await;
    ask(&mut client, b"a").await;
    proxy.delay(Duration::from_millis(40));
    let started = Instant::now();
    ask(&mut client, b"b").await;
    assert!(started.elapsed() >= Duration::from_millis(80), "{:?}", started.elapsed());
}

#[tokio::test]
async fn a_dropped_proxy_drops_its_connections() {
    let proxy = Proxy::to(echo().await).await.unwrap();
    let mut client = connect(&proxy).await;
    ask(&mut client, b"a").await;
    drop(proxy);
    let end = timeout(TIMEOUT, client.read(&mut [0])).await.expect("the connection ends");
    assert!(!matches!(end, Ok(1..)), "{end:?}");
}

#[tokio::test]
async fn a_missing_server_ends_the_connection() {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let port = listener.local_addr().unwrap().port();
    drop(listener);
    let proxy = Proxy::to(port).await.unwrap();
    let mut client = connect(&proxy).await;
    let end = timeout(TIMEOUT, client.read(&mut [0])).await.expect("the connection ends");
    assert!(!matches!(end, Ok(1..)), "{end:?}");
}

#[tokio::test]
async fn the_url_of_the_server_becomes_the_url_of_the_proxy() {
    let proxy = Proxy::to(3306).await.unwrap();
    let url = proxy.url("mysql://zoho:secret@127.0.0.1:3306/zohooauth?table=t");
    assert_eq!(url, format!("mysql://zoho:secret@127.0.0.1:{}/zohooauth?table=t", proxy.port()));
}

async fn connect(proxy: &Proxy) -> TcpStream {
    TcpStream::connect(("127.0.0.1", proxy.port())).await.unwrap()
}

/// Sends words and waits for the echo.
async fn ask(connection: &mut TcpStream, words: &[u8]) {
    connection.write_all(words).await.unwrap();
    let mut answer = vec![0; words.len()];
    timeout(TIMEOUT, connection.read_exact(&mut answer)).await.expect("an answer comes").unwrap();
    assert_eq!(answer, words);
}

/// Starts the server. It ends with the test's runtime.
async fn echo() -> u16 {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        while let Ok((mut connection, _)) = listener.accept().await {
            tokio::spawn(async move {
                let (mut from, mut to) = connection.split();
                tokio::io::copy(&mut from, &mut to).await
            });
        }
    });
    port
}
