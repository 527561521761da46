//! The contracts of `TokenStore` and of `Coordination`, over stores on database servers.

use servers::Kind;
use zoho_oauth::store::AnyStore;
use zoho_oauth::{coordination_conformance, token_store_conformance};

use crate::sql_support::Place;

token_store_conformance!(mysql, async || Place::fresh(Kind::MariaDb).map(|place| place.open()));
token_store_conformance!(postgres, async || Place::fresh(Kind::Postgres).map(|place| place.open()));

mod coordination {
    use super::*;

    fn opened_twice(kind: Kind) -> Option<(AnyStore, AnyStore)> {
        Place::fresh(kind).map(|place| (place.open(), place.open()))
    }

    coordination_conformance!(mysql, async || opened_twice(Kind::MariaDb));
    coordination_conformance!(postgres, async || opened_twice(Kind::Postgres));
}
