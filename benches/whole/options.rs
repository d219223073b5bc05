//! What is asked for on the command line.

use super::{CASES, FULL, QUICK, Scale};

/// Which cases, how much of each, and whether to keep what comes out.
pub struct Options {
    /// How much.
    pub scale: Scale,
    /// True if the chart and the README's figures are to be written anew.
    pub chart: bool,
    /// The cases; all of them if there are none.
    cases: Vec<String>,
}

impl Options {
    /// Reads them, or says what is wrong with them.
    pub fn read(words: &[String]) -> Result<Self, String> {
        let mut options = Self { scale: FULL, chart: false, cases: Vec::new() };
        let mut grown = None;
        let mut words = words.iter();
        while let Some(word) = words.next() {
            match word.as_str() {
                "--quick" => options.scale = QUICK,
                "--chart" => options.chart = true,
                "--rows" => {
                    let rows = words.next().and_then(|rows| rows.parse().ok()).filter(|rows| *rows >= 1_000);
                    grown = Some(rows.ok_or("--rows wants a number of rows, 1000 or more")?);
                }
                name if CASES.iter().any(|(case, _)| *case == name) => options.cases.push(name.to_owned()),
                word => {
                    let names = CASES.map(|(name, _)| name).join(", ");
                    return Err(format!(
                        "there is no case {word:?}; there are {names}, and --quick, --rows N, --chart"
                    ));
                }
            }
        }
        options.scale.grown = grown.unwrap_or(options.scale.grown);
        if options.chart && !(options.cases.is_empty() && options.scale.pairs == FULL.pairs) {
            return Err("--chart keeps all cases at full length, or none".to_owned());
        }
        Ok(options)
    }

    /// True if a case is asked for.
    pub fn has(&self, case: &str) -> bool {
        self.cases.is_empty() || self.cases.iter().any(|name| name == case)
    }
}
