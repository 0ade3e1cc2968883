//! Which addresses a name may resolve to. A pure table over IP addresses: an extension
//! that is granted a public name must not reach the machine's own network through it.
//!
//! It must not know names.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::str::FromStr;

/// Why an address is out of bounds.
pub type Reason = &'static str;

/// What a cloud has for its machines alone, their own credentials among it: as each documents its
/// metadata service, and one the endpoint of its hypervisor. They look public or private and are
/// neither, so that no operator's word opens them.
const CLOUDS: [Range; 5] = [
    Range::new(IpAddr::V4(Ipv4Addr::new(168, 63, 129, 16)), 32),
    Range::new(IpAddr::V4(Ipv4Addr::new(100, 100, 100, 200)), 32),
    Range::new(
        IpAddr::V6(Ipv6Addr::new(0xfd00, 0xec2, 0, 0, 0, 0, 0, 0)),
        32,
    ),
    Range::new(
        IpAddr::V6(Ipv6Addr::new(0xfd20, 0xce, 0, 0, 0, 0, 0, 0x254)),
        128,
    ),
    Range::new(
        IpAddr::V6(Ipv6Addr::new(0xfd00, 0xc1, 0, 0, 0, 0, 0xa9fe, 0xa9fe)),
        128,
    ),
];

/// Networks that no granted name may lead to, with what they are (IANA special-purpose
/// address registries for IPv4 and IPv6).
const PROHIBITED_V4: &[(Ipv4Addr, u32, Reason)] = &[
    (Ipv4Addr::new(0, 0, 0, 0), 8, "this network"),
    (Ipv4Addr::new(10, 0, 0, 0), 8, "private"),
    (Ipv4Addr::new(100, 64, 0, 0), 10, "carrier-grade NAT"),
    (Ipv4Addr::new(127, 0, 0, 0), 8, "loopback"),
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
    if is_a_clouds_own(address) {
        return Some("a cloud's own");
    }
    match address {
        IpAddr::V4(v4) => prohibited_v4(v4),
        IpAddr::V6(v6) => {
            let listed = PROHIBITED_V6.iter().find(|(network, bits, _)| {
                let mask = u128::MAX << (128 - bits);
                u128::from(v6) & mask == u128::from(*network)
            });
            match (listed, embedded(v6)) {
                (Some((_, _, reason)), _) => Some(reason),
                (None, Some(v4)) => prohibited(v4.into()),
                // RFC 4291 section 2.4, and IANA's registry of what of it is given out.
                (None, None) if v6.segments()[0] & 0xe000 != 0x2000 => Some("not global"),
                (None, None) => None,
            }
        }
    }
}

fn is_a_clouds_own(address: IpAddr) -> bool {
    CLOUDS.iter().any(|range| range.covers(address))
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

/// The networks that an operator may let a name lead into: those that organisations number
/// themselves (RFC 1918, RFC 6598, RFC 4193). Never the machine itself, its link or its cloud's
/// own addresses.
const PRIVATE: [Range; 5] = [
    Range::new(IpAddr::V4(Ipv4Addr::new(10, 0, 0, 0)), 8),
    Range::new(IpAddr::V4(Ipv4Addr::new(172, 16, 0, 0)), 12),
    Range::new(IpAddr::V4(Ipv4Addr::new(192, 168, 0, 0)), 16),
    Range::new(IpAddr::V4(Ipv4Addr::new(100, 64, 0, 0)), 10),
    Range::new(IpAddr::V6(Ipv6Addr::new(0xfc00, 0, 0, 0, 0, 0, 0, 0)), 7),
];

/// A range of private addresses: `10.20.0.0/16`. An address is in it as itself only, never as an
/// IPv6 address that stands for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Range {
    network: IpAddr,
    bits: u32,
}

/// Why a text is no range of private addresses.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "{text:?} {problem}; write a range such as 10.20.0.0/16 within 10.0.0.0/8, 172.16.0.0/12, 192.168.0.0/16, 100.64.0.0/10 or fc00::/7"
)]
pub struct RangeError {
    text: String,
    problem: &'static str,
}

impl Range {
    const fn new(network: IpAddr, bits: u32) -> Self {
        Self { network, bits }
    }

    /// Whether an address is in it, and not a cloud's own.
    pub fn contains(&self, address: IpAddr) -> bool {
        self.covers(address) && !is_a_clouds_own(address)
    }

    fn covers(&self, address: IpAddr) -> bool {
        let differ = |one: u128, other: u128, width: u32| (one ^ other) >> (width - self.bits) != 0;
        match (self.network, address) {
            (_, _) if self.bits == 0 => false,
            (IpAddr::V4(network), IpAddr::V4(v4)) => {
                !differ(u32::from(network).into(), u32::from(v4).into(), 32)
            }
            (IpAddr::V6(network), IpAddr::V6(v6)) => !differ(network.into(), v6.into(), 128),
            _ => false,
        }
    }
}

impl FromStr for Range {
    type Err = RangeError;

    fn from_str(text: &str) -> Result<Self, RangeError> {
        let wrong = |problem| RangeError {
            text: text.to_owned(),
            problem,
        };
        let (network, bits) = text.trim().split_once('/').ok_or(wrong("has no length"))?;
        let network: IpAddr = network.parse().map_err(|_| wrong("has no address"))?;
        let width = if network.is_ipv4() { 32 } else { 128 };
        let bits = bits
            .parse::<u32>()
            .ok()
            .filter(|bits| (1..=width).contains(bits))
            .ok_or(wrong("has a length that is none"))?;
        let host_bits = match network {
            IpAddr::V4(v4) => u128::from(u32::from(v4)) << 96,
            IpAddr::V6(v6) => u128::from(v6),
        };
        if host_bits.checked_shl(bits).is_some_and(|rest| rest != 0) {
            return Err(wrong("does not begin at its first address"));
        }
        let within = |wide: &Range| wide.covers(network) && wide.bits <= bits;
        if !PRIVATE.iter().any(within) {
            return Err(wrong("is not private"));
        }
        if CLOUDS.iter().any(within) {
            return Err(wrong("is a cloud's own"));
        }
        Ok(Self { network, bits })
    }
}

impl fmt::Display for Range {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.network, self.bits)
    }
}

impl<'de> serde::Deserialize<'de> for Range {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_range_is_private_and_holds_its_own_addresses_only() {
        for (range, inside, outside) in [
            ("10.20.0.0/16", "10.20.255.255", "10.21.0.0"),
            ("10.0.0.0/8", "10.255.0.1", "11.0.0.0"),
            ("192.168.1.4/32", "192.168.1.4", "192.168.1.5"),
            ("172.16.0.0/12", "172.31.255.255", "172.32.0.0"),
            ("100.64.0.0/10", "100.127.255.255", "100.128.0.0"),
            ("fd00:20::/32", "fd00:20:ffff::1", "fd00:21::"),
            ("fd00::1/128", "fd00::1", "fd00::2"),
            ("10.20.0.0/16", "10.20.0.1", "::ffff:10.20.0.1"),
            ("10.20.0.0/16", "10.20.0.1", "64:ff9b::10.20.0.1"),
            ("100.64.0.0/10", "100.100.100.199", "100.100.100.200"),
            ("fc00::/7", "fd00:ec1::254", "fd00:ec2::254"),
            ("fc00::/7", "fd20:ce::253", "fd20:ce::254"),
            ("fc00::/7", "fd00:c1::1", "fd00:c1::a9fe:a9fe"),
        ] {
            let parsed: Range = range.parse().unwrap();
            assert_eq!(parsed.to_string(), range);
            assert!(parsed.contains(inside.parse().unwrap()), "{range} {inside}");
            assert!(
                !parsed.contains(outside.parse().unwrap()),
                "{range} {outside}"
            );
        }
    }

    #[test]
    fn no_range_opens_the_machine_its_link_its_cloud_or_more_than_is_private() {
        for text in [
            "127.0.0.0/8",
            "127.0.0.1/32",
            "169.254.0.0/16",
            "169.254.169.254/32",
            "168.63.129.16/32",
            "0.0.0.0/0",
            "0.0.0.0/8",
            "::/0",
            "::1/128",
            "fe80::/10",
            "ff00::/8",
            "::ffff:10.0.0.0/104",
            "20.0.0.0/8",
            "10.0.0.0/7",
            "192.168.0.0/15",
            "fc00::/6",
            "10.0.0.1/8",
            "10.0.0.0",
            "10.0.0.0/",
            "10.0.0.0/33",
            "10.0.0.0/0",
            "10.0.0/8",
            "0x0a.0.0.0/8",
            "fd00::/129",
            "100.100.100.200/32",
            "fd00:ec2::/32",
            "fd00:ec2::254/128",
            "fd20:ce::254/128",
            "fd00:c1::a9fe:a9fe/128",
            "private",
            "",
        ] {
            assert!(text.parse::<Range>().is_err(), "{text:?}");
        }
    }

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
            "100.100.100.200",
            "::ffff:100.100.100.200",
            "fd00:ec2::254",
            "fd20:ce::254",
            "fd12::1",
            "fe80::1",
            "ff02::1",
            "2001:db8::1",
            "0.1.2.3",
            "10.0.0.0",
            "10.255.255.255",
            "100.127.255.255",
            "127.255.255.254",
            "172.16.0.1",
            "192.0.0.8",
            "192.88.99.1",
            "192.168.255.255",
            "198.18.0.1",
            "198.19.255.255",
            "198.51.100.7",
            "203.0.113.7",
            "239.255.255.250",
            "240.0.0.1",
            "::2",
            "::127.0.0.1",
            "::ffff:0.0.0.0",
            "::ffff:100.64.0.1",
            "::ffff:168.63.129.16",
            "::ffff:198.18.0.1",
            "::ffff:224.0.0.1",
            "::ffff:255.255.255.255",
            "64:ff9b::127.0.0.1",
            "64:ff9b::10.0.0.1",
            "64:ff9b:1:ffff:ffff:ffff:ffff:ffff",
            "64:ff9b:2::1",
            "100::1",
            "2001::1",
            "2001:0:53aa:64c:0:7f:f5ff:fffe",
            "2001:2::1",
            "2001:10::1",
            "2002:0a00:0001::1",
            "2002:c0a8:0001::1",
            "3fff::1",
            "4000::1",
            "5f00::1",
            "fdff::1",
            "feff::1",
            "fec0::1",
            "ff0e::1",
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
