//! What a click selects, and that none does harm.

use super::*;

fn mouse(kind: crossterm::event::MouseEventKind, column: u16, row: u16) -> Message {
    Message::Mouse(crossterm::event::MouseEvent { kind, column, row, modifiers: KeyModifiers::NONE })
}

#[test]
fn a_click_selects_a_row_and_a_heading_orders_by_it() {
    use crossterm::event::{MouseButton, MouseEventKind};
    let click = MouseEventKind::Down(MouseButton::Left);
    let mut model = midst(120, 36);
    let users = Areas::of(model.size, model.arrangement).inner(Areas::of(model.size, model.arrangement).rows);
    update(&mut model, mouse(click, users.x + 5, users.y + 3));
    let name = |model: &Model| {
        let list = lists::rows(model);
        model.browse.scroll.selected(&list).and_then(|user| user.value("name")).map(str::to_owned)
    };
    assert_eq!(name(&model).as_deref(), Some("Ada Lovelace 148"));
    update(&mut model, mouse(MouseEventKind::ScrollDown, users.x, users.y + 5));
    assert_eq!(name(&model).as_deref(), Some("Ada Lovelace 145"));
    let effects = update(&mut model, mouse(click, users.x + 5, users.y));
    assert!(matches!(&effects[..], [Effect::Ask(_)]));
    let sort = model.browse.sort().unwrap();
    assert_eq!(crate::record::USER.columns[sort.column].name, "name");
    let pages = Areas::of(model.size, model.arrangement).left;
    update(&mut model, mouse(click, pages.x + 2, pages.y + 3));
    assert_eq!(model.arrangement.focus, Panel::Pages);
}

#[test]
fn no_click_anywhere_breaks_anything() {
    use crossterm::event::{MouseButton, MouseEventKind};
    for (width, height) in [(1, 1), (40, 12), (80, 24), (200, 50)] {
        let mut model = midst(width, height);
        for kind in
            [MouseEventKind::Down(MouseButton::Left), MouseEventKind::ScrollUp, MouseEventKind::ScrollDown]
        {
            for column in (0..width + 2).step_by(3) {
                for row in 0..height + 2 {
                    update(&mut model, mouse(kind, column, row));
                }
            }
        }
    }
}
