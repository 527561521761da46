//! The official SDKs, each in a process of its language.

use std::env;
use std::ffi::OsString;
use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use serde_json::{Value, json};
use zoho_oauth::store::StoredToken;

use crate::place::Kind;

const FOLDER: &str = env!("CARGO_MANIFEST_DIR");

/// The languages whose official SDK the tests can run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Language {
    Python,
    Node,
}

impl Language {
    /// The command that runs the SDK. `None`: the test is skipped and has to return.
    fn command(self) -> Option<Command> {
        let (program, arguments) = match self {
            // UTF-8 whatever the locale, and no compiled files in the source folder.
            Self::Python => (variable("ZOHOCRM_PYTHON")?, vec!["-X", "utf8", "-B"]),
            Self::Node => (OsString::from("node"), Vec::new()),
        };
        let bridge = match self {
            Self::Python => "python/bridge.py",
            Self::Node => "node/bridge.mjs",
        };
        let mut command = Command::new(program);
        if self == Self::Node {
            command.env("ZOHOCRM_NODE_SDK", variable("ZOHOCRM_NODE_SDK")?);
        }
        command.args(arguments).arg(format!("{FOLDER}/{bridge}")).env("NO_PROXY", "*");
        Some(command)
    }

    /// Whether the SDK's store of this kind can hold the value. Node's reads and writes a file without quotes, and writes its
    /// SQL without them.
    pub(crate) fn can_hold(self, kind: Kind, value: &str) -> bool {
        match (self, kind) {
            (Self::Python, _) => true,
            (Self::Node, Kind::MySql) => !value.contains(['\'', '\\', '😀']),
            (Self::Node, _) => !value.contains([',', '"', '\r', '\n']),
        }
    }
}

/// A process with a store of the official SDK. It ends when this is dropped.
#[derive(Debug)]
pub(crate) struct Sdk {
    process: Child,
    requests: Option<ChildStdin>,
    answers: BufReader<ChildStdout>,
}

impl Sdk {
    /// Starts the SDK on the store at this URL. `None`: the test is skipped and has to return.
    pub(crate) fn start(language: Language, url: &str) -> Option<Self> {
        let mut command = language.command()?;
        command.stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut process = command.spawn().unwrap_or_else(|error| panic!("{language:?} starts: {error}"));
        let mut requests = process.stdin.take().expect("its input is a pipe");
        writeln!(requests, "{url}").expect("the SDK listens");
        let answers = BufReader::new(process.stdout.take().expect("its output is a pipe"));
        Some(Self { process, requests: Some(requests), answers })
    }

    pub(crate) fn get_tokens(&mut self) -> Vec<StoredToken> {
        rows(self.call("get_tokens", json!({})))
    }

    pub(crate) fn find_token(&mut self, wanted: &StoredToken) -> Option<StoredToken> {
        row(self.call("find_token", json!({ "row": wanted })))
    }

    /// The row of a user.
    pub(crate) fn find_user(&mut self, user: &str) -> Option<StoredToken> {
        self.find_token(&StoredToken { user_name: Some(user.to_owned()), ..StoredToken::default() })
    }

    pub(crate) fn find_token_by_id(&mut self, id: &str) -> Option<StoredToken> {
        row(self.call("find_token_by_id", json!({ "id": id })))
    }

    /// Saves a token. Returns it as the SDK left it, with its id.
    pub(crate) fn save_token(&mut self, token: &StoredToken) -> StoredToken {
        row(self.call("save_token", json!({ "row": token }))).expect("a saved token is one")
    }

    /// Saves a token, or returns the exception that the SDK raised.
    pub(crate) fn try_to_save(&mut self, token: &StoredToken) -> Result<StoredToken, String> {
        let saved = self.try_to_call("save_token", json!({ "row": token }))?;
        Ok(row(saved).expect("a saved token is one"))
    }

    /// Saves rows one after the other. Returns the exception for each row, if the SDK raised one.
    pub(crate) fn save_each(&mut self, tokens: &[StoredToken]) -> Vec<Option<String>> {
        let outcomes = self.call("save_each", json!({ "rows": tokens }));
        serde_json::from_value(outcomes).expect("a text or nothing for each row")
    }

    pub(crate) fn delete_token(&mut self, id: &str) {
        self.call("delete_token", json!({ "id": id }));
    }

    pub(crate) fn delete_tokens(&mut self) {
        self.call("delete_tokens", json!({}));
    }

    /// Initializes the SDK for the host at `url`. It requests a token at once.
    pub(crate) fn log_in(&mut self, url: &str, token: &StoredToken) -> StoredToken {
        row(self.call("log_in", json!({ "url": url, "row": token }))).expect("a token after a login")
    }

    /// Continues with a new token object of the SDK.
    pub(crate) fn go_on_with(&mut self, token: &StoredToken) -> StoredToken {
        row(self.call("use", json!({ "row": token }))).expect("a token to go on with")
    }

    /// The access token that the SDK sends with its next request.
    pub(crate) fn access_token(&mut self) -> String {
        let token = self.call("access_token", json!({}));
        token.as_str().expect("an access token is a text").to_owned()
    }

    /// Asks the CRM which user the token belongs to.
    pub(crate) fn who_am_i(&mut self) -> String {
        self.call("who_am_i", json!({})).as_str().expect("an email is a text").to_owned()
    }

    /// Calls the CRM, with an operation of `python/crm.py` and `node/crm.mjs`.
    pub(crate) fn crm(&mut self, operation: &str, arguments: &Value) -> Value {
        self.call("crm", json!({ "operation": operation, "arguments": arguments }))
    }

    /// Calls the SDK and fails if it raises an exception.
    fn call(&mut self, call: &str, request: Value) -> Value {
        self.try_to_call(call, request).unwrap_or_else(|error| panic!("{call}: {error}"))
    }

    fn try_to_call(&mut self, call: &str, mut request: Value) -> Result<Value, String> {
        request["call"] = call.into();
        let requests = self.requests.as_mut().expect("the input is open");
        writeln!(requests, "{request}").expect("the SDK listens");
        let mut line = String::new();
        self.answers.read_line(&mut line).expect("the SDK answers in UTF-8");
        assert!(!line.is_empty(), "the SDK ended without a response to {call}");
        let mut answer: Value = serde_json::from_str(&line).expect("a response is JSON");
        match answer["error"].take() {
            Value::Null => Ok(answer["result"].take()),
            error => Err(error.to_string()),
        }
    }
}

impl Drop for Sdk {
    fn drop(&mut self) {
        // The process ends when its input does.
        drop(self.requests.take());
        let _ = self.process.wait();
    }
}

/// Where `cargo xtask test` has installed an SDK.
fn variable(name: &str) -> Option<OsString> {
    if let Some(path) = env::var_os(name).filter(|path| !path.is_empty()) {
        return Some(path);
    }
    let reason = env::var(format!("{name}_MISSING"))
        .unwrap_or_else(|_| format!("{name} names no official SDK; `cargo xtask test` installs it"));
    servers::skip(&reason);
    None
}

fn row(answer: Value) -> Option<StoredToken> {
    serde_json::from_value(answer).expect("ten texts or nothing")
}

fn rows(answer: Value) -> Vec<StoredToken> {
    serde_json::from_value(answer).expect("a list of rows")
}
