"""A session of the official SDK with Zoho or the emulator."""

from __future__ import annotations

import tempfile

from zohocrmsdk.src.com.zoho.api.authenticator.oauth_token import OAuthToken
from zohocrmsdk.src.com.zoho.api.authenticator.store.token_store import TokenStore
from zohocrmsdk.src.com.zoho.crm.api.dc.data_center import DataCenter
from zohocrmsdk.src.com.zoho.crm.api.initializer import Initializer
from zohocrmsdk.src.com.zoho.crm.api.parameter_map import ParameterMap
from zohocrmsdk.src.com.zoho.crm.api.users import GetUsersParam, ResponseWrapper, UsersOperations

from rows import Row, row_of


class Session:
    """What a program does with the SDK: initialize it, switch users, call the CRM."""

    def __init__(self, store: TokenStore) -> None:
        self.store = store
        # The SDK keeps the fields of each module there, in a form that only the same SDK can read.
        self.resources = tempfile.TemporaryDirectory()

    def log_in(self, url: str, token: OAuthToken) -> Row:
        """Initializes the SDK for one host that is accounts server, API and upload host. It requests a token at
        once."""
        environment = DataCenter.Environment(url, url + "/oauth/v2/token", url)
        Initializer.initialize(environment, token, store=self.store, resource_path=self.resources.name)
        return row_of(token)

    def use(self, token: OAuthToken) -> Row:
        """Continues with another token, or with the same one as a new object."""
        Initializer.switch_user(token=token)
        return row_of(token)

    def access_token(self) -> str:
        """The token that the SDK sends with its next request, which it renews if necessary."""
        return Initializer.get_initializer().token.get_token()

    def who_am_i(self) -> str:
        """Calls the CRM. Returns the email of the user that the token belongs to."""
        parameters = ParameterMap()
        parameters.add(GetUsersParam.type, "CurrentUser")
        response = UsersOperations().get_users(parameters).get_object()
        if not isinstance(response, ResponseWrapper):
            raise RuntimeError(f"the CRM responded with {type(response).__name__}")
        return response.get_users()[0].get_email()
