"""The stores of Zoho's official SDK for Python, to be measured from outside.

Reads lines from standard input. The first is the kind of store ("sqlite", "file" or "mysql") and where it is: a path, or
a URL with a password that no other process may see. Each line behind it is an operation, and the words of each call of
it. Each is answered with the nanoseconds that all calls took together.
"""

import random
import sqlite3
import sys
import time
from urllib.parse import unquote, urlsplit

from zohocrmsdk.src.com.zoho.api.authenticator.oauth_token import OAuthToken
from zohocrmsdk.src.com.zoho.api.authenticator.store.db_store import DBStore
from zohocrmsdk.src.com.zoho.api.authenticator.store.file_store import FileStore
from zohocrmsdk.src.com.zoho.api.authenticator.store.token_store import TokenStore
from zohocrmsdk.src.com.zoho.crm.api.user_signature import UserSignature

COLUMNS = (
    "id", "user_name", "client_id", "client_secret", "refresh_token",
    "access_token", "grant_token", "expiry_time", "redirect_url", "api_domain",
)
SELECT = f"select {', '.join(COLUMNS)} from oauthtoken where "


class SqliteStore(TokenStore):
    """A store of one's own for the official SDK, as a program writes it by the official sample: the table of the
    sample, no index, and a connection for each call. The sample's faults are left out; values are bound."""

    def __init__(self, path):
        self.path = path

    def find_token(self, token):
        column, value = self._criterion(token)
        row = self._one(SELECT + f"{column} = ? limit 1", (value,))
        return self._merge(token, row) if row else None

    def find_token_by_id(self, id):
        row = self._one(SELECT + "id = ?", (id,))
        return self._merge(OAuthToken(id=id), row) if row else None

    def save_token(self, token):
        column, value = self._criterion(token)
        values = self._values(token)
        given = [name for name in COLUMNS[1:] if values[name]]
        connection = sqlite3.connect(self.path)
        try:
            changes = ", ".join(f"{name} = ?" for name in given)
            cursor = connection.execute(
                f"update oauthtoken set {changes} where {column} = ?", [values[name] for name in given] + [value]
            )
            if cursor.rowcount <= 0:
                if values["id"] is None:
                    (highest,) = connection.execute("select max(cast(id as integer)) from oauthtoken").fetchone()
                    token.set_id(str((highest or 0) + 1))
                marks = ", ".join("?" * len(COLUMNS))
                connection.execute(f"insert into oauthtoken values ({marks})", list(self._values(token).values()))
            connection.commit()
        finally:
            connection.close()

    def delete_token(self, id):
        self._change("delete from oauthtoken where id = ?", (id,))

    def delete_tokens(self):
        self._change("delete from oauthtoken", ())

    def get_tokens(self):
        raise NotImplementedError("not measured")

    def _criterion(self, token):
        if token.get_user_signature() is not None:
            return "user_name", token.get_user_signature().get_name()
        if token.get_access_token() is not None and token.get_client_id() is None:
            return "access_token", token.get_access_token()
        if token.get_grant_token() is not None:
            return "grant_token", token.get_grant_token()
        return "refresh_token", token.get_refresh_token()

    def _one(self, text, values):
        connection = sqlite3.connect(self.path)
        try:
            return connection.execute(text, values).fetchone()
        finally:
            connection.close()

    def _change(self, text, values):
        connection = sqlite3.connect(self.path)
        try:
            connection.execute(text, values)
            connection.commit()
        finally:
            connection.close()

    @staticmethod
    def _values(token):
        user = token.get_user_signature()
        return dict(zip(COLUMNS, (
            token.get_id(), user.get_name() if user else None, token.get_client_id(), token.get_client_secret(),
            token.get_refresh_token(), token.get_access_token(), token.get_grant_token(), token.get_expires_in(),
            token.get_redirect_url(), token.get_api_domain(),
        )))

    @staticmethod
    def _merge(token, row):
        token.set_id(row[0])
        if token.get_user_signature() is None:
            token.set_user_signature(UserSignature(row[1]))
        setters = (token.set_client_id, token.set_client_secret, token.set_refresh_token, token.set_access_token,
                   token.set_grant_token, token.set_expires_in, token.set_redirect_url, token.set_api_domain)
        for set_value, value in zip(setters, row[2:]):
            set_value(value)
        return token


def main():
    kind, place = sys.stdin.readline().rstrip("\n").split("\t")
    store = {"sqlite": SqliteStore, "file": FileStore, "mysql": mysql_store}[kind](place)
    for line in sys.stdin:
        operation, values = line.rstrip("\n").split("\t", 1)
        calls = [CALLS[operation](store, value.split(" ")) for value in values.split("\t")]
        print(sum(measured(call) for call in calls), flush=True)


def mysql_store(url):
    """The SDK's own store on a MySQL server: a connection for each call."""
    place = urlsplit(url)
    return DBStore(
        host=place.hostname, port_number=place.port, user_name=unquote(place.username),
        password=unquote(place.password or ""), database_name=place.path.lstrip("/"),
        table_name=place.query.removeprefix("table="),
    )


def measured(call):
    """Nanoseconds of one call. What it is called with was made before."""
    function, argument, is_found = call
    started = time.perf_counter_ns()
    found = function(argument)
    took = time.perf_counter_ns() - started
    if (found is not None) != is_found:
        raise RuntimeError("the call did not find what it should")
    return took


def by_user(store, values):
    return store.find_token, OAuthToken(user_signature=UserSignature(values[0])), True


def by_refresh(store, values):
    return store.find_token, OAuthToken(client_id=values[1], client_secret=values[2], refresh_token=values[0]), True


def by_access(store, values):
    return store.find_token, OAuthToken(access_token=values[0]), True


def by_id(store, values):
    return store.find_token_by_id, values[0], True


def absent_user(store, values):
    return store.find_token, OAuthToken(user_signature=UserSignature(values[0])), False


def save(store, values):
    token = OAuthToken(user_signature=UserSignature(values[0]), access_token=values[1])
    token.set_expires_in(values[2])
    return store.save_token, token, False


CALLS = {"user": by_user, "refresh": by_refresh, "access": by_access, "id": by_id, "absent": absent_user,
         "known": save, "new": save}

if __name__ == "__main__":
    main()
