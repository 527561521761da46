//! The handle that tasks have on the run that they are part of.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, Wake, Waker};
use std::time::Duration;

use crate::records::ProcessId;
use crate::timers::Event;
use crate::world::{Task, World};

/// A run. Clones share it.
#[derive(Clone)]
pub(crate) struct Simulation {
    world: Arc<Mutex<World>>,
    ready: Arc<Ready>,
}

/// The tasks that were woken.
#[derive(Debug, Default)]
pub(crate) struct Ready {
    tasks: Mutex<Vec<usize>>,
}

impl Simulation {
    pub(crate) fn new(world: World) -> Self {
        Self { world: Arc::new(Mutex::new(world)), ready: Arc::default() }
    }

    /// Looks at the world, or changes it.
    pub(crate) fn with<T>(&self, work: impl FnOnce(&mut World) -> T) -> T {
        work(&mut self.world.lock().unwrap_or_else(PoisonError::into_inner))
    }

    pub(crate) fn sleep(&self, duration: Duration) -> Sleep {
        let until = self.with(|world| world.now + duration);
        Sleep { simulation: self.clone(), until, waker: None }
    }

    pub(crate) fn spawn(&self, process: Option<ProcessId>, task: Task) {
        self.with(|world| world.spawn(process, task));
    }

    /// The waker of the task with this number.
    pub(crate) fn waker(&self, task: usize) -> Waker {
        Waker::from(Arc::new(TaskWaker { task, ready: self.ready.clone() }))
    }

    /// Takes the tasks that were woken, in order. A task can be in it more than once.
    pub(crate) fn take_woken(&self, into: &mut Vec<usize>) {
        into.append(&mut self.ready.tasks.lock().unwrap_or_else(PoisonError::into_inner));
    }
}

impl fmt::Debug for Simulation {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Simulation")
    }
}

/// Waits for virtual time to pass.
#[derive(Debug)]
pub(crate) struct Sleep {
    simulation: Simulation,
    until: Duration,
    waker: Option<Waker>,
}

impl Future for Sleep {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        let (until, waker) = (self.until, context.waker());
        let is_known = self.waker.as_ref().is_some_and(|known| known.will_wake(waker));
        let is_over = self.simulation.with(|world| {
            let is_over = world.now >= until;
            if !is_over && !is_known {
                world.timers.add(until, Event::Wake(waker.clone()));
            }
            is_over
        });
        if is_over {
            return Poll::Ready(());
        }
        if !is_known {
            self.waker = Some(waker.clone());
        }
        Poll::Pending
    }
}

struct TaskWaker {
    task: usize,
    ready: Arc<Ready>,
}

impl Wake for TaskWaker {
    fn wake(self: Arc<Self>) {
        self.ready.tasks.lock().unwrap_or_else(PoisonError::into_inner).push(self.task);
    }
}
