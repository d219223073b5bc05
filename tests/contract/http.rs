//! What every answer carries, and how methods and paths are answered that the endpoint does not have.

use super::api::{Answer, Api};

fn header_names(answer: &Answer) -> Vec<&str> {
    let mut names: Vec<&str> = answer.headers.iter().map(|(name, _)| name.as_str()).collect();
    names.sort_unstable();
    names
}

pub async fn answers_carry_the_headers_of_the_original(api: Api) {
    for answer in [
        api.get("").await,
        api.get("foo=1").await,
        api.get("scroll_param=x").await,
        api.send("GET", &api.path("/other")).await,
    ] {
        let expected = ["connection", "content-length", "content-type", "date", "server"];
        assert_eq!(header_names(&answer), expected, "{}", answer.request);
        assert_eq!(answer.header("connection"), Some("close"), "{}", answer.request);
        assert_eq!(answer.header("content-length"), Some(answer.text.len().to_string().as_str()));
        let date = httpdate::parse_http_date(answer.header("date").unwrap()).unwrap();
        let off = date.elapsed().unwrap_or_else(|ahead| ahead.duration());
        assert!(off.as_secs() < 10, "{}", answer.request);
    }
}

pub async fn head_is_get_without_a_body(api: Api) {
    for query in ["", "foo=1"] {
        let get = api.get(query).await;
        let head = api.send("HEAD", &api.url(query)).await;
        assert_eq!(head.text, "");
        assert_eq!(head.status, get.status);
        assert_eq!(header_names(&head), header_names(&get));
        assert_eq!(head.header("content-type"), get.header("content-type"));
        assert_eq!(head.header("content-length"), get.header("content-length"));
    }
}

fn allowed(answer: &Answer) -> Vec<&str> {
    let mut methods: Vec<&str> = answer.header("allow").unwrap().split(',').map(str::trim).collect();
    methods.sort_unstable();
    methods
}

pub async fn options_names_the_methods(api: Api) {
    let answer = api.send("OPTIONS", &api.url("foo=1")).await;
    assert_eq!((answer.status, answer.text.as_str()), (200, ""));
    assert_eq!(allowed(&answer), ["GET", "HEAD", "OPTIONS"]);
    assert_eq!(answer.header("content-type"), Some("text/html; charset=utf-8"));
    assert_eq!(answer.header("content-length"), Some("0"));
}

pub async fn other_methods_are_refused(api: Api) {
    for method in ["POST", "PUT", "PATCH", "DELETE", "TRACE", "FOO"] {
        let answer = api.send(method, &api.url("")).await;
        assert_eq!(answer.status, 405, "{method}");
        assert_eq!(allowed(&answer), ["GET", "HEAD", "OPTIONS"], "{method}");
        assert_eq!(answer.header("content-type"), Some("text/html; charset=utf-8"), "{method}");
        assert!(answer.text.contains("<h1>Method Not Allowed</h1>"), "{method}");
    }
}

pub async fn other_paths_are_not_found(api: Api) {
    for path in ["/", "/pagination", "/pagination/keyset/", "/pagination/Keyset", "/pagination/keyset/1"] {
        for method in ["GET", "POST"] {
            let answer = api.send(method, &api.path(path)).await;
            assert_eq!(answer.status, 404, "{method} {path}");
            assert_eq!(answer.header("content-type"), Some("text/html; charset=utf-8"), "{method} {path}");
            assert!(answer.text.contains("<h1>Not Found</h1>"), "{method} {path}");
        }
    }
}
