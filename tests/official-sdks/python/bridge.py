"""Runs a store of the official SDK for the Rust tests. The first line of input is the store's URL, since it may hold a
password. Each further line is a request, and each line of output a response.

    file:sdk_tokens.txt
    {"call": "find_token_by_id", "id": "1"}
    {"result": {"id": "1", "user_name": "ada", ...}}

An exception becomes {"error": "..."}. A call that hangs ends the process, with a traceback.
"""

from __future__ import annotations

import faulthandler
import json
import sys
from typing import Any, Callable, Dict, Optional

from zohocrmsdk.src.com.zoho.api.authenticator.store import FileStore
from zohocrmsdk.src.com.zoho.api.authenticator.store.token_store import TokenStore

import crm
import mysql_table
from login import Session
from rows import Row, row_of, token_of
from sqlite_token_store import SqliteTokenStore

TIMEOUT_IN_SECONDS = 60


class Bridge:
    """One store and its calls."""

    def __init__(self, store: TokenStore) -> None:
        self.store = store
        self.session = Session(store)
        self.calls: Dict[str, Callable[[Dict[str, Any]], Any]] = {
            "get_tokens": lambda _: [row_of(token) for token in store.get_tokens()],
            "find_token": self.find_token,
            "find_token_by_id": self.find_token_by_id,
            "save_token": self.save_token,
            "save_each": lambda request: [self.outcome(row) for row in request["rows"]],
            "delete_token": lambda request: store.delete_token(request["id"]),
            "delete_tokens": lambda _: store.delete_tokens(),
            "log_in": lambda request: self.session.log_in(request["url"], token_of(request["row"])),
            "use": lambda request: self.session.use(token_of(request["row"])),
            "access_token": lambda _: self.session.access_token(),
            "who_am_i": lambda _: self.session.who_am_i(),
            "crm": lambda request: crm.OPERATIONS[request["operation"]](**request["arguments"]),
        }

    def find_token(self, request: Dict[str, Any]) -> Any:
        found = self.store.find_token(token_of(request["row"]))
        return None if found is None else row_of(found)

    def find_token_by_id(self, request: Dict[str, Any]) -> Any:
        found = self.store.find_token_by_id(request["id"])
        return None if found is None else row_of(found)

    def save_token(self, request: Dict[str, Any]) -> Any:
        token = token_of(request["row"])
        self.store.save_token(token)
        return row_of(token)

    def outcome(self, row: Row) -> Optional[str]:
        """Saves a row. Returns the exception that the SDK raised, if it did."""
        try:
            self.store.save_token(token_of(row))
            return None
        except Exception as error:
            return text_of(error)

    def response(self, line: str) -> Dict[str, Any]:
        request = json.loads(line)
        try:
            return {"result": self.calls[request["call"]](request)}
        except Exception as error:  # every exception of the SDK is a response
            return {"error": text_of(error)}


def text_of(error: Exception) -> str:
    return f"{type(error).__name__}: {error}"


def store_at(url: str) -> TokenStore:
    """The SDK's store, or a custom store of its users, at the URL of ours."""
    kind, _, place = url.partition(":")
    if kind == "file":
        return FileStore(place)
    return SqliteTokenStore(place) if kind == "sqlite" else mysql_table.open_store(url)


def main() -> None:
    bridge = Bridge(store_at(sys.stdin.readline().rstrip("\n")))
    responses, sys.stdout = sys.stdout, sys.stderr  # nothing else must look like a response
    for line in sys.stdin:
        faulthandler.dump_traceback_later(TIMEOUT_IN_SECONDS, exit=True)
        print(json.dumps(bridge.response(line)), file=responses, flush=True)
        faulthandler.cancel_dump_traceback_later()


if __name__ == "__main__":
    main()
