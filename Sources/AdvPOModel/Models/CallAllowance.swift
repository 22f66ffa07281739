/// How many requests a task may still send to providers, shared by all of its calls: of the model, of the judge, and their retries.
///
/// A request is taken before it is sent, so that never more are under way than are left. It is given back only when it was surely not served: refused with
/// 429, or never connected. Whatever else went wrong (a time limit, a 5xx, a stream that broke) it may be billed, and stays taken.
///
/// The count itself is kept by who makes the allowance; every copy of the value speaks of the same one.
package struct CallAllowance: Sendable {
    /// Nil without one.
    package let limit: Int?
    private let taking: @Sendable () -> Bool
    private let givingBack: @Sendable () -> Void
    private let counting: @Sendable () -> Int

    /// - Parameters:
    ///   - take: counts one request; false when none is left.
    ///   - giveBack: counts one request less.
    ///   - spent: requests counted now.
    package init(limit: Int?, take: @escaping @Sendable () -> Bool, giveBack: @escaping @Sendable () -> Void, spent: @escaping @Sendable () -> Int) {
        self.limit = limit
        taking = take
        givingBack = giveBack
        counting = spent
    }

    /// Without a limit, and without a count.
    package static let unlimited = CallAllowance(limit: nil, take: { true }, giveBack: {}, spent: { 0 })

    /// Requests that were, or may have been, served, and those under way.
    package var spent: Int { counting() }
    package var left: Int { limit.map { max(0, $0 - spent) } ?? .max }

    /// False when none is left: then nothing may be sent.
    package func take() -> Bool { taking() }

    /// The request taken last, or another of the same task, was surely not served.
    package func giveBack() { givingBack() }
}
