//! Searches for a seed whose run violates an invariant, and shows what happened.

#![allow(clippy::print_stdout, reason = "a command prints what it does")]

use std::collections::BTreeMap;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use clap::Parser;
use simulator::{Fault, Faults, Flaw, Found, Invariant, Invariants, Line, Plan, run_traced, search, shrink};

/// Runs simulated fleets and checks what has to hold, whatever goes wrong
#[derive(Debug, Parser)]
struct Options {
    /// How many seeds to run
    #[arg(long, default_value_t = 1_000)]
    seeds: u64,
    /// The first seed
    #[arg(long, default_value_t = 0)]
    from: u64,
    /// Run for so many hours instead of a number of seeds
    #[arg(long)]
    hours: Option<f64>,
    /// Run this seed alone
    #[arg(long)]
    seed: Option<u64>,
    /// Print everything that happens in the run of `--seed`
    #[arg(long, requires = "seed")]
    trace: bool,
    /// Go on after a violation, and count the violations of each invariant
    #[arg(long)]
    keep_going: bool,
    /// Plant a bug, such as `OpenFence`
    #[arg(long, value_parser = |name: &str| Flaw::named(name).ok_or("unknown flaw"))]
    flaw: Option<Flaw>,
    /// Enable exactly these faults, separated by commas, instead of those of the seed; `none` for no fault
    #[arg(long, value_parser = faults)]
    faults: Option<Faults>,
    /// Do not check these invariants, separated by commas
    #[arg(long, value_delimiter = ',', value_parser = |name: &str| Invariant::named(name).ok_or("unknown invariant"))]
    without: Vec<Invariant>,
    /// Check this invariant alone
    #[arg(long, value_parser = |name: &str| Invariant::named(name).ok_or("unknown invariant"))]
    only: Option<Invariant>,
}

fn main() -> ExitCode {
    let options = Options::parse();
    if let (Some(seed), true) = (options.seed, options.trace) {
        return print_run(&options.plan(seed));
    }
    let mut violations: Vec<Found> = Vec::new();
    let started = Instant::now();
    let runs = run_seeds(&options, started, &mut violations);
    let took = started.elapsed();
    let rate = runs as f64 / took.as_secs_f64();
    println!("{runs} runs in {:.1} s, {rate:.0} per second", took.as_secs_f64());
    violations.sort_by_key(|found| found.seed);
    if options.keep_going {
        for invariant in Invariant::ALL {
            let of_invariant = || violations.iter().filter(|found| found.violation.invariant == invariant);
            if let Some(first) = of_invariant().next() {
                let count = of_invariant().count();
                println!(
                    "{invariant:?}: {count} runs, the first with seed {}: {}",
                    first.seed, first.violation.message
                );
            }
        }
    } else if let Some(found) = violations.first() {
        explain(&options, found);
    }
    if violations.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

impl Options {
    fn plan(&self, seed: u64) -> Plan {
        let mut plan = Plan::new(seed);
        plan.flaw = self.flaw;
        plan.faults = self.faults.unwrap_or(plan.faults);
        if let Some(only) = self.only {
            plan.invariants = Invariants::only(only);
        }
        plan.invariants = self.without.iter().fold(plan.invariants, |all, invariant| all.without(*invariant));
        plan
    }

    /// The options that change a run, as they are written.
    fn selection(&self) -> String {
        let faults = self.faults.map(|faults| format!(" --faults {}", faults.to_string().replace(", ", ",")));
        let flaw = self.flaw.map(|flaw| format!(" --flaw {flaw:?}"));
        let only = self.only.map(|only| format!(" --only {only:?}"));
        let without = self.without.iter().map(|invariant| format!(" --without {invariant:?}"));
        [faults, flaw, only].into_iter().flatten().chain(without).collect()
    }
}

fn faults(names: &str) -> Result<Faults, String> {
    let names = names.split(',').filter(|name| *name != "none");
    let fault = |name| Fault::named(name).ok_or_else(|| format!("unknown fault `{name}`"));
    names.map(fault).try_fold(Faults::default(), |all, fault| Ok(all.with(fault?)))
}

fn run_seeds(options: &Options, started: Instant, violations: &mut Vec<Found>) -> usize {
    let seeds = match (options.seed, options.hours) {
        (Some(seed), _) => seed..seed + 1,
        (None, Some(_)) => options.from..u64::MAX,
        (None, None) => options.from..options.from + options.seeds,
    };
    let deadline = options.hours.map(|hours| Duration::from_secs_f64(hours * 3_600.0));
    let progress = |runs: usize| {
        if runs.is_multiple_of(10_000) {
            println!("{runs} runs, {:.0} s", started.elapsed().as_secs_f64());
        }
    };
    // A night is run in portions, so that it can end.
    const PORTION: u64 = 20_000;
    let (mut from, mut runs) = (seeds.start, 0);
    while from < seeds.end && deadline.is_none_or(|deadline| started.elapsed() < deadline) {
        let until = seeds.end.min(from.saturating_add(if deadline.is_some() { PORTION } else { u64::MAX }));
        let found = |found: Found| {
            violations.push(found);
            options.keep_going
        };
        runs += search(from..until, |seed| options.plan(seed), found, progress);
        if !violations.is_empty() && !options.keep_going {
            break;
        }
        from = until;
    }
    runs
}

/// Prints the smallest run that violates the same invariant as the one that was found.
fn explain(options: &Options, found: &Found) {
    let plan = options.plan(found.seed);
    let smallest = shrink(&plan, found.violation.invariant);
    let outcome = run_traced(&smallest);
    let violation = outcome.violation.unwrap_or_else(|| found.violation.clone());
    println!("\nseed {}: {} does not hold", found.seed, violation.invariant);
    println!("{}\n", violation.message);
    println!(
        "the smallest run: {} hosts, {} processes with {} callers each, {} users, {} s, faults: {}",
        smallest.hosts,
        smallest.processes,
        smallest.callers,
        smallest.users,
        smallest.horizon.as_secs(),
        smallest.faults
    );
    let lines = relevant(&outcome.trace, violation.user);
    const LAST: usize = 60;
    println!("its last {} events of {}:", lines.len().min(LAST), outcome.trace.len());
    lines.iter().skip(lines.len().saturating_sub(LAST)).for_each(|line| println!("{line}"));
    println!(
        "\nthe whole run: cargo run --release -p simulator -- --seed {} --trace{}",
        found.seed,
        options.selection()
    );
}

/// The events that concern a user, without the calls that return what the call before returned.
fn relevant(trace: &[Line], user: Option<usize>) -> Vec<&Line> {
    let mut last = BTreeMap::new();
    let mut relevant = Vec::new();
    for line in trace {
        let concerns = line.user.is_none() || user.is_none() || line.user == user;
        if concerns && last.insert((line.process, line.user), &line.text) != Some(&line.text) {
            relevant.push(line);
        }
    }
    relevant
}

fn print_run(plan: &Plan) -> ExitCode {
    println!("{plan:?}");
    let outcome = run_traced(plan);
    outcome.trace.iter().for_each(|line| println!("{line}"));
    println!("{} steps, {} tokens, {:.0} s", outcome.steps, outcome.tokens, outcome.lasted.as_secs_f64());
    match outcome.violation {
        Some(violation) => {
            println!("{} does not hold: {}", violation.invariant, violation.message);
            ExitCode::FAILURE
        }
        None => ExitCode::SUCCESS,
    }
}
