//! Where the password for a new connection comes from.

use std::error::Error as StdError;
use std::fmt;
use std::future::Future;
use std::path::PathBuf;
use std::pin::Pin;
use std::process::{Command, Stdio};
use std::sync::Arc;

use secrecy::SecretString;

use super::error::{StoreError, StoreErrorKind};

/// Where the password for a new connection comes from. Only a fixed password is not read again for the next connection.
#[derive(Clone, Default)]
pub(super) enum Password {
    #[default]
    None,
    Fixed(SecretString),
    File(PathBuf),
    Command(String),
    Provider(Provider),
}

/// Returns a password, or why there is none.
type Provider = Arc<dyn Fn() -> Pin<Box<dyn Future<Output = Provided> + Send>> + Send + Sync>;
type Provided = Result<SecretString, Box<dyn StdError + Send + Sync>>;

/// The setters of the options that have this field with a [`Password`].
macro_rules! password_setters {
    ($($field:ident).+) => {
        /// Sets the password.
        #[must_use]
        pub fn with_password(mut self, password: impl Into<secrecy::SecretString>) -> Self {
            self.$($field).+ = $crate::store::password::Password::Fixed(password.into());
            self
        }

        /// Reads the password from the first line of this file, for every new connection.
        #[must_use]
        pub fn with_password_file(mut self, path: impl Into<std::path::PathBuf>) -> Self {
            self.$($field).+ = $crate::store::password::Password::File(path.into());
            self
        }

        /// Runs this command with the system's shell for every new connection. The password is the first line that it writes.
        #[must_use]
        pub fn with_password_command(mut self, command: impl Into<String>) -> Self {
            self.$($field).+ = $crate::store::password::Password::Command(command.into());
            self
        }

        /// Calls `provider` for the password of every new connection. For passwords that soon expire, such as the tokens of
        /// AWS IAM.
        #[must_use]
        pub fn with_password_provider<P, F>(mut self, provider: P) -> Self
        where
            P: Fn() -> F + Send + Sync + 'static,
            F: Future<Output = Result<secrecy::SecretString, Box<dyn std::error::Error + Send + Sync>>> + Send + 'static,
        {
            self.$($field).+ = $crate::store::password::Password::provided_by(provider);
            self
        }
    };
}

pub(super) use password_setters;

impl Password {
    pub(super) fn provided_by<P, F>(provider: P) -> Self
    where
        P: Fn() -> F + Send + Sync + 'static,
        F: Future<Output = Provided> + Send + 'static,
    {
        Self::Provider(Arc::new(move || Box::pin(provider())))
    }

    /// Returns the password for a new connection.
    ///
    /// # Errors
    /// If the file cannot be read, the command fails, or the provider has no password.
    pub(super) async fn read(&self) -> Result<Option<SecretString>, StoreError> {
        match self {
            Self::None => Ok(None),
            Self::Fixed(password) => Ok(Some(password.clone())),
            Self::Provider(provider) => provider()
                .await
                .map(Some)
                .map_err(|error| failed("the password provider failed", "see its error").caused_by(error)),
            Self::File(path) => {
                let path = path.clone();
                blocking(move || {
                    let text = std::fs::read_to_string(&path).map_err(|error| {
                        let evidence = format!("the password file `{}` cannot be read", path.display());
                        failed(&evidence, "check its path and its permissions").caused_by(error)
                    })?;
                    first_line(&text, "the password file is empty")
                })
                .await
            }
            Self::Command(command) => {
                let command = command.clone();
                blocking(move || run(&command)).await
            }
        }
    }
}

impl fmt::Debug for Password {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::None => "None",
            Self::Fixed(_) => "Fixed",
            Self::File(_) => "File",
            Self::Command(_) => "Command",
            Self::Provider(_) => "Provider",
        })
    }
}

async fn blocking(
    work: impl FnOnce() -> Result<SecretString, StoreError> + Send + 'static,
) -> Result<Option<SecretString>, StoreError> {
    let result = tokio::task::spawn_blocking(work).await;
    result
        .unwrap_or_else(|error| Err(failed("reading the password failed", "try again").caused_by(error)))
        .map(Some)
}

fn run(command: &str) -> Result<SecretString, StoreError> {
    let (shell, option) = if cfg!(windows) { ("cmd", "/C") } else { ("sh", "-c") };
    let output = Command::new(shell)
        .args([option, command])
        .stdin(Stdio::null())
        // What it says is for the operator.
        .stderr(Stdio::inherit())
        .output()
        .map_err(|error| {
            failed("the password command cannot be run", "check the command").caused_by(error)
        })?;
    if !output.status.success() {
        let evidence = format!("the password command ended with {}", output.status);
        return Err(failed(&evidence, "run it by hand to see why"));
    }
    let text = String::from_utf8(output.stdout)
        .map_err(|_| failed("the password command wrote no text", "let it write the password as UTF-8"))?;
    first_line(&text, "the password command wrote nothing")
}

/// Returns the first line of a text, without its end and without the mark that Windows programs write before it.
fn first_line(text: &str, otherwise: &str) -> Result<SecretString, StoreError> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let line = text.lines().next().filter(|line| !line.is_empty());
    line.map(SecretString::from).ok_or_else(|| failed(otherwise, "write the password into its first line"))
}

fn failed(evidence: &str, next_step: &'static str) -> StoreError {
    StoreError::of(StoreErrorKind::Permission, "connect").evidence(evidence).next_step(next_step)
}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret;

    use super::first_line;

    #[test]
    fn a_password_is_the_first_line_without_line_end_and_byte_order_mark() {
        for text in ["s3cret", "s3cret\n", "s3cret\r\nmore\r\n", "\u{feff}s3cret\r\n"] {
            assert_eq!(first_line(text, "").unwrap().expose_secret(), "s3cret", "{text:?}");
        }
        for text in ["", "\n", "\u{feff}"] {
            assert!(first_line(text, "the file is empty").unwrap_err().to_string().contains("is empty"));
        }
    }
}
