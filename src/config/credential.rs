//! Formats for credentials: where one goes in a request, and where it is kept. Never the credential itself, which would
//! end up in lists of processes, in shell histories and in what this program says of its settings.

use std::fs::File;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::address::HttpUrl;
use super::format::Format;
use crate::sanitize::quoted;
use crate::secret::Secret;
use crate::source::Auth;
use crate::source::grant::Client;
use reqwest::header::HeaderName;

/// The most bytes of a credential.
const LONGEST: u64 = 64 << 10;

/// Where in a request a credential goes.
pub struct Placement;

impl Format for Placement {
    type Value = Auth;

    fn read(&self, text: &str) -> Result<Auth, String> {
        let (word, name) =
            text.split_once(' ').map_or((text, None), |(word, name)| (word, Some(name.trim())));
        match (word, name) {
            ("bearer", None) => Ok(Auth::Bearer),
            ("basic", None) => Ok(Auth::Basic),
            ("header", Some(name)) => HeaderName::from_bytes(name.as_bytes())
                .map(Auth::Header)
                .map_err(|_| "what follows is no name of a header, such as x-api-key".to_owned()),
            ("query", Some(name)) if is_name(name) => Ok(Auth::Query(name.to_owned())),
            ("oauth2" | "oauth2-body", Some(rest)) => client(rest, word == "oauth2-body").map(Auth::OAuth2),
            // What was written may be the credential: it is not quoted.
            _ => Err(format!("the value is not one of {}", self.bounds())),
        }
    }

    fn write(&self, value: &Auth) -> String {
        match value {
            Auth::Bearer => "bearer".to_owned(),
            Auth::Basic => "basic".to_owned(),
            Auth::Header(name) => format!("header {name}"),
            Auth::Query(name) => format!("query {name}"),
            Auth::OAuth2(client) => {
                let word = if client.in_body { "oauth2-body" } else { "oauth2" };
                let scope = client.scope.as_ref().map(|scope| format!(" {scope}")).unwrap_or_default();
                format!("{word} {}{scope}", client.url)
            }
        }
    }

    fn bounds(&self) -> String {
        "bearer, basic, header NAME, query NAME, oauth2 URL [SCOPE]".to_owned()
    }
}

/// A token endpoint, and what is asked for there.
fn client(text: &str, in_body: bool) -> Result<Client, String> {
    let (url, scope) = text.split_once(' ').unwrap_or((text, ""));
    let url = HttpUrl.read(url).map_err(|why| format!("the token endpoint: {why}"))?;
    let scope = Some(scope.trim()).filter(|scope| !scope.is_empty()).map(str::to_owned);
    Ok(Client { url, scope, in_body })
}

/// True if a text can be the name of a parameter, and not a parameter with its value.
fn is_name(text: &str) -> bool {
    let fits = |character: char| character.is_ascii_alphanumeric() || "-_.[]".contains(character);
    !text.is_empty() && text.chars().all(fits)
}

/// True if a text can be the name of a variable, and not its content, which the shell puts in the place of `$NAME`.
fn is_variable(text: &str) -> bool {
    !text.starts_with(|first: char| first.is_ascii_digit())
        && !text.is_empty()
        && text.chars().all(|character| character.is_ascii_alphanumeric() || character == '_')
}

/// Where a credential is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Keeper {
    /// In an environment variable.
    Env(String),
    /// In a file; or, where `#KEY` stands behind the name of a JSON file, the text of that key in its object.
    File(PathBuf),
    /// Behind a command for the shell, which prints it.
    Command(String),
}

impl Keeper {
    /// Fetches the credential.
    ///
    /// # Errors
    /// Why it cannot be had, in words that do not quote it.
    pub fn fetch(&self) -> Result<Secret, String> {
        let text = match self {
            Self::Env(name) => {
                let value = std::env::var_os(name).ok_or_else(|| format!("${name} is not set; set it"))?;
                value.into_string().map_err(|_| format!("${name} is not UTF-8"))?
            }
            Self::File(path) => {
                let (path, key) = within(path);
                let named = |why: String| format!("{}: {why}", path.display());
                let file = File::open(&path).map_err(|error| named(error.to_string()))?;
                let text = bounded(file).map_err(named)?;
                key.map_or(Ok(text.clone()), |key| field(&text, key)).map_err(named)?
            }
            Self::Command(command) => output(command)?,
        };
        Secret::new(text).map_err(|why| format!("the credential of {}: {why}", Reference.write(self)))
    }
}

/// A JSON file and the key within it, where a path names both: the reference connector keeps its configuration in such a
/// file, `configuration.json`, as an object of texts.
fn within(path: &Path) -> (PathBuf, Option<&str>) {
    let split = path.to_str().and_then(|text| text.split_once(".json#"));
    match split {
        Some((name, key)) => (PathBuf::from(format!("{name}.json")), Some(key)),
        None => (path.to_owned(), None),
    }
}

/// The text of a key. What the file holds is not quoted.
fn field(json: &str, key: &str) -> Result<String, String> {
    let object: serde_json::Map<String, serde_json::Value> =
        serde_json::from_str(json).map_err(|_| "that is no JSON object".to_owned())?;
    match object.get(key) {
        Some(serde_json::Value::String(text)) => Ok(text.clone()),
        Some(_) => Err(format!("what stands at {} is no text", quoted(key))),
        None => Err(format!("there is no {} in it", quoted(key))),
    }
}

fn bounded(from: impl std::io::Read) -> Result<String, String> {
    let mut text = String::new();
    from.take(LONGEST + 1).read_to_string(&mut text).map_err(|error| error.to_string())?;
    if text.len() as u64 > LONGEST {
        Err("that is no credential, it is longer than 64 KiB".to_owned())
    } else {
        Ok(text)
    }
}

/// What a command prints. It may ask the operator something: nothing is drawn yet.
fn output(command: &str) -> Result<String, String> {
    let (shell, option) = if cfg!(windows) { ("cmd", "/C") } else { ("sh", "-c") };
    let failed = |what: String| format!("the command for the credential {what}; run it by hand to see why");
    let mut child = Command::new(shell)
        .args([option, command])
        .stdout(Stdio::piped())
        .spawn()
        .map_err(|error| failed(format!("cannot be started ({error})")))?;
    let text = child.stdout.take().map_or(Ok(String::new()), bounded);
    let status = child.wait().map_err(|error| failed(format!("is lost ({error})")))?;
    if !status.success() {
        return Err(failed(format!("ended with {status}")));
    }
    text.map_err(failed)
}

/// Where a credential is kept: `env:NAME`, `file:PATH` or `cmd:COMMAND`.
pub struct Reference;

impl Format for Reference {
    type Value = Keeper;

    fn read(&self, text: &str) -> Result<Keeper, String> {
        match text.split_once(':') {
            Some(("env", name)) if is_variable(name) => Ok(Keeper::Env(name.to_owned())),
            Some(("file", path)) if !path.is_empty() && !path.starts_with('~') => {
                Ok(Keeper::File(path.into()))
            }
            Some(("file", _)) => {
                Err("that file is not named by its whole path (~ is not expanded here)".to_owned())
            }
            Some(("cmd", command)) if !command.trim().is_empty() => Ok(Keeper::Command(command.to_owned())),
            _ => Err(format!(
                "the credential itself does not belong here, where others can read it; say where it is kept: {}",
                self.bounds()
            )),
        }
    }

    fn write(&self, value: &Keeper) -> String {
        match value {
            Keeper::Env(name) => format!("env:{name}"),
            Keeper::File(path) => format!("file:{}", path.display()),
            Keeper::Command(command) => format!("cmd:{command}"),
        }
    }

    fn bounds(&self) -> String {
        "env:NAME, file:PATH, file:PATH.json#KEY, cmd:COMMAND".to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_read_is_written_the_same_way() {
        for text in ["bearer", "basic", "header x-api-key", "query key"] {
            assert_eq!(Placement.write(&Placement.read(text).unwrap()), text);
        }
        for text in ["env:API_KEY", "file:/run/secrets/key", "cmd:pass show api | head -1"] {
            assert_eq!(Reference.write(&Reference.read(text).unwrap()), text);
        }
    }

    #[test]
    fn a_credential_in_the_place_of_its_keeper_is_refused_and_not_quoted() {
        for text in [
            "sk-live-hunter2",
            "me:hunter2",
            "env:",
            "env:a=hunter2",
            "bearer hunter2",
            "header a b:hunter2",
            "header X-Key: hunter2",
            "query key=hunter2",
            "env:sk-live-hunter2",
        ] {
            for message in [Reference.read(text).map(drop), Placement.read(text).map(drop)]
                .into_iter()
                .filter_map(Result::err)
            {
                assert!(!message.contains("hunter2"), "{message}");
            }
        }
    }

    #[test]
    fn each_keeper_gives_it_or_says_why_not() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("key");
        std::fs::write(&path, "from-a-file\n").unwrap();
        let fetched = |keeper: Keeper| keeper.fetch().map(|secret| secret.expose().to_owned());
        assert_eq!(fetched(Keeper::File(path.clone())), Ok("from-a-file".to_owned()));
        assert_eq!(
            fetched(Keeper::Command("echo from-a-command".to_owned())),
            Ok("from-a-command".to_owned())
        );
        assert!(fetched(Keeper::Env("NO_SUCH_VARIABLE_HERE".to_owned())).unwrap_err().contains("is not set"));
        assert!(fetched(Keeper::Command("exit 3".to_owned())).unwrap_err().contains("run it by hand"));
        assert!(fetched(Keeper::File(folder.path().join("absent"))).is_err());
        let json = folder.path().join("configuration.json");
        std::fs::write(&json, r#"{"api_key": "from-json", "depth": 3}"#).unwrap();
        let keyed = |key: &str| fetched(Keeper::File(format!("{}#{key}", json.display()).into()));
        assert_eq!(keyed("api_key"), Ok("from-json".to_owned()));
        assert!(
            keyed("depth").unwrap_err().contains("no text") && keyed("x").unwrap_err().contains("no \"x\"")
        );
        std::fs::write(&json, "hunter2").unwrap();
        assert!(!keyed("api_key").unwrap_err().contains("hunter2"));
        std::fs::write(&path, vec![b'x'; 1 << 20]).unwrap();
        assert!(fetched(Keeper::File(path)).unwrap_err().contains("longer than 64 KiB"));
    }
}
