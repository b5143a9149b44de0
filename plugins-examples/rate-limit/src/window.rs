/// A sliding window over two fixed ones: the previous one counts in proportion to its overlap.
pub struct Window {
    pub limit: u64,
    pub length_ms: u64,
}

impl Window {
    /// Returns the number of the fixed window at a moment, and how much of it has passed.
    pub fn at(&self, now_ms: u64) -> (u64, u64) {
        (now_ms / self.length_ms, now_ms % self.length_ms)
    }

    /// Whether `current` calls in this window, including this one, are allowed after `before` calls in the last.
    pub fn allows(&self, before: u64, current: u64, passed_ms: u64) -> bool {
        let covered = u128::from(before) * u128::from(self.length_ms - passed_ms);
        covered + u128::from(current) * u128::from(self.length_ms) <= u128::from(self.limit) * u128::from(self.length_ms)
    }

    /// Returns the milliseconds until the call is allowed, if there is no other call.
    pub fn wait_ms(&self, before: u64, current: u64, passed_ms: u64) -> u64 {
        // In this window the share of the previous one shrinks; in the next, the share of this one does.
        let rest = self.length_ms - passed_ms;
        if current <= self.limit {
            let until = self.fades(before, self.limit - current);
            return until.saturating_sub(passed_ms).min(rest);
        }
        rest + self.fades(current - 1, self.limit - 1)
    }

    /// Returns how much of a window must pass until at most `room` of the previous `calls` count.
    fn fades(&self, calls: u64, room: u64) -> u64 {
        if calls <= room {
            return 0;
        }
        let left = u128::from(room) * u128::from(self.length_ms) / u128::from(calls);
        self.length_ms - u64::try_from(left).unwrap_or(self.length_ms)
    }
}
