use std::cell::Cell;

/// Each thread measures the latency of one decision in this number. Reading a clock twice costs more than all counters of a
/// decision.
pub const SAMPLED_EVERY: u32 = 1_024;

thread_local! {
    /// The number of decisions on this thread.
    static DECISIONS: Cell<u32> = const { Cell::new(0) };
}

/// Counts a decision on this thread. Returns true if the latency of the decision has to be measured.
#[inline]
pub(crate) fn is_sampled() -> bool {
    DECISIONS.with(|decisions| {
        let number = decisions.get().wrapping_add(1);
        decisions.set(number);
        number.is_multiple_of(SAMPLED_EVERY)
    })
}

#[cfg(test)]
mod tests;
