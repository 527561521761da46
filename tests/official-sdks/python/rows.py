"""A token of the official SDK as a row of ten texts, named by the ten columns, and back."""

from __future__ import annotations

from typing import Dict, Optional

from zohocrmsdk.src.com.zoho.api.authenticator.oauth_token import OAuthToken
from zohocrmsdk.src.com.zoho.crm.api.user_signature import UserSignature

Row = Dict[str, Optional[str]]

# The ten columns in order, and the names of the SDK's attributes.
ATTRIBUTES = {
    "id": "id",
    "user_name": "user_signature",
    "client_id": "client_id",
    "client_secret": "client_secret",
    "refresh_token": "refresh_token",
    "access_token": "access_token",
    "grant_token": "grant_token",
    "expiry_time": "expires_in",
    "redirect_url": "redirect_url",
    "api_domain": "api_domain",
}
COLUMNS = tuple(ATTRIBUTES)


def row_of(token: OAuthToken) -> Row:
    """The ten values of the SDK's token, from its getters."""
    row = {column: getattr(token, "get_" + attribute)() for column, attribute in ATTRIBUTES.items()}
    if row["user_name"] is not None:
        row["user_name"] = row["user_name"].get_name()
    return row


def token_of(row: Row) -> OAuthToken:
    """The SDK's token with the values of a row. The SDK's constructor needs a token, so this one gets an empty access
    token first."""
    token = OAuthToken(access_token="")
    for column in COLUMNS:
        _set(token, column, row.get(column))
    return token


def fill(token: OAuthToken, row: Row) -> None:
    """Fills the empty fields of a token from a row, in place, as the SDK's own stores do."""
    for column, value in row_of(token).items():
        if not value:
            _set(token, column, row[column])


def _set(token: OAuthToken, column: str, value: Optional[str]) -> None:
    if column == "user_name" and value is not None:
        value = UserSignature(value)
    getattr(token, "set_" + ATTRIBUTES[column])(value)
