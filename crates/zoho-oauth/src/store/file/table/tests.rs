use proptest::prelude::*;

use super::*;

const HEADER: &str = "id,user_name,client_id,client_secret,refresh_token,access_token,grant_token,expiry_time,redirect_uri,api_domain\r\n";

fn parsed(text: &str) -> Table {
    Table::parse(text.as_bytes()).expect("is whole")
}

fn text(table: &Table) -> String {
    String::from_utf8(table.text_with(&Changes::new())).expect("is text")
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
    assert_eq!(written, expected.as_bytes());
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
        let damage = Table::parse(&whole.as_bytes()[..cut]).expect_err("is truncated");
        assert!(damage.what.contains(what), "{damage}");
    }
    assert_eq!(Table::parse("\u{feff}\r\n\n".as_bytes()).expect_err("is empty").what, "the file is empty");
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

#[test]
fn a_row_is_not_taken_for_a_header() {
    for row in [
        "7,bob,CID,SECRET,REFRESH,,,,",
        "7,bob,CID,SECRET,REFRESH,,,,,",
        "python_legacy_1,bob,CID,SECRET,REFRESH,,,,,",
        ",bob,CID,SECRET,REFRESH,,,,,",
        "word,bob,CID,SECRET,REFRESH,ACCESS,GRANT,null,null,null",
        "7,bob,CID,SECRET,REFRESH,ACCESS,GRANT,EXPIRY,URL,DOMAIN",
    ] {
        for end in ["", "\n", "\r\n"] {
            let table = parsed(&format!("{row}{end}"));
            assert_eq!(users(&table), ["bob"], "{row}");
            assert!(text(&table).starts_with("id,user_name,"), "{row}");
        }
    }
}

#[test]
fn a_second_header_is_no_row() {
    let table = parsed(&format!("{HEADER}1,ada,,,r,,,,,\r\n{HEADER}2,bob,,,r2,,,,,\r\n"));
    assert_eq!(users(&table), ["ada", "bob"]);
}

#[test]
fn a_line_of_commas_is_blank_as_node_leaves_it() {
    assert_eq!(users(&parsed(&format!("{HEADER}1,ada,,,r,,,,,\n,"))), ["ada"]);
}

#[test]
fn a_value_that_begins_with_a_quote_hides_no_row() {
    let rows = "1,ada,c,\"s1,r1,a1,,1,u,d\r\n2,bob,c,s2,r2,\"a2,,1,u,d\r\n3,eve,c,s\",r3,a3,,1,u,d\r\n";
    let table = parsed(&format!("{HEADER}{rows}"));
    assert_eq!(users(&table), ["ada", "bob", "eve"]);
    let secrets: Vec<_> = table.tokens().filter_map(|token| token.client_secret).collect();
    assert_eq!(secrets, ["\"s1", "s2", "s\""]);
    assert_eq!(text(&table), format!("{HEADER}{rows}"));
}

#[test]
fn quotes_at_the_beginning_and_the_end_of_values_hide_no_row() {
    let rows = "1,ada,c,\"s1,r1,a1,,1,https://x,\r\n2,bob,c,s2\",r2,a2,,1,https://x,\r\n";
    assert_eq!(users(&parsed(&format!("{HEADER}{rows}"))), ["ada", "bob"]);
    let name = "ada\n7,eve,c,s,r,a,,1,https://x,\n8,zoe";
    let row = format!("1,\"{name}\",c,s1,r1,a1,,1,https://x,\n");
    assert_eq!(users(&parsed(&format!("{HEADER}{row}"))), [name], "a name cannot add rows");
}

#[test]
fn the_last_row_of_node_has_no_line_end_and_may_have_a_quote() {
    let row = "1,ada,c,\"s1,r1,a1,,1795298101001,https://x/cb,https://www.zohoapis.eu";
    assert_eq!(users(&parsed(&format!("{HEADER}{row}"))), ["ada"]);
    let cut = Table::parse(format!("{HEADER}1,ada,c,s,r,a,,1,\"https://x?a,b").as_bytes())
        .expect_err("is truncated");
    assert_eq!(cut.what, "the last row is truncated");
}

#[test]
fn a_name_or_a_url_with_commas_is_read_if_there_is_one_way() {
    let end = "1000.C,secret,1000.r,1000.a,,1795298101001,https://x/cb,https://www.zohoapis.eu\n";
    for (row, name, url) in [
        (format!("2,Doe, Jane,{end}"), "Doe, Jane", "https://x/cb"),
        (format!("2,Doe,Jane,{end}"), "Doe,Jane", "https://x/cb"),
        (format!("2,a, b, c,{end}"), "a, b, c", "https://x/cb"),
        (format!("2,ada,{}", end.replace("/cb", "/cb?a,b,c")), "ada", "https://x/cb?a,b,c"),
        (format!("2,Doe, Jane,{}", end.replace("/cb", "/cb?a,b")), "Doe, Jane", "https://x/cb?a,b"),
        (format!("2,Doe, Jane \"J\",{end}"), "Doe, Jane \"J\"", "https://x/cb"),
    ] {
        let table = parsed(&format!("{HEADER}1,ann,,,r,,,,,\n{row}"));
        let token = table.token(1).expect("is read");
        assert_eq!(
            (token.user_name.as_deref(), token.redirect_url.as_deref()),
            (Some(name), Some(url)),
            "{row}"
        );
        assert_eq!(token.refresh_token.as_deref(), Some("1000.r"), "{row}");
        assert!(text(&table).ends_with(&row), "its bytes are kept");
    }
    for row in [
        "2,ada,c,s,r,a,,1,,,\n",
        "2,ada,c,s,r,,,,,,,,\n",
        "2,Doe, Jane,c,s,r,a,x,y,u,d\n",
        "2,Doe, Jane,,,,,,,,,\n",
        "2,a,b,c,d,e,f,g,h,i,j,k,l\n",
    ] {
        let damage = Table::parse(format!("{HEADER}{row}").as_bytes()).expect_err("cannot be read");
        assert!(damage.what.contains("expected 10 columns"), "{row}: {damage}");
    }
}

#[test]
fn a_name_with_a_comma_in_a_file_of_nine_columns_is_read() {
    let nine =
        "id,user_mail,c,s,refresh_token,access_token,g,e,redirect_uri\n2,Doe, Jane,c,s,r,a,,1,https://x\n";
    let table = parsed(nine);
    assert_eq!(users(&table), ["Doe, Jane"]);
    let token = table.token(0).expect("is read");
    assert_eq!(
        (token.refresh_token.as_deref(), token.redirect_url.as_deref()),
        (Some("r"), Some("https://x"))
    );
}

#[test]
fn six_columns_are_read_by_position() {
    let six = "user_mail,client_id,refresh_token,access_token,grant_token,expiry_time\r\n\"Doe, Jane\",c,r,a,,1\r\n";
    let table = parsed(six);
    assert!(table.has_six_columns() && !Table::default().has_six_columns());
    let expected = StoredToken {
        user_name: Some("Doe, Jane".into()),
        client_id: Some("c".into()),
        refresh_token: Some("r".into()),
        access_token: Some("a".into()),
        expiry_time: Some("1".into()),
        ..StoredToken::default()
    };
    assert_eq!(table.tokens().collect::<Vec<_>>(), [expected]);
    assert_eq!(text(&table), six);
}

#[test]
fn a_name_in_windows_1252_is_read_and_its_bytes_are_kept() {
    let content = [HEADER.as_bytes(), b"1,Zo\xeb,c,s,r,a,,1,u,d\r\n2,bob,c,s,r2,,,,,\r\n"].concat();
    let table = Table::parse(&content).expect("is read");
    assert_eq!(users(&table), ["Zo\u{eb}", "bob"]);
    assert!(table.has_text(&content));
    let unknown =
        Table::parse(&[HEADER.as_bytes(), b"1,Zo\x81,c,s,r,a,,1,u,d\r\n"].concat()).expect_err("is unknown");
    assert!(unknown.line == 2 && unknown.what.contains("Windows-1252"), "{unknown}");
}

proptest! {
    #[test]
    fn what_python_writes_is_read(rows in rows_of(r#"[,"\r\n a'é]{0,6}"#)) {
        let python = |field: &String| {
            if field.contains([',', '"', '\r', '\n']) { format!("\"{}\"", field.replace('"', "\"\"")) } else { field.clone() }
        };
        let line = |row: &[String; 10]| row.each_ref().map(python).join(",") + "\r\n";
        let text = HEADER.to_owned() + &rows.iter().map(line).collect::<String>();
        prop_assert_eq!(values(&parsed(&text)), expected(&rows));
    }

    /// Node, TypeScript and PHP write values as they are. None ends with a quote here: with one at both ends there would be
    /// two ways to read it.
    #[test]
    fn what_node_writes_is_read(rows in rows_of(r#"("?[a-z0-9.é]{1,6})?"#)) {
        let line = |row: &[String; 10]| row.join(",");
        let text = HEADER.replace('\r', "") + &rows.iter().map(line).collect::<Vec<_>>().join("\n") + "\n";
        prop_assert_eq!(values(&parsed(&text)), expected(&rows));
    }

    #[test]
    fn utf16_is_read_as_utf8_is(rows in rows_of("[a-z é😀]{0,6}"), is_big_endian in any::<bool>(), has_mark in any::<bool>()) {
        let text = HEADER.to_owned() + &rows.iter().map(|row| row.join(",") + "\r\n").collect::<String>();
        let mark = if has_mark { "\u{feff}" } else { "" };
        let unit = if is_big_endian { u16::to_be_bytes } else { u16::to_le_bytes };
        let content: Vec<u8> = format!("{mark}{text}").encode_utf16().flat_map(unit).collect();
        let table = Table::parse(&content).expect("is read");
        prop_assert_eq!(values(&table), expected(&rows));
        prop_assert!(table.has_text(text.as_bytes()), "what is written is UTF-8");
    }

    #[test]
    fn any_ten_values_come_back(
        rows in rows_of(r#"([,"\r\n a-c\u{feff}😀\\]{0,8}|null|\PC{0,6})"#),
        line_end in prop_oneof![Just("\n"), Just("\r\n")],
        ends in any::<bool>(),
    ) {
        let line = |row: &[String; 10]| encode(row.each_ref().map(|value| Some(value.as_str())), line_end);
        let text = HEADER.to_owned() + &rows.iter().map(line).collect::<String>();
        let text = if ends { text.as_str() } else { text.trim_end_matches(line_end) };
        prop_assert_eq!(values(&parsed(text)), expected(&rows));
    }

    #[test]
    fn any_bytes_are_rejected_or_preserved(text in r#"([,"\r\n]|,{8,9}|null|1|://|\PC){0,30}"#, broken in proptest::option::of((0_usize..60, 128_u8..))) {
        let mut content = text.into_bytes();
        if let Some((position, byte)) = broken && let Some(old) = content.get_mut(position) {
            *old = byte;
        }
        if let Ok(table) = Table::parse(&content) {
            let written = table.text_with(&Changes::new());
            let again = Table::parse(&written).expect("what is written is read");
            let tokens = |table: &Table| table.tokens().collect::<Vec<_>>();
            prop_assert_eq!(tokens(&again), tokens(&table));
            prop_assert!(again.has_text(&written));
        }
    }
}

/// One to three rows with an id and nine values of this form.
fn rows_of(value: &'static str) -> impl Strategy<Value = Vec<[String; 10]>> {
    let row = proptest::array::uniform9(value);
    proptest::collection::vec(row, 1..4).prop_map(|rows| {
        let with_id = |(id, row): (usize, [String; 9])| {
            let mut values = std::iter::once(format!("{id}")).chain(row);
            std::array::from_fn(|_| values.next().unwrap_or_default())
        };
        (1..).zip(rows).map(with_id).collect()
    })
}

fn values(table: &Table) -> Vec<[Option<String>; 10]> {
    table.tokens().map(|token| token.values().map(|value| value.map(str::to_owned))).collect()
}

fn expected(rows: &[[String; 10]]) -> Vec<[Option<String>; 10]> {
    let value = |value: &String| (!value.is_empty()).then(|| value.clone());
    rows.iter().map(|row| row.each_ref().map(value)).collect()
}
