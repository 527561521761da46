"""The CRM through the official SDK, called as the SDK's samples call it. Ids are texts here, and numbers on the wire."""

from __future__ import annotations

import time
from datetime import datetime
from pathlib import Path
from typing import Any, Callable, Dict, List

from zohocrmsdk.src.com.zoho.crm.api import attachments, bulk_read, bulk_write, convert_lead, mass_delete_cvid
from zohocrmsdk.src.com.zoho.crm.api import record as records
from zohocrmsdk.src.com.zoho.crm.api import related_records, tags
from zohocrmsdk.src.com.zoho.crm.api.attachments.attachments_operations import GetAttachmentsParam
from zohocrmsdk.src.com.zoho.crm.api.bulk_write.bulk_write_operations import UploadFileHeader
from zohocrmsdk.src.com.zoho.crm.api.header_map import HeaderMap
from zohocrmsdk.src.com.zoho.crm.api.modules import MinifiedModule
from zohocrmsdk.src.com.zoho.crm.api.parameter_map import ParameterMap
from zohocrmsdk.src.com.zoho.crm.api.record.record_operations import (
    DeleteRecordsParam,
    GetRecordsHeader,
    GetRecordsParam,
    SearchRecordsParam,
)
from zohocrmsdk.src.com.zoho.crm.api.related_records.related_records_operations import (
    DelinkRecordsParam,
    GetRelatedRecordsParam,
)
from zohocrmsdk.src.com.zoho.crm.api.tags.tags_operations import CreateTagsParam
from zohocrmsdk.src.com.zoho.crm.api.util import APIResponse, Choice, StreamWrapper

Fields = Dict[str, Any]
Outcome = Dict[str, Any]


def create(module: str, data: List[Fields]) -> List[Outcome]:
    return _outcomes(records.RecordOperations(module).create_records(_body(data)))


def update(module: str, data: List[Fields]) -> List[Outcome]:
    return _outcomes(records.RecordOperations(module).update_records(_body(data)))


def upsert(module: str, data: List[Fields], check: List[str]) -> List[Outcome]:
    body = _body(data)
    body.set_duplicate_check_fields(check)
    return _outcomes(records.RecordOperations(module).upsert_records(body, HeaderMap()))


def delete(module: str, ids: List[str]) -> List[Outcome]:
    parameters = _parameters((DeleteRecordsParam.ids, ",".join(ids)))
    return _outcomes(records.RecordOperations(module).delete_records(parameters))


def mass_delete(module: str, ids: List[str]) -> List[Outcome]:
    body = mass_delete_cvid.RecordIdBodyWrapper()
    body.set_ids([int(id) for id in ids])
    return _outcomes(mass_delete_cvid.MassDeleteCvidOperations(module).mass_delete_by_record_id(body))


def get(module: str, id: str) -> Fields:
    [record] = _records(records.RecordOperations(module).get_record(int(id)))
    return record


def search(module: str, criteria: str) -> List[Fields]:
    parameters = _parameters((SearchRecordsParam.criteria, criteria))
    return _records(records.RecordOperations(module).search_records(parameters))


def modified_since(module: str, moment: str, fields: str) -> List[Fields]:
    headers = HeaderMap()
    headers.add(GetRecordsHeader.if_modified_since, datetime.fromisoformat(moment))
    parameters = _parameters((GetRecordsParam.fields, fields))
    return _records(records.RecordOperations(module).get_records(parameters, headers))


def convert(lead: str, account: str) -> Outcome:
    converter = convert_lead.LeadConverter()
    # The SDK checks the first record of the body as if it were a deal.
    as_deal = {"Deal_Name": "unused", "Stage": {"choice": "Qualification"}}
    converter.set_accounts(_record({"id": account, **as_deal}))
    body = convert_lead.BodyWrapper()
    body.set_data([converter])
    [outcome] = _outcomes(convert_lead.ConvertLeadOperations(int(lead)).convert_lead(body))
    return outcome


def attach(module: str, id: str, path: str) -> List[Outcome]:
    body = attachments.FileBodyWrapper()
    body.set_file(StreamWrapper(file_path=path))
    return _outcomes(attachments.AttachmentsOperations().upload_attachments(int(id), module, body))


def attachment_names(module: str, id: str) -> List[str]:
    parameters = _parameters((GetAttachmentsParam.fields, "id,File_Name"))
    body = _object(attachments.AttachmentsOperations().get_attachments(int(id), module, parameters))
    return [attachment.get_file_name() for attachment in body.get_data()] if body else []


def download(module: str, id: str, attachment: str) -> str:
    response = attachments.AttachmentsOperations().get_attachment(int(attachment), int(id), module)
    return _content(response).decode()


def detach(module: str, id: str, attachment: str) -> List[Outcome]:
    return _outcomes(attachments.AttachmentsOperations().delete_attachment(int(attachment), int(id), module))


def create_tags(module: str, names: List[str]) -> List[Outcome]:
    body = tags.BodyWrapper()
    body.set_tags([_tag(name) for name in names])
    parameters = _parameters((CreateTagsParam.module, module))
    return _outcomes(tags.TagsOperations().create_tags(body, parameters))


def tag(module: str, ids: List[str], names: List[str]) -> List[Outcome]:
    body = tags.NewTagRequestWrapper()
    body.set_tags([_tag(name) for name in names])
    body.set_ids([int(id) for id in ids])
    return _outcomes(tags.TagsOperations().add_tags_to_multiple_records(module, body, ParameterMap()))


def untag(module: str, id: str, tag: str) -> List[Outcome]:
    existing = tags.ExistingTag()
    existing.set_id(int(tag))
    body = tags.ExistingTagRequestWrapper()
    body.set_tags([existing])
    return _outcomes(tags.TagsOperations().remove_tags(module, int(id), body))


def relate(module: str, id: str, list: str, ids: List[str]) -> List[Outcome]:
    body = related_records.BodyWrapper()
    body.set_data([_record({"id": related}) for related in ids])
    operations = related_records.RelatedRecordsOperations(list, module)
    return _outcomes(operations.update_related_records(int(id), body, HeaderMap()))


def related(module: str, id: str, list: str, fields: str) -> List[Fields]:
    parameters = _parameters((GetRelatedRecordsParam.fields, fields))
    operations = related_records.RelatedRecordsOperations(list, module)
    return _records(operations.get_related_records(int(id), parameters, HeaderMap()))


def unrelate(module: str, id: str, list: str, ids: List[str]) -> List[Outcome]:
    parameters = _parameters((DelinkRecordsParam.ids, ",".join(ids)))
    operations = related_records.RelatedRecordsOperations(list, module)
    return _outcomes(operations.delink_records(int(id), parameters, HeaderMap()))


def read_in_bulk(module: str, fields: List[str], result: str) -> None:
    """Saves the ZIP of the result at the path `result`."""
    query = bulk_read.Query()
    query.set_module(_module(module))
    query.set_fields(fields)
    body = bulk_read.BodyWrapper()
    body.set_query(query)
    operations = bulk_read.BulkReadOperations()
    [created] = _object(operations.create_bulk_read_job(body)).get_data()
    job = int(created.get_details()["id"])
    _wait(lambda: _object(operations.get_bulk_read_job_details(job)).get_data()[0].get_state().get_value())
    Path(result).write_bytes(_content(operations.download_result(job)))


def write_in_bulk(module: str, zip: str, organization: str, fields: List[str], result: str) -> None:
    """Inserts the rows of a CSV file in a ZIP. Saves the ZIP of the result at the path `result`."""
    operations = bulk_write.BulkWriteOperations()
    upload = bulk_write.FileBodyWrapper()
    upload.set_file(StreamWrapper(file_path=zip))
    headers = HeaderMap()
    headers.add(UploadFileHeader.feature, "bulk-write")
    headers.add(UploadFileHeader.x_crm_org, organization)
    uploaded = _object(operations.upload_file(upload, headers))

    mappings = []
    for index, field in enumerate(fields):
        mapping = bulk_write.FieldMapping()
        mapping.set_api_name(field)
        mapping.set_index(index)
        mappings.append(mapping)
    resource = bulk_write.Resource()
    resource.set_type(Choice("data"))
    resource.set_module(_module(module))
    resource.set_file_id(str(uploaded.get_details()["file_id"]))
    resource.set_field_mappings(mappings)
    body = bulk_write.RequestWrapper()
    body.set_operation(Choice("insert"))
    body.set_resource([resource])
    created = _object(operations.create_bulk_write_job(body))
    job = str(created.get_details()["id"])
    _wait(lambda: _object(operations.get_bulk_write_job_details(job)).get_status())
    url = _object(operations.get_bulk_write_job_details(job)).get_result().get_download_url()
    Path(result).write_bytes(_content(operations.download_bulk_write_result(url)))


OPERATIONS: Dict[str, Callable[..., Any]] = {
    operation.__name__: operation
    for operation in (
        create, update, upsert, delete, mass_delete, get, search, modified_since, convert,
        attach, attachment_names, download, detach, create_tags, tag, untag, relate, related, unrelate,
        read_in_bulk, write_in_bulk,
    )
}


def _object(response: APIResponse) -> Any:
    """What the SDK has made of a response; nothing if it had no body. An error response is an exception."""
    body = response.get_object() if response is not None else None
    if type(body).__name__ == "APIException":
        raise RuntimeError(f"{_plain(body.get_code())}: {_plain(body.get_message())}")
    return body


def _outcomes(response: APIResponse) -> List[Outcome]:
    """Code, id and action of each result."""
    body = _object(response)
    results = body.get_tags() if hasattr(body, "get_tags") else body.get_data()
    return [_outcome(result) for result in results]


def _outcome(result: Any) -> Outcome:
    details = result.get_details() or {}
    action = result.get_action() if hasattr(result, "get_action") else None
    outcome = {"code": _plain(result.get_code()), "id": details.get("id"), "action": _plain(action)}
    if "Accounts" in details:
        outcome["account"] = _plain(details["Accounts"])
    return {name: value if name != "id" else _text(value) for name, value in outcome.items()}


def _records(response: APIResponse) -> List[Fields]:
    body = _object(response)
    return [_plain(record) for record in body.get_data()] if body else []


def _plain(value: Any) -> Any:
    if isinstance(value, records.Record):
        return {name: _text(part) if name == "id" else _plain(part) for name, part in value.get_key_values().items()}
    if isinstance(value, dict):
        return {name: _plain(part) for name, part in value.items()}
    if isinstance(value, list):
        return [_plain(part) for part in value]
    if isinstance(value, Choice):
        return value.get_value()
    return value if value is None or isinstance(value, (bool, int, float, str)) else str(value)


def _text(id: Any) -> Any:
    return None if id is None else str(id)


def _content(response: APIResponse) -> bytes:
    return b"".join(_object(response).get_file().get_stream())


def _wait(state: Callable[[], Any]) -> None:
    for _ in range(300):
        now = _plain(state())
        if now == "COMPLETED":
            return
        if now in ("FAILURE", "FAILED"):
            break
        time.sleep(0.1)
    raise RuntimeError(f"the job is not completed: {now}")


def _body(data: List[Fields]) -> records.BodyWrapper:
    body = records.BodyWrapper()
    body.set_data([_record(fields) for fields in data])
    return body


def _record(fields: Fields) -> records.Record:
    """A record of the SDK. A lookup is given as `{"id": …}`, a value of a pick list as `{"choice": …}`."""
    record = records.Record()
    for name, value in fields.items():
        if name == "id":
            record.set_id(int(value))
        elif isinstance(value, dict) and "choice" in value:
            record.add_key_value(name, Choice(value["choice"]))
        else:
            record.add_key_value(name, _record(value) if isinstance(value, dict) else value)
    return record


def _tag(name: str) -> tags.Tag:
    tag = tags.Tag()
    tag.set_name(name)
    return tag


def _module(name: str) -> MinifiedModule:
    module = MinifiedModule()
    module.set_api_name(name)
    return module


def _parameters(*pairs: Any) -> ParameterMap:
    parameters = ParameterMap()
    for name, value in pairs:
        parameters.add(name, value)
    return parameters
