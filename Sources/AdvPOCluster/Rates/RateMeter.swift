import AdvPOModel

/// Sums of the last seconds, and of all time.
struct RateMeter: Sendable {
    struct Counts: Hashable, Sendable {
        var started: Int64 = 0
        var refused: Int64 = 0
        var tokens: Int64 = 0
        /// Milliseconds, added over workers.
        var heldByConcurrency: Int64 = 0
        var heldByRequests: Int64 = 0
        var heldByTokens: Int64 = 0

        /// Those under way are taken for accepted: refusals come at once.
        var accepted: Int64 { max(0, started - refused) }

        static func += (lhs: inout Counts, rhs: Counts) {
            lhs.started += rhs.started
            lhs.refused += rhs.refused
            lhs.tokens += rhs.tokens
            lhs.heldByConcurrency += rhs.heldByConcurrency
            lhs.heldByRequests += rhs.heldByRequests
            lhs.heldByTokens += rhs.heldByTokens
        }
    }

    private static let seconds = 64
    private var ring = Array(repeating: Counts(), count: seconds)
    private var newest: Int64?
    private(set) var firstSecond: Int64?
    private(set) var total = Counts()

    mutating func add(_ counts: Counts, at now: Tick) {
        advance(to: now)
        ring[slot(now.milliseconds / 1_000)] += counts
        total += counts
    }

    /// Of the last whole seconds before this one; 1 to 60.
    func last(_ seconds: Int, at now: Tick) -> Counts { sum(1...Int64(seconds), now) }

    /// Of this second and the one before it.
    func justNow(_ now: Tick) -> Counts { sum(0...1, now) }

    private func sum(_ ages: ClosedRange<Int64>, _ now: Tick) -> Counts {
        guard let newest else { return Counts() }
        let second = now.milliseconds / 1_000
        var sum = Counts()
        for age in ages where second - age <= newest && second - age > newest - Int64(Self.seconds) { sum += ring[slot(second - age)] }
        return sum
    }

    private func slot(_ second: Int64) -> Int { Int((second % Int64(Self.seconds) + Int64(Self.seconds)) % Int64(Self.seconds)) }

    private mutating func advance(to now: Tick) {
        let second = now.milliseconds / 1_000
        defer { newest = max(newest ?? second, second) }
        guard let newest else {
            firstSecond = second
            return
        }
        guard second > newest else { return }
        for next in max(newest + 1, second - Int64(Self.seconds) + 1)...second { ring[slot(next)] = Counts() }
    }
}
