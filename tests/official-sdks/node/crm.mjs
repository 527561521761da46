// The CRM through the official SDK, as ../python/crm.py does: the same operations with the same arguments and results.

import { writeFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";

/** The operations, on the modules of the SDK. */
export function operationsOf(sdk) {
  const records = (module) => new sdk.Record.RecordOperations(module);
  const list = (name, module) => new sdk.RelatedRecords.RelatedRecordsOperations(name, module);
  const attachments = () => new sdk.Attachments.AttachmentsOperations();
  const tags = () => new sdk.Tags.TagsOperations();

  /** A record of the SDK. A lookup is given as `{"id": …}`, a value of a pick list as `{"choice": …}`. */
  function recordOf(fields) {
    const record = new sdk.Record.Record();
    for (const [name, value] of Object.entries(fields)) {
      if (name === "id") {
        record.setId(BigInt(value));
      } else if (value?.choice != null) {
        record.addKeyValue(name, new sdk.Choice(value.choice));
      } else {
        record.addKeyValue(name, value instanceof Object ? recordOf(value) : value);
      }
    }
    return record;
  }

  function bodyOf(data) {
    const body = new sdk.Record.BodyWrapper();
    body.setData(data.map(recordOf));
    return body;
  }

  async function parametersOf(...pairs) {
    const parameters = new sdk.ParameterMap();
    for (const [name, value] of pairs) {
      await parameters.add(name, value);
    }
    return parameters;
  }

  function tagOf(name) {
    const tag = new sdk.Tags.Tag();
    tag.setName(name);
    return tag;
  }

  function moduleOf(name) {
    const module = new sdk.Modules.MinifiedModule();
    module.setAPIName(name);
    return module;
  }

  /** What the SDK has made of a response; nothing if it had no body. An error response is an exception. */
  function objectOf(response) {
    const body = response?.getObject() ?? null;
    if (body?.constructor.name === "APIException") {
      throw new Error(`${body.getCode().getValue()}: ${plain(body.getMessage())}`);
    }
    return body;
  }

  function plain(value) {
    if (value instanceof sdk.Record.Record) {
      return plain(value.getKeyValues());
    }
    if (value instanceof sdk.Choice) {
      return value.getValue();
    }
    if (value instanceof Map) {
      return Object.fromEntries([...value].map(([name, part]) => [name, plain(part)]));
    }
    if (Array.isArray(value)) {
      return value.map(plain);
    }
    return typeof value === "bigint" || value instanceof Object ? String(value) : (value ?? null);
  }

  /** Code, id and action of each result. */
  function outcomes(response) {
    const body = objectOf(response);
    return (body.getTags?.() ?? body.getData()).map((result) => {
      const details = plain(result.getDetails()) ?? {};
      const outcome = { code: plain(result.getCode()), id: details.id ?? null, action: plain(result.getAction?.()) };
      return details.Accounts === undefined ? outcome : { ...outcome, account: details.Accounts };
    });
  }

  const recordsOf = (response) => (objectOf(response)?.getData() ?? []).map(plain);
  const contentOf = async (response) => (await objectOf(response)).getFile().getStream();

  async function completed(state) {
    let now;
    for (let attempt = 0; attempt < 300; attempt += 1) {
      now = plain(await state());
      if (now === "COMPLETED") {
        return;
      }
      if (now === "FAILURE" || now === "FAILED") {
        break;
      }
      await sleep(100);
    }
    throw new Error(`the job is not completed: ${now}`);
  }

  return {
    create: async ({ module, data }) => outcomes(await records(module).createRecords(bodyOf(data))),
    update: async ({ module, data }) => outcomes(await records(module).updateRecords(bodyOf(data))),
    upsert: async ({ module, data, check }) => {
      const body = bodyOf(data);
      body.setDuplicateCheckFields(check);
      return outcomes(await records(module).upsertRecords(body));
    },
    delete: async ({ module, ids }) => {
      const parameters = await parametersOf([sdk.Record.DeleteRecordsParam.IDS, ids.join(",")]);
      return outcomes(await records(module).deleteRecords(parameters));
    },
    mass_delete: async ({ module, ids }) => {
      const body = new sdk.MassDeleteCvid.RecordIdBodyWrapper();
      body.setIds(ids.map(BigInt));
      return outcomes(await new sdk.MassDeleteCvid.MassDeleteCvidOperations(module).massDeleteByRecordId(body));
    },
    get: async ({ module, id }) => recordsOf(await records(module).getRecord(BigInt(id)))[0],
    search: async ({ module, criteria }) => {
      const parameters = await parametersOf([sdk.Record.SearchRecordsParam.CRITERIA, criteria]);
      return recordsOf(await records(module).searchRecords(parameters));
    },
    modified_since: async ({ module, moment, fields }) => {
      const headers = new sdk.HeaderMap();
      await headers.add(sdk.Record.GetRecordsHeader.IF_MODIFIED_SINCE, new Date(moment));
      const parameters = await parametersOf([sdk.Record.GetRecordsParam.FIELDS, fields]);
      return recordsOf(await records(module).getRecords(parameters, headers));
    },
    convert: async ({ lead, account }) => {
      const converter = new sdk.ConvertLead.LeadConverter();
      // The SDK checks the first record of the body as if it were a deal.
      const asDeal = { Deal_Name: "unused", Stage: { choice: "Qualification" } };
      converter.setAccounts(recordOf({ id: account, ...asDeal }));
      const body = new sdk.ConvertLead.BodyWrapper();
      body.setData([converter]);
      return outcomes(await new sdk.ConvertLead.ConvertLeadOperations(BigInt(lead)).convertLead(body))[0];
    },
    attach: async ({ module, id, path }) => {
      const body = new sdk.Attachments.FileBodyWrapper();
      body.setFile(new sdk.StreamWrapper(null, null, path));
      return outcomes(await attachments().uploadAttachments(BigInt(id), module, body));
    },
    attachment_names: async ({ module, id }) => {
      const parameters = await parametersOf([sdk.Attachments.GetAttachmentsParam.FIELDS, "id,File_Name"]);
      const body = objectOf(await attachments().getAttachments(BigInt(id), module, parameters));
      return (body?.getData() ?? []).map((attachment) => attachment.getFileName());
    },
    download: async ({ module, id, attachment }) =>
      String(await contentOf(await attachments().getAttachment(BigInt(attachment), BigInt(id), module))),
    detach: async ({ module, id, attachment }) =>
      outcomes(await attachments().deleteAttachment(BigInt(attachment), BigInt(id), module)),
    create_tags: async ({ module, names }) => {
      const body = new sdk.Tags.BodyWrapper();
      body.setTags(names.map(tagOf));
      return outcomes(await tags().createTags(body, await parametersOf([sdk.Tags.CreateTagsParam.MODULE, module])));
    },
    tag: async ({ module, ids, names }) => {
      const body = new sdk.Tags.NewTagRequestWrapper();
      body.setTags(names.map(tagOf));
      body.setIds(ids.map(BigInt));
      return outcomes(await tags().addTagsToMultipleRecords(module, body));
    },
    untag: async ({ module, id, tag }) => {
      const existing = new sdk.Tags.ExistingTag();
      existing.setId(BigInt(tag));
      const body = new sdk.Tags.ExistingTagRequestWrapper();
      body.setTags([existing]);
      return outcomes(await tags().removeTags(module, BigInt(id), body));
    },
    relate: async ({ module, id, list: name, ids }) => {
      const body = new sdk.RelatedRecords.BodyWrapper();
      body.setData(ids.map((related) => recordOf({ id: related })));
      return outcomes(await list(name, module).updateRelatedRecords(BigInt(id), body));
    },
    related: async ({ module, id, list: name, fields }) => {
      const parameters = await parametersOf([sdk.RelatedRecords.GetRelatedRecordsParam.FIELDS, fields]);
      return recordsOf(await list(name, module).getRelatedRecords(BigInt(id), parameters));
    },
    unrelate: async ({ module, id, list: name, ids }) => {
      const parameters = await parametersOf([sdk.RelatedRecords.DelinkRecordsParam.IDS, ids.join(",")]);
      return outcomes(await list(name, module).delinkRecords(BigInt(id), parameters));
    },
    // Saves the ZIP of the result at the path `result`.
    read_in_bulk: async ({ module, fields, result }) => {
      const query = new sdk.BulkRead.Query();
      query.setModule(moduleOf(module));
      query.setFields(fields);
      const body = new sdk.BulkRead.BodyWrapper();
      body.setQuery(query);
      const operations = new sdk.BulkRead.BulkReadOperations();
      const [created] = objectOf(await operations.createBulkReadJob(body)).getData();
      const job = BigInt(created.getDetails().get("id"));
      await completed(async () => objectOf(await operations.getBulkReadJobDetails(job)).getData()[0].getState());
      writeFileSync(result, await contentOf(await operations.downloadResult(job)));
    },
    // Inserts the rows of a CSV file in a ZIP. Saves the ZIP of the result at the path `result`.
    write_in_bulk: async ({ module, zip, organization, fields, result }) => {
      const operations = new sdk.BulkWrite.BulkWriteOperations();
      const upload = new sdk.BulkWrite.FileBodyWrapper();
      upload.setFile(new sdk.StreamWrapper(null, null, zip));
      const headers = new sdk.HeaderMap();
      await headers.add(sdk.BulkWrite.UploadFileHeader.FEATURE, "bulk-write");
      await headers.add(sdk.BulkWrite.UploadFileHeader.X_CRM_ORG, organization);
      const uploaded = objectOf(await operations.uploadFile(upload, headers));

      const mappings = fields.map((field, index) => {
        const mapping = new sdk.BulkWrite.FieldMapping();
        mapping.setAPIName(field);
        mapping.setIndex(index);
        return mapping;
      });
      const resource = new sdk.BulkWrite.Resource();
      resource.setType(new sdk.Choice("data"));
      resource.setModule(moduleOf(module));
      resource.setFileId(String(uploaded.getDetails().get("file_id")));
      resource.setFieldMappings(mappings);
      const body = new sdk.BulkWrite.RequestWrapper();
      body.setOperation(new sdk.Choice("insert"));
      body.setResource([resource]);
      const created = objectOf(await operations.createBulkWriteJob(body));
      const job = String(created.getDetails().get("id"));
      await completed(async () => objectOf(await operations.getBulkWriteJobDetails(job)).getStatus());
      const url = objectOf(await operations.getBulkWriteJobDetails(job)).getResult().getDownloadUrl();
      writeFileSync(result, await contentOf(await operations.downloadBulkWriteResult(url)));
    },
  };
}
