//! Every setting, once: its place in the file, its type, default, bounds, names and explanation.
//!
//! The [`settings!`] block below is the only place where a setting is written down. From it come the typed
//! [`Settings`], the table of [`KEYS`] that the layers, the annotated file, `config show` and the command line go by,
//! and this room's documentation.

mod choice;
mod key;

use std::path::PathBuf;
use std::time::Duration;

use url::Url;

pub use self::choice::{Colours, EmptyPage, Resume};
pub use self::key::{Flag, Key};
use super::address::{DestinationPlace, FilePath, HttpUrl, ProxyUrl, SourceName};
use super::credential::{Keeper, Placement, Reference};
use super::format::{Count, Format, OneOf, PerTime, Size, Span, Switch, Unless};
use crate::destination::place::Place;
use crate::source::{Auth, Contract, KEYSET};
use crate::walk::Mode;
use crate::walk::lanes::MOST;

/// The name that no source has: the one without a section of its own.
pub(super) const NONE: &str = "none";

/// Writes down sections of settings: for each key its explanation (the first line stands in the help), its type and
/// default, the format with the bounds, the environment variable and, if it has one, the flag with its value's name
/// unless it is a switch.
macro_rules! settings {
    ($(
        $(#[doc = $about:literal])+
        [$section:ident] $Section:ident {
            $(
                $(#[doc = $line:literal])+
                $key:ident: $type:ty = $default:literal, $format:expr, $env:literal
                    $(, $flag:literal $($value:literal)?)?;
            )+
        }
    )+) => {
        $(
            $(#[doc = $about])+
            #[derive(Clone, Debug, PartialEq)]
            pub struct $Section {
                $( $(#[doc = $line])+ pub $key: $type, )+
            }
        )+

        /// Every setting, validated.
        #[derive(Clone, Debug, PartialEq)]
        pub struct Settings {
            $( $(#[doc = $about])+ pub $section: $Section, )+
            /// What the source speaks.
            pub contract: &'static Contract,
            /// What each request asks beside, and where that is kept.
            pub filters: Vec<(String, Keeper)>,
        }

        impl Settings {
            /// Builds the settings from one text a key.
            ///
            /// # Errors
            /// The first text that its format refuses, with its key.
            pub(super) fn read<'t>(
                mut text: impl FnMut(&'static str, &'static str) -> &'t str,
            ) -> Result<Self, String> {
                Ok(Self {
                    $( $section: $Section {
                        $( $key: $format.read(text(stringify!($section), stringify!($key)))?, )+
                    }, )+
                    contract: &KEYSET,
                    filters: Vec::new(),
                })
            }
        }

        /// The sections of the file in order, with what each is about.
        pub static SECTIONS: &[(&str, &str)] = &[
            $( (stringify!($section), concat!($($about),+)), )+
        ];

        /// Every key, in the order of the file.
        pub static KEYS: &[Key] = &[$($(
            Key {
                section: stringify!($section),
                name: stringify!($key),
                env: $env,
                flag: settings!(@flag $($flag $($value)?)?),
                default: $default,
                rule: &$format,
                show: |settings| $format.write(&settings.$section.$key),
                explanation: &[$($line),+],
            },
        )+)+];
    };
    (@flag) => { None };
    (@flag $name:literal) => { Some(Flag { name: $name, value: None }) };
    (@flag $name:literal $value:literal) => { Some(Flag { name: $name, value: Some($value) }) };
}

const SECOND: u64 = 1_000;
const MINUTE: u64 = 60 * SECOND;
const HOUR: u64 = 60 * MINUTE;

settings! {
    /// Where the rows come from, and how long and how much of it is waited for.
    [source] Source {
        /// The source: [source.NAME], or a preset.
        /// `highwater source list` tells which there are. "none" is an API that speaks the playground's contract.
        name: Option<String> = "none", Unless(NONE, SourceName), "HIGHWATER_SOURCE", "source" "NAME";
        /// The API's endpoint.
        /// "playground" is the built-in one. Secrets do not belong here: a user or password is refused.
        url: Option<Url> = "playground", Unless("playground", HttpUrl), "HIGHWATER_URL", "url" "URL";
        /// How a credential goes along.
        /// "bearer" and "basic" are those of HTTP; basic takes "user:password". "oauth2" has a bearer token granted for
        /// "id:secret" by the endpoint at that URL; "oauth2-body" sends these in the body of that request.
        auth: Option<Auth> = "none", Unless("none", Placement), "HIGHWATER_AUTH", "auth" "HOW";
        /// Where the credential is kept.
        /// It never stands here itself. A command is run by the shell at every start; what it prints is taken.
        secret: Option<Keeper> = "none", Unless("none", Reference), "HIGHWATER_SECRET", "secret" "WHERE";
        /// Certificates to trust beside the system's own.
        /// A file in PEM, for an API behind a certificate of one's own. Verification cannot be turned off.
        ca_file: Option<PathBuf> = "none", Unless("none", FilePath), "HIGHWATER_CA_FILE", "ca-file" "FILE";
        /// The proxy that every request goes through.
        /// Those of the environment (HTTPS_PROXY) are not heeded: this is the only way to have one.
        proxy: Option<Url> = "none", Unless("none", ProxyUrl), "HIGHWATER_PROXY", "proxy" "URL";
        /// Allow http to another machine.
        /// Everything that is sent and received can be read and changed on the way, the credential included.
        allow_http: bool = "false", Switch, "HIGHWATER_ALLOW_HTTP", "allow-http";
        /// Longest wait for a connection.
        connect_timeout: Duration = "10s", Span::milliseconds(10, 10 * MINUTE),
            "HIGHWATER_CONNECT_TIMEOUT", "connect-timeout" "TIME";
        /// Longest silence within an answer.
        idle_timeout: Duration = "30s", Span::milliseconds(10, HOUR),
            "HIGHWATER_IDLE_TIMEOUT", "idle-timeout" "TIME";
        /// Longest time for a whole request.
        request_timeout: Duration = "2m", Span::milliseconds(10, 24 * HOUR),
            "HIGHWATER_REQUEST_TIMEOUT", "request-timeout" "TIME";
        /// Most requests in a time.
        /// Such as "10/s", "100/m" or "1000/h". What the source says of its own limit is heeded besides.
        rate: Option<(u32, Duration)> = "none", Unless("none", PerTime), "HIGHWATER_RATE", "rate" "RATE";
        /// How many of them may follow one another at once.
        burst: u64 = "1", Count(1, 10_000), "HIGHWATER_BURST";
        /// Most redirects in a row, all within the address's own scheme, host and port.
        max_redirects: u64 = "5", Count(0, 20), "HIGHWATER_MAX_REDIRECTS";
        /// Most bytes of an answer's headers.
        max_headers: u64 = "64 KiB", Size(1 << 10, 256 << 10), "HIGHWATER_MAX_HEADERS";
        /// Most bytes of an answer, after decompression.
        max_body: u64 = "32 MiB", Size(1 << 10, 1 << 30), "HIGHWATER_MAX_BODY";
        /// How many times its size on the wire an answer may unpack to.
        /// Answers of up to 1 MiB are never held to it.
        max_ratio: u64 = "200", Count(1, 100_000), "HIGHWATER_MAX_RATIO";
        /// Most rows in one page.
        max_page_rows: u64 = "100000", Count(1, 10_000_000), "HIGHWATER_MAX_PAGE_ROWS";
        /// Most lists and objects within each other in a value.
        /// A row with a deeper one is quarantined.
        max_depth: u64 = "128", Count(1, 1_000_000), "HIGHWATER_MAX_DEPTH";
        /// Most pages in a row that bring nothing new, or no row at all.
        max_idle_pages: u64 = "100", Count(1, 1_000_000), "HIGHWATER_MAX_IDLE_PAGES";
        /// What an empty page with a token does.
        /// "end" ends the run and asks for attention, "follow" goes on with the token.
        empty_page_with_token: EmptyPage = "end", OneOf::<EmptyPage>::any(), "HIGHWATER_EMPTY_PAGE_WITH_TOKEN";
    }
    /// What happens after a time-out, a cut or malformed answer, a 429 or a 5xx.
    [retry] Retry {
        /// Attempts in all for one page.
        attempts: u64 = "6", Count(1, 100), "HIGHWATER_RETRIES", "retries" "N";
        /// First backoff; each later one doubles it.
        base: Duration = "500ms", Span::milliseconds(1, 10 * MINUTE), "HIGHWATER_RETRY_BASE";
        /// Longest backoff.
        max: Duration = "30s", Span::milliseconds(1, HOUR), "HIGHWATER_RETRY_MAX";
        /// Longest Retry-After obeyed.
        /// Beyond it the run ends, and can be resumed.
        max_wait: Duration = "15m", Span::milliseconds(0, 24 * HOUR), "HIGHWATER_MAX_WAIT", "max-wait" "TIME";
    }
    /// Where the rows go.
    [destination] Destination {
        /// The SQLite file, or postgres://….
        /// "auto" is one file a source in the data directory. A relative path in this file starts at its directory.
        /// postgres://user@host:port/database is a PostgreSQL database; its URL may name a schema (?schema=NAME), and how
        /// the way there is encrypted (sslmode, sslrootcert).
        db: Option<Place> = "auto", Unless("auto", DestinationPlace), "HIGHWATER_DB", "db" "PLACE";
        /// Where the password of a PostgreSQL database is kept.
        /// Without it, PGPASSWORD and then ~/.pgpass are looked at, as PostgreSQL's own programs do.
        secret: Option<Keeper> = "none", Unless("none", Reference), "HIGHWATER_DB_SECRET";
    }
    /// How a run goes.
    [sync] Sync {
        /// The walk.
        /// "scroll" follows the token, "anchor" asks again from the last row, "auto" takes the one that loses nothing.
        walk: Mode = "auto", OneOf::<Mode>::any(), "HIGHWATER_WALK", "walk" "MODE";
        /// Stretches of time read side by side.
        /// It takes a source that keeps order, and leaves out what lies below where it is asked from; any other is
        /// read in one lane, and that is said. "auto" begins with one and takes more while the source bears it.
        lanes: Option<u64> = "1", Unless("auto", Count(1, MOST as u64)), "HIGHWATER_LANES", "lanes" "N";
        /// Where an unfinished run goes on.
        /// "ask" asks, and without a terminal is "token"; "token" falls back to the checkpoint; "full" reads everything
        /// again, finished or not.
        resume: Resume = "ask", OneOf::<Resume>::any(), "HIGHWATER_RESUME", "resume" "FROM";
        /// Stop after so many pages.
        max_pages: Option<u64> = "none", Unless("none", Count(1, 1_000_000_000)),
            "HIGHWATER_MAX_PAGES", "max-pages" "N";
        /// How far below the checkpoint a run begins.
        /// For a source whose rows show up later than they are stamped. The checkpoint itself is never set back.
        lag: Duration = "0s", Span::milliseconds(0, 30 * 24 * HOUR), "HIGHWATER_LAG", "lag" "TIME";
        /// Run again this often.
        /// It counts from start to start; a run that takes longer is followed at once. The runs after the
        /// first go on from where the one before ended.
        every: Option<Duration> = "none", Unless("none", Span::milliseconds(SECOND, 24 * HOUR)),
            "HIGHWATER_EVERY", "every" "TIME";
        /// How long a stop waits for the page on the wire.
        stop_grace: Duration = "5s", Span::milliseconds(0, 10 * MINUTE), "HIGHWATER_STOP_GRACE";
    }
    /// How the monitor looks and behaves.
    [monitor] Monitor {
        /// The monitor's colours.
        /// "terminal" takes the terminal's own; NO_COLOR in the environment means "mono" unless the flag says
        /// otherwise.
        theme: Colours = "terminal", OneOf::<Colours>::any(), "HIGHWATER_THEME", "theme" "NAME";
        /// Take the mouse.
        /// The wheel and clicks are the monitor's then, and the terminal no longer selects text with them.
        mouse: bool = "false", Switch, "HIGHWATER_MOUSE", "mouse";
    }
    /// The built-in API.
    [playground] Playground {
        /// How many users there are.
        users: u64 = "200", Count(0, 1_000_000), "HIGHWATER_PLAYGROUND_USERS", "users" "N";
        /// Rows a page.
        page_size: u64 = "50", Count(1, 10_000), "HIGHWATER_PLAYGROUND_PAGE_SIZE", "page-size" "N";
        /// Time for an answer, in ms or with a unit.
        latency: Duration = "600ms", Span::milliseconds(0, MINUTE).or_bare(),
            "HIGHWATER_PLAYGROUND_LATENCY", "latency" "MS";
        /// The same seed makes the same people.
        seed: u64 = "1", Count(0, 4_294_967_295), "HIGHWATER_PLAYGROUND_SEED", "seed" "N";
        /// Users sharing one updatedAt at the first cut.
        /// Every client that follows the token loses some of them.
        tie: u64 = "0", Count(0, 1_000_000), "HIGHWATER_PLAYGROUND_TIE", "tie" "N";
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn every_default_is_right_and_written_the_shortest_way() {
        let find = |section, name| {
            let key = KEYS.iter().find(|key| (key.section, key.name) == (section, name));
            key.unwrap().default
        };
        let settings = Settings::read(find).unwrap();
        for key in KEYS {
            assert_eq!(key.rule.check(key.default), Ok(()), "{key:?}");
            assert_eq!((key.show)(&settings), key.default, "{key:?}");
        }
    }

    #[test]
    fn no_two_settings_share_a_name() {
        let unique = |names: Vec<&str>| names.iter().collect::<BTreeSet<_>>().len() == names.len();
        assert!(unique(KEYS.iter().map(|key| key.env).collect()));
        assert!(unique(KEYS.iter().filter_map(|key| Some(key.flag?.name)).collect()));
    }

    #[test]
    fn every_setting_is_explained() {
        for key in KEYS {
            assert!(!key.about().is_empty() && key.env.starts_with("HIGHWATER_"), "{key:?}");
        }
    }
}
