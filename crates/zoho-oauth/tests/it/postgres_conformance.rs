//! The contracts of `TokenStore` and of `Coordination`, over a PostgreSQL server.

use zoho_oauth::{coordination_conformance, token_store_conformance};

token_store_conformance!(postgres, crate::postgres_support::in_a_new_place);
coordination_conformance!(postgres_leases, crate::postgres_support::opened_twice);
