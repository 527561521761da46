//! `records.related(…)`: the records in a related list.

use zohocrm::{Error, ErrorKind, Record};

use crate::support::{LoggedIn, logged_in};

async fn created(ada: &LoggedIn, module: &str, record: Record) -> String {
    ada.crm.records(module).create_one(record).await.unwrap().id().unwrap().to_owned()
}

#[tokio::test]
async fn records_are_added_to_a_related_list_read_and_removed() {
    let ada = logged_in().await;
    let lead =
        created(&ada, "Leads", Record::new().with("Last_Name", "Hopper").with("Company", "Navy")).await;
    let desk = created(&ada, "Products", Record::new().with("Product_Name", "Desk")).await;
    let products = ada.crm.records("Leads").related(&lead, "Products");
    assert!(products.list().fields(["Product_Name"]).send().await.unwrap().records.is_empty());

    let linked = products.link([Record::with_id(desk.as_str()), Record::with_id("1")]).await.unwrap();
    assert_eq!(linked[0].as_ref().unwrap().id(), Some(desk.as_str()));
    assert!(matches!(linked[1], Err(Error::Record(_))), "each has its own result: {linked:?}");

    let listed = products.list().fields(["Product_Name"]).stream().collect_up_to(10).await.unwrap();
    assert_eq!(listed.iter().map(|product| product.text("Product_Name")).collect::<Vec<_>>(), [Some("Desk")]);
    let read = products.get(&desk).fields(["Product_Name"]).send().await.unwrap().into_inner().unwrap();
    assert_eq!(read.id(), Some(desk.as_str()));
    assert_eq!(products.get("1").send().await.unwrap(), None);

    products.unlink([&desk]).await.unwrap().remove(0).unwrap();
    assert!(products.list().fields(["Product_Name"]).send().await.unwrap().records.is_empty());
    assert!(
        ada.crm.records("Products").get(&desk).send().await.unwrap().is_some(),
        "the record still exists"
    );
}

#[tokio::test]
async fn an_unknown_related_list_is_an_error() {
    let ada = logged_in().await;
    let lead =
        created(&ada, "Leads", Record::new().with("Last_Name", "Hopper").with("Company", "Navy")).await;
    let leads = ada.crm.records("Leads");
    for (id, list, kind) in [
        (lead.as_str(), "Shoes", ErrorKind::InvalidData),
        ("", "Products", ErrorKind::Request),
        (&lead, "..", ErrorKind::Request),
    ] {
        let error = leads.related(id, list).list().fields(["id"]).send().await.unwrap_err();
        assert_eq!(error.kind(), kind, "{error}");
    }
}
