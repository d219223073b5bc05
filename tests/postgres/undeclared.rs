//! What is kept beside the columns is shown alike, whichever kind of destination has it.

use highwater::destination::place::Place;
use highwater::record::USER;

use crate::rig::{Pages, Version};
use crate::support::cluster::shared;

#[test]
fn fields_without_a_column_are_shown_from_either_end() {
    let Some(cluster) = shared() else { return };
    let folder = tempfile::tempdir().unwrap();
    let places = [
        Place::File(folder.path().join("rows.db")),
        Place::Postgres(Box::new(cluster.address("undeclared"))),
    ];
    for place in places {
        let mut destination = place.open(&USER).unwrap().destination;
        let mut pages = Pages::begin(destination.as_mut());
        let row = |number: usize| {
            let extra = number.is_multiple_of(2).then(|| format!("{{\"n\":{number}}}"));
            let cursor = Some("2026-01-01T00:00:00Z".to_owned());
            Version { id: format!("{number:04}"), cursor, extra, ..Version::default() }.row()
        };
        let page = pages.next((0..600).map(row).collect(), None);
        destination.commit(&[page]).unwrap();
        drop(destination);
        let mut destination = place.read(&USER).unwrap();
        for (most, expected, all) in [
            (1_000, (0..300).collect::<Vec<_>>(), true),
            (301, (0..300).collect(), true),
            (251, (0..126).chain(175..300).collect(), false),
            (3, vec![0, 1, 299], false),
        ] {
            let mut seen = Vec::new();
            let is_all = destination.kept_beside(most, &mut |fields| seen.push(fields.to_owned())).unwrap();
            let mut wanted: Vec<_> =
                expected.iter().map(|number| format!("{{\"n\":{}}}", number * 2)).collect();
            seen.sort();
            wanted.sort();
            assert_eq!((seen, is_all), (wanted, all), "{place}, {most}");
        }
    }
}
