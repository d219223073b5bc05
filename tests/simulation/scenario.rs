//! A scenario by its name: which faults, which walk, which seed, how many lanes. The name is all that it takes to play it again.

use std::fmt;
use std::str::FromStr;

use highwater::walk::Mode;
use rand::SeedableRng as _;
use rand::rngs::StdRng;

use super::fault::{FAULTS, Fault};

/// What is played.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scenario {
    pub faults: Vec<Fault>,
    pub walk: Mode,
    pub seed: u64,
    /// How many lanes; one is not named.
    pub lanes: u32,
}

impl Scenario {
    /// Chance, which depends on nothing but the name.
    pub fn dice(&self) -> StdRng {
        // FNV-1a: the standard hasher may change from one version of Rust to the next.
        let hash = self.to_string().bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
        });
        StdRng::seed_from_u64(hash)
    }
}

impl fmt::Display for Scenario {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<&str> = self.faults.iter().map(|fault| fault.name()).collect();
        write!(f, "{}/{}/seed={}", names.join("+"), self.walk, self.seed)?;
        if self.lanes > 1 { write!(f, "/lanes={}", self.lanes) } else { Ok(()) }
    }
}

impl FromStr for Scenario {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = |what: &str| format!("{text:?}: {what}, as in gzip-bomb+token-loop-2/auto/seed=7");
        let mut parts = text.split('/');
        let (Some(names), Some(walk), Some(seed), lanes, None) =
            (parts.next(), parts.next(), parts.next(), parts.next(), parts.next())
        else {
            return Err(wrong("faults, walk and seed are wanted"));
        };
        let fault = |name: &str| Fault::named(name).ok_or_else(|| wrong(&format!("no fault named {name:?}")));
        let walk = Mode::ALL.into_iter().find(|mode| mode.word() == walk);
        let seed = seed.strip_prefix("seed=").and_then(|seed| seed.parse().ok());
        let lanes = lanes.map_or(Some(1), |lanes| lanes.strip_prefix("lanes=")?.parse().ok());
        Ok(Self {
            faults: names.split('+').map(fault).collect::<Result<_, _>>()?,
            walk: walk.ok_or_else(|| wrong("no such walk"))?,
            seed: seed.ok_or_else(|| wrong("no seed"))?,
            lanes: lanes.ok_or_else(|| wrong("no number of lanes"))?,
        })
    }
}

/// Every fault alone, and every pair of them.
pub fn sets() -> Vec<Vec<Fault>> {
    let faults: Vec<Fault> = FAULTS.iter().map(|(_, fault)| *fault).collect();
    let alone = faults.iter().map(|fault| vec![*fault]);
    let pairs = faults
        .iter()
        .enumerate()
        .flat_map(|(place, first)| faults[place + 1..].iter().map(|second| vec![*first, *second]));
    alone.chain(pairs).collect()
}
