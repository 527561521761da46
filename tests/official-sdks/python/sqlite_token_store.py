"""A custom store for the official SDK: only the table `oauthtoken` in a SQLite file.

It resembles what users of the SDK write after Zoho's samples: the same table, the same order of look-ups, a new
connection for every call. Unlike the samples, it binds every value and counts ids as numbers.
"""

from __future__ import annotations

import sqlite3
from contextlib import contextmanager
from typing import Iterator, List, Optional, Tuple

from zohocrmsdk.src.com.zoho.api.authenticator.oauth_token import OAuthToken
from zohocrmsdk.src.com.zoho.api.authenticator.store.token_store import TokenStore

from rows import COLUMNS, Row, fill, row_of, token_of

TABLE = """create table if not exists oauthtoken (
    id varchar(10) not null, user_name varchar(255), client_id varchar(255), client_secret varchar(255),
    refresh_token varchar(255), access_token varchar(255), grant_token varchar(255), expiry_time varchar(20),
    redirect_url varchar(255), api_domain varchar(255), primary key (id))"""

SELECT = "select " + ", ".join(COLUMNS) + " from oauthtoken"
INSERT = f"insert into oauthtoken ({', '.join(COLUMNS)}) values ({', '.join('?' * len(COLUMNS))})"
UPDATE = "update oauthtoken set " + ", ".join(f"{column} = ?" for column in COLUMNS) + " where id = ?"


class SqliteTokenStore(TokenStore):
    """Tokens of the official SDK in SQLite."""

    def __init__(self, path: str) -> None:
        self.path = path
        with self._transaction() as database:
            database.execute(TABLE)

    def find_token(self, token: OAuthToken) -> Optional[OAuthToken]:
        with self._transaction() as database:
            row = self._find(database, token)
        if row is None:
            return None
        fill(token, row)
        return token

    def save_token(self, token: OAuthToken) -> None:
        with self._transaction() as database:
            row = self._find(database, token)
            if row is not None:
                fill(token, row)
                database.execute(UPDATE, [*row_of(token).values(), row["id"]])
                return
            if token.get_id() is None:
                highest = database.execute("select ifnull(max(cast(id as integer)), 0) from oauthtoken")
                token.set_id(str(highest.fetchone()[0] + 1))
            database.execute(INSERT, list(row_of(token).values()))

    def delete_token(self, id: str) -> None:
        with self._transaction() as database:
            database.execute("delete from oauthtoken where id = ?", [id])

    def get_tokens(self) -> List[OAuthToken]:
        with self._transaction() as database:
            return [token_of(dict(row)) for row in database.execute(SELECT)]

    def delete_tokens(self) -> None:
        with self._transaction() as database:
            database.execute("delete from oauthtoken")

    def find_token_by_id(self, id: str) -> Optional[OAuthToken]:
        with self._transaction() as database:
            row = database.execute(SELECT + " where id = ?", [id]).fetchone()
        return None if row is None else token_of(dict(row))

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        """A connection for one call, which waits for whoever is writing."""
        database = sqlite3.connect(self.path, timeout=30, isolation_level=None)
        try:
            database.row_factory = sqlite3.Row
            database.execute("begin immediate")
            yield database
            database.execute("commit")
        finally:
            database.close()

    @staticmethod
    def _find(database: sqlite3.Connection, token: OAuthToken) -> Optional[Row]:
        criterion = _criterion(token)
        if criterion is None:
            return None
        column, value = criterion
        row = database.execute(f"{SELECT} where {column} = ? limit 1", [value]).fetchone()
        return None if row is None else dict(row)


def _criterion(token: OAuthToken) -> Optional[Tuple[str, str]]:
    """The column to look in and the value to look for: the order of the SDK's stores."""
    row = row_of(token)
    if row["id"]:
        return "id", row["id"]
    if row["user_name"]:
        return "user_name", row["user_name"]
    if row["access_token"] and row["client_id"] is None and row["client_secret"] is None:
        return "access_token", row["access_token"]
    if row["client_id"] is None or row["client_secret"] is None:
        return None
    for column in ("grant_token", "refresh_token"):
        if row[column]:
            return column, row[column]
    return None
