import AdvPOModel

/// One number that bounds a model's use, and how it moves.
struct RateBound: Sendable {
    enum Phase: String, Hashable, Sendable {
        /// Doubles: nothing was refused yet.
        case open
        /// Grows by eighths: its value is a first guess, or was cut because the provider failed.
        case recovering
        /// Stays as it is.
        case held
        /// Grows by small, equal steps.
        case probing
    }

    private(set) var value: Int64
    let least: Int64
    let most: Int64
    private(set) var phase: Phase
    /// Where recovery ends.
    private var goal: Int64
    private var heldUntil = Tick(milliseconds: .min)
    /// Tries of all time that must have been accepted before it grows again.
    private var heldUntilAccepted: Int64 = 0
    private var nextStep = Tick(milliseconds: .min)
    /// What one step up adds, as it was at the last cut.
    private var step: Int64
    private var stepsTaken = 0

    init(value: Int64, least: Int64, most: Int64, phase: Phase) {
        self.value = max(least, min(value, most))
        self.least = least
        self.most = max(least, most)
        self.phase = phase
        goal = value
        step = max(1, value / 100)
    }

    /// One step up, when its time has come. True when it was raised.
    mutating func grow(_ settings: RateSettings, accepted: Int64, _ now: Tick) -> Bool {
        guard now >= nextStep, value < most else { return false }
        let before = value
        switch phase {
        case .open:
            value *= 2
            nextStep = now.adding(milliseconds: settings.doublingMilliseconds)
        case .recovering:
            guard now >= heldUntil else { return false }
            value += max(1, value / 8)
            nextStep = now.adding(milliseconds: 1_000)
            if value >= goal {
                value = goal
                step = max(1, value / 100)
                phase = .held
                heldUntil = now.adding(milliseconds: settings.holdMilliseconds)
            }
        case .held:
            guard now >= heldUntil, accepted >= heldUntilAccepted || now >= heldUntil.adding(milliseconds: settings.longestHoldMilliseconds) else { return false }
            phase = .probing
            stepsTaken = 0
            fallthrough
        case .probing:
            // After a long time without refusals the limit is likely to be another one: the steps grow too.
            value += step * Int64(1 << min(3, stepsTaken / 12))
            stepsTaken += 1
            nextStep = now.adding(milliseconds: settings.probeMilliseconds)
        }
        value = min(value, most)
        return value > before
    }

    /// Sets it lower; then it is held until so late and so many more tries were accepted.
    mutating func cut(to lower: Int64, until: Tick, accepted: Int64) {
        value = max(least, min(lower, value))
        goal = value
        step = max(1, value / 100)
        phase = .held
        heldUntil = until
        heldUntilAccepted = accepted
        nextStep = until
    }

    /// As `cut`, for a provider that fails: most of what was lost is soon tried again.
    mutating func yield(to lower: Int64, until: Tick) {
        // While it fails it is cut again and again; what it bore before stays what is looked for.
        let goal = phase == .recovering ? self.goal : max(lower, (self.goal == most ? value : max(self.goal, value)) * 19 / 20)
        cut(to: lower, until: until, accepted: 0)
        self.goal = min(most, goal)
        phase = .recovering
    }

    /// For a first value that is little more than a guess: it grows by eighths until something is refused.
    mutating func search(from now: Tick) {
        goal = most
        phase = .recovering
        heldUntil = now
        nextStep = now
    }

    /// Takes a cut back that turned out to be of the wrong bound.
    mutating func restore(to earlier: Int64, phase: Phase, _ now: Tick) {
        value = max(least, min(earlier, most))
        goal = value
        step = max(1, value / 100)
        self.phase = phase
        heldUntil = now
        heldUntilAccepted = 0
        nextStep = now.adding(milliseconds: 1_000)
    }
}
