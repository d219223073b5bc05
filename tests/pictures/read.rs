//! What a picture says, read back from its file.

use std::collections::HashMap;

use roxmltree::{Document, Node};

use super::line::{BASELINE, HEIGHT};

/// The text of each line of the last frame, by its row; shapes say nothing.
pub fn lines(picture: &Document) -> HashMap<usize, String> {
    let named: HashMap<&str, Node> =
        picture.descendants().filter_map(|node| Some((node.attribute("id")?, node))).collect();
    let last = named["film"].children().rfind(Node::is_element).unwrap();
    last.children()
        .filter(Node::is_element)
        .map(|shown| {
            let y: f64 = shown.attribute("y").unwrap().parse().unwrap();
            let line = named[shown.attribute("href").unwrap().trim_start_matches('#')];
            let texts: Vec<&str> =
                line.descendants().filter(Node::is_text).filter_map(|node| node.text()).collect();
            (((y - BASELINE) / HEIGHT) as usize, texts.join(" "))
        })
        .collect()
}

/// What does not change from one performance to the next: the words, without figures, units and signs.
pub fn words(line: &str) -> Vec<&str> {
    line.split(|letter: char| !letter.is_alphabetic()).filter(|word| word.len() >= 3).collect()
}
