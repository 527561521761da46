// Runs a store of the official SDK for the Rust tests, as ../python/bridge.py does. The first line of input is the store's
// URL, each further line a request, and each line of output a response. `ZOHOCRM_NODE_SDK` is the folder in which npm has
// installed the SDK.

import { mkdtempSync, rmSync, writeSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { pathToFileURL } from "node:url";

import { operationsOf } from "./crm.mjs";

const modules = join(process.env.ZOHOCRM_NODE_SDK, "node_modules");
const sdk = await import(pathToFileURL(join(modules, "@zohocrm", "nodejs-sdk-8.0", "lib", "zohocrmsdk.js")));
const mysql = createRequire(join(modules, "/"))("mysql");

// The ten columns in order, and the names of the SDK's getters and setters.
const ATTRIBUTES = {
  id: "Id",
  user_name: "UserSignature",
  client_id: "ClientId",
  client_secret: "ClientSecret",
  refresh_token: "RefreshToken",
  access_token: "AccessToken",
  grant_token: "GrantToken",
  expiry_time: "ExpiresIn",
  redirect_url: "RedirectURL",
  api_domain: "APIDomain",
};

const TABLE = `(id varchar(10) not null, user_name varchar(255), client_id varchar(255), client_secret varchar(255),
  refresh_token varchar(255), access_token varchar(255), grant_token varchar(255), expiry_time varchar(20),
  redirect_url varchar(255), api_domain varchar(255), primary key (id))`;

function rowOf(token) {
  const value = (attribute) => token[`get${attribute}`]() ?? null;
  const row = Object.fromEntries(Object.entries(ATTRIBUTES).map(([column, name]) => [column, value(name)]));
  return { ...row, user_name: row.user_name?.getName() ?? null };
}

function tokenOf(row) {
  const token = new sdk.OAuthToken();
  for (const [column, attribute] of Object.entries(ATTRIBUTES)) {
    const value = row[column];
    if (value != null) {
      token[`set${attribute}`](column === "user_name" ? new sdk.UserSignature(value) : value);
    }
  }
  return token;
}

/** The SDK's store at the URL of ours. Its MySQL store creates no table, so this does, as the SDK's README says. */
async function storeAt(url) {
  const [, place] = url.match(/^file:(.*)$/) ?? [];
  if (place != null) {
    return new sdk.FileStore(place);
  }
  const { hostname: host, port, username, password, pathname, searchParams } = new URL(url);
  const [user, secret] = [decodeURIComponent(username), decodeURIComponent(password)];
  const [database, table] = [pathname.slice(1), searchParams.get("table")];
  const connection = mysql.createConnection({ host, port, user, password: secret, database });
  await new Promise((resolve, reject) => {
    connection.query(`create table if not exists \`${table}\` ${TABLE}`, (error) => (error ? reject(error) : resolve()));
  });
  connection.end();
  return new sdk.DBStore(host, database, table, user, secret, port);
}

const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]();
const store = await storeAt((await lines.next()).value);
let environment;
// The SDK keeps the fields of each module there, in a form that only the same SDK can read. It appends to the path as it is.
const resources = join(mkdtempSync(join(tmpdir(), "zoho-sdk-")), "/");
process.on("exit", () => rmSync(resources, { recursive: true }));

/** Initializes the SDK, which requests a token at once if it needs one. */
async function initialize(row) {
  const token = tokenOf(row);
  const builder = await new sdk.InitializeBuilder();
  await builder.environment(environment).token(token).store(store).resourcePath(resources).initialize();
  return rowOf(token);
}

const operations = operationsOf(sdk);
const calls = {
  get_tokens: async () => ((await store.getTokens()) ?? []).map(rowOf),
  find_token: async ({ row }) => {
    const wanted = tokenOf(row);
    const found = await store.findToken(wanted);
    // The MySQL store returns the same token if it finds none.
    return found?.getId() == null ? null : rowOf(found);
  },
  find_token_by_id: async ({ id }) => rowOf(await store.findTokenById(id)),
  save_token: async ({ row }) => {
    const token = tokenOf(row);
    await store.saveToken(token);
    return rowOf(token);
  },
  delete_token: async ({ id }) => void (await store.deleteToken(id)),
  delete_tokens: async () => void (await store.deleteTokens()),
  log_in: async ({ url, row }) => {
    environment = new sdk.Environment(url, `${url}/oauth/v2/token`, url);
    return initialize(row);
  },
  use: async ({ row }) => initialize(row),
  access_token: async () => (await sdk.Initializer.getInitializer()).getToken().getToken(),
  who_am_i: async () => {
    const parameters = new sdk.ParameterMap();
    await parameters.add(sdk.Users.GetUsersParam.TYPE, new sdk.Choice("CurrentUser"));
    const response = await new sdk.Users.UsersOperations().getUsers(parameters);
    return response.getObject().getUsers()[0].getEmail();
  },
  crm: async ({ operation, arguments: given }) => operations[operation](given),
};

async function respond(line) {
  const request = JSON.parse(line);
  try {
    return { result: (await calls[request.call](request)) ?? null };
  } catch (error) {
    return { error: `${error?.code ?? error?.name}: ${error?.message ?? error}` };
  }
}

console.log = console.error; // nothing else must look like a response
for await (const line of lines) {
  writeSync(1, JSON.stringify(await respond(line)) + "\n");
}
