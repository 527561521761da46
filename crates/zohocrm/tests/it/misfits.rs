//! A member of another kind than described does not cost its neighbors.

use serde::Deserialize;
use serde_json::json;
use zoho_emulator::Fault;
use zohocrm::{Described, Error, ErrorKind, FileField, Lookup, Nullable, Record};

use crate::support::{LoggedIn, logged_in};

/// Sets the response to all calls from now on.
async fn respond(ada: &LoggedIn, status: u16, body: &serde_json::Value) {
    ada.zoho.clear_faults();
    ada.access_token().await;
    ada.zoho.fault(Fault::on("*").forever().respond(status, body.to_string()));
}

#[tokio::test]
async fn text_and_number_stand_for_each_other_where_zohos_files_contradict_each_other() {
    let ada = logged_in().await;
    respond(&ada, 200, &json!({"users": [{"id": "1"}, {"id": 2}], "info": {"count": "2", "page": 1}})).await;
    let users = ada.crm.api().users().list().send().await.unwrap();
    let ids: Vec<_> = users.users.items().iter().map(|user| user.id.as_deref()).collect();
    assert_eq!(ids, [Some("1"), Some("2")]);
    assert_eq!(users.info.get().unwrap().count, Nullable::Value(2));
    assert_eq!(users.misfits(), []);

    respond(&ada, 200, &json!({"blueprint": {"transitions": [{"fields": [{"decimal_place": 2, "id": 7}]}]}}))
        .await;
    let blueprint = ada.crm.api().blueprint().get("Leads", "1").send().await.unwrap();
    let transition = &blueprint.blueprint.get().unwrap().transitions.items()[0];
    assert_eq!(transition.fields.items()[0].decimal_place.as_deref(), Some("2"));
    assert_eq!(blueprint.misfits(), []);
}

#[tokio::test]
async fn a_member_that_does_not_fit_is_kept_with_its_path() {
    let ada = logged_in().await;
    let user = json!({"id": "2", "full_name": {"first": "Ada"}, "role": {"id": "3", "name": [1]}});
    respond(&ada, 200, &json!({"users": [{"id": "1", "full_name": "Grace Hopper"}, user]})).await;
    let users = ada.crm.api().users().list().send().await.unwrap();
    let [first, second] = users.users.items() else { panic!("{:?}", users.users) };
    assert_eq!(first.full_name.as_deref(), Some("Grace Hopper"));
    assert_eq!((second.id.as_deref(), second.full_name.is_absent()), (Some("2"), true));
    assert_eq!(second.role.get().unwrap().id.as_deref(), Some("3"));
    assert_eq!(second.extra["full_name"], json!({"first": "Ada"}));
    let misfits: Vec<_> = users.misfits().into_iter().map(|misfit| (misfit.path, misfit.value)).collect();
    let expected = [("users[1].full_name", json!({"first": "Ada"})), ("users[1].role.name", json!([1]))];
    assert_eq!(misfits, expected.map(|(path, value)| (path.to_owned(), value.into())));
    assert_eq!(serde_json::to_value(second).unwrap(), user);
}

#[tokio::test]
async fn files_and_lookups_of_a_record_are_read_whatever_their_members_are() {
    #[derive(Debug, Deserialize)]
    struct Student {
        #[serde(rename = "Certificates")]
        certificates: Vec<FileField>,
        #[serde(rename = "Advisor")]
        advisor: Lookup,
    }
    let ada = logged_in().await;
    let files =
        json!([{"id": 71, "Size__s": 1024, "File_Name__s": "a.pdf"}, {"id": "72", "Size__s": {"kb": 1}}]);
    let advisor = json!({"id": 5_725_767_000_000_412_001_u64, "name": 1906, "email": null});
    let record = json!({"id": "1", "Certificates": files, "Advisor": advisor});
    respond(&ada, 200, &json!({"data": [record], "info": {"more_records": false}})).await;

    let leads = ada.crm.records("Leads");
    let page = leads.list().fields(["Certificates"]).send().await.unwrap();
    let files = page.records[0].files("Certificates");
    let sizes: Vec<_> = files.iter().map(|file| (file.id.as_deref(), file.size.as_deref())).collect();
    assert_eq!(sizes, [(Some("71"), Some("1024")), (Some("72"), None)]);
    assert_eq!(files[1].misfits()[0].path, "Size__s");
    assert_eq!(files[1].extra["Size__s"], json!({"kb": 1}));
    let advisor = page.records[0].lookup("Advisor").unwrap();
    assert_eq!((advisor.id(), advisor.name()), ("5725767000000412001", Some("1906")));

    let page = leads.list().fields(["Certificates"]).send_as::<Student>().await.unwrap();
    let Student { certificates, advisor } = &page.records[0];
    assert_eq!((certificates.len(), advisor.id()), (2, "5725767000000412001"));
}

#[test]
fn a_lookup_keeps_a_name_that_is_no_text_and_needs_an_id() {
    let value = json!({"id": "1", "name": {"first": "Ada"}, "module": "Users"});
    let lookup: Lookup = serde_json::from_value(value.clone()).unwrap();
    assert_eq!((lookup.name(), lookup.misfits()[0].path.as_str()), (None, "name"));
    assert_eq!(serde_json::to_value(&lookup).unwrap(), value);
    for value in [json!({"name": "Ada"}), json!({"id": null}), json!({"id": {}}), json!("1")] {
        assert!(serde_json::from_value::<Lookup>(value.clone()).is_err(), "{value}");
    }
}

#[tokio::test]
async fn a_count_can_be_a_text() {
    let ada = logged_in().await;
    for count in [json!(7), json!("7")] {
        respond(&ada, 200, &json!({"count": count})).await;
        assert_eq!(ada.crm.records("Leads").count().send().await.unwrap(), 7);
    }
    respond(&ada, 200, &json!({"count": "many"})).await;
    let error = ada.crm.records("Leads").count().send().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Decode, "{error}");
}

#[tokio::test]
async fn the_outcome_of_a_write_is_not_lost_because_of_a_member_beside_it() {
    let ada = logged_in().await;
    let results = json!([
        {"status": "success", "code": "SUCCESS", "message": 1, "details": {"id": 17}, "action": {}},
        {"status": "error", "code": 4001, "message": null, "details": null, "duplicate_field": 3},
    ]);
    respond(&ada, 207, &json!({ "data": results })).await;
    let records = vec![Record::new(), Record::new()];
    let outcomes = ada.crm.records("Leads").create(records).await.unwrap();
    assert_eq!(outcomes[0].as_ref().unwrap().id(), Some("17"));
    assert_eq!(outcomes[1].as_ref().unwrap_err().record().unwrap().code(), "4001");
}

#[tokio::test]
async fn a_list_whose_end_is_unknown_is_an_error() {
    let ada = logged_in().await;
    for info in [json!({"more_records": "perhaps"}), json!({"next_page_token": {}})] {
        respond(&ada, 200, &json!({"data": [{"id": "1"}], "info": info})).await;
        let error = ada.crm.records("Leads").list().fields(["id"]).send().await.unwrap_err();
        assert!(
            matches!(&error, Error::InvalidResponse { json_path: Some(path), .. } if path.starts_with("info.")),
            "{error}"
        );
    }
    respond(
        &ada,
        200,
        &json!({"data": [{"id": "1"}], "info": {"page_token_expiry": 1, "next_page_token": 7}}),
    )
    .await;
    let page = ada.crm.records("Leads").list().fields(["id"]).send().await.unwrap();
    assert_eq!(page.next_page_token.as_deref(), Some("7"));
}

#[tokio::test]
async fn one_odd_field_does_not_cost_the_fields_of_a_module() {
    let ada = logged_in().await;
    let odd = json!({"api_name": "Amount", "data_type": "currency", "length": "16", "decimal_place": [], "unique": 1});
    respond(&ada, 200, &json!({"fields": [{"api_name": "Last_Name"}, odd]})).await;
    let fields = ada.crm.metadata().fields("Deals").await.unwrap();
    let amount = fields.field("Amount").unwrap();
    assert_eq!((amount.length, amount.decimal_place, fields.len()), (Some(16), None, 2));
    let misfits: Vec<_> = amount.misfits().into_iter().map(|misfit| misfit.path).collect();
    assert_eq!(misfits, ["decimal_place", "unique"]);
}

#[tokio::test]
async fn an_object_where_a_list_is_described_is_read() {
    let ada = logged_in().await;
    let details =
        json!({"available_types": ["all_emails"], "share_from_users": [{"id": "1", "_type": "pop"}]});
    respond(&ada, 200, &json!({ "__emails_sharing_details": details })).await;
    let response = ada.crm.api().email_sharing_details().get("Leads", "1").send().await.unwrap();
    let details = &response.emails_sharing_details.items()[0];
    assert_eq!(details.available_types.items(), ["all_emails"]);
    assert_eq!(details.share_from_users.items()[0].r#type.as_deref(), Some("pop"));
}

#[tokio::test]
async fn the_contacts_of_a_deal_have_their_own_fields() {
    let ada = logged_in().await;
    let contact =
        json!({"id": "1", "Email": "ada@example.com", "Contact_Role": {"name": "Decider", "id": "9"}});
    respond(&ada, 200, &json!({ "data": [contact] })).await;
    let response = ada.crm.api().deal_contact_roles().list("7", ["Email"]).send().await.unwrap();
    let contact = &response.data.items()[0];
    assert_eq!(contact.text("Email"), Some("ada@example.com"));
    assert_eq!(contact.lookup("Contact_Role").unwrap().id(), "9");
}

#[tokio::test]
async fn a_deletion_without_a_selection_is_not_sent() {
    let ada = logged_in().await;
    let api = ada.crm.api();
    let nothing: [&str; 0] = [];
    ada.access_token().await;
    let before = ada.zoho.journal().entries().len();
    for error in [
        api.user_type_users().delete("portal", "1", nothing).send().await.unwrap_err(),
        api.user_type_users().delete("portal", "1", [" ", ""]).send().await.unwrap_err(),
        api.territories().delete_many(nothing).send().await.unwrap_err(),
        api.deal_contact_roles().delete_many("7", nothing).send().await.unwrap_err(),
        api.users_territories().remove_territories("7", nothing).send().await.unwrap_err(),
        api.recycle_bin().delete_many().send().await.unwrap_err(),
        api.recycle_bin().delete_many().ids(nothing).filters(" ").send().await.unwrap_err(),
    ] {
        assert!(error.to_string().contains("so it would apply to everything"), "{error}");
    }
    assert_eq!(ada.zoho.journal().entries().len(), before);
    respond(&ada, 200, &json!({})).await;
    api.recycle_bin().delete_many().filters("{}").send().await.unwrap();
    api.recycle_bin().delete_many().ids(["1"]).send().await.unwrap();
}
