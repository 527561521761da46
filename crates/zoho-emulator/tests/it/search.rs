//! Searches by criteria, email address, phone number and word; counts.

use reqwest::{Method, Url};
use serde_json::json;
use zoho_emulator::{Emulator, EmulatorBuilder};

use crate::{ADA, Reply, access_token, call, get, values};

fn people() -> EmulatorBuilder {
    let leads = json!([
        { "First_Name": "Mary", "Last_Name": "Burns,B", "City": "York", "No_of_Employees": 5, "Email": "mary@one.example",
          "Created_Time": "2026-01-01T00:00:00+00:00" },
        { "First_Name": "Max", "Last_Name": "Burns", "City": "york", "No_of_Employees": 10, "Phone": "+44 20 1234",
          "Created_Time": "2026-01-02T00:00:00+00:00", "Email_Opt_Out": true },
        { "First_Name": "Zoe", "Last_Name": "O\\(ne)", "City": "Leeds", "No_of_Employees": 15, "Lead_Status": "Contacted",
          "Created_Time": "2026-01-03T00:00:00+00:00" },
        { "Last_Name": "Nobody", "Created_Time": "2026-01-04T00:00:00+00:00" },
    ]);
    Emulator::builder().records("Leads", leads.as_array().unwrap().clone())
}

async fn search(zoho: &Emulator, parameters: &[(&str, &str)]) -> Reply {
    let url = Url::parse_with_params("http://x/crm/v8/Leads/search", parameters).unwrap();
    get(zoho, &access_token(zoho), &format!("{}?{}", url.path(), url.query().unwrap())).await
}

/// The last names that criteria find, oldest first.
async fn found(zoho: &Emulator, criteria: &str) -> Vec<String> {
    let reply = search(zoho, &[("criteria", criteria), ("fields", "Last_Name")]).await;
    if reply.status == 204 {
        return Vec::new();
    }
    let names = values(&reply, "Last_Name");
    names
        .iter()
        .rev()
        .map(|name| name.as_str().unwrap_or_else(|| panic!("{}", reply.text)).to_owned())
        .collect()
}

#[tokio::test]
async fn criteria_find_the_records_that_meet_them() {
    let zoho = people().start().await;
    let (comma, burns, one, nobody) = ("Burns,B", "Burns", "O\\(ne)", "Nobody");
    let cases: [(&str, &[&str]); 27] = [
        (r"((Last_Name:equals:Burns\,B)and(First_Name:starts_with:M))", &[comma]),
        (r"(Last_Name:equals:O\\\(ne\))", &[one]),
        ("(Last_Name:equals:burns)", &[burns]),
        ("(City:equals:YORK)", &[comma, burns]),
        ("(City:not_equal:York)", &[one, nobody]),
        ("(City:equals:null)", &[nobody]),
        ("(City:not_equal:null)", &[comma, burns, one]),
        (r"(Last_Name:in:Burns\,B,Nobody)", &[comma, nobody]),
        ("(City:not_in:York,Leeds)", &[nobody]),
        ("(Last_Name:starts_with:bur)", &[comma, burns]),
        ("(Last_Name:contains:bod)", &[nobody]),
        ("(Last_Name:ends_with:body)", &[nobody]),
        ("(No_of_Employees:greater_than:5)", &[burns, one]),
        ("(No_of_Employees:greater_equal:5)", &[comma, burns, one]),
        ("(No_of_Employees:less_than:10)", &[comma]),
        ("(No_of_Employees:less_equal:10)", &[comma, burns]),
        ("(No_of_Employees:between:6,15)", &[burns, one]),
        ("(No_of_Employees:equals:10)", &[burns]),
        ("(Email_Opt_Out:equals:true)", &[burns]),
        ("(Lead_Status:equals:Contacted)", &[one]),
        ("(Created_Time:greater_than:2026-01-02T05:30:00+05:30)", &[one, nobody]),
        ("(Created_Time:between:2026-01-02T00:00:00+00:00,2026-01-03T00:00:00+00:00)", &[burns, one]),
        ("(Owner:equals:Ada Lovelace)", &[comma, burns, one, nobody]),
        ("(((City:equals:York)and(No_of_Employees:less_than:6))or(City:equals:Leeds))", &[comma, one]),
        ("((City:equals:Leeds)or(City:equals:York)and(First_Name:equals:Max))", &[burns, one]),
        ("(Full_Name:equals:Mary Burns\\,B)", &[comma]),
        ("(Last_Name:equals:Nowhere)", &[]),
    ];
    for (criteria, expected) in cases {
        assert_eq!(found(&zoho, criteria).await, expected, "{criteria}");
    }
}

#[tokio::test]
async fn malformed_criteria_are_an_invalid_query() {
    let zoho = people().start().await;
    for wrong in [
        "City:equals:York",
        "(City:is:York)",
        "(City:equals:York",
        "(Shoe_Size:equals:7)",
        "(No_of_Employees:equals:many)",
        "(No_of_Employees:starts_with:1)",
        "(City:greater_than:York)",
        "(No_of_Employees:between:1)",
        "(Created_Time:equals:yesterday)",
    ] {
        let reply = search(&zoho, &[("criteria", wrong)]).await;
        assert_eq!(reply.crm_error(), (400, "INVALID_QUERY".to_owned()), "{wrong}");
    }
    let unknown = search(&zoho, &[("criteria", "(Shoe_Size:equals:7)")]).await.json();
    assert_eq!(unknown["details"]["api_name"], "Shoe_Size");
    let ten = ["(City:equals:York)"; 10].join("and");
    assert_eq!(search(&zoho, &[("criteria", &format!("({ten})"))]).await.status, 200);
    let eleven = format!("({ten}and(City:equals:York))");
    assert_eq!(search(&zoho, &[("criteria", &eleven)]).await.crm_error(), (400, "LIMIT_EXCEEDED".to_owned()));
}

#[tokio::test]
async fn people_are_found_by_email_phone_and_word() {
    let zoho = people().start().await;
    let names = async |parameter: &str, value: &str| {
        let reply = search(&zoho, &[(parameter, value)]).await;
        if reply.status == 204 { Vec::new() } else { values(&reply, "Last_Name") }
    };
    assert_eq!(names("email", "MARY@one.example").await, ["Burns,B"]);
    assert_eq!(names("phone", "44201234").await, ["Burns"]);
    assert_eq!(names("word", "leed").await, ["O\\(ne)"]);
    assert!(names("email", "one.example").await.is_empty());
    assert_eq!(search(&zoho, &[("word", "l")]).await.crm_error(), (400, "INVALID_DATA".to_owned()));
    assert_eq!(
        search(&zoho, &[("fields", "id")]).await.crm_error(),
        (400, "REQUIRED_PARAM_MISSING".to_owned())
    );
    let first = search(&zoho, &[("criteria", "(City:equals:Leeds)"), ("word", "york")]).await;
    assert_eq!(values(&first, "Last_Name"), ["O\\(ne)"]);
}

#[tokio::test]
async fn a_search_is_paged_up_to_record_2000() {
    let zoho = Emulator::start().await;
    zoho.add_records(ADA, "Leads", 2100);
    let page = async |page: &str| {
        search(&zoho, &[("criteria", "(Last_Name:starts_with:Record)"), ("fields", "id"), ("page", page)])
            .await
    };
    let first = page("1").await.json();
    assert_eq!(first["info"], json!({ "per_page": 200, "count": 200, "page": 1, "more_records": true }));
    assert_eq!(page("10").await.json()["info"]["count"], 200);
    assert_eq!(page("11").await.crm_error(), (400, "DISCRETE_PAGINATION_LIMIT_EXCEEDED".to_owned()));
}

#[tokio::test]
async fn all_records_or_those_of_a_search_are_counted() {
    let zoho = people().start().await;
    let token = access_token(&zoho);
    let count = async |query: &str| {
        let reply = get(&zoho, &token, &format!("/crm/v8/Leads/actions/count{query}")).await;
        assert_eq!(reply.status, 200);
        reply.json()["count"].clone()
    };
    assert_eq!(count("").await, json!(4));
    assert_eq!(count("?criteria=(City:equals:York)").await, json!(2));
    assert_eq!(count("?email=mary@one.example").await, json!(1));
    assert_eq!(count("?phone=44201234").await, json!(1));
    assert_eq!(count("?word=nowhere").await, json!(0));
    let city = json!({ "field": { "api_name": "City" }, "comparator": "equal", "value": "York" });
    let many =
        json!({ "field": { "api_name": "No_of_Employees" }, "comparator": "greater_than", "value": 5 });
    let filters = json!({ "filters": { "group_operator": "and", "group": [city, many] } });
    let counted = call(&zoho, &token, Method::POST, "/crm/v8/Leads/actions/count", Some(filters)).await;
    assert_eq!(counted.json(), json!({ "count": 1 }));
    let all = call(&zoho, &token, Method::POST, "/crm/v8/Leads/actions/count", None).await;
    assert_eq!(all.json(), get(&zoho, &token, "/crm/v8/Leads/actions/count").await.json());
    let empty = get(&zoho, &token, "/crm/v8/Deals/actions/count").await;
    assert_eq!(empty.json(), json!({ "count": 0 }));
    let both = get(&zoho, &token, "/crm/v8/Leads/actions/count?cvid=1&word=york").await;
    assert_eq!(both.crm_error(), (400, "AMBIGUITY_DURING_PROCESSING".to_owned()));
    let wrong = get(&zoho, &token, "/crm/v8/Leads/actions/count?criteria=odd").await;
    assert_eq!(wrong.crm_error(), (400, "INVALID_QUERY".to_owned()));
}

/// <https://www.zoho.com/crm/developer/docs/api/v8/search-records.html> requires both.
#[tokio::test]
async fn a_search_requires_its_own_scope_in_addition_to_that_of_the_module() {
    let zoho = people().start().await;
    let status = async |scopes: &str| {
        let refresh = zoho.grant_refresh_token_with_scopes(zoho.default_client().id(), ADA, scopes);
        let token = zoho.issue_access_token(&refresh);
        get(&zoho, &token, "/crm/v8/Leads/search?word=york").await.status
    };
    assert_eq!(status("ZohoCRM.modules.ALL").await, 401);
    assert_eq!(status("ZohoSearch.securesearch.READ").await, 401);
    assert_eq!(status("ZohoCRM.modules.leads.READ,ZohoSearch.securesearch.READ").await, 200);
}
