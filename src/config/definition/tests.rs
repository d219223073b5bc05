//! What a section comes to, and what is refused of one.

use std::path::Path;

use super::*;
use crate::config::{Environment, Location, Problems, load};
use crate::source::contract::{Back, Order, Path as At, TokenAt};

/// A source that says all that it must.
const LEAST: &str = r#"
[source.mine]
url = "https://api.example.com/rows"
key = "id"
next.from = "body:next"
next.send = "query:cursor"
columns.id = "INT"
"#;

fn loaded(text: &str, name: Option<&str>) -> Result<crate::config::Loaded, Problems> {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("c.toml");
    std::fs::write(&path, text).unwrap();
    let named = name.map(|name| ("HIGHWATER_SOURCE".into(), name.into()));
    let environment: Environment = named.into_iter().collect();
    load(Some(Location { path, named: true }), &environment, vec![])
}

/// What is wrong, without the path of the file.
fn problems(text: &str) -> Vec<String> {
    let problems = loaded(text, None).err().map_or_else(Vec::new, |problems| problems.0);
    let told = problems.iter().map(ToString::to_string);
    told.map(|told| told.split_once("c.toml:").map_or(told.clone(), |(_, rest)| rest.to_owned())).collect()
}

fn contract(text: &str) -> &'static Contract {
    loaded(text, Some("mine")).unwrap().settings.contract
}

#[test]
fn a_section_is_a_contract_and_a_table() {
    let contract = contract(
        r#"
        [source.mine]
        url = "https://api.example.com/rows"
        method = "POST"
        body = '{"filter": {}}'
        headers = { Api-Version = "7" }
        query = { limit = 100 }
        rows = "data.items"
        table = "thing"
        key = ["id", "owner_login"]
        cursor = "changed"
        format = "unix"
        since = { send = "body:filter.after", bound = "exclusive" }
        next = { from = "number:page.next", send = "body:page", lifetime = "60s", expired = [410] }
        end = { flag = "page.more" }
        refusal = { flag = "ok" }
        columns = { id = "INT", "owner.login" = "STRING", changed = "INT", v = { name = "value", type = "JSON" } }
        "#,
    );
    assert_eq!(contract.method, Method::Post(r#"{"filter": {}}"#));
    assert_eq!((contract.headers, contract.each), (&[("api-version", "7")][..], &[("limit", "100")][..]));
    assert_eq!(
        (contract.rows, contract.token),
        (At(&["data", "items"]), TokenAt::Number(At(&["page", "next"])))
    );
    assert_eq!(contract.back, Back::At(contract::At::Body(At(&["page"]))));
    assert_eq!((contract.expired, contract.lifetime), (&[410][..], Some(Duration::from_secs(60))));
    assert_eq!(contract.order, Order::Ascending);
    assert_eq!(contract.more, Some(Flag { path: At(&["page", "more"]), is: false }));
    assert_eq!(contract.refusal.unwrap().1, At(&["error"]));
    let since = contract.since.unwrap();
    assert_eq!((since.exclusive, since.initial), (true, "0"));
    let schema = contract.schema;
    let columns: Vec<_> = schema.columns.iter().map(|column| (column.name, column.path.join("."))).collect();
    let expected =
        [("id", "id"), ("owner_login", "owner.login"), ("changed", "changed"), ("value", "v"), ("_key", "")];
    assert_eq!(columns, expected.map(|(name, path)| (name, path.to_owned())));
    assert_eq!((schema.primary_key, schema.parts, schema.cursor), (4, &[0, 1][..], Some(2)));
    assert_eq!((schema.table, schema.title), ("thing", "Thing"));
}

#[test]
fn without_a_name_nothing_of_it_is_in_force() {
    let settings = loaded(LEAST, None).unwrap().settings;
    assert_eq!((settings.source.url, settings.contract), (None, &crate::source::KEYSET));
}

#[test]
fn a_source_has_settings_of_its_own_but_never_the_credential_of_another() {
    let text = format!(
        "[source]\nurl = \"https://other.example\"\nauth = \"bearer\"\nsecret = \"env:OTHER\"\nidle_timeout = \"7s\"\n\
         max_body = \"2 MiB\"\n{LEAST}max_body = \"1 MiB\"\nwalk = \"scroll\"\n"
    );
    let settings = loaded(&text, Some("mine")).unwrap().settings;
    assert_eq!(settings.source.url.unwrap().as_str(), "https://api.example.com/rows");
    assert_eq!((settings.source.auth, settings.source.secret), (None, None));
    assert_eq!((settings.source.idle_timeout, settings.source.max_body), (Duration::from_secs(7), 1 << 20));
    assert_eq!(settings.sync.walk, crate::walk::Mode::Scroll);
    assert_eq!(settings.source.name.as_deref(), Some("mine"));
}

#[test]
fn a_preset_is_the_beginning_and_what_is_written_covers_it_word_by_word() {
    let text = r#"
        [source.mine]
        preset = "stripe-customers"
        query = { limit = 10 }
        since.bound = "inclusive"
        columns.email = { name = "mail", type = "STRING" }
        order = "none"
        end = "none"
    "#;
    let loaded = loaded(text, Some("mine")).unwrap();
    let preset = Named::preset("stripe-customers").unwrap().definition;
    let own = &loaded.sources[0].definition;
    assert_eq!(own.query, [("limit".to_owned(), "10".to_owned())]);
    assert_eq!((own.order, &own.end, preset.end.is_some()), (Sorted::None, &None, true));
    assert_eq!((own.columns.len(), &own.columns[2].name), (preset.columns.len(), &"mail".to_owned()));
    assert_eq!((&own.table, &own.since), (&preset.table, &preset.since));
    assert_eq!(loaded.settings.source.url.unwrap().as_str(), "https://api.stripe.com/v1/customers");
    assert!(
        problems("[source.mine]\npreset = \"strip-customers\"\n")[0]
            .ends_with("did you mean \"stripe-customers\"?")
    );
}

#[test]
fn what_is_told_of_a_source_reads_as_the_same_source() {
    for (name, _) in PRESETS {
        let named = Named::preset(name).unwrap();
        let text = named.toml();
        let mut again =
            loaded(&text, None).unwrap_or_else(|why| panic!("{name}: {why}\n{text}")).sources.remove(0);
        // Where it stands is another matter.
        for (own, other) in again.entries.iter_mut().zip(&named.entries) {
            own.place = other.place.clone();
        }
        again.entries.sort_by_key(|entry| entry.key.name);
        let mut entries = named.entries.clone();
        entries.sort_by_key(|entry| entry.key.name);
        assert_eq!(again.definition, named.definition, "{text}");
        assert_eq!(
            again.entries.iter().map(|entry| &entry.text).collect::<Vec<_>>(),
            entries.iter().map(|entry| &entry.text).collect::<Vec<_>>(),
        );
    }
}

#[test]
fn a_dot_within_a_name_is_told_as_it_is_read() {
    let text = r#"
        [source.mine]
        url = "https://api.example.com/rows"
        rows = 'v1\.0.value'
        key = '@odata\.id'
        next = { from = 'body:@odata\.nextLink', send = "url" }
        end.flag = 'the\.end'
        columns = { '@odata\.id' = "STRING", 'a\.b.c' = "INT", 'd\.e' = { name = "d", type = "INT" } }
    "#;
    let named = loaded(text, None).unwrap().sources.remove(0);
    let told = named.toml();
    let again = loaded(&told, None).unwrap_or_else(|why| panic!("{why}\n{told}")).sources.remove(0);
    assert_eq!(again.definition, named.definition, "{told}");
    let contract = named.definition.contract();
    assert_eq!(contract.rows, At(&["v1.0", "value"]));
    assert_eq!(contract.token, TokenAt::Body(At(&["@odata.nextLink"])));
    let paths: Vec<_> = contract.schema.columns.iter().map(|column| column.path).collect();
    assert_eq!(paths, [&["@odata.id"][..], &["a.b", "c"], &["d.e"]]);
}

#[test]
fn every_preset_reads_and_says_where_it_comes_from() {
    for (name, text) in PRESETS {
        let path = format!("{name}.toml");
        let table = toml::de::DeTable::parse(text).unwrap_or_else(|why| panic!("{name}: {why}"));
        let origin = crate::config::file::Origin { path: Path::new(&path), text };
        let (written, problems) = Written::read(&origin, table.get_ref(), crate::config::Place::Default);
        assert_eq!(problems, [], "{name}");
        let definition =
            Definition::read(name, &written, None).unwrap_or_else(|wrong| panic!("{name}: {wrong:?}"));
        assert!(
            !definition.about.is_empty() && Named::preset(name).unwrap().setting("url").is_some(),
            "{name}"
        );
        let comment = text.split_once("\nabout").unwrap().0;
        assert!(
            comment.starts_with("# ") && comment.contains("https://") && comment.contains("Ties:"),
            "{name}"
        );
        assert!(comment.lines().all(|line| line.starts_with('#')), "{name}");
    }
}

#[test]
fn every_preset_file_is_in_the_program() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/assets/sources");
    let mut files: Vec<String> = std::fs::read_dir(folder)
        .unwrap()
        .map(|file| file.unwrap().file_name().into_string().unwrap().replace(".toml", ""))
        .collect();
    files.sort();
    let mut names: Vec<_> = PRESETS.iter().map(|(name, _)| (*name).to_owned()).collect();
    names.sort();
    assert_eq!(files, names);
}

/// Each line is put below the least that a source says, and the answer is what comes of it.
#[test]
fn what_is_wrong_is_refused_with_its_line_and_what_would_be_right() {
    for (line, expected) in [
        ("tabel = \"x\"", "8: unknown key \"tabel\"; did you mean \"table\"?"),
        ("sinse.send = \"query:a\"", "8: unknown key \"sinse\"; did you mean \"since\"?"),
        (
            "since.sned = \"query:a\"",
            "no since.send: where does the cursor go? Write since.send = \"query:since\"",
        ),
        ("next.lifetime = \"long\"", "8: next.lifetime: "),
        ("order = \"upward\"", "8: order: \"upward\" is not one of ascending, descending, none"),
        ("order = \"ascending\"", "8: order: without a cursor there is none"),
        ("body = '{}'", "8: body: a GET has no body"),
        ("method = \"POST\"\nbody = '[]'", "9: body: is no JSON object"),
        ("cursor = \"updated\"", "8: cursor: \"updated\" is no column; the columns are id"),
        ("cursor = \"id\"\nsince.send = \"body:a\"", "9: since.send: a GET has no body"),
        (
            "cursor = \"id\"\nformat = \"text\"\nsince.send = \"query:a\"\nsince.bound = \"exclusive\"",
            "11: since.bound: with cursors that are texts",
        ),
        (
            "cursor = \"id\"\nformat = \"integer\"\nsince.send = \"query:a\"\nsince.format = \"unix\"",
            "11: since.format: a cursor that is a whole number",
        ),
        (
            "cursor = \"id\"\nsince.send = \"query:a\"\nsince.initial = \"0\"",
            "10: since.initial: \"0\" is not a date and time",
        ),
        ("since.send = \"query:a\"", "8: since: from what does a run ask?"),
        ("query.cursor = 1", "6: the parameter \"cursor\" is set twice"),
        ("query.a = 1\nfirst.a = 2", "9: the parameter \"a\" is set twice"),
        ("columns.name = \"TEXT\"", "8: columns.name: \"TEXT\" is not one of STRING"),
        (
            "columns.a.b = \"INT\"",
            "8: unknown key \"b\"; a column has name and type, and a field within a field is written in quotes: columns.\"a.b\"",
        ),
        ("columns.ID = \"INT\"", "7: two columns are named \"ID\""),
        ("columns.x = { name = \"id\", type = \"INT\" }", "7: two columns are named \"id\""),
        ("table = \"_highwater_state\"", "8: tables that begin with _highwater are not free"),
        ("table = \"a b\"", "8: \"a b\" is no name of a table"),
        (
            "headers.authorization = \"Bearer hunter2\"",
            "8: headers.authorization: a credential does not belong here",
        ),
        ("headers.host = \"h\"", "8: headers.host: every request sets this header itself"),
        ("headers.\"a b\" = \"h\"", "8: headers.a b: what stands there is no name of a header"),
        ("end.short_page = 0", "8: end.short_page: no page is shorter than 0 rows"),
        ("end.at_end = true", "2: no end.flag: of which flag is that said?"),
        ("next.expired = [99]", "8: next.expired: write a list of HTTP statuses"),
        ("rows = \"a..b\"", "8: rows: \"a..b\" has a name without a letter"),
        ("auth = \"hunter2\"", "8: auth: the value is not one of bearer"),
        ("walk = \"anker\"", "8: walk: \"anker\" is not one of auto"),
        ("name = \"x\"", "8: unknown key \"name\""),
    ] {
        let told = problems(&format!(
            "{}{line}\n",
            LEAST.trim_start().replace("[source.mine]\n", "\n[source.mine]\n")
        ));
        let found = told.iter().any(|told| told.contains(expected));
        assert!(found, "{line}: {told:?}");
        assert!(!told.concat().contains("hunter2"), "{told:?}");
    }
}

/// The same with a line of the least put in another's place.
#[test]
fn what_does_not_go_together_is_told_in_words() {
    for (old, new, expected) in [
        ("key = \"id\"\n", "", "no key: which field tells rows apart?"),
        ("key = \"id\"\n", "key = [\"id\", \"id\"]\n", "a column is named twice"),
        ("next.from = \"body:next\"\n", "", "no next.from: where is the next page's token?"),
        ("next.send = \"query:cursor\"\n", "", "no next.send: how does the token go back?"),
        ("next.from = \"body:next\"\n", "next.from = \"link\"\n", "goes back as url"),
        ("next.send = \"query:cursor\"\n", "next.send = \"body:a\"\n", "a GET has no body"),
        (
            "next.from = \"body:next\"\nnext.send = \"query:cursor\"\n",
            "next.from = \"row:id\"\nnext.send = \"url\"\n",
            "row:id is no address",
        ),
        (
            "next.send = \"query:cursor\"\n",
            "next.send = \"url\"\nnext.carry = true\n",
            "an address has all in itself",
        ),
        (
            "next.from = \"body:next\"\n",
            "next.from = \"offset\"\nnext.lifetime = \"1m\"\n",
            "has no lifetime",
        ),
        ("columns.id = \"INT\"\n", "", "no columns: write what the table keeps"),
        ("[source.mine]", "[source.\"Mine !\"]", "is no name of a source"),
    ] {
        assert!(LEAST.contains(old));
        let told = problems(&LEAST.replace(old, new)).concat();
        assert!(told.contains(expected), "{new}: {told}");
    }
}

#[test]
fn settings_that_do_not_fit_the_contract_are_refused() {
    for (line, expected) in [
        ("lag = \"1m\"\ncursor = \"id\"\nformat = \"integer\"", "cursors are no times"),
        ("auth = \"query cursor\"\nsecret = \"env:A\"", "the credential needs another name"),
    ] {
        let why = loaded(&format!("{LEAST}{line}\n"), Some("mine")).unwrap_err().to_string();
        assert!(why.contains(expected), "{why}");
    }
    for (url, expected) in [
        ("https://api.example.com/rows?cursor=1", "has its own cursor"),
        ("https://{shop}.example.com/rows", "https://{shop}.example.com/rows: write your own"),
        ("https://example.com/{table}/rows", "https://example.com/{table}/rows: write your own"),
    ] {
        let text = LEAST.replace("https://api.example.com/rows", url);
        assert!(loaded(&text, None).is_ok(), "it is not asked");
        let why = loaded(&text, Some("mine")).unwrap_err().to_string();
        assert!(why.contains(expected), "{why}");
    }
    let why = loaded(&LEAST.replace("url", "#url"), Some("mine")).unwrap_err().to_string();
    assert!(why.contains("has no address"), "{why}");
    let why = loaded(LEAST, Some("mime")).unwrap_err().to_string();
    assert!(why.contains("there is no source \"mime\"; did you mean \"mine\"?"), "{why}");
    assert!(
        loaded("[source]\nurl = \"https://h/?scroll_param=x\"\n", None)
            .unwrap_err()
            .to_string()
            .contains("leave it out")
    );
}

#[test]
fn whether_ties_are_safe_is_said_in_words() {
    let walks = |lines: &str| {
        let mut loaded = loaded(&format!("{LEAST}{lines}"), None).unwrap();
        let definition = loaded.sources.remove(0).definition;
        (definition.safety(), definition.walks().join(" "))
    };
    let since = "cursor = \"id\"\nformat = \"integer\"\nsince.send = \"query:since\"\n";
    let (safety, words) = walks(since);
    assert!(safety == Safety::Safe && words.contains("asked again from the last row's cursor"), "{words}");
    let (safety, words) = walks(&format!("{since}since.bound = \"exclusive\"\n"));
    assert!(safety == Safety::Safe && words.contains("one unit below"), "{words}");
    let (safety, words) = walks(&format!("{since}order = \"descending\"\n"));
    assert!(safety == Safety::Token && words.contains("moves when a run is complete"), "{words}");
    let (safety, words) = walks("");
    assert!(safety == Safety::Token && words.contains("no checkpoint"), "{words}");
    let mut counted = loaded(&LEAST.replace("body:next", "page:1"), None).unwrap();
    let counted = counted.sources.remove(0).definition;
    assert!(counted.safety() == Safety::Counted && counted.walks().concat().contains("passed over"));
}
