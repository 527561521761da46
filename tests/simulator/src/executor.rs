//! The scheduler: which task runs next, and when time passes. One thread, no runtime, nothing real.

use std::fmt;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use crate::processes;
use crate::records::ProcessId;
use crate::simulation::Simulation;
use crate::timers::Event;
use crate::world::{Phase, Task, World};

/// More steps than this are a loop without an end.
const MAX_STEPS: usize = 400_000;

/// Runs the tasks of a simulation.
#[derive(Debug)]
pub(crate) struct Executor {
    simulation: Simulation,
    tasks: Vec<Option<Scheduled>>,
    runnable: Vec<usize>,
    woken: Vec<usize>,
}

struct Scheduled {
    process: Option<ProcessId>,
    task: Task,
    waker: Waker,
    is_runnable: bool,
}

/// What to do next.
enum Next {
    Run(usize),
    Nothing,
}

impl Executor {
    pub(crate) fn new(simulation: Simulation) -> Self {
        Self { simulation, tasks: Vec::new(), runnable: Vec::new(), woken: Vec::new() }
    }

    /// Runs until the simulation is over, or an invariant does not hold. Returns the number of steps; `None` if there was
    /// no end.
    pub(crate) fn run(&mut self) -> Option<usize> {
        for step in 0..MAX_STEPS {
            self.admit();
            self.bury();
            if self.simulation.with(|world| world.phase == Phase::Over || world.records.violation.is_some()) {
                return Some(step);
            }
            match self.choose() {
                Next::Run(task) => self.poll(task),
                Next::Nothing => {
                    if !self.simulation.with(World::pass_time) {
                        return None;
                    }
                }
            }
        }
        None
    }

    /// Takes in the tasks that were spawned and those that were woken.
    fn admit(&mut self) {
        for born in self.simulation.with(|world| std::mem::take(&mut world.born)) {
            let number = self.tasks.len();
            let waker = self.simulation.waker(number);
            self.tasks.push(Some(Scheduled {
                process: born.process,
                task: born.task,
                waker,
                is_runnable: true,
            }));
            self.runnable.push(number);
        }
        self.simulation.take_woken(&mut self.woken);
        for number in self.woken.drain(..) {
            if let Some(scheduled) = &mut self.tasks[number]
                && !std::mem::replace(&mut scheduled.is_runnable, true)
            {
                self.runnable.push(number);
            }
        }
    }

    /// Drops the tasks of processes that were killed, and starts others in their place a moment later.
    fn bury(&mut self) {
        for process in self.simulation.with(|world| std::mem::take(&mut world.killed)) {
            for task in &mut self.tasks {
                if task.as_ref().is_some_and(|scheduled| scheduled.process == Some(process)) {
                    *task = None;
                }
            }
            let (host, delay, authenticator) = self.simulation.with(|world| {
                let delay = world.random.between(Duration::from_millis(1), Duration::from_secs(12));
                let state = &mut world.processes[process];
                (state.host, delay, state.authenticator.take())
            });
            drop(authenticator);
            let simulation = self.simulation.clone();
            let restart = async move {
                simulation.sleep(delay).await;
                processes::start(&simulation, host);
            };
            self.simulation.spawn(None, Box::pin(restart));
        }
    }

    /// Chooses one of the tasks that can run, except those of paused processes.
    fn choose(&mut self) -> Next {
        let tasks = &self.tasks;
        self.runnable.retain(|number| tasks[*number].is_some());
        self.simulation.with(|world| {
            let mut left = self.runnable.len();
            while left > 0 {
                let chosen = world.random.below(left);
                let number = self.runnable[chosen];
                let process = tasks[number].as_ref().and_then(|scheduled| scheduled.process);
                if process.is_none_or(|process| !world.is_paused(process)) {
                    self.runnable.swap_remove(chosen);
                    return Next::Run(number);
                }
                left -= 1;
                self.runnable.swap(chosen, left);
            }
            Next::Nothing
        })
    }

    fn poll(&mut self, number: usize) {
        let Some(mut scheduled) = self.tasks[number].take() else { return };
        scheduled.is_runnable = false;
        let outcome = scheduled.task.as_mut().poll(&mut Context::from_waker(&scheduled.waker));
        let process = scheduled.process;
        if outcome == Poll::Pending {
            self.tasks[number] = Some(scheduled);
        }
        if let Some(process) = process {
            self.simulation.with(|world| world.strike_at_an_await(process));
        }
    }
}

impl World {
    /// Goes on to the next event. Returns `false` if nothing will ever happen again.
    fn pass_time(&mut self) -> bool {
        let Some((at, event)) = self.timers.pop() else { return false };
        self.now = self.now.max(at);
        match event {
            Event::Wake(waker) => waker.wake(),
            Event::Act(act) => act(self),
        }
        true
    }
}

impl fmt::Debug for Scheduled {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Scheduled").field("process", &self.process).finish_non_exhaustive()
    }
}
