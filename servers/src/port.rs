//! Ports of this machine.

use std::io;
use std::net::TcpListener;
use std::ops::Range;

/// Below the ports that Linux gives to outgoing connections, so that nobody gets a server's port while it is down.
const PORTS: Range<u16> = 20_000..30_000;
const ATTEMPTS: usize = 100;

/// A port of 127.0.0.1 that nobody listens at.
pub(crate) fn free_port() -> io::Result<u16> {
    (0..ATTEMPTS)
        .map(|_| rand::random_range(PORTS))
        .find(|port| TcpListener::bind(("127.0.0.1", *port)).is_ok())
        .ok_or_else(|| io::Error::new(io::ErrorKind::AddrInUse, "no free port was found"))
}

/// The port in a store's URL, for [`Proxy::to`](crate::Proxy::to); `None` if it names none.
#[must_use]
pub fn port_of(url: &str) -> Option<u16> {
    // What follows a colon may also be a password: that one is followed by an @.
    url.split(':').rev().find_map(|rest| rest.split(['/', '?', '&']).next()?.parse().ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_port_is_found_in_every_kind_of_url() {
        assert_eq!(port_of("mysql://zoho:123@127.0.0.1:3306/zohooauth?table=t1"), Some(3306));
        assert_eq!(port_of("redis://127.0.0.1:6379"), Some(6379));
        assert_eq!(
            port_of("aws-secretsmanager:t1?endpoint=http://127.0.0.1:5000&region=us-east-1"),
            Some(5000)
        );
        assert_eq!(port_of("postgres://zoho:123@localhost/zohooauth"), None);
    }
}
