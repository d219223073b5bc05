//! Formats for what names something outside the program: a source's URL, a file, a destination.

use std::path::PathBuf;

use url::Url;

use super::definition::written::check_name;
use super::format::Format;
use crate::destination::place::Place;
use crate::destination::postgres::Address;
use crate::sanitize::quoted;

/// An `http` or `https` URL without a user, a password or a fragment.
pub struct HttpUrl;

impl Format for HttpUrl {
    type Value = Url;

    fn read(&self, text: &str) -> Result<Url, String> {
        // Whatever stands before an @ may be a password, and a refused text is quoted.
        let shown = if text.contains('@') { "the value".to_owned() } else { quoted(text) };
        let example = "write it as http://host:port/path or https://…";
        let url = without_user(text, &shown, example)?;
        if url.fragment().is_some() {
            return Err(format!("{shown} has a fragment (#…), which no server gets to see; leave it out"));
        }
        Ok(url)
    }

    fn write(&self, value: &Url) -> String {
        value.to_string()
    }

    fn bounds(&self) -> String {
        "http or https".to_owned()
    }
}

/// An address by `http` or `https` without a user or password; `shown` is what a message calls the text.
fn without_user(text: &str, shown: &str, example: &str) -> Result<Url, String> {
    let url = Url::parse(text).map_err(|why| format!("{shown} is no URL ({why}); {example}"))?;
    if !matches!(url.scheme(), "http" | "https") {
        return Err(format!("{shown} is neither http nor https; {example}"));
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err("a user or password in a URL ends up in logs and in lists of processes; \
                    write the URL without what stands before the @"
            .to_owned());
    }
    Ok(url)
}

/// The address of a proxy: `http` or `https`, without a user or password.
pub struct ProxyUrl;

impl Format for ProxyUrl {
    type Value = Url;

    fn read(&self, text: &str) -> Result<Url, String> {
        without_user(text, "the value", "write it as http://host:port")
    }

    fn write(&self, value: &Url) -> String {
        HttpUrl.write(value)
    }

    fn bounds(&self) -> String {
        HttpUrl.bounds()
    }
}

/// The name of a source: small letters, digits, `-` and `_`.
pub struct SourceName;

impl Format for SourceName {
    type Value = String;

    fn read(&self, text: &str) -> Result<String, String> {
        check_name(text).map(|()| text.to_owned())
    }

    fn write(&self, value: &String) -> String {
        value.clone()
    }

    fn bounds(&self) -> String {
        "a name".to_owned()
    }
}

/// A path to a file, which need not exist.
pub struct FilePath;

impl Format for FilePath {
    type Value = PathBuf;

    fn read(&self, text: &str) -> Result<PathBuf, String> {
        if text.is_empty() {
            return Err("the path is empty; name a file".to_owned());
        }
        if text == "~" || text.starts_with("~/") {
            // Without a shell in between, this would make a directory that is called ~.
            return Err(format!("{}: ~ is not expanded here; write the whole path", quoted(text)));
        }
        Ok(PathBuf::from(text))
    }

    fn write(&self, value: &PathBuf) -> String {
        value.to_string_lossy().into_owned()
    }

    fn bounds(&self) -> String {
        "a path".to_owned()
    }
}

/// A destination: a file, or the URL of a database.
pub struct DestinationPlace;

impl Format for DestinationPlace {
    type Value = Place;

    fn read(&self, text: &str) -> Result<Place, String> {
        if Address::is_meant(text) {
            return Ok(Place::Postgres(Box::new(Address::parse(text)?)));
        }
        if let Some((scheme, _)) = text.split_once("://") {
            // Whatever follows may hold a password.
            let scheme = quoted(scheme);
            return Err(format!("no destination is addressed by {scheme}; write postgres://…, or a path"));
        }
        FilePath.read(text).map(Place::File)
    }

    fn write(&self, value: &Place) -> String {
        match value {
            Place::File(path) => FilePath.write(path),
            Place::Postgres(address) => address.url(),
        }
    }

    fn bounds(&self) -> String {
        "a path, or postgres://user@host:port/database".to_owned()
    }

    fn secret(&self, text: &str) -> Option<&'static str> {
        let has_password =
            Address::is_meant(text) && Address::parse(text).is_ok_and(|address| address.has_password());
        has_password.then_some(
            "a password does not belong here, where others can read it; leave it out of the URL, and say where it is \
             kept (destination.secret), or have it in PGPASSWORD or ~/.pgpass",
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_http_urls_without_secrets_pass() {
        assert!(HttpUrl.read("http://127.0.0.1:5001/users?x=1").is_ok());
        assert!(HttpUrl.read("https://example.com").is_ok());
        for text in ["ftp://h/", "localhost:5001/x", "/users", "", "http://", "file:///x", "http://h/#a"] {
            assert!(HttpUrl.read(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_refused_url_never_shows_a_password() {
        for text in [
            "http://me:hunter2@host/",
            "http://hunter2@host/",
            "ftp://me:hunter2@host/",
            "http://me:hunter2@host:notaport/",
        ] {
            let message = HttpUrl.read(text).unwrap_err();
            assert!(!message.contains("hunter2"), "{message}");
        }
    }

    #[test]
    fn a_proxy_is_named_without_a_user() {
        assert_eq!(
            ProxyUrl.read("http://h:3128").map(|url| ProxyUrl.write(&url)),
            Ok("http://h:3128/".to_owned())
        );
        assert!(ProxyUrl.read("http://me:hunter2@h:1").is_err_and(|message| !message.contains("hunter2")));
        assert!(ProxyUrl.read("socks5://h:1").is_err());
    }

    #[test]
    fn a_destination_is_a_path_or_a_database_and_nothing_else() {
        let read = |text| DestinationPlace.read(text);
        assert_eq!(read("a.db"), Ok(Place::File("a.db".into())));
        let text = "postgres://me@h:5432/db?schema=s";
        assert_eq!(DestinationPlace.write(&read(text).unwrap()), text);
        let message = read("mysql://me:hunter2@h/db").unwrap_err();
        assert!(message.contains("mysql") && !message.contains("hunter2"), "{message}");
        assert!(DestinationPlace.secret("postgres://me:hunter2@h/db").is_some());
        assert_eq!(DestinationPlace.secret("postgres://me@h/db"), None);
    }

    #[test]
    fn a_tilde_is_refused_rather_than_made_a_directory() {
        assert!(FilePath.read("~/x.db").is_err());
        assert!(FilePath.read("").is_err());
        assert_eq!(FilePath.read("./~/x.db"), Ok(PathBuf::from("./~/x.db")));
    }
}
