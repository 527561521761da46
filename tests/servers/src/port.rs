//! Ports of this machine.

use std::io;
use std::net::{Ipv4Addr, TcpListener, UdpSocket};
use std::ops::Range;

/// Below the ports that Linux uses for outgoing connections: none of those takes a server's port while it is down.
const PORTS: Range<u16> = 20_000..30_000;
const ATTEMPTS: usize = 100;

/// A free port of 127.0.0.1 that no other test takes before this is dropped.
///
/// The UDP port with the same number, which nothing needs, marks it as taken.
#[derive(Debug)]
pub(crate) struct Port {
    number: u16,
    _reservation: UdpSocket,
}

impl Port {
    pub(crate) fn reserve() -> io::Result<Self> {
        (0..ATTEMPTS)
            .find_map(|_| {
                let number = rand::random_range(PORTS);
                let reservation = UdpSocket::bind((Ipv4Addr::LOCALHOST, number)).ok()?;
                TcpListener::bind((Ipv4Addr::LOCALHOST, number)).ok()?;
                Some(Self { number, _reservation: reservation })
            })
            .ok_or_else(|| io::Error::new(io::ErrorKind::AddrInUse, "no free port was found"))
    }

    pub(crate) fn number(&self) -> u16 {
        self.number
    }
}

/// The port in a store's URL, for [`Proxy::to`](crate::Proxy::to).
#[must_use]
pub fn port_of(url: &str) -> Option<u16> {
    // A colon also precedes the password, which ends with an @.
    url.split(':').rev().find_map(|rest| rest.split(['/', '?', '&']).next()?.parse().ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reserved_port_is_not_given_out_again() {
        let port = Port::reserve().unwrap();
        UdpSocket::bind((Ipv4Addr::LOCALHOST, port.number())).unwrap_err();
        TcpListener::bind((Ipv4Addr::LOCALHOST, port.number())).unwrap();
    }

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
