//! CSV and JSON that people hand in, to `zoho records` and to `zoho bulk write`.

use std::time::Duration;

use serde_json::{Value, json};
use zoho_emulator::{Emulator, Field, Module, User};

use crate::support::{ADA, Terminal, log_in};

const FIELDS: &str = "Name,Fee,Interests,Tag,Documents,Teacher,Notes_On_It,Owner";

/// An emulator with a module that has a field of each kind, and whose jobs take no time.
async fn school() -> (Emulator, Terminal) {
    let courses = Module::new("Courses")
        .labels("Course", "Courses")
        .field(Field::currency("Fee").label("Course Fee"))
        .field(Field::multi_select_picklist("Interests", ["Art", "Chess", "[VIP] Club"]))
        .field(Field::file_upload("Documents"))
        .field(Field::lookup("Teacher", "Contacts"))
        .field(Field::text_area("Notes_On_It"));
    let user = User::new(ADA).named("Ada", "Lovelace");
    let zoho = Emulator::builder().user(user).module(courses).bulk_job_duration(Duration::ZERO).start().await;
    let terminal = log_in(&zoho);
    (zoho, terminal)
}

fn write(terminal: &Terminal, name: &str, content: impl AsRef<[u8]>) {
    std::fs::write(terminal.path(name), content).unwrap();
}

fn created_id(terminal: &Terminal, module: &str, record: &Value) -> String {
    let ran = terminal.run(&["records", "create", module, "-d", &record.to_string(), "--json"]).done();
    ran.json()[0]["id"].as_str().unwrap().to_owned()
}

fn courses(terminal: &Terminal) -> Value {
    let list = ["records", "list", "Courses", "--fields", FIELDS, "--ascending", "--sort-by", "id", "--json"];
    terminal.run(&list).done().json()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn invalid_csv_is_rejected_with_its_line_and_column_and_nothing_is_written() {
    let (zoho, terminal) = school().await;
    for (csv, told) in [
        (
            "Name,Fee\nOne,1\n\"Two,2\nThree,3\n",
            "line 3, column 1 (`Name`): the cell that begins here has no closing quote",
        ),
        ("Name,Fee\nOne,\"1", "line 2, column 2 (`Fee`): the cell that begins here has no closing quote"),
        ("Name\n\"Navy\" United\n", "line 2, column 1 (`Name`): text follows the closing quote"),
        ("Name,Fee\r\nOne,1\r\nTwo\r\n", "line 3: the row has 1 cell instead of 2"),
        ("Name,Fee,\nOne,1,x\n", "line 2, column 3: the cell has no heading"),
        ("Name, Name \nOne,Two\n", "line 1, column 2 (`Name`): column 1 has the same heading"),
        ("Name;Fee,Owner\n", "the header has as many `,` as `;`; name the delimiter"),
        ("PK\u{3}\u{4}", "it is a workbook"),
    ] {
        write(&terminal, "courses.csv", csv);
        for command in [
            &["records", "create", "Courses", "-d", "@courses.csv"][..],
            &["bulk", "write", "Courses", "courses.csv", "--insert"],
        ] {
            let ran = terminal.run(command).ended(1);
            assert!(
                ran.stderr.contains("`courses.csv` is not valid CSV: ") && ran.stderr.contains(told),
                "{ran:?}"
            );
            assert!(ran.stderr.contains("next: nothing was written; correct the input"), "{ran:?}");
        }
    }
    assert_eq!(zoho.journal().count("POST *") - zoho.journal().count("POST /oauth/*"), 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn delimiters_and_encodings_are_detected_announced_and_overridden() {
    let (_zoho, terminal) = school().await;
    let text = "Name\tCourse Fee\t\r\nZoë 🦊\t\"1\"\t\r\n\t\t\r\n";
    let utf_16 = |text: &str| {
        [0xff, 0xfe].into_iter().chain(text.encode_utf16().flat_map(u16::to_le_bytes)).collect::<Vec<u8>>()
    };
    let as_written = |content: Vec<u8>, options: &[&str]| {
        write(&terminal, "courses.csv", content);
        let create = ["records", "create", "Courses", "-d", "@courses.csv", "--json"];
        let ran = terminal.run(&[&create[..], options].concat()).done();
        let id = ran.json()[0]["id"].as_str().unwrap().to_owned();
        let get = ["records", "get", "Courses", &id, "--fields", "Name,Fee", "--json"];
        let course = terminal.run(&get).done().json();
        ((course["Name"].clone(), course["Fee"].clone()), ran.stderr)
    };
    let expected = (json!("Zoë 🦊"), json!(1));
    let (course, stderr) = as_written(utf_16(text), &[]);
    assert_eq!(course, expected);
    assert!(stderr.contains("read `courses.csv` as UTF-16LE with tabs between the cells"), "{stderr}");
    assert!(stderr.contains("read the columns `Course Fee` as `Fee`"), "{stderr}");
    for (character, name) in [(";", "semicolon"), ("|", "pipe"), ("\t", "tab")] {
        let content = text.replace('\t', character).into_bytes();
        let (course, stderr) = as_written(content.clone(), &[]);
        assert_eq!(course, expected);
        assert!(
            stderr.contains(" between the cells; `--encoding` and `--delimiter` override this"),
            "{stderr}"
        );
        for given in [name, character] {
            let (course, stderr) = as_written(content.clone(), &["--delimiter", given]);
            assert_eq!(course, expected);
            assert!(!stderr.contains("between the cells"), "{stderr}");
        }
    }
    let latin_1 = b"Name,Fee\nK\xf6ln,1\n".to_vec();
    let (course, _) = as_written(latin_1, &["--encoding", "windows-1252"]);
    assert_eq!(course.0, "Köln");
    let ran = terminal.run(&["records", "create", "Courses", "-d", "@courses.csv"]).ended(1);
    assert!(ran.stderr.contains("line 2, column 1 (`Name`): the text is not UTF-8"), "{ran:?}");
    let ran = terminal
        .run(&["records", "create", "Courses", "-d", "@courses.csv", "--encoding", "klingon"])
        .ended(2);
    assert!(ran.stderr.contains("unknown encoding"), "{ran:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn csv_of_a_list_can_be_given_to_an_update() {
    let (_zoho, terminal) = school().await;
    let teacher = created_id(&terminal, "Contacts", &json!({ "Last_Name": "Hopper" }));
    let course = json!({
        "Name": "Navy, \"United\"\nand more",
        "Fee": 12.5,
        "Interests": ["Art", "[VIP] Club"],
        "Tag": [{ "name": "new" }, { "name": "paid" }],
        "Documents": [{ "File_Id__s": "ae9c7cefa418aec1d6a5cc2d9ab35c32" }],
        "Teacher": { "id": teacher },
        "Notes_On_It": "[1]; {2}",
    });
    created_id(&terminal, "Courses", &course);
    created_id(&terminal, "Courses", &json!({ "Name": "Empty" }));
    let before = courses(&terminal);
    let list = ["records", "list", "Courses", "--fields", FIELDS, "--csv"];
    let listed = terminal.run(&list).done().stdout;
    assert!(listed.contains(&teacher) && !listed.contains("Ada Lovelace"), "{listed}");
    write(&terminal, "courses.csv", &listed);
    terminal.run(&["records", "update", "Courses", "-d", "@courses.csv"]).done();
    assert_eq!(courses(&terminal), before);
    terminal.run(&["records", "delete", "Courses", "-d", "@courses.csv"]).done();
    assert_eq!(courses(&terminal), json!([]));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn an_export_of_zoho_can_be_given_to_an_update() {
    let (_zoho, terminal) = school().await;
    let teacher = created_id(&terminal, "Contacts", &json!({ "Last_Name": "Hopper" }));
    let course = created_id(&terminal, "Courses", &json!({ "Name": "COBOL" }));
    let owner = courses(&terminal)[0]["Owner"]["id"].as_str().unwrap().to_owned();
    let export = format!(
        "Record Id,Course Owner.id,Course Owner,Name,Course Fee,Interests,Teacher.id,Teacher,Created Time\r\n\
         zcrm_{course},zcrm_{owner},Ada Lovelace,\"COBOL, II\",7,Art;Chess,zcrm_{teacher},Grace Hopper,2026-01-01 10:00:00\r\n"
    );
    write(&terminal, "export.csv", export);
    let ran = terminal.run(&["records", "update", "Courses", "-d", "@export.csv"]).done();
    assert!(
        ran.stderr.contains("not sent, because a lookup is set by its id: `Course Owner`, `Teacher`"),
        "{ran:?}"
    );
    assert!(ran.stderr.contains("not sent, because these fields are read-only: `Created Time`"), "{ran:?}");
    let assert_updated = || {
        let course = courses(&terminal)[0].clone();
        assert_eq!((&course["Name"], course["Fee"].as_f64()), (&json!("COBOL, II"), Some(7.0)), "{course}");
        assert_eq!(course["Interests"], json!(["Art", "Chess"]));
        assert_eq!((&course["Teacher"]["id"], &course["Owner"]["id"]), (&json!(teacher), &json!(owner)));
    };
    assert_updated();
    terminal
        .run(&[
            "records",
            "update",
            "Courses",
            "-d",
            &json!({ "id": course, "Name": "Old", "Fee": null }).to_string(),
        ])
        .done();
    terminal.run(&["bulk", "write", "Courses", "export.csv", "--update"]).done();
    assert_updated();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_column_or_cell_that_cannot_be_sent_is_named() {
    let (zoho, terminal) = school().await;
    for (csv, told) in [
        ("Nmae,Owner\nOne,\n", "module `Courses` has no field `Nmae` (did you mean `Name`?)"),
        ("Name,NAME\nOne,Two\n", "the columns `Name` and `NAME` are the same field, `Name`"),
        (
            "Name,Owner\nOne,\nTwo,Ada Lovelace\n",
            "`courses.csv`: line 3, column 2 (`Owner`): it is not the id of a record or user",
        ),
        ("id,Name\n5.72577E+18,One\n", "line 2, column 1 (`id`): it is not an id"),
        ("Record Id,Name,id\n1,One,1\n", "a second column of ids: `id`"),
    ] {
        write(&terminal, "courses.csv", csv);
        let ran = terminal.run(&["records", "create", "Courses", "-d", "@courses.csv"]).ended(1);
        assert!(ran.stderr.contains(told) && ran.stderr.contains("nothing was written"), "{ran:?}");
        let ran = terminal.run(&["bulk", "write", "Courses", "courses.csv", "--insert"]).ended(1);
        assert!(ran.stderr.contains(told), "{ran:?}");
    }
    let ran = terminal
        .run_with_input(&["records", "update", "Courses", "--input", "csv"], "id,Name\n,One\n")
        .ended(1);
    assert!(ran.stderr.contains("record 1 (line 2) has no `id`"), "{ran:?}");
    assert_eq!(zoho.journal().count("POST /crm/*") + zoho.journal().count("PUT /crm/*"), 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn lists_of_all_kinds_are_sent_in_their_own_form() {
    let (_zoho, terminal) = school().await;
    let csv =
        "Name,Interests,Tag,Documents,Owner,Notes_On_It\nOne,[VIP] Club;Art;,a;b,ae9c,ada@example.com,[x]\n";
    write(&terminal, "courses.csv", csv);
    terminal.run(&["records", "create", "Courses", "-d", "@courses.csv"]).done();
    let course = courses(&terminal)[0].clone();
    assert_eq!(
        (&course["Interests"], &course["Notes_On_It"]),
        (&json!(["[VIP] Club", "Art"]), &json!("[x]"))
    );
    assert_eq!((&course["Tag"][0]["name"], &course["Tag"][1]["name"]), (&json!("a"), &json!("b")));
    assert_eq!(course["Documents"], json!([{ "File_Id__s": "ae9c" }]));
    assert_eq!(course["Owner"]["email"], ADA);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn the_body_of_a_request_or_response_can_be_given_as_it_is() {
    let (zoho, terminal) = school().await;
    let create = |input: &str| terminal.run_with_input(&["records", "create", "Courses", "--json"], input);
    let ran = create(r#"{"data":[{"Name":"One"},{"Name":"Two"}]}"#).done();
    assert_eq!(ran.json().as_array().map(Vec::len), Some(2));
    let listed = terminal.run(&["api", "GET", "/crm/v8/Courses", "-q", "fields=Name"]).done().stdout;
    assert!(listed.contains("\"info\""), "{listed}");
    let ran = terminal.run_with_input(&["records", "update", "Courses", "--json"], &listed).done();
    assert_eq!(ran.json().as_array().map(Vec::len), Some(2));
    zoho.journal().clear();
    let ran = create(r#"{"data":[{"Name":"One"}],"trigger":[]}"#).ended(1);
    assert!(ran.stderr.contains("standard input has `trigger` beside `data`"), "{ran:?}");
    let ran = create(r#"{"data":[3]}"#);
    assert_eq!(ran.code, 1, "a field with this name is a field: {ran:?}");
    let utf_16: Vec<u8> = "\u{feff}{\"Name\":\"Zoë\"}".encode_utf16().flat_map(u16::to_le_bytes).collect();
    write(&terminal, "course.json", &utf_16);
    terminal.run(&["records", "create", "Courses", "-d", "@course.json"]).done();
    write(&terminal, "course.json", &utf_16[..utf_16.len() - 1]);
    let ran = terminal.run(&["records", "create", "Courses", "-d", "@course.json"]).ended(1);
    assert!(ran.stderr.contains("`course.json` is not valid UTF-16"), "{ran:?}");
    let ran = create("Name,Fee\nOne,1\n").ended(1);
    assert!(ran.stderr.contains("if it is CSV, pass `--input csv`"), "{ran:?}");
}
