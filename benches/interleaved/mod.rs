//! Times candidates in turn, round after round, one at a time: ratios hold however busy the machine is.
//!
//! Without arguments a Markdown table is printed. Criterion cannot interleave; it then times the same closures one
//! after the other, for tracking by its own baselines, and `-- --test` runs each of them once. With a filter, or
//! any other argument, only criterion runs.

#![expect(clippy::print_stdout, reason = "the table is what a bench is for")]

use std::hint::black_box;
use std::time::{Duration, Instant};

use criterion::Criterion;

/// Rounds over all candidates; each gives one sample of each.
const ROUNDS: usize = 31;
const SAMPLE: Duration = Duration::from_millis(2);

/// The table, where it is asked for, and criterion.
pub(crate) fn run(mut candidates: Vec<Candidate>) {
    let arguments: Vec<String> = std::env::args().skip(1).filter(|argument| argument != "--bench").collect();
    if arguments.is_empty() {
        print_table(&mut candidates);
    }
    let mut criterion = Criterion::default()
        .warm_up_time(Duration::from_millis(200))
        .measurement_time(Duration::from_millis(500))
        .without_plots()
        .configure_from_args();
    for Candidate { group, name, run, .. } in &mut candidates {
        criterion.benchmark_group(group.as_str()).bench_function(name.as_str(), |bencher| {
            bencher.iter_custom(&mut *run);
        });
    }
    criterion.final_summary();
}

/// Something to time, with the verdict asserted inside.
pub(crate) struct Candidate {
    pub(crate) group: String,
    name: String,
    budget: Budget,
    /// How many runs warm it up, before each sample: as many as there are until it comes round to the same.
    turn: u64,
    /// Runs it so many times, and tells how long that took.
    run: Box<dyn FnMut(u64) -> Duration>,
    /// How often one run asks Rust's allocator for memory, where that is counted.
    allocations: Option<u64>,
    /// What grows in its group: how much of it there is, and what one of it is called.
    grown: Option<(usize, &'static str)>,
}

/// What a candidate may cost.
#[derive(Clone, Copy)]
pub(crate) enum Budget {
    None,
    /// So many times the group's first.
    Ratio(f64),
    /// So many nanoseconds more than the group's first.
    More(f64),
    Nanoseconds(f64),
}

impl Candidate {
    pub(crate) fn new<T>(
        group: &str,
        name: &str,
        budget: Budget,
        mut once: impl FnMut() -> T + 'static,
    ) -> Self {
        Self::timed(group, name, budget, move |times| {
            let started = Instant::now();
            for _ in 0..times {
                black_box(once());
            }
            started.elapsed()
        })
    }

    /// One that times itself.
    pub(crate) fn timed(
        group: &str,
        name: &str,
        budget: Budget,
        run: impl FnMut(u64) -> Duration + 'static,
    ) -> Self {
        let (group, name, run) = (group.to_owned(), name.to_owned(), Box::new(run));
        Self { group, name, budget, turn: 1, run, allocations: None, grown: None }
    }

    pub(crate) fn allocations(self, allocations: u64) -> Self {
        Self { allocations: Some(allocations), ..self }
    }

    pub(crate) fn grown(self, amount: usize, unit: &'static str) -> Self {
        Self { grown: Some((amount, unit)), ..self }
    }

    pub(crate) fn turn(self, turn: usize) -> Self {
        Self { turn: u64::try_from(turn).unwrap(), ..self }
    }
}

/// Samples every candidate once a round, and prints quartiles, and what each is of the first of its group and over it.
fn print_table(candidates: &mut [Candidate]) {
    let times: Vec<u64> = candidates.iter_mut().map(calibrate).collect();
    let mut samples = vec![Vec::with_capacity(ROUNDS); candidates.len()];
    for _ in 0..ROUNDS {
        for ((candidate, &times), samples) in candidates.iter_mut().zip(&times).zip(&mut samples) {
            (candidate.run)((times / 16).max(candidate.turn)); // caches and branch predictors belong to the one before
            let taken = (candidate.run)(times);
            #[expect(clippy::cast_precision_loss, reason = "far below 2^52")]
            samples.push(taken.as_nanos() as f64 / times as f64);
        }
    }
    let counted = candidates.iter().any(|candidate| candidate.allocations.is_some());
    let (column, rule) = if counted { (" allocations |", " ---: |") } else { ("", "") };
    println!("| | | median ns | quartiles | best | x first | over first | budget |{column}");
    println!("| --- | --- | ---: | ---: | ---: | ---: | ---: | ---: |{rule}");
    let mut first = ("", 0.0);
    for (candidate, samples) in candidates.iter().zip(&mut samples) {
        samples.sort_by(f64::total_cmp);
        let quarter = |quarters: usize| samples[(ROUNDS - 1) * quarters / 4];
        let median = quarter(2);
        if first.0 != candidate.group {
            first = (&candidate.group, median);
        }
        let (ratio, more) = (median / first.1, median - first.1);
        let over = |is_over: bool| if is_over { " (over)" } else { "" };
        let budget = match candidate.budget {
            Budget::None => String::new(),
            Budget::Ratio(most) => format!("{most} x{}", over(ratio > most)),
            Budget::More(most) => format!("{most} ns more{}", over(more > most)),
            Budget::Nanoseconds(most) => format!("{most} ns{}", over(median > most)),
        };
        let allocations = candidate.allocations.map(|count| format!(" {count} |"));
        println!(
            "| {} | {} | {median:.0} | {:.0} to {:.0} | {:.0} | {ratio:.3} | {more:.0} | {budget} |{}",
            candidate.group,
            candidate.name,
            quarter(1),
            quarter(3),
            quarter(0),
            allocations.unwrap_or_default(),
        );
    }
    if counted {
        println!(
            "\nAllocations are those that one run asks of Rust's allocator: what C libraries (AWS-LC, BoringSSL) allocate is \
             not counted."
        );
    }
    print_slopes(candidates, &samples);
}

/// What one more of what grows takes, from a group's first row to its last: by the best samples, which a busy machine
/// disturbs least. They come first.
fn print_slopes(candidates: &[Candidate], samples: &[Vec<f64>]) {
    let rows: Vec<_> = candidates.iter().zip(samples).map(|(row, samples)| (row, samples[0])).collect();
    for rows in rows.chunk_by(|(one, _), (other, _)| one.group == other.group) {
        let [(first, least), .., (last, most)] = rows else { continue };
        if let (Some((few, unit)), Some((many, _))) = (first.grown, last.grown) {
            #[expect(clippy::cast_precision_loss, reason = "far below 2^52")]
            let slope = (most - least) / (many - few) as f64;
            println!("\n{}: {slope:.2} ns for each {unit} more.", last.group);
        }
    }
}

/// How often a candidate runs in one sample.
fn calibrate(candidate: &mut Candidate) -> u64 {
    let mut times = 1_u64;
    loop {
        let taken = (candidate.run)(times);
        if taken * 4 > SAMPLE {
            let per_run = (taken.as_nanos() / u128::from(times)).max(1);
            return u64::try_from(SAMPLE.as_nanos() / per_run).unwrap_or(1).max(1);
        }
        times *= 2;
    }
}
