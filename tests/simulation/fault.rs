//! Everything that goes wrong between a source and a sync: what it is called, when it strikes, and how a run may end
//! because of it.

use rand::RngExt as _;
use rand::rngs::StdRng;

/// What goes wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// 429 with this `Retry-After`.
    Limited(RetryAfter),
    /// A status of the server's own trouble, with or without `Retry-After`.
    Trouble(u16, bool),
    /// Something else than a page, with 200.
    Odd(Odd),
    /// The body ends early, and nothing in the connection says so.
    Cut(Place),
    /// A body that grows beyond measure when it is unpacked.
    Bomb(Format),
    /// The connection.
    Line(Line),
    /// A redirect to the same origin or to another.
    Redirect(Host),
    /// The page's JSON is not what the contract says, or its rows are not.
    Page(Page),
    /// The rows that the source has are odd.
    Rows(Rows),
    /// The source goes about its pages and tokens in another way.
    Paging(Paging),
    /// The source's rows change while they are read.
    Change(Change),
    /// The source's clock.
    Date(Date),
    /// What a terminal might obey, where only text should be.
    Escapes(Where),
    /// The destination cannot store a page.
    Disk,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RetryAfter {
    Integer,
    Float,
    ImfDate,
    Rfc850Date,
    AsctimeDate,
    Absent,
    Zero,
    Negative,
    /// More than the policy's patience.
    Huge,
    Garbage,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Odd {
    Html,
    Empty,
    DataObject,
    DataNull,
    DataMissing,
    DataTwice,
    TokenNumber,
    /// More rows than a page may have.
    TooMany,
    /// Bytes that are no text.
    NotUtf8,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    String,
    Escape,
    Number,
    Literal,
    BetweenRows,
    AfterRows,
    BeforeBrace,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    Gzip,
    Zstd,
    /// Not packed at all.
    None,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Line {
    Refused,
    ResetBeforeHead,
    ResetInHead,
    ResetAfterHead,
    ResetInBody,
    ResetAfterBody,
    StallBeforeHead,
    StallInBody,
    Drip,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Host {
    Same,
    Other,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Page {
    RowNumber,
    IdObject,
    IdBool,
    IdMissing,
    IdNull,
    FieldMissing,
    FieldNull,
    CursorMissing,
    CursorNull,
    /// A character of which there is only one half.
    HalfCharacter,
    /// A value of arrays within arrays.
    Deep,
    /// A row and then an older copy of it.
    OlderAgain,
    /// An older copy of a row and then the row.
    NewerAgain,
    Shuffled,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rows {
    Future,
    Year1,
    Fractions,
    Offsets,
    Ties(Ties),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ties {
    Two,
    PageLessOne,
    Page,
    PageAndOne,
    All,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Paging {
    /// Rows come in the opposite order.
    NewestFirst,
    /// Tokens repeat in a circle of so many.
    Loop(u32),
    /// A token is refused because it is too old.
    ExpiredByTime,
    /// A token is refused because it was used before, by an attempt whose answer was lost.
    ExpiredByUse,
    /// No rows, but a token to them.
    EmptyPage,
    /// The token is the address of a page on another host.
    OtherHost,
    /// Pages of another size.
    PageSize,
    /// `updated_since` leaves out the value itself.
    Exclusive,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    Updates,
    Inserts,
    /// A row that appears with a cursor that was passed long ago.
    Late,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Date {
    Missing,
    Ahead,
    Behind,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Where {
    Values,
    Headers,
    /// In the body of an error.
    Error,
}

/// Every fault by its name.
pub const FAULTS: &[(&str, Fault)] = &[
    ("limit-integer", Fault::Limited(RetryAfter::Integer)),
    ("limit-float", Fault::Limited(RetryAfter::Float)),
    ("limit-imf-date", Fault::Limited(RetryAfter::ImfDate)),
    ("limit-rfc850-date", Fault::Limited(RetryAfter::Rfc850Date)),
    ("limit-asctime-date", Fault::Limited(RetryAfter::AsctimeDate)),
    ("limit-absent", Fault::Limited(RetryAfter::Absent)),
    ("limit-zero", Fault::Limited(RetryAfter::Zero)),
    ("limit-negative", Fault::Limited(RetryAfter::Negative)),
    ("limit-huge", Fault::Limited(RetryAfter::Huge)),
    ("limit-garbage", Fault::Limited(RetryAfter::Garbage)),
    ("status-500", Fault::Trouble(500, false)),
    ("status-502", Fault::Trouble(502, false)),
    ("status-503-retry-after", Fault::Trouble(503, true)),
    ("html", Fault::Odd(Odd::Html)),
    ("empty-body", Fault::Odd(Odd::Empty)),
    ("data-object", Fault::Odd(Odd::DataObject)),
    ("data-null", Fault::Odd(Odd::DataNull)),
    ("data-missing", Fault::Odd(Odd::DataMissing)),
    ("data-twice", Fault::Odd(Odd::DataTwice)),
    ("token-number", Fault::Odd(Odd::TokenNumber)),
    ("too-many-rows", Fault::Odd(Odd::TooMany)),
    ("not-utf-8", Fault::Odd(Odd::NotUtf8)),
    ("cut-in-string", Fault::Cut(Place::String)),
    ("cut-in-escape", Fault::Cut(Place::Escape)),
    ("cut-in-number", Fault::Cut(Place::Number)),
    ("cut-in-literal", Fault::Cut(Place::Literal)),
    ("cut-between-rows", Fault::Cut(Place::BetweenRows)),
    ("cut-after-rows", Fault::Cut(Place::AfterRows)),
    ("cut-before-brace", Fault::Cut(Place::BeforeBrace)),
    ("gzip-bomb", Fault::Bomb(Format::Gzip)),
    ("zstd-bomb", Fault::Bomb(Format::Zstd)),
    ("large-body", Fault::Bomb(Format::None)),
    ("refused", Fault::Line(Line::Refused)),
    ("reset-before-head", Fault::Line(Line::ResetBeforeHead)),
    ("reset-in-head", Fault::Line(Line::ResetInHead)),
    ("reset-after-head", Fault::Line(Line::ResetAfterHead)),
    ("reset-in-body", Fault::Line(Line::ResetInBody)),
    ("reset-after-body", Fault::Line(Line::ResetAfterBody)),
    ("stall-before-head", Fault::Line(Line::StallBeforeHead)),
    ("stall-in-body", Fault::Line(Line::StallInBody)),
    ("slow-drip", Fault::Line(Line::Drip)),
    ("redirect-same-host", Fault::Redirect(Host::Same)),
    ("redirect-other-host", Fault::Redirect(Host::Other)),
    ("row-number", Fault::Page(Page::RowNumber)),
    ("id-object", Fault::Page(Page::IdObject)),
    ("id-bool", Fault::Page(Page::IdBool)),
    ("id-missing", Fault::Page(Page::IdMissing)),
    ("id-null", Fault::Page(Page::IdNull)),
    ("field-missing", Fault::Page(Page::FieldMissing)),
    ("field-null", Fault::Page(Page::FieldNull)),
    ("cursor-missing", Fault::Page(Page::CursorMissing)),
    ("cursor-null", Fault::Page(Page::CursorNull)),
    ("half-character", Fault::Page(Page::HalfCharacter)),
    ("deep-value", Fault::Page(Page::Deep)),
    ("twice-then-older", Fault::Page(Page::OlderAgain)),
    ("twice-then-newer", Fault::Page(Page::NewerAgain)),
    ("shuffled-page", Fault::Page(Page::Shuffled)),
    ("future-cursor", Fault::Rows(Rows::Future)),
    ("year-1-cursor", Fault::Rows(Rows::Year1)),
    ("fractions", Fault::Rows(Rows::Fractions)),
    ("offsets", Fault::Rows(Rows::Offsets)),
    ("ties-2", Fault::Rows(Rows::Ties(Ties::Two))),
    ("ties-page-less-1", Fault::Rows(Rows::Ties(Ties::PageLessOne))),
    ("ties-page", Fault::Rows(Rows::Ties(Ties::Page))),
    ("ties-page-and-1", Fault::Rows(Rows::Ties(Ties::PageAndOne))),
    ("ties-all", Fault::Rows(Rows::Ties(Ties::All))),
    ("newest-first", Fault::Paging(Paging::NewestFirst)),
    ("token-loop-1", Fault::Paging(Paging::Loop(1))),
    ("token-loop-2", Fault::Paging(Paging::Loop(2))),
    ("token-loop-5", Fault::Paging(Paging::Loop(5))),
    ("token-expired-by-time", Fault::Paging(Paging::ExpiredByTime)),
    ("token-expired-by-use", Fault::Paging(Paging::ExpiredByUse)),
    ("empty-page-with-token", Fault::Paging(Paging::EmptyPage)),
    ("next-page-other-host", Fault::Paging(Paging::OtherHost)),
    ("page-size", Fault::Paging(Paging::PageSize)),
    ("exclusive-bound", Fault::Paging(Paging::Exclusive)),
    ("updates", Fault::Change(Change::Updates)),
    ("inserts", Fault::Change(Change::Inserts)),
    ("late-rows", Fault::Change(Change::Late)),
    ("date-missing", Fault::Date(Date::Missing)),
    ("date-ahead", Fault::Date(Date::Ahead)),
    ("date-behind", Fault::Date(Date::Behind)),
    ("escapes-in-values", Fault::Escapes(Where::Values)),
    ("escapes-in-headers", Fault::Escapes(Where::Headers)),
    ("escapes-in-error", Fault::Escapes(Where::Error)),
    ("disk-full", Fault::Disk),
];

/// How long a fault goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Strike {
    /// The request at which it begins, from 1.
    pub from: u32,
    /// How many requests it meets.
    pub times: u32,
}

/// Attempts for one page: a fault that meets fewer requests in a row is one that a run gets over.
pub const ATTEMPTS: u32 = 4;

impl Strike {
    /// When a fault strikes: twice in three times it passes, else it stays.
    pub fn pick(rng: &mut StdRng) -> Self {
        let times = match rng.random_range(0..3) {
            0 => u32::MAX,
            _ => rng.random_range(1..ATTEMPTS),
        };
        Self { from: rng.random_range(1..6), times }
    }

    pub fn hits(self, request: u32) -> bool {
        request >= self.from && request - self.from < self.times
    }

    pub fn passes(self) -> bool {
        self.times < ATTEMPTS
    }
}

impl Fault {
    pub fn named(name: &str) -> Option<Self> {
        FAULTS.iter().find(|(known, _)| *known == name).map(|(_, fault)| *fault)
    }

    pub fn name(self) -> &'static str {
        FAULTS.iter().find(|(_, fault)| *fault == self).map_or("unnamed", |(name, _)| name)
    }

    /// True if a run gets over it alone when it passes. The others end a run, or may, however short they are.
    pub fn is_got_over(self) -> bool {
        match self {
            Self::Limited(RetryAfter::Huge)
            | Self::Bomb(_)
            | Self::Odd(Odd::TooMany)
            | Self::Redirect(Host::Other) => false,
            Self::Disk => false,
            // An anchored walk that was demanded ends where order does.
            Self::Page(_) | Self::Paging(_) => false,
            _ => true,
        }
    }

    /// The words of which the text of a run that this fault has ended holds one. None: it ends no run.
    pub fn words(self) -> &'static [&'static str] {
        match self {
            Self::Limited(RetryAfter::Huge) => &["more than max_wait"],
            Self::Limited(_) => &["HTTP 429"],
            Self::Trouble(500, _) => &["HTTP 500"],
            Self::Trouble(502, _) => &["HTTP 502"],
            Self::Trouble(..) | Self::Escapes(Where::Error) => &["HTTP 503"],
            Self::Odd(Odd::TooMany) => &["more than 1000 rows"],
            Self::Odd(_) => &["not a page"],
            Self::Cut(_) => &["not a page", "broke off"],
            Self::Bomb(Format::None) => &["larger than"],
            Self::Bomb(_) => &["times"],
            Self::Disk => &["the disk is full"],
            Self::Line(Line::Refused) => &["no connection"],
            Self::Line(Line::StallBeforeHead | Line::StallInBody | Line::Drip) => &["timed out"],
            Self::Line(_) => &["broke off"],
            Self::Redirect(_) => &["redirect"],
            Self::Paging(Paging::Loop(_)) => {
                &["goes round in a circle", "do not bear an anchored walk", "HTTP 400"]
            }
            Self::Paging(Paging::ExpiredByUse) => {
                &["HTTP 400", "HTTP 404", "HTTP 410", "HTTP 422", "broke off"]
            }
            Self::Paging(Paging::ExpiredByTime | Paging::OtherHost) => &["HTTP 4"],
            Self::Paging(Paging::NewestFirst | Paging::Exclusive) => &["do not bear an anchored walk"],
            Self::Page(_) => &["do not bear an anchored walk"],
            Self::Paging(Paging::EmptyPage) => &["goes round in a circle"],
            // A later sitting of the run does not go on where the clock lies that far below.
            Self::Date(Date::Behind) => &["the source has gone back in time"],
            Self::Rows(_) | Self::Paging(_) | Self::Change(_) | Self::Date(_) | Self::Escapes(_) => &[],
        }
    }

    /// What a sync that has stored what this fault did must have told, by the notice's own name.
    pub fn notice(self) -> Option<&'static str> {
        match self {
            Self::Page(Page::RowNumber | Page::IdObject | Page::IdBool | Page::IdMissing) => {
                Some("quarantined")
            }
            Self::Page(Page::IdNull | Page::HalfCharacter | Page::Deep) => Some("quarantined"),
            Self::Page(Page::CursorMissing | Page::CursorNull) => Some("no_cursor"),
            Self::Rows(Rows::Future) => Some("future_cursor"),
            _ => None,
        }
    }
}
