//! Bounds of memory and work for one input.
//!
//! Targets run the code under test inside [`Bounds::check`], which measures the peak of heap memory and counts the bytes that
//! loops visit. The oracles run outside.

#![allow(dead_code, reason = "each target uses some of it")]

/// The maximum heap memory that one call may add at once.
#[derive(Clone, Copy, Debug)]
pub struct Bounds {
    /// Bytes of heap memory, whatever the input.
    pub heap: u64,
    /// Further bytes of heap memory for each byte of the input.
    pub heap_per_byte: u64,
}

impl Bounds {
    /// The bounds of code that does not allocate.
    pub const NO_HEAP: Self = Self { heap: 0, heap_per_byte: 0 };

    /// Runs `call` on an input of this many bytes.
    ///
    /// # Panics
    ///
    /// If the call exceeds a bound, or visits more bytes than [`most_work`](playgate::internals::most_work).
    pub fn check<T>(self, input: usize, call: impl FnOnce() -> T) -> T {
        #[cfg(fuzzing)]
        playgate::internals::take_work();
        let mut result = None;
        let heap = allocation_counter::measure(|| result = Some(call()));
        let bytes = input as u64;
        #[cfg(fuzzing)]
        {
            let (visited, most) = (playgate::internals::take_work(), playgate::internals::most_work(bytes));
            assert!(visited <= most, "{visited} bytes visited for {bytes} bytes of input, at most {most}");
        }
        let most = self.heap + self.heap_per_byte * bytes;
        assert!(heap.bytes_max <= most, "{} bytes of heap for {bytes} bytes of input, at most {most}", heap.bytes_max);
        result.expect("the call returned")
    }
}

/// Decides a request of this many bytes and carries the decision out.
///
/// # Panics
///
/// If either exceeds a bound.
pub fn decided<T>(received: usize, decide: impl FnOnce() -> T, carry_out: impl FnOnce(&T)) -> T {
    let decision = DECISION.check(received, decide);
    REPLY.check(received, || carry_out(&decision));
    decision
}

/// The bounds of a decision. It allocates only to remember a verified token, and to count failures.
const DECISION: Bounds = Bounds { heap: 64 * 1024, heap_per_byte: 2 };

/// The bounds of a reply: the answer or the edits, and a log line.
const REPLY: Bounds = Bounds { heap: 16 * 1024, heap_per_byte: 8 };
