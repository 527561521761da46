//! Calls whose response was lost are retried only if repeating them changes nothing.

use std::time::SystemTime;

use serde_json::json;
use zoho_emulator::{Emulator, Fault, Field, Module};
use zohocrm::{Crm, Error, Method, Record};

use crate::support::{crm, logged_in, logged_in_at};

#[tokio::test]
async fn a_create_is_not_retried_if_zoho_may_have_carried_it_out() {
    let ada = logged_in().await;
    for fault in [Fault::on("POST /crm/v8/Leads").status_500(), Fault::on("POST /crm/v8/Leads").drop_after()]
    {
        ada.zoho.journal().clear();
        ada.zoho.fault(fault);
        let leads = crm(&ada, |crm| crm).records("Leads");
        leads.create_one(Record::new().with("Last_Name", "Once")).await.unwrap_err();
        assert_eq!(ada.zoho.journal().count("POST /crm/v8/Leads"), 1);
    }
}

#[tokio::test]
async fn an_update_with_if_unmodified_since_is_not_retried() {
    let ada = logged_in().await;
    let leads = crm(&ada, |crm| crm).records("Leads");
    let lead = leads.create_one(Record::new().with("Last_Name", "Hopper")).await.unwrap();
    let id = lead.id().unwrap();
    let update = leads.update_one(id, Record::new().with("Last_Name", "Murray"));
    ada.zoho.fault(Fault::on(format!("PUT /crm/v8/Leads/{id}")).drop_after());
    let error = update.if_unmodified_since(SystemTime::now()).await.unwrap_err();
    assert!(matches!(error, Error::Unreachable { sent: true, .. }), "{error:?}");
    assert_eq!(ada.zoho.journal().count(&format!("PUT /crm/v8/Leads/{id}")), 1);
}

#[tokio::test]
async fn a_throttled_create_is_retried() {
    let ada = logged_in().await;
    ada.zoho.fault(Fault::on("POST /crm/v8/Leads").times(2).throttle());
    crm(&ada, |crm| crm)
        .records("Leads")
        .create_one(Record::new().with("Last_Name", "Hopper"))
        .await
        .unwrap();
    assert_eq!(ada.zoho.journal().count("POST /crm/v8/Leads"), 3);
}

#[tokio::test]
async fn an_upsert_is_retried_if_it_names_duplicate_check_fields() {
    let ada = logged_in().await;
    ada.zoho.fault(Fault::on("POST /crm/v8/Leads/upsert").status_500());
    let upsert = |crm: &Crm| {
        crm.records("Leads").upsert([Record::new().with("Last_Name", "H").with("Email", "h@e.x")])
    };
    let crm = crm(&ada, |crm| crm);
    assert!(
        upsert(&crm).send().await.is_err(),
        "without a duplicate check field, a retry would create a second record"
    );
    ada.zoho.clear_faults();
    ada.zoho.journal().clear();
    ada.zoho.fault(Fault::on("POST /crm/v8/Leads/upsert").status_500());
    let _ = upsert(&crm).duplicate_check_fields(["Email"]).await;
    assert_eq!(ada.zoho.journal().count("POST /crm/v8/Leads/upsert"), 2);
}

#[tokio::test]
async fn an_update_is_retried_unless_it_adds_rows_to_a_subform() {
    let module = Module::new("Students").field(Field::subform("Marks", [Field::integer("Points")]));
    let ada = logged_in_at(Emulator::builder().module(module).start().await).await;
    let students = crm(&ada, |crm| crm).records("Students");
    let marks =
        |points: &[i64]| json!(points.iter().map(|points| json!({ "Points": points })).collect::<Vec<_>>());
    let student = Record::new().with("Name", "Grace").with("Marks", marks(&[1]));
    let id = students.create_one(student).await.unwrap().id().unwrap().to_owned();
    let put = format!("PUT /crm/v8/Students/{id}");
    let read = || async { students.get(&id).send().await.unwrap().into_inner().unwrap().subform("Marks") };

    ada.zoho.fault(Fault::on(&put).drop_after());
    students.update_one(&id, Record::new().with("Name", "Grace Hopper")).await.unwrap();
    assert_eq!(ada.zoho.journal().count(&put), 2);

    ada.zoho.journal().clear();
    ada.zoho.fault(Fault::on(&put).drop_after());
    let error = students.update_one(&id, Record::new().with("Marks", marks(&[2]))).await.unwrap_err();
    assert!(matches!(error, Error::Unreachable { sent: true, .. }), "{error:?}");
    assert_eq!((ada.zoho.journal().count(&put), read().await.len()), (1, 2), "the row was added once");

    let known = read().await[0].id().unwrap().to_owned();
    let changed = json!([{ "id": known, "Points": 3 }]);
    ada.zoho.fault(Fault::on(&put).drop_after());
    students.update_one(&id, Record::new().with("Marks", changed)).await.unwrap();
    assert_eq!(read().await.len(), 2, "a retry updates the existing row");
}

#[tokio::test]
async fn only_an_upsert_whose_records_have_a_duplicate_check_field_is_retried() {
    let ada = logged_in().await;
    let leads = crm(&ada, |crm| crm).records("Leads");
    let lead = || Record::new().with("Last_Name", "Hopper");
    let with_email = || lead().with("Email", "grace@example.com");
    let by_email = ["Email"];
    for (write, path, times) in [
        (leads.create([with_email()]).duplicate_check_fields(by_email), "POST /crm/v8/Leads", 1),
        (leads.upsert([lead()]).duplicate_check_fields(by_email), "POST /crm/v8/Leads/upsert", 1),
        (
            leads.upsert([with_email(), lead()]).duplicate_check_fields(by_email),
            "POST /crm/v8/Leads/upsert",
            1,
        ),
        (leads.upsert([with_email()]).duplicate_check_fields([""; 0]), "POST /crm/v8/Leads/upsert", 1),
        (leads.upsert([with_email()]).duplicate_check_fields(by_email), "POST /crm/v8/Leads/upsert", 2),
    ] {
        ada.zoho.clear_faults();
        ada.zoho.journal().clear();
        ada.zoho.fault(Fault::on(path).status_500());
        assert_eq!(write.send().await.is_ok(), times == 2, "{write:?}");
        assert_eq!(ada.zoho.journal().count(path), times, "{write:?}");
    }
}

#[tokio::test]
async fn raw_actions_and_conditional_updates_are_not_retried() {
    let ada = logged_in().await;
    let crm = crm(&ada, |crm| crm);
    let path = "/crm/v8/Leads/1/actions/blueprint";
    ada.zoho.fault(Fault::on(format!("PUT {path}")).status_500());
    crm.request(Method::Put, path).json(json!({})).send().await.unwrap_err();
    assert_eq!(ada.zoho.journal().count(&format!("PUT {path}")), 1);

    ada.zoho.fault(Fault::on("PUT /crm/v8/Leads").status_500());
    let unchanged = crm.request(Method::Put, "/crm/v8/Leads").json(json!({ "data": [] }));
    unchanged.header("if-unmodified-since", "2026-11-22T09:30:00+00:00").send().await.unwrap_err();
    assert_eq!(ada.zoho.journal().count("PUT /crm/v8/Leads"), 1);
}
