//! Which addresses a name may resolve to. A pure table over IP addresses: an extension
//! that is granted a public name must not reach the machine's own network through it.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Why an address is out of bounds.
pub type Reason = &'static str;

/// Networks that no granted name may lead to, with what they are (IANA special-purpose
/// address registries for IPv4 and IPv6).
const PROHIBITED_V4: &[(Ipv4Addr, u32, Reason)] = &[
    (Ipv4Addr::new(0, 0, 0, 0), 8, "this network"),
    (Ipv4Addr::new(10, 0, 0, 0), 8, "private"),
    (Ipv4Addr::new(100, 64, 0, 0), 10, "carrier-grade NAT"),
    (Ipv4Addr::new(127, 0, 0, 0), 8, "loopback"),
    // The endpoint by which a cloud's hypervisor talks to its machines; looks public.
    (
        Ipv4Addr::new(168, 63, 129, 16),
        32,
        "the machine's own cloud host",
    ),
    (Ipv4Addr::new(169, 254, 0, 0), 16, "link-local"),
    (Ipv4Addr::new(172, 16, 0, 0), 12, "private"),
    (Ipv4Addr::new(192, 0, 0, 0), 24, "protocol assignments"),
    (Ipv4Addr::new(192, 0, 2, 0), 24, "documentation"),
    (Ipv4Addr::new(192, 88, 99, 0), 24, "6to4 relay"),
    (Ipv4Addr::new(192, 168, 0, 0), 16, "private"),
    (Ipv4Addr::new(198, 18, 0, 0), 15, "benchmarking"),
    (Ipv4Addr::new(198, 51, 100, 0), 24, "documentation"),
    (Ipv4Addr::new(203, 0, 113, 0), 24, "documentation"),
    (Ipv4Addr::new(224, 0, 0, 0), 4, "multicast"),
    (Ipv4Addr::new(240, 0, 0, 0), 4, "reserved"),
];

const PROHIBITED_V6: &[(Ipv6Addr, u32, Reason)] = &[
    (Ipv6Addr::UNSPECIFIED, 128, "unspecified"),
    (Ipv6Addr::LOCALHOST, 128, "loopback"),
    (
        Ipv6Addr::new(0x64, 0xff9b, 1, 0, 0, 0, 0, 0),
        48,
        "local NAT64",
    ),
    (Ipv6Addr::new(0x100, 0, 0, 0, 0, 0, 0, 0), 64, "discard"),
    (
        Ipv6Addr::new(0x2001, 0, 0, 0, 0, 0, 0, 0),
        23,
        "protocol assignments",
    ),
    (
        Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 0),
        32,
        "documentation",
    ),
    (
        Ipv6Addr::new(0x3fff, 0, 0, 0, 0, 0, 0, 0),
        20,
        "documentation",
    ),
    (
        Ipv6Addr::new(0xfc00, 0, 0, 0, 0, 0, 0, 0),
        7,
        "unique-local",
    ),
    (Ipv6Addr::new(0xfe80, 0, 0, 0, 0, 0, 0, 0), 10, "link-local"),
    (Ipv6Addr::new(0xfec0, 0, 0, 0, 0, 0, 0, 0), 10, "site-local"),
    (Ipv6Addr::new(0xff00, 0, 0, 0, 0, 0, 0, 0), 8, "multicast"),
];

/// Says why `address` is out of bounds, or `None` when a granted name may lead there.
pub fn prohibited(address: IpAddr) -> Option<Reason> {
    match address {
        IpAddr::V4(v4) => prohibited_v4(v4),
        IpAddr::V6(v6) => PROHIBITED_V6
            .iter()
            .find(|(network, bits, _)| {
                let mask = u128::MAX << (128 - bits);
                u128::from(v6) & mask == u128::from(*network)
            })
            .map(|(_, _, reason)| *reason)
            .or_else(|| embedded(v6).and_then(prohibited_v4)),
    }
}

fn prohibited_v4(v4: Ipv4Addr) -> Option<Reason> {
    PROHIBITED_V4
        .iter()
        .find(|(network, bits, _)| {
            let mask = u32::MAX << (32 - bits);
            u32::from(v4) & mask == u32::from(*network)
        })
        .map(|(_, _, reason)| *reason)
}

/// The IPv4 address that an IPv6 one stands for: mapped and compatible (RFC 4291
/// section 2.5.5), translated (RFC 2765), 6to4 (RFC 3056), NAT64 (RFC 6052).
fn embedded(v6: Ipv6Addr) -> Option<Ipv4Addr> {
    let bits = u128::from(v6);
    let low = Ipv4Addr::from((bits & 0xffff_ffff) as u32);
    match v6.segments() {
        [0, 0, 0, 0, 0, 0xffff | 0, ..] | [0, 0, 0, 0, 0xffff, 0, ..] => Some(low),
        [0x64, 0xff9b, 0, 0, 0, 0, ..] => Some(low),
        [0x2002, ..] => Some(Ipv4Addr::from(((bits >> 80) & 0xffff_ffff) as u32)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_spelling_of_an_inner_address_is_prohibited() {
        for address in [
            "127.0.0.1",
            "0.0.0.0",
            "10.1.2.3",
            "172.31.255.255",
            "192.168.0.1",
            "169.254.169.254",
            "100.64.0.1",
            "192.0.2.1",
            "224.0.0.1",
            "255.255.255.255",
            "::1",
            "::",
            "168.63.129.16",
            "::ffff:0:127.0.0.1",
            "::ffff:127.0.0.1",
            "::ffff:10.0.0.1",
            "::169.254.169.254",
            "64:ff9b::169.254.169.254",
            "64:ff9b:1::1",
            "2002:a9fe:a9fe::1",
            "2002:7f00:1::",
            "fc00::1",
            "fd12::1",
            "fe80::1",
            "ff02::1",
            "2001:db8::1",
        ] {
            assert!(prohibited(address.parse().unwrap()).is_some(), "{address}");
        }
    }

    #[test]
    fn public_addresses_are_not() {
        for address in [
            "20.190.128.1",
            "1.1.1.1",
            "172.32.0.1",
            "100.128.0.1",
            "2603:1030::1",
            "::ffff:20.190.128.1",
            "64:ff9b::20.190.128.1",
            "2002:14be:8001::1",
        ] {
            assert_eq!(prohibited(address.parse().unwrap()), None, "{address}");
        }
    }
}
