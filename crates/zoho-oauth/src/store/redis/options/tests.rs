use secrecy::ExposeSecret;

use super::super::super::error::StoreErrorKind;
use super::*;

fn read(url: &str) -> Result<RedisOptions, StoreError> {
    let options = RedisOptions::from_url(&url.parse()?)?;
    options.check()?;
    Ok(options)
}

#[test]
fn a_url_sets_every_option() {
    let url = "rediss://ada:s%2Fecret@db.example.com:6380/3?prefix=crm&cluster=true&ca=/etc/ca.pem&cert=/c.pem&key=/k.pem&connect_timeout=2&timeout=7&allow_eviction=true";
    let options = read(url).unwrap();
    assert_eq!(options.addresses(), [("db.example.com".to_owned(), 6380)]);
    assert_eq!(options.user.as_deref(), Some("ada"));
    let Password::Fixed(password) = &options.password else { panic!("{options:?}") };
    assert_eq!(password.expose_secret(), "s/ecret");
    assert_eq!((options.database, options.prefix.as_str()), (3, "crm"));
    assert!(options.tls && options.cluster && options.allow_eviction);
    assert_eq!(options.ca, Some(PathBuf::from("/etc/ca.pem")));
    assert_eq!(options.certificate, Some(("/c.pem".into(), "/k.pem".into())));
    assert_eq!((options.connect_timeout.as_secs(), options.timeout.as_secs()), (2, 7));
    assert_eq!(options.name(), "the Redis token store crm at db.example.com:6380/3");
    assert!(!format!("{options:?}").contains("s/ecret"));
}

#[test]
fn a_short_url_has_the_defaults() {
    for url in ["redis://", "valkey://localhost", "redis://localhost:6379/0"] {
        let options = read(url).unwrap();
        assert_eq!(options.name(), RedisOptions::new().name());
        assert!(!options.tls);
    }
    assert!(read("valkeys://localhost").unwrap().tls);
}

#[test]
fn every_way_to_a_server_has_a_url() {
    let sentinel = read("rediss+sentinel://ada:secret@one,two:7/main/3?sentinel_password=s").unwrap();
    assert_eq!(sentinel.addresses(), [("one".to_owned(), 26_379), ("two".to_owned(), 7)]);
    assert_eq!((sentinel.service.as_deref(), sentinel.database, sentinel.tls), (Some("main"), 3, true));
    assert_eq!(sentinel.name(), "the Redis token store zohooauth at one:26379,two:7/main/3");
    assert_eq!(read("valkey+sentinel://one/main").unwrap().database, 0);

    let cluster = read("redis://one:1,two?cluster=true").unwrap();
    assert_eq!(cluster.addresses(), [("one".to_owned(), 1), ("two".to_owned(), 6_379)]);
    let socket = read("redis:///2?socket=/run/redis.sock").unwrap();
    assert_eq!(socket.name(), "the Redis token store zohooauth at /run/redis.sock/2");
    assert!(matches!(read("redis://?password_file=/p").unwrap().password, Password::File(_)));
    assert!(matches!(read("redis://u@h?password_command=p").unwrap().password, Password::Command(_)));
}

#[test]
fn invalid_options_are_rejected_without_showing_the_password() {
    for url in [
        "mysql://u:top-secret@host",
        "redis://u:top-secret@host/database",
        "redis://u:top-secret@host?prefix=",
        "redis://u:top-secret@host?prefix={a}",
        "redis://u:top-secret@host?cluster=perhaps",
        "redis://u:top-secret@host?ca=/etc/ca.pem",
        "redis://u:top-secret@host?cert=/c.pem&key=/k.pem",
        "rediss://u:top-secret@host?cert=/c.pem",
        "rediss://u:top-secret@host?key=/k.pem",
        "redis://u:top-secret@host?timeout=0",
        "redis://u:top-secret@host?pool=7",
        "redis://u:top-secret@one,two",
        "redis://u:top-secret@one,?cluster=true",
        "redis://u:top-secret@host?sentinel_password=top-secret",
        "rediss://u:top-secret@host?socket=/run/redis.sock",
        "redis+sentinel://u:top-secret@one",
        "redis+sentinel://u:top-secret@one/main/database",
        "redis+sentinel://u:top-secret@one/main?cluster=true",
        "redis+sentinel://u:top-secret@one/main?sentinel_user=u",
        "redis://top-secret@host",
    ] {
        let error = read(url).unwrap_err();
        assert_eq!(error.kind(), StoreErrorKind::Rejected, "{error}");
        assert!(!error.to_string().contains("top-secret"), "{error}");
    }
}
