import Synchronization

/// How many requests a task may still send to providers, shared by all of its calls: of the model, of the judge, and their retries.
///
/// A request is taken before it is sent, so that never more are under way than are left. It is given back only when it was surely not served: refused with
/// 429, or never connected. Whatever else went wrong (a time limit, a 5xx, a stream that broke) it may be billed, and stays taken.
package final class CallAllowance: Sendable {
    package let limit: Int?
    private let taken = Mutex(0)

    /// - Parameter limit: nil for a task without one; its requests are counted all the same.
    package init(limit: Int?) { self.limit = limit }

    /// Requests that were, or may have been, served, and those under way.
    package var spent: Int { taken.withLock { $0 } }

    package var left: Int { limit.map { max(0, $0 - spent) } ?? .max }

    /// False when none is left: then nothing may be sent.
    package func take() -> Bool {
        taken.withLock { taken in
            if let limit, taken >= limit { return false }
            taken += 1
            return true
        }
    }

    /// The request taken last, or another of the same task, was surely not served.
    package func giveBack() { taken.withLock { $0 = max(0, $0 - 1) } }
}
