//! The related records of a record: the products of a deal, the contacts of an account.

use super::{DeleteRecords, GetRecord, ListRecords, Records, WriteRecords, scopes};
use serde::Serialize;

use crate::message::Method;
use crate::request::Request;

impl Records {
    /// The records in a related list of a record. The list is given by its API name: `Products`, `Contact_Roles`, `Campaigns`.
    ///
    /// ```no_run
    /// use zohocrm::Record;
    ///
    /// # async fn products(crm: zohocrm::Crm) -> Result<(), zohocrm::Error> {
    /// let products = crm.records("Deals").related("5725767000000412001", "Products");
    /// products.link([Record::with_id("5725767000000500001")]).await?;
    /// let page = products.list().fields(["Product_Name"]).send().await?;
    /// println!("{} products", page.records.len());
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn related(&self, id: impl Into<String>, list: impl Into<String>) -> RelatedRecords {
        RelatedRecords { records: self.clone(), id: id.into(), list: list.into() }
    }
}

/// The records in a related list of a record; from [`Records::related`].
#[derive(Clone, Debug)]
pub struct RelatedRecords {
    records: Records,
    id: String,
    list: String,
}

impl RelatedRecords {
    /// Lists the related records, as a page or as a stream of all.
    pub fn list(&self) -> ListRecords {
        ListRecords { request: self.request(Method::Get) }
    }

    /// Reads one related record.
    pub fn get(&self, id: impl Into<String>) -> GetRecord {
        let template = "/crm/v8/{module}/{id}/{list}/{related}";
        let [module, record, list] = self.path();
        let request = Request::operation(
            &self.records.caller,
            Method::Get,
            template,
            [module, record, list, ("related", id.into())],
        );
        GetRecord { request: request.scopes(scopes(Method::Get)) }
    }

    /// Adds existing records to the list, given by their `id`, or changes the list's data about them, such as the discount of
    /// a product.
    pub fn link(&self, records: impl IntoIterator<Item = impl Serialize>) -> WriteRecords {
        WriteRecords::new(self.request(Method::Put), records)
    }

    /// Removes records from the list. They remain in their own module.
    pub fn unlink(&self, ids: impl IntoIterator<Item = impl Into<String>>) -> DeleteRecords {
        DeleteRecords::new(self.request(Method::Delete), ids)
    }

    fn request(&self, method: Method) -> Request {
        let template = "/crm/v8/{module}/{id}/{list}";
        Request::operation(&self.records.caller, method, template, self.path()).scopes(scopes(method))
    }

    fn path(&self) -> [(&'static str, String); 3] {
        [("module", self.records.module.clone()), ("id", self.id.clone()), ("list", self.list.clone())]
    }
}
