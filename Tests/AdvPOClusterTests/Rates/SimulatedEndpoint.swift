import AdvPOModel

/// A provider in virtual time that turns calls away by a rule that nobody is told.
struct SimulatedEndpoint {
    enum Rule {
        /// A token bucket of so many requests, filled evenly.
        case requests(perMinute: Int64, burst: Int64)
        /// The same for the tokens of requests and answers, taken when the request comes.
        case tokens(perMinute: Int64, burst: Int64)
        case concurrency(Int)
        /// Fails for a while, then bears everything.
        case outage(from: Int64, to: Int64)
    }

    var rules: [Rule]
    /// Told with each refusal.
    var retryAfterMilliseconds: Int64?
    private var levels: [Int64]
    private var filledAt: Int64 = 0
    private(set) var inFlight = 0
    private(set) var accepted = 0
    private(set) var refused = 0
    private(set) var acceptedTokens: Int64 = 0

    init(_ rules: [Rule], retryAfterMilliseconds: Int64? = nil) {
        self.rules = rules
        self.retryAfterMilliseconds = retryAfterMilliseconds
        levels = rules.map { rule in
            switch rule {
            case .requests(_, let burst), .tokens(_, let burst): burst * 60_000
            case .concurrency, .outage: 0
            }
        }
    }

    mutating func reset() { (accepted, refused, acceptedTokens) = (0, 0, 0) }

    /// True when the call is taken.
    mutating func call(tokens: Int64, at now: Int64) -> Bool {
        for (index, rule) in rules.enumerated() {
            switch rule {
            case .requests(let rate, let burst), .tokens(let rate, let burst): levels[index] = min(burst * 60_000, levels[index] + rate * (now - filledAt))
            case .concurrency, .outage: break
            }
        }
        filledAt = now
        let isTaken = zip(rules, levels).allSatisfy { rule, level in
            switch rule {
            case .requests: level >= 60_000
            case .tokens: level >= tokens * 60_000
            case .concurrency(let most): inFlight < most
            case .outage(let from, let to): now < from || now >= to
            }
        }
        guard isTaken else {
            refused += 1
            return false
        }
        for (index, rule) in rules.enumerated() {
            switch rule {
            case .requests: levels[index] -= 60_000
            case .tokens: levels[index] -= tokens * 60_000
            case .concurrency, .outage: break
            }
        }
        accepted += 1
        acceptedTokens += tokens
        inFlight += 1
        return true
    }

    mutating func answered() { inFlight -= 1 }
}
