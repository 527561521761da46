"""The SDK's MySQL store at the URL of ours, on a table as the SDK's README describes it. The SDK creates no table."""

from __future__ import annotations

from urllib.parse import parse_qs, unquote, urlsplit

import mysql.connector
from zohocrmsdk.src.com.zoho.api.authenticator.store import DBStore

TABLE = """create table if not exists `{}` (
    id varchar(10) not null, user_name varchar(255), client_id varchar(255), client_secret varchar(255),
    refresh_token varchar(255), access_token varchar(255), grant_token varchar(255), expiry_time varchar(20),
    redirect_url varchar(255), api_domain varchar(255), primary key (id))"""


def open_store(url: str) -> DBStore:
    """The store at `mysql://user:password@host:port/database?table=name`. Creates the table if it does not exist."""
    parts = urlsplit(url)
    [table] = parse_qs(parts.query)["table"]
    host, port, database = parts.hostname, parts.port, parts.path.lstrip("/")
    user, password = unquote(parts.username or ""), unquote(parts.password or "")
    connection = mysql.connector.connect(host=host, port=port, user=user, password=password, database=database)
    try:
        connection.cursor().execute(TABLE.format(table))
    finally:
        connection.close()
    return DBStore(
        host=host, port_number=port, user_name=user, password=password, database_name=database, table_name=table
    )
