//! Named steps of a command, each with the time it took.

use std::time::{Duration, Instant};

use crate::{Result, say::say};

/// Runs the steps of one command and remembers how long each took.
pub struct Phases {
    started: Instant,
    done: Vec<(String, Duration)>,
}

impl Default for Phases {
    fn default() -> Self {
        Self { started: Instant::now(), done: Vec::new() }
    }
}

impl Phases {
    /// Runs one step: its name is printed before it starts, its time when it ends, well or not.
    pub fn run<T>(&mut self, name: &str, work: impl FnOnce() -> Result<T>) -> Result<T> {
        say(format_args!("\n== {name}"));
        let started = Instant::now();
        let result = work();
        let took = started.elapsed();
        let ending = if result.is_ok() { "done" } else { "FAILED" };
        say(format_args!("   {name}: {ending} in {}", seconds(took)));
        self.done.push((name.to_owned(), took));
        result
    }

    /// Prints the time of every step and of the whole.
    pub fn summary(&self) {
        say("\n== times");
        for (name, took) in &self.done {
            say(format_args!("   {:>9}  {name}", seconds(*took)));
        }
        say(format_args!("   {:>9}  in all", seconds(self.started.elapsed())));
    }
}

/// A duration as people read it: `3.2 s`, `4 m 05 s`.
pub fn seconds(took: Duration) -> String {
    let whole = took.as_secs();
    if whole < 60 { format!("{:.1} s", took.as_secs_f64()) } else { format!("{} m {:02} s", whole / 60, whole % 60) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_read_naturally() {
        assert_eq!(seconds(Duration::from_millis(3240)), "3.2 s");
        assert_eq!(seconds(Duration::from_secs(245)), "4 m 05 s");
    }
}
