//! What is public: names and addresses that anybody could call.
//!
//! A partner who may name a host must not reach with it what only this machine can reach: its own
//! services, its network, or the place where a cloud keeps its credentials. Names are looked at
//! before a call, and the addresses behind them when the connection is made, so that a name cannot
//! change what it stands for in between.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use reqwest::dns::{Addrs, Name, Resolve, Resolving};

/// Names that are never public, and the ends of names that are not (RFC 6761, 6762, 8375, 9476).
const PRIVATE_ENDS: [&str; 10] = [
    "alt",
    "corp",
    "home",
    "internal",
    "intranet",
    "lan",
    "local",
    "localhost",
    "onion",
    "private",
];

/// Whether `host` is a name (not an address) that could be public.
pub(crate) fn is_public_name(host: &str) -> bool {
    let Some((_, end)) = host.rsplit_once('.') else {
        return false;
    };
    // An end with a digit is an address in one of its many spellings.
    let is_name = end.chars().all(|one| one.is_ascii_alphabetic()) || end.starts_with("xn--");
    is_name && !PRIVATE_ENDS.contains(&end) && !host.ends_with("home.arpa")
}

/// Whether an address is one of the public network.
pub(crate) fn is_public_address(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => is_public_v4(address),
        IpAddr::V6(address) => is_public_v6(address),
    }
}

/// What the registries set apart (RFC 6890): own networks, this host, carriers, tests, the future.
fn is_public_v4(address: Ipv4Addr) -> bool {
    let [a, b, c, _] = address.octets();
    let set_apart = address.is_private()
        || address.is_loopback()
        || address.is_link_local()
        || address.is_multicast()
        || address.is_documentation()
        || a == 0
        || a >= 240
        || (a == 100 && (64..128).contains(&b))
        || (a == 192 && b == 0 && c == 0)
        || (a == 198 && (b == 18 || b == 19));
    !set_apart
}

/// Only what is given out at all (2000::/3), without what holds an address of the old kind in it:
/// Teredo, 6to4 and test nets. The translated ones are judged by that.
fn is_public_v6(address: Ipv6Addr) -> bool {
    let [first, second, ..] = address.segments();
    if let Some(old) = address.to_ipv4_mapped() {
        return is_public_v4(old);
    }
    let given_out = first & 0xe000 == 0x2000;
    let set_apart = first == 0x2002 || (first == 0x2001 && (second == 0 || second == 0xdb8));
    given_out && !set_apart
}

/// Finds the public addresses of a name; a name that has none cannot be called.
#[derive(Clone, Copy, Debug)]
pub(crate) struct PublicAddresses;

impl Resolve for PublicAddresses {
    fn resolve(&self, name: Name) -> Resolving {
        Box::pin(async move {
            let found = tokio::net::lookup_host((name.as_str(), 0)).await?;
            let public: Vec<SocketAddr> = found
                .filter(|address| is_public_address(address.ip()))
                .collect();
            if public.is_empty() {
                let wrong = format!("{} has no public address", name.as_str());
                return Err(io::Error::other(wrong).into());
            }
            Ok(Box::new(public.into_iter()) as Addrs)
        })
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a failed test should panic")]

    use super::*;

    #[test]
    fn what_is_set_apart_is_not_public() {
        for address in [
            "0.0.0.0",
            "10.1.2.3",
            "100.64.0.1",
            "127.0.0.1",
            "169.254.169.254",
            "172.16.0.1",
            "192.168.1.1",
            "198.18.0.1",
            "224.0.0.1",
            "255.255.255.255",
            "::",
            "::1",
            "::ffff:10.0.0.1",
            "fe80::1",
            "fd00::1",
            "64:ff9b::a00:1",
            "2001:db8::1",
            "2002:a00:1::",
        ] {
            assert!(!is_public_address(address.parse().unwrap()), "{address}");
        }
        for address in ["1.1.1.1", "100.128.0.1", "2606:4700::1", "::ffff:8.8.8.8"] {
            assert!(is_public_address(address.parse().unwrap()), "{address}");
        }
    }

    #[tokio::test]
    async fn a_name_that_stands_for_this_machine_is_not_found() {
        let name: Name = "localhost".parse().unwrap();
        let found = PublicAddresses.resolve(name).await.map(|_| ());
        assert!(found.unwrap_err().to_string().contains("no public address"));
    }
}
