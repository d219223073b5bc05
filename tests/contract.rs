//! The contract of the source: one suite of checks, run against the built-in playground and against the real one
//! from PyPI. Where they differ, the built-in one is wrong.
//!
//! The real one is the executable that `HIGHWATER_PLAYGROUND` names. Without it its half is skipped, and says so.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod contract {
    pub mod api;
    pub mod http;
    pub mod limited;
    pub mod offset;
    pub mod requests;
    pub mod rows;
    pub mod tied;
}
mod support;

use contract::api::Api;
use highwater::playground::{Options, Playground, Tie};
use support::{Modified, RealPlayground};

/// Runs every check of the list against one server, and fails with the names of all that it breaks.
macro_rules! run {
    ($server:expr, $url:expr, [$($room:ident::$check:ident),* $(,)?]) => {{
        let api = Api::new($url);
        let mut broken = Vec::new();
        $(
            if tokio::spawn(contract::$room::$check(api.clone())).await.is_err() {
                broken.push(stringify!($check));
            }
        )*
        assert!(broken.is_empty(), "the {} playground breaks the contract: {broken:#?}", $server);
    }};
}

macro_rules! suite {
    ($server:expr, $url:expr) => {
        run!(
            $server,
            $url,
            [
                rows::they_have_the_fields_and_formats,
                rows::they_ascend_and_ids_do_not_repeat,
                rows::a_scroll_ends_with_null_after_the_last_page,
                rows::tokens_are_the_last_cursor_in_base64,
                rows::updated_since_is_inclusive,
                rows::a_token_is_exclusive,
                rows::the_beginning_of_time_is_the_first_page,
                rows::a_token_comes_only_if_rows_remain,
                rows::beyond_the_last_row_there_is_an_empty_page,
                requests::empty_parameters_count_as_absent,
                requests::both_parameters_are_refused,
                requests::other_parameters_are_refused_by_name,
                requests::of_a_repeated_parameter_the_first_counts,
                requests::times_without_leading_zeros_are_the_same_times,
                requests::lenient_dates_are_accepted,
                requests::other_dates_are_refused,
                requests::lenient_tokens_are_accepted,
                requests::other_tokens_are_refused,
                requests::names_and_values_may_be_percent_encoded,
                http::answers_carry_the_headers_of_the_original,
                http::head_is_get_without_a_body,
                http::options_names_the_methods,
                http::other_methods_are_refused,
                http::other_paths_are_not_found,
                offset::it_has_defaults_and_counts_all_rows,
                offset::slices_follow_each_other,
                offset::they_may_be_ordered_by_creation_and_begin_at_a_time,
                offset::other_slices_are_refused,
            ]
        )
    };
}

macro_rules! limited_suite {
    ($server:expr, $url:expr) => {
        run!(
            $server,
            $url,
            [
                limited::answers_count_down,
                limited::a_burst_is_refused,
                limited::every_path_and_method_counts,
                limited::after_a_second_it_answers_again,
            ]
        )
    };
}

const TIED: usize = 30;
const BEFORE_CUT: usize = 10;

#[tokio::test]
async fn the_built_in_one_keeps_the_contract() {
    let options = Options { frozen: true, ..Options::default() };
    let playground = Playground::start(options, None).await.unwrap();
    suite!("built-in", playground.url());
    playground.stop().await;
}

#[tokio::test]
async fn the_real_one_keeps_the_contract() {
    let Some(executable) = RealPlayground::executable("the_real_one_keeps_the_contract") else {
        return;
    };
    let playground = RealPlayground::start(&executable, None);
    suite!("real", playground.url());
}

#[tokio::test]
async fn the_built_in_one_limits_the_rate() {
    let options = Options { rate_limit: Some(5), ..Options::default() };
    let playground = Playground::start(options, None).await.unwrap();
    limited_suite!("built-in", playground.url());
    assert!(playground.requests() > 10);
}

#[tokio::test]
async fn the_real_one_limits_the_rate() {
    let Some(executable) = RealPlayground::executable("the_real_one_limits_the_rate") else {
        return;
    };
    let playground = RealPlayground::start(&executable, Some(5));
    limited_suite!("real", playground.url());
}

#[tokio::test]
async fn the_built_in_one_loses_ties_across_a_cut() {
    let tie = Some(Tie { users: TIED, before_cut: BEFORE_CUT });
    let options = Options { frozen: true, tie, ..Options::default() };
    let playground = Playground::start(options, None).await.unwrap();
    run!(
        "built-in",
        playground.url(),
        [tied::the_token_skips_the_rest_of_the_group, tied::the_cursor_finds_it]
    );
}

#[tokio::test]
async fn the_real_one_loses_ties_across_a_cut() {
    let Some(executable) = RealPlayground::executable("the_real_one_loses_ties_across_a_cut") else {
        return;
    };
    let modified = Modified { tie: TIED, before_cut: BEFORE_CUT, ..Modified::default() };
    let playground = RealPlayground::start_modified(&executable, modified);
    run!("real", playground.url(), [tied::the_token_skips_the_rest_of_the_group, tied::the_cursor_finds_it]);
}

#[tokio::test]
async fn a_modified_real_one_notes_its_requests_and_limits_the_rate() {
    let test = "a_modified_real_one_notes_its_requests_and_limits_the_rate";
    let Some(executable) = RealPlayground::executable(test) else {
        return;
    };
    let modified = Modified { capacity: Some(5), ..Modified::default() };
    let playground = RealPlayground::start_modified(&executable, modified);
    assert_eq!(playground.requests(), Vec::<String>::new());
    let api = Api::new(playground.url());
    api.get("updated_since=0001-01-01T00:00:00Z").await;
    while api.get("").await.status != 429 {}
    let requests = playground.requests();
    assert_eq!(requests[0], "GET /pagination/keyset?updated_since=0001-01-01T00:00:00Z");
    assert_eq!(requests[1], "GET /pagination/keyset");
    assert!(requests.len() > 5, "refused requests are noted too: {requests:?}");
}

#[tokio::test]
async fn kept_connections_and_latency_are_the_built_in_ones_own() {
    let latency = std::time::Duration::from_millis(80);
    let options = Options { keep_alive: true, latency, ..Options::default() };
    let playground = Playground::start(options, None).await.unwrap();
    let api = Api::new(playground.url());
    let start = std::time::Instant::now();
    for _ in 0..3 {
        assert_eq!(api.get("").await.header("connection"), None);
    }
    assert!(start.elapsed() >= 3 * latency, "{:?}", start.elapsed());
    assert_eq!(playground.requests(), 3);
    playground.stop().await;
}
