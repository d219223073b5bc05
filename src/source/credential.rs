//! How a credential rides along with a request, and where in one.

use std::fmt;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use reqwest::header::{AUTHORIZATION, HeaderMap, HeaderName, HeaderValue};
use url::{Url, form_urlencoded};
use zeroize::Zeroizing;

use super::grant::{Client, Grant};
use crate::secret::{Mask, Secret};

/// Where in a request a credential goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Auth {
    /// `Authorization: Bearer …` (RFC 6750).
    Bearer,
    /// `Authorization: Basic …` (RFC 7617); the credential is `user:password`.
    Basic,
    /// A header of its own, as it is.
    Header(HeaderName),
    /// A parameter of the address.
    Query(String),
    /// A bearer token that is granted by OAuth 2.0; the credential is `id:secret`.
    OAuth2(Client),
}

/// What a source is asked with.
#[derive(Clone, Debug)]
pub enum Key {
    /// A credential of its own.
    Own(Arc<Credential>),
    /// A token that is granted for one.
    Granted(Arc<Grant>),
}

impl Key {
    /// All that finds what must not be shown.
    pub(super) fn masks(&self) -> Masks {
        Masks(match self {
            Self::Own(credential) => vec![Arc::clone(credential)],
            Self::Granted(grant) => grant.secrets().collect(),
        })
    }
}

/// What covers every credential that a source was asked with.
pub(super) struct Masks(Vec<Arc<Credential>>);

impl Masks {
    /// As [`Mask::cover`].
    pub(super) fn cover(&self, bytes: &mut [u8]) -> bool {
        self.0.iter().fold(false, |covered, credential| credential.mask.cover(bytes) | covered)
    }

    /// As [`Mask::cover_rows`].
    pub(super) fn cover_rows(&self, bytes: &mut [u8]) -> bool {
        self.0.iter().fold(false, |covered, credential| credential.mask.cover_rows(bytes) | covered)
    }

    /// As [`Mask::text`].
    pub(super) fn text(&self, text: String) -> String {
        self.0.iter().fold(text, |text, credential| credential.mask.text(text))
    }
}

/// A credential, and where it goes.
pub struct Credential {
    auth: Auth,
    secret: Secret,
    pub(super) mask: Mask,
}

impl Credential {
    /// A credential that goes there.
    #[must_use]
    pub fn new(auth: Auth, secret: Secret) -> Self {
        let mask = secret.mask(auth == Auth::Basic);
        Self { auth, secret, mask }
    }

    /// Puts it into a request to the configured origin; nothing else may be asked with it.
    pub(super) fn put(&self, url: &mut Url, headers: &mut HeaderMap) {
        let (name, value) = match &self.auth {
            Auth::Bearer => (AUTHORIZATION, Zeroizing::new(format!("Bearer {}", self.secret.expose()))),
            Auth::Basic => {
                let pair = Zeroizing::new(STANDARD.encode(self.secret.expose()));
                (AUTHORIZATION, Zeroizing::new(format!("Basic {}", *pair)))
            }
            Auth::Header(name) => (name.clone(), Zeroizing::new(self.secret.expose().to_owned())),
            Auth::Query(name) => return set(url, name, self.secret.expose()),
            // It goes to the token endpoint alone.
            Auth::OAuth2(_) => return,
        };
        // A secret is printable ASCII, which every header may hold.
        if let Ok(mut value) = HeaderValue::from_str(&value) {
            value.set_sensitive(true);
            headers.insert(name, value);
        }
    }
}

/// Sets a parameter of an address, whether it has one of that name, as a redirect may, or not.
fn set(url: &mut Url, name: &str, value: &str) {
    let is_another = |piece: &&str| {
        let other = form_urlencoded::parse(piece.as_bytes()).next();
        other.is_some_and(|(other, _)| other != name)
    };
    // As they stand: an address of the source's own making may be signed.
    let others: Vec<&str> = url.query().unwrap_or("").split('&').filter(is_another).collect();
    let others = (!others.is_empty()).then(|| others.join("&"));
    url.set_query(others.as_deref());
    url.query_pairs_mut().append_pair(name, value);
}

impl fmt::Debug for Credential {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a credential as {:?}", self.auth)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sent(auth: Auth, secret: &str) -> (String, HeaderMap) {
        let secret = Secret::new(secret.to_owned()).unwrap_or_else(|why| panic!("{why}"));
        let (mut url, mut headers) = (Url::parse("http://h/p?a=1&k=old").unwrap(), HeaderMap::new());
        let credential = Credential::new(auth, secret);
        assert!(!format!("{credential:?}").contains("x:y"));
        credential.put(&mut url, &mut headers);
        (url.into(), headers)
    }

    #[test]
    fn each_place_is_the_right_one() {
        let (url, headers) = sent(Auth::Bearer, "x:yz");
        assert_eq!(url, "http://h/p?a=1&k=old");
        assert_eq!(headers[AUTHORIZATION], "Bearer x:yz");
        assert!(headers[AUTHORIZATION].is_sensitive());
        assert_eq!(sent(Auth::Basic, "x:yz").1[AUTHORIZATION], "Basic eDp5eg==");
        let name = HeaderName::from_static("x-api-key");
        assert_eq!(sent(Auth::Header(name.clone()), "x:yz").1[name], "x:yz");
        let (url, headers) = sent(Auth::Query("k".to_owned()), "x:y&z");
        assert_eq!((url.as_str(), headers.len()), ("http://h/p?a=1&k=x%3Ay%26z", 0));
    }

    #[test]
    fn what_else_an_address_asks_stays_as_it_stands() {
        for (before, after) in [
            ("http://h/?after=%FF%00%20&b", "http://h/?after=%FF%00%20&b&k=v"),
            ("http://h/?%6B=old&a=k", "http://h/?a=k&k=v"),
            ("http://h/?k=1&k=2", "http://h/?k=v"),
            ("http://h/", "http://h/?k=v"),
        ] {
            let mut url = Url::parse(before).unwrap();
            set(&mut url, "k", "v");
            assert_eq!(url.as_str(), after);
        }
    }
}
