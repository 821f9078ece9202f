//! Which addresses `http.request` may reach, and the resolver that holds it to them.
//!
//! A name is judged by the addresses that it resolves to, at the moment of connecting, so that a name which changes its mind
//! between a check and the connection gains nothing.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use reqwest::dns::{Addrs, Name, Resolve, Resolving};

/// Which addresses may be reached.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Reach {
    /// Those of the whole world.
    Public,
    /// Private ones too; never loopback, link-local or metadata addresses.
    Local,
}

impl Reach {
    pub(super) fn allows(self, ip: IpAddr) -> bool {
        let ip = meant(ip);
        let never = ip.is_loopback() || ip.is_unspecified() || ip.is_multicast() || is_link_local(ip) || is_metadata(ip);
        !never && (self == Self::Local || !is_private(ip))
    }
}

/// The address that is meant: an IPv4 address may be written inside an IPv6 one, and a gateway would unpack it (RFC 4291 §2.5.5,
/// RFC 6052 §2.1, RFC 3056 §2).
fn meant(ip: IpAddr) -> IpAddr {
    let IpAddr::V6(v6) = ip.to_canonical() else { return ip.to_canonical() };
    let embedded = match v6.segments() {
        [0, 0, 0, 0, 0, 0, high, low] if (high, low) > (0, 1) => Some((high, low)),
        [0x64, 0xff9b, 0, 0, 0, 0, high, low] | [0x2002, high, low, ..] => Some((high, low)),
        _ => None,
    };
    embedded.map_or(IpAddr::V6(v6), |(high, low)| {
        let [a, b] = high.to_be_bytes();
        let [c, d] = low.to_be_bytes();
        IpAddr::V4(Ipv4Addr::new(a, b, c, d))
    })
}

fn is_link_local(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(ip) => ip.is_link_local() || ip.is_broadcast(),
        IpAddr::V6(ip) => ip.is_unicast_link_local(),
    }
}

/// Addresses at which clouds tell a machine its credentials, beside the link-local one.
fn is_metadata(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(ip) => ip == Ipv4Addr::new(100, 100, 100, 200) || ip == Ipv4Addr::new(168, 63, 129, 16),
        IpAddr::V6(ip) => ip == Ipv6Addr::new(0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x254),
    }
}

fn is_private(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(ip) => {
            let [a, b, ..] = ip.octets();
            ip.is_private()
                || a == 0
                || (a == 100 && (64..128).contains(&b))
                || (a == 192 && b == 0)
                || (a == 198 && (b == 18 || b == 19))
                || a >= 240
        }
        IpAddr::V6(ip) => ip.is_unique_local() || (ip.segments()[0] & 0xffc0) == 0xfec0 || ip.segments()[0] == 0x64,
    }
}

/// Resolves names to addresses that may be reached, and to no other.
pub(super) struct Guard {
    pub(super) reach: Reach,
}

impl Resolve for Guard {
    fn resolve(&self, name: Name) -> Resolving {
        let reach = self.reach;
        Box::pin(async move {
            let found = tokio::net::lookup_host((name.as_str(), 0)).await?;
            let allowed: Vec<SocketAddr> = found.filter(|address| reach.allows(address.ip())).collect();
            if allowed.is_empty() {
                return Err(Refused.into());
            }
            Ok(Box::new(allowed.into_iter()) as Addrs)
        })
    }
}

/// Every address of a name may not be reached.
#[derive(Debug, thiserror::Error)]
#[error("no address of the host may be reached")]
pub(super) struct Refused;

#[cfg(test)]
mod tests {
    use super::*;

    fn reaches(reach: Reach, ip: &str) -> bool {
        reach.allows(ip.parse().expect("an address"))
    }

    #[test]
    fn sec_22_some_addresses_are_never_reached() {
        let never = [
            "127.0.0.1",
            "127.255.255.254",
            "0.0.0.0",
            "169.254.169.254",
            "100.100.100.200",
            "168.63.129.16",
            "224.0.0.1",
            "255.255.255.255",
            "::",
            "::1",
            "fe80::1",
            "fd00:ec2::254",
            "ff02::1",
            "::ffff:127.0.0.1",
            "::ffff:169.254.169.254",
            "::127.0.0.1",
            "64:ff9b::127.0.0.1",
            "64:ff9b::169.254.169.254",
            "2002:7f00:1::",
            "2002:a9fe:a9fe::1",
        ];
        for ip in never {
            assert!(!reaches(Reach::Local, ip) && !reaches(Reach::Public, ip), "{ip}");
        }
    }

    #[test]
    fn sec_22_private_addresses_need_a_local_network() {
        let private = [
            "10.0.0.1",
            "192.168.1.1",
            "172.16.0.1",
            "172.31.255.255",
            "100.64.0.1",
            "0.1.2.3",
            "192.0.0.8",
            "198.18.0.1",
            "240.0.0.1",
            "fd12::1",
            "fec0::1",
            "64:ff9b:1::1",
            "::ffff:10.0.0.1",
            "64:ff9b::10.0.0.1",
            "2002:c0a8:101::",
        ];
        for ip in private {
            assert!(reaches(Reach::Local, ip) && !reaches(Reach::Public, ip), "{ip}");
        }
        for public in ["93.184.215.14", "172.32.0.1", "2606:2800:21f:cb07::1", "64:ff9b::93.184.215.14", "2002:5db8:d70e::"] {
            assert!(reaches(Reach::Local, public) && reaches(Reach::Public, public), "{public}");
        }
    }
}
