//! Rows and pages for scripts.

use serde_json::{Value, json};

use super::Answer;

/// The cursor of the n-th second.
pub fn at(second: u32) -> String {
    format!("2026-01-01T{:02}:{:02}:{:02}Z", second / 3_600, second / 60 % 60, second % 60)
}

/// The n-th user, updated at the n-th second.
pub fn user(number: u32) -> Value {
    json!({
        "id": format!("u{number}"), "name": format!("User {number}"), "email": "a@example.com", "address": "1 Road\nX",
        "company": "C", "job": "J", "createdAt": at(0), "updatedAt": at(number),
    })
}

/// The n-th user with a field set, or removed.
pub fn user_with(number: u32, field: &str, value: impl Into<Option<Value>>) -> String {
    let mut user = user(number);
    let fields = user.as_object_mut().unwrap();
    match value.into() {
        Some(value) => drop(fields.insert(field.to_owned(), value)),
        None => drop(fields.remove(field)),
    }
    user.to_string()
}

/// Users as the rows of a page.
pub fn users(numbers: impl IntoIterator<Item = u32>) -> Vec<String> {
    numbers.into_iter().map(|number| user(number).to_string()).collect()
}

/// A page of users with a token.
pub fn page(numbers: impl IntoIterator<Item = u32>, token: &str) -> Answer {
    Answer::page(&users(numbers), Some(token))
}

/// A page of users, the last.
pub fn last_page(numbers: impl IntoIterator<Item = u32>) -> Answer {
    Answer::page(&users(numbers), None)
}
