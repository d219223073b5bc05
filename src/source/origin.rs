//! Whom a source's own addresses may lead to: the configured origin and nobody else. A next link is a place in the
//! data, not an identity, and whoever writes it must not choose who gets the credential.

use url::{Host, Url};

/// True if an address has the same scheme, host and port, and brings along no user or password, which would make
/// another host of what looks like this one (`http://host@evil/`).
pub(super) fn is_same(configured: &Url, other: &Url) -> bool {
    configured.origin() == other.origin() && other.username().is_empty() && other.password().is_none()
}

/// True if an address is on this very machine.
#[must_use]
pub fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => {
            address.is_loopback() || address.to_ipv4_mapped().is_some_and(|v4| v4.is_loopback())
        }
        None => false,
    }
}

/// True if what is sent to an address, through a proxy if there is one, can be read by everyone on the way.
#[must_use]
pub fn is_readable_on_the_way(url: &Url, proxy: Option<&Url>) -> bool {
    url.scheme() != "https" && !(is_loopback(url) && proxy.is_none_or(is_loopback))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn url(text: &str) -> Url {
        Url::parse(text).unwrap()
    }

    #[test]
    fn an_origin_is_scheme_host_and_port_and_nobody_else() {
        let configured = url("https://api.example.com/v1/users");
        for same in [
            "https://api.example.com/other?x=1",
            "https://API.example.com:443/",
            "https://api.example.com/#a",
        ] {
            assert!(is_same(&configured, &url(same)), "{same}");
        }
        for other in [
            "http://api.example.com/",
            "https://api.example.com:8443/",
            "https://example.com/",
            "https://api.example.com.evil.org/",
            "https://api.example.com@evil.org/",
            "https://me@api.example.com/",
            "https://:pw@api.example.com/",
            "file:///etc/passwd",
            "data:text/plain,x",
            "https://169.254.169.254/",
        ] {
            assert!(!is_same(&configured, &url(other)), "{other}");
        }
    }

    #[test]
    fn only_https_and_this_machine_are_out_of_sight() {
        for safe in [
            "https://h/",
            "http://localhost:1/",
            "http://127.9.9.9/",
            "http://[::1]/",
            "http://[::ffff:127.0.0.1]/",
        ] {
            assert!(!is_readable_on_the_way(&url(safe), None), "{safe}");
        }
        for open in ["http://h/", "http://10.0.0.1/", "http://localhost.evil.org/", "http://[::2]/"] {
            assert!(is_readable_on_the_way(&url(open), None), "{open}");
        }
        let (here, elsewhere) = (url("http://127.0.0.1:3128"), url("http://proxy.example:3128"));
        assert!(!is_readable_on_the_way(&here, Some(&here)));
        assert!(is_readable_on_the_way(&here, Some(&elsewhere)), "through another machine");
        assert!(!is_readable_on_the_way(&url("https://h/"), Some(&elsewhere)));
    }
}
