//! The contracts of `TokenStore` and of `Coordination`, over a MySQL or MariaDB server.

use zoho_oauth::{coordination_conformance, token_store_conformance};

token_store_conformance!(mysql, crate::mysql_support::in_a_new_place);
coordination_conformance!(mysql_leases, crate::mysql_support::opened_twice);
