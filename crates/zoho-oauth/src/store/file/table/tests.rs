use proptest::prelude::*;

use super::*;

const HEADER: &str = "id,user_name,client_id,client_secret,refresh_token,access_token,grant_token,expiry_time,redirect_uri,api_domain\r\n";

fn parsed(text: &str) -> Table {
    Table::parse(text).expect("is whole")
}

fn text(table: &Table) -> String {
    table.text_with(&Changes::new())
}

fn users(table: &Table) -> Vec<String> {
    table.tokens().filter_map(|token| token.user_name).collect()
}

#[test]
fn unchanged_text_is_written_back_byte_for_byte() {
    let original =
        format!("{HEADER}1,\"ada\",c,s,r,a,null,,\"u\",d\r\n2,bob,c,s,r2,,,,,\n3,eve,,,,a3,,,,\r\n");
    let table = parsed(&original);
    assert_eq!(text(&table), original);
    assert!(table.has_text(original.as_bytes()));
    assert!(!table.has_text(&original.as_bytes()[1..]) && !table.has_text(format!("{original}x").as_bytes()));
}

fn numbered(table: &Table, id: &str) -> Option<Row> {
    Some(table.row(StoredToken { id: Some(id.into()), ..StoredToken::default() }))
}

#[test]
fn rows_are_replaced_deleted_and_added_in_order() {
    let row = |id: &str| format!("{id},,,,,,,,,\r\n");
    let mut table = parsed(&format!("{HEADER}{}{}{}", row("1"), row("2"), row("3")));
    let changes = Changes::from([
        (0, numbered(&table, "eleven")),
        (1, None),
        (3, numbered(&table, "4")),
        (4, None),
        (5, numbered(&table, "6")),
    ]);
    let expected = format!("{HEADER}{}{}{}{}", row("eleven"), row("3"), row("4"), row("6"));
    let written = table.text_with(&changes);
    assert_eq!(written, expected);
    table.apply(changes, written);
    assert!(table.has_text(expected.as_bytes()));
    assert_eq!((table.highest_id(), table.next_number()), (6, 6));
    for (id, is_there) in [("eleven", true), ("1", false), ("2", false), ("3", true), ("6", true)] {
        let wanted = StoredToken { id: Some(id.into()), ..StoredToken::default() };
        assert_eq!(table.find(&wanted).expect("one row").is_some(), is_there, "{id}");
    }
}

#[test]
fn a_last_row_without_a_line_end_gets_one() {
    let table = parsed(&format!("{HEADER}1,ada,,,r,,,,,\r\n2,bob,,,r,,,,,"));
    assert_eq!(text(&table), format!("{HEADER}1,ada,,,r,,,,,\r\n2,bob,,,r,,,,,\r\n"));
    assert!(text(&parsed(HEADER.trim_end())).ends_with("api_domain\n"));
}

#[test]
fn a_missing_header_does_not_lose_the_first_token() {
    for row in
        ["1,ada,c,s,r,a,,1795298101001,,\n", "1,ada,c,s,r,a,,,https://x/cb,\n", "1,ada,,,,a,,,,https://d"]
    {
        let table = parsed(row);
        assert_eq!(users(&table), ["ada"], "{row}");
        assert!(text(&table).starts_with("id,user_name,"), "{row}");
    }
    assert!(users(&parsed("A,B,C,D,E,F,G,H,I,J\n")).is_empty(), "the names in a header are not checked");
}

#[test]
fn nine_columns_become_ten() {
    let nine = "id,user_mail,c,s,r,a,g,e,redirect_uri\r\n1,ada,c,s,r,a,,1,\"https://x?a,b\"\r\n";
    let expected =
        "id,user_mail,c,s,r,a,g,e,redirect_uri,api_domain\r\n1,ada,c,s,r,a,,1,\"https://x?a,b\",\r\n";
    let table = parsed(nine);
    assert_eq!(text(&table), expected);
    assert_eq!(table.tokens().next().and_then(|token| token.redirect_url).as_deref(), Some("https://x?a,b"));
}

#[test]
fn a_truncated_file_is_damaged() {
    let whole = format!("{HEADER}1,ada,c,s,r,a,,1,u,d\r\n2,bob,c,s,r,a,,1,u,d\r\n");
    for (cut, what) in [
        (0, "the file is empty"),
        (20, "columns"),
        (HEADER.len() + 8, "columns"),
        (whole.len() - 4, "the last row is truncated"),
    ] {
        let damage = Table::parse(&whole[..cut]).expect_err("is truncated");
        assert!(damage.what.contains(what), "{damage}");
    }
    assert_eq!(Table::parse("\u{feff}\r\n\n").expect_err("is empty").what, "the file is empty");
}

#[test]
fn a_byte_order_mark_is_preserved_and_ignored() {
    let original = format!("\u{feff}{HEADER}1,ada,,,r,,,,,\r\n");
    let table = parsed(&original);
    assert_eq!(users(&table), ["ada"]);
    assert_eq!(text(&table), original);
}

#[test]
fn a_missing_row_is_noticed_by_its_id() {
    let row = |id: u32| format!("{id},user,,,r,,,,,\n");
    let table =
        |ids: &[u32]| parsed(&(HEADER.to_owned() + &ids.iter().map(|id| row(*id)).collect::<String>()));
    assert!(table(&[1]).lacks_a_row_of(&table(&[1, 2])));
    assert!(table(&[1, 3]).lacks_a_row_of(&table(&[1, 2])));
    assert!(!table(&[2, 1, 3]).lacks_a_row_of(&table(&[1, 2])));
}

proptest! {
    #[test]
    fn any_text_is_rejected_or_preserved(text in r#"([,"\r\n]|,{8,9}|null|1|://|\PC){0,30}"#) {
        if let Ok(table) = Table::parse(&text) {
            let written = table.text_with(&Changes::new());
            let again = Table::parse(&written).expect("what is written is read");
            let tokens = |table: &Table| table.tokens().collect::<Vec<_>>();
            prop_assert_eq!(tokens(&again), tokens(&table));
            prop_assert!(again.has_text(written.as_bytes()));
        }
    }
}
