"""Lists of records by Zoho's official SDK for Python, to be measured from outside.

Reads lines from standard input. The first is the URL of a server that takes any access token. Each line behind it is
"list", and the module of each call. Each is answered with the nanoseconds that all calls took together.
"""

import os
import sys
import tempfile
import time

from zohocrmsdk.src.com.zoho.api.authenticator.oauth_token import OAuthToken
from zohocrmsdk.src.com.zoho.api.authenticator.store.file_store import FileStore
from zohocrmsdk.src.com.zoho.crm.api import ParameterMap
from zohocrmsdk.src.com.zoho.crm.api.dc.data_center import DataCenter
from zohocrmsdk.src.com.zoho.crm.api.fields import FieldsOperations, GetFieldsParam
from zohocrmsdk.src.com.zoho.crm.api.initializer import Initializer
from zohocrmsdk.src.com.zoho.crm.api.record import GetRecordsParam, RecordOperations, ResponseWrapper
from zohocrmsdk.src.com.zoho.crm.api.user_signature import UserSignature

PER_PAGE = 200


def main():
    url = sys.stdin.readline().rstrip("\n")
    # The SDK keeps what it knows of a module's fields in files.
    with tempfile.TemporaryDirectory() as folder:
        log_in(url, folder)
        fields = field_names("Leads")
        for line in sys.stdin:
            _, modules = line.rstrip("\n").split("\t", 1)
            print(sum(measured(module, fields) for module in modules.split("\t")), flush=True)


def log_in(url, folder):
    """A user whose valid token is in a file of one token. It names the host: else the SDK would go to Zoho's."""
    store = FileStore(os.path.join(folder, "tokens.csv"))
    token = OAuthToken(
        user_signature=UserSignature("ada@example.com"), client_id="1000.BENCHMARK", client_secret="benchmark",
        refresh_token="1000.refresh", access_token="1000.access",
    )
    token.set_expires_in(str(int(time.time() * 1000) + 24 * 60 * 60 * 1000))
    token.set_api_domain(url)
    store.save_token(token)
    environment = DataCenter.Environment(url, url + "/oauth/v2/token", url)
    token = OAuthToken(user_signature=UserSignature("ada@example.com"))
    Initializer.initialize(environment, token, store=store, resource_path=folder)


def field_names(module):
    parameters = ParameterMap()
    parameters.add(GetFieldsParam.module, module)
    return [field.get_api_name() for field in FieldsOperations().get_fields(parameters).get_object().get_fields()]


def measured(module, fields):
    """Nanoseconds of one call."""
    started = time.perf_counter_ns()
    parameters = ParameterMap()
    parameters.add(GetRecordsParam.fields, ",".join(fields))
    parameters.add(GetRecordsParam.per_page, PER_PAGE)
    answer = RecordOperations(module).get_records(parameters).get_object()
    took = time.perf_counter_ns() - started
    if not isinstance(answer, ResponseWrapper) or len(answer.get_data()) != PER_PAGE:
        raise RuntimeError(f"{PER_PAGE} records were expected, not {answer}")
    return took


if __name__ == "__main__":
    main()
