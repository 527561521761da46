//! COQL: the rows of queries, and the errors of invalid ones.

use reqwest::Method;
use serde_json::{Value, json};
use zoho_emulator::{Emulator, User};

use crate::{ADA, Reply, access_token, call};

async fn ask(zoho: &Emulator, token: &str, query: &str) -> Reply {
    call(zoho, token, Method::POST, "/crm/v8/coql", Some(json!({ "select_query": query }))).await
}

/// The values of one column of the response.
async fn column(zoho: &Emulator, token: &str, name: &str, query: &str) -> Vec<Value> {
    let reply = ask(zoho, token, query).await;
    assert_eq!(reply.status, 200, "{query}: {}", reply.text);
    reply.json()["data"].as_array().unwrap().iter().map(|row| row[name].clone()).collect()
}

async fn create(zoho: &Emulator, token: &str, module: &str, records: Value) -> Vec<String> {
    let reply =
        call(zoho, token, Method::POST, &format!("/crm/v8/{module}"), Some(json!({ "data": records }))).await;
    assert_eq!(reply.status, 201, "{}", reply.text);
    let results = reply.json()["data"].as_array().unwrap().clone();
    results.iter().map(|result| result["details"]["id"].as_str().unwrap().to_owned()).collect()
}

/// An organization with four leads.
async fn with_leads() -> (Emulator, String) {
    let zoho = Emulator::start().await;
    let token = access_token(&zoho);
    let leads = json!([
        { "Last_Name": "O'Brien", "City": "Cork", "Annual_Revenue": 100, "No_of_Employees": 7 },
        { "Last_Name": "Boyle", "City": "Cork", "Annual_Revenue": 250.5, "No_of_Employees": 20 },
        { "Last_Name": "boyd", "City": "Delft", "Annual_Revenue": 30 },
        { "Last_Name": "Abel", "No_of_Employees": 1 },
    ]);
    create(&zoho, &token, "Leads", leads).await;
    (zoho, token)
}

#[tokio::test]
async fn a_query_returns_its_columns_and_the_id_in_the_order_of_creation() {
    let (zoho, token) = with_leads().await;
    let reply =
        ask(&zoho, &token, "select Last_Name, City as Town from Leads where id is not null").await.json();
    assert_eq!(reply["info"], json!({ "count": 4, "more_records": false }));
    let rows = reply["data"].as_array().unwrap();
    assert_eq!((&rows[0]["Last_Name"], &rows[0]["Town"]), (&json!("O'Brien"), &json!("Cork")));
    assert_eq!(rows[3]["Town"], Value::Null);
    assert_eq!(rows[0]["id"].as_str().unwrap().len(), 19);
    assert_eq!(rows[0].as_object().unwrap().len(), 3);
}

#[tokio::test]
async fn every_operator_selects_the_right_rows() {
    let (zoho, token) = with_leads().await;
    for (condition, expected) in [
        ("Last_Name = 'O''Brien'", json!(["O'Brien"])),
        ("Last_Name = \"O'Brien\"", json!(["O'Brien"])),
        ("Last_Name = 'BOYLE'", json!(["Boyle"])),
        ("Last_Name != 'Boyle'", json!(["O'Brien", "boyd", "Abel"])),
        ("Last_Name <> 'Boyle'", json!(["O'Brien", "boyd", "Abel"])),
        ("Last_Name like 'Bo%'", json!(["Boyle", "boyd"])),
        ("Last_Name like '%el'", json!(["Abel"])),
        ("Last_Name like '%o%'", json!(["O'Brien", "Boyle", "boyd"])),
        ("Last_Name not like '%o%'", json!(["Abel"])),
        ("Last_Name in ('Abel', 'boyd')", json!(["boyd", "Abel"])),
        ("Last_Name not in ('Abel', 'boyd')", json!(["O'Brien", "Boyle"])),
        ("Annual_Revenue > 100", json!(["Boyle"])),
        ("Annual_Revenue >= 100", json!(["O'Brien", "Boyle"])),
        ("Annual_Revenue < 100", json!(["boyd"])),
        ("Annual_Revenue <= 100", json!(["O'Brien", "boyd"])),
        ("Annual_Revenue between 30 and 100", json!(["O'Brien", "boyd"])),
        ("Annual_Revenue not between 30 and 100", json!(["Boyle", "Abel"])),
        ("City is null", json!(["Abel"])),
        ("City is not null", json!(["O'Brien", "Boyle", "boyd"])),
        ("Created_Time > '2020-01-01T00:00:00+05:30'", json!(["O'Brien", "Boyle", "boyd", "Abel"])),
        ("City = 'Cork' and Annual_Revenue > 200", json!(["Boyle"])),
        ("((City = 'Cork' and Annual_Revenue > 200) or Last_Name = 'Abel')", json!(["Boyle", "Abel"])),
        ("(City = 'Cork' and (Annual_Revenue > 200 or Last_Name = 'Abel'))", json!(["Boyle"])),
    ] {
        let query = format!("select Last_Name from Leads where {condition}");
        assert_eq!(json!(column(&zoho, &token, "Last_Name", &query).await), expected, "{condition}");
    }
}

#[tokio::test]
async fn an_id_is_found_by_its_digits_with_and_without_quotes() {
    let (zoho, token) = with_leads().await;
    let ids = column(&zoho, &token, "id", "select id from Leads where id is not null").await;
    for id in [format!("'{}'", ids[1].as_str().unwrap()), ids[1].as_str().unwrap().to_owned()] {
        let query = format!("select Last_Name from Leads where id = {id}");
        assert_eq!(column(&zoho, &token, "Last_Name", &query).await, ["Boyle"]);
    }
}

#[tokio::test]
async fn long_integers_compare_as_numbers_and_several_values_as_one_text() {
    let zoho = Emulator::start().await;
    let token = access_token(&zoho);
    let students = json!([
        { "Name": "Ada", "Passport_Number": "9", "Interests": ["Art", "Chess"] },
        { "Name": "Bob", "Passport_Number": "10", "Interests": ["Chess"] },
        { "Name": "Cay", "Passport_Number": "100000000000000001", "Interests": [] },
        { "Name": "Dan", "Passport_Number": "100000000000000002" },
        { "Name": "Eve", "Passport_Number": -3, "Interests": ["Chess", "Art"] },
    ]);
    create(&zoho, &token, "Students", students).await;
    for (condition, expected) in [
        ("Passport_Number > 9", json!(["Bob", "Cay", "Dan"])),
        ("Passport_Number < 10", json!(["Ada", "Eve"])),
        ("Passport_Number = '010'", json!(["Bob"])),
        ("Passport_Number = 100000000000000001", json!(["Cay"])),
        ("Passport_Number >= '100000000000000002'", json!(["Dan"])),
        ("Passport_Number between 9 and 10", json!(["Ada", "Bob"])),
        ("Passport_Number in (9, 100000000000000002)", json!(["Ada", "Dan"])),
        ("Interests = 'Art;Chess'", json!(["Ada"])),
        ("Interests = 'Chess'", json!(["Bob"])),
        ("Interests != 'Chess'", json!(["Ada", "Cay", "Dan", "Eve"])),
        ("Interests in ('Chess', 'Chess;Art')", json!(["Bob", "Eve"])),
        ("Interests like '%Art%'", json!(["Ada", "Eve"])),
        ("Interests like 'Art%'", json!(["Ada"])),
        ("Interests not like '%Art%'", json!(["Bob", "Cay", "Dan"])),
        ("Interests is null", json!(["Cay", "Dan"])),
        ("Interests is not null", json!(["Ada", "Bob", "Eve"])),
    ] {
        let query = format!("select Name from Students where {condition}");
        assert_eq!(json!(column(&zoho, &token, "Name", &query).await), expected, "{condition}");
    }
    for (order, expected) in [
        ("Passport_Number", ["Eve", "Ada", "Bob", "Cay", "Dan"]),
        ("Passport_Number desc", ["Dan", "Cay", "Bob", "Ada", "Eve"]),
        ("Interests, Name", ["Cay", "Dan", "Ada", "Bob", "Eve"]),
    ] {
        let query = format!("select Name from Students where id is not null order by {order}");
        assert_eq!(column(&zoho, &token, "Name", &query).await, expected, "{order}");
    }
    let query =
        "select MIN(Passport_Number), MAX(Passport_Number) as Largest from Students where id is not null";
    let row = ask(&zoho, &token, query).await.json()["data"][0].clone();
    assert_eq!(row, json!({ "MIN(Passport_Number)": "-3", "Largest": "100000000000000002" }));
    let query = "select Passport_Number, COUNT(id) from Students where id is not null \
                 group by Passport_Number order by Passport_Number";
    let groups = column(&zoho, &token, "Passport_Number", query).await;
    assert_eq!(groups, ["-3", "9", "10", "100000000000000001", "100000000000000002"]);
}

#[tokio::test]
async fn rows_are_ordered_and_limited_as_the_query_says() {
    let (zoho, token) = with_leads().await;
    for (clauses, expected, more) in [
        ("order by Last_Name", json!(["Abel", "boyd", "Boyle", "O'Brien"]), false),
        ("order by Annual_Revenue desc", json!(["Boyle", "O'Brien", "boyd", "Abel"]), false),
        ("order by Annual_Revenue asc limit 2", json!(["Abel", "boyd"]), true),
        ("order by City desc, Last_Name asc", json!(["boyd", "Boyle", "O'Brien", "Abel"]), false),
        ("limit 1, 2", json!(["Boyle", "boyd"]), true),
        ("limit 2 offset 2", json!(["boyd", "Abel"]), false),
    ] {
        let query = format!("select Last_Name from Leads where id is not null {clauses}");
        let reply = ask(&zoho, &token, &query).await.json();
        let names: Vec<&Value> =
            reply["data"].as_array().unwrap().iter().map(|row| &row["Last_Name"]).collect();
        assert_eq!((json!(names), &reply["info"]["more_records"]), (expected, &json!(more)), "{clauses}");
    }
}

#[tokio::test]
async fn groups_are_counted_and_summed() {
    let (zoho, token) = with_leads().await;
    let query = "select City, COUNT(id), sum(Annual_Revenue), MAX(Annual_Revenue) as Largest, AVG(No_of_Employees) \
                 from Leads where City is not null group by City order by City";
    let reply = ask(&zoho, &token, query).await.json();
    let cork = json!({
        "City": "Cork", "COUNT(id)": 2, "SUM(Annual_Revenue)": 350.5, "Largest": 250.5, "AVG(No_of_Employees)": 13.5,
    });
    assert_eq!(reply["data"][0], cork);
    assert_eq!(reply["data"][1]["AVG(No_of_Employees)"], Value::Null);
    let all =
        ask(&zoho, &token, "select COUNT(id), MIN(Last_Name) from Leads where id is not null").await.json();
    assert_eq!(all["data"], json!([{ "COUNT(id)": 4, "MIN(Last_Name)": "Abel" }]));
}

#[tokio::test]
async fn lookups_lead_to_other_records() {
    let zoho = Emulator::start().await;
    let token = access_token(&zoho);
    let parent = create(&zoho, &token, "Accounts", json!([{ "Account_Name": "Zylker" }])).await.remove(0);
    let account = json!([{ "Account_Name": "Zylker Labs", "Parent_Account": { "id": parent } }]);
    let account = create(&zoho, &token, "Accounts", account).await.remove(0);
    let contacts =
        json!([{ "Last_Name": "Boyle", "Account_Name": { "id": account } }, { "Last_Name": "Abel" }]);
    create(&zoho, &token, "Contacts", contacts).await;
    let query = "select Last_Name, Account_Name.Parent_Account.Account_Name, Owner.email from Contacts \
                 where Account_Name.Account_Name like 'zylker%'";
    let reply = ask(&zoho, &token, query).await.json();
    assert_eq!(reply["info"]["count"], 1);
    assert_eq!(reply["data"][0]["Account_Name.Parent_Account.Account_Name"], "Zylker");
    assert_eq!(reply["data"][0]["Owner.email"], ADA);
    let query = format!("select Last_Name from Contacts where Account_Name = '{account}'");
    assert_eq!(column(&zoho, &token, "Last_Name", &query).await, ["Boyle"]);
}

#[tokio::test]
async fn nothing_found_is_204() {
    let (zoho, token) = with_leads().await;
    let reply = ask(&zoho, &token, "select id from Leads where Last_Name = 'Nobody'").await;
    assert_eq!((reply.status, reply.text.as_str()), (204, ""));
}

#[tokio::test]
async fn an_invalid_query_is_rejected_with_the_reason() {
    let (zoho, token) = with_leads().await;
    let long_list = vec!["'x'"; 51].join(", ");
    let many_criteria = (0..25).fold("id is null".to_owned(), |inner, _| format!("({inner} or id is null)"));
    let fields = ["a"; 51].join(", ");
    for (query, code, details) in [
        ("select id from Leads", "SYNTAX_ERROR", json!({ "clause": "where" })),
        (
            "select from Leads where id is null",
            "SYNTAX_ERROR",
            json!({ "line": 1, "column": 8, "near": "from" }),
        ),
        ("update Leads", "SYNTAX_ERROR", json!({})),
        ("select id from Leads where not id is null", "SYNTAX_ERROR", json!({ "operator": "not" })),
        ("select id from Leads where a = 1 and b = 2 and c = 3", "SYNTAX_ERROR", json!({ "near": "and" })),
        ("select id from Nonsense where id is null", "INVALID_MODULE", json!({})),
        (
            "select Nonsense from Leads where id is null",
            "INVALID_QUERY",
            json!({ "column_name": "Nonsense" }),
        ),
        ("select id from Leads where Nonsense = 1", "INVALID_QUERY", json!({ "column_name": "Nonsense" })),
        (
            "select id from Leads where id is null order by Owner.x.y.z",
            "INVALID_QUERY",
            json!({ "column_name": "Owner.x.y.z" }),
        ),
        (
            "select id from Leads where Last_Name > 'a'",
            "INVALID_QUERY",
            json!({ "reason": "invalid operator found", "column_name": "Last_Name", "operator": ">" }),
        ),
        (
            "select id from Leads where Annual_Revenue = 'much'",
            "INVALID_QUERY",
            json!({ "column_name": "Annual_Revenue", "expected_data_type": "currency", "operator": "=" }),
        ),
        ("select id from Leads where id is null limit s", "INVALID_QUERY", json!({ "limit": "s" })),
        ("select id from Leads where id is null limit 0", "INVALID_DATA", json!({})),
        (
            "select id from Leads where id is null limit 2001",
            "LIMIT_EXCEEDED",
            json!({ "by": "limit", "limit": 2000 }),
        ),
        (
            "select id from Leads where id is null limit 2000 offset 98001",
            "LIMIT_EXCEEDED",
            json!({ "by": "offset", "limit": 100_000 }),
        ),
        (
            &format!("select id from Leads where Last_Name in ({long_list})"),
            "LIMIT_EXCEEDED",
            json!({ "by": "in", "limit": 50 }),
        ),
        (
            &format!("select id from Leads where {many_criteria}"),
            "LIMIT_EXCEEDED",
            json!({ "by": "where", "limit": 25 }),
        ),
        (
            &format!("select {fields} from Leads where id is null"),
            "LIMIT_EXCEEDED",
            json!({ "by": "select", "limit": 50 }),
        ),
        (
            "select COUNT(id) from Leads where id is null group by a, b, c, d, e",
            "LIMIT_EXCEEDED",
            json!({ "by": "group by", "limit": 4 }),
        ),
        (
            "select COUNT(a), COUNT(b), COUNT(c), COUNT(d), COUNT(e), COUNT(f) from Leads where id is null",
            "LIMIT_EXCEEDED",
            json!({ "by": "aggregate", "limit": 5 }),
        ),
        (
            "select id from Leads where id is null order by a, b, c, d, e, f, g, h, i, j, k",
            "LIMIT_EXCEEDED",
            json!({ "by": "order by", "limit": 10 }),
        ),
        ("select City, City from Leads where id is null", "DUPLICATE_DATA", json!({ "column_name": "City" })),
        (
            "select id from Leads where id is null order by City, City",
            "DUPLICATE_DATA",
            json!({ "column_name": "City" }),
        ),
        (
            "select MAX(City), max(City) from Leads where id is null",
            "DUPLICATE_DATA",
            json!({ "column_name": "City", "aggregate": "MAX" }),
        ),
        (
            "select First_Name as Name, Last_Name as Name from Leads where id is null",
            "DUPLICATE_ALIAS",
            json!({ "referred_columns": ["First_Name", "Last_Name"], "alias": "Name" }),
        ),
        (
            "select First_Name as '' from Leads where id is null",
            "INVALID_ALIAS",
            json!({ "column_name": "First_Name", "alias": "" }),
        ),
        (
            "select Last_Name, First_Name as Last_Name from Leads where id is null",
            "INVALID_QUERY",
            json!({ "column_name": "First_Name", "alias": "Last_Name" }),
        ),
        (
            "select Twice(City) from Leads where id is null",
            "INVALID_DATA",
            json!({ "reason": "unsupported aggregate function", "column": "Twice(City)" }),
        ),
        (
            "select City, COUNT(id) from Leads where id is null",
            "INVALID_QUERY",
            json!({ "column_name": "City", "reason": "column is not in group by" }),
        ),
    ] {
        let reply = ask(&zoho, &token, query).await;
        let body = reply.json();
        assert_eq!((reply.status, &body["code"], &body["details"]), (400, &json!(code), &details), "{query}");
    }
}

#[tokio::test]
async fn a_query_requires_the_scope_of_coql_and_that_of_its_module() {
    let zoho = Emulator::builder().user(User::new(ADA)).start().await;
    let client = zoho.default_client();
    let query = "select id from Leads where id is null";
    for (scopes, status) in [
        ("ZohoCRM.coql.READ", 401),
        ("ZohoCRM.modules.ALL", 401),
        ("ZohoCRM.coql.READ,ZohoCRM.modules.deals.READ", 401),
        ("ZohoCRM.coql.READ,ZohoCRM.modules.leads.READ", 204),
    ] {
        let token = zoho.issue_access_token(&zoho.grant_refresh_token_with_scopes(client.id(), ADA, scopes));
        assert_eq!(ask(&zoho, &token, query).await.status, status, "{scopes}");
    }
}

#[tokio::test]
async fn a_query_requires_its_text_and_can_return_the_description_of_its_fields() {
    let (zoho, token) = with_leads().await;
    let post = async |body: Value| call(&zoho, &token, Method::POST, "/crm/v8/coql", Some(body)).await;
    assert_eq!(post(json!({})).await.crm_error(), (400, "MANDATORY_NOT_FOUND".to_owned()));
    let query = "select Last_Name from Leads where id is not null";
    let rejected = post(json!({ "select_query": query, "include_meta": "fields" })).await;
    assert_eq!(rejected.json()["details"]["expected_data_type"], "jsonarray");
    let described = post(json!({ "select_query": query, "include_meta": ["fields"] })).await.json();
    assert_eq!(described["fields"]["Last_Name"]["data_type"], "text");
}

#[tokio::test]
async fn ten_thousand_records_can_be_paged_through() {
    let zoho = Emulator::start().await;
    zoho.add_records(ADA, "Leads", 10_000);
    let token = access_token(&zoho);
    let mut seen = 0;
    loop {
        let query = format!("select Last_Name from Leads where id is not null limit {seen}, 2000");
        let reply = ask(&zoho, &token, &query).await.json();
        seen += reply["info"]["count"].as_u64().unwrap();
        if reply["info"]["more_records"] == json!(false) {
            break;
        }
    }
    assert_eq!(seen, 10_000);
}
