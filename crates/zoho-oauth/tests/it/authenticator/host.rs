//! A machine that stands for another host.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::{Duration, SystemTime};

use zoho_emulator::Emulator;
use zoho_oauth::machine::{Boxed, Failed, Machine, Request, Response, ThisMachine};
use zoho_oauth::{Error, NetworkFailure};

/// This machine, as if it were another host.
#[derive(Clone, Debug)]
pub(crate) struct Host {
    machine: Arc<ThisMachine>,
    network: String,
    /// How long an attempt to connect takes before it fails; `None` if it succeeds.
    cut_off: Option<Duration>,
    attempts: Arc<AtomicUsize>,
    /// By how many seconds its clock is ahead of this machine's.
    ahead: Arc<AtomicU64>,
    /// How many milliseconds it was asleep, which its uptime does not count.
    asleep: Arc<AtomicU64>,
    /// Where requests to Zoho's own hosts go instead.
    zoho: Option<String>,
}

impl Host {
    pub(crate) fn healthy(network: &str) -> Self {
        let machine = Arc::new(ThisMachine::new(Duration::from_secs(30)));
        Self {
            machine,
            network: network.to_owned(),
            cut_off: None,
            attempts: Arc::default(),
            ahead: Arc::default(),
            asleep: Arc::default(),
            zoho: None,
        }
    }

    pub(crate) fn cut_off(network: &str, connect_timeout: Duration) -> Self {
        Self { cut_off: Some(connect_timeout), ..Self::healthy(network) }
    }

    /// A host whose requests to Zoho go to this emulator, whichever of Zoho's hosts they are for.
    pub(crate) fn with_zoho_at(zoho: &Emulator) -> Self {
        Self { zoho: Some(zoho.base_url()), ..Self::healthy("healthy") }
    }

    /// Sets its clock to so far ahead of this machine's.
    pub(crate) fn set_clock(&self, ahead: Duration) {
        self.ahead.store(ahead.as_secs(), Ordering::SeqCst);
    }

    /// Lets it sleep. Its uptime does not count that.
    pub(crate) async fn fall_asleep_for(&self, duration: Duration) {
        tokio::time::sleep(duration).await;
        self.asleep.fetch_add(duration.as_millis() as u64, Ordering::SeqCst);
    }

    /// How many requests it was asked to send.
    pub(crate) fn attempts(&self) -> usize {
        self.attempts.load(Ordering::SeqCst)
    }
}

impl Machine for Host {
    fn now(&self) -> SystemTime {
        SystemTime::now() + Duration::from_secs(self.ahead.load(Ordering::SeqCst))
    }

    fn uptime(&self) -> Duration {
        self.machine.uptime() - Duration::from_millis(self.asleep.load(Ordering::SeqCst))
    }

    fn sleep(&self, duration: Duration) -> Boxed<'static, ()> {
        self.machine.sleep(duration)
    }

    fn spawn(&self, task: Boxed<'static, ()>) {
        self.machine.spawn(task);
    }

    fn random(&self) -> u64 {
        self.machine.random()
    }

    fn network(&self) -> String {
        self.network.clone()
    }

    fn send(&self, mut request: Request) -> Boxed<'_, Result<Response, Failed>> {
        self.attempts.fetch_add(1, Ordering::SeqCst);
        if let (Some(zoho), Some((_, rest))) = (&self.zoho, request.url.split_once("://")) {
            let (_, path) = rest.split_once('/').unwrap_or_default();
            request.url = format!("{zoho}/{path}");
        }
        let Some(connect_timeout) = self.cut_off else { return self.machine.send(request) };
        Box::pin(async move {
            self.machine.sleep(connect_timeout).await;
            let failure = NetworkFailure::Connect;
            let error = Error::Unreachable { host: "accounts.zoho.eu".into(), failure, source: None };
            Err(Failed { error, may_have_acted: false })
        })
    }

    fn files_in(&self, folder: &Path) -> io::Result<Vec<PathBuf>> {
        self.machine.files_in(folder)
    }

    fn read(&self, path: &Path) -> io::Result<Vec<u8>> {
        self.machine.read(path)
    }

    fn create(&self, path: &Path, content: &[u8]) -> io::Result<()> {
        self.machine.create(path, content)
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        self.machine.rename(from, to)
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        self.machine.remove(path)
    }

    fn remove_folder(&self, folder: &Path) -> io::Result<()> {
        self.machine.remove_folder(folder)
    }
}
