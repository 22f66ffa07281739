import OrderedCollections
import Synchronization

/// Lets at most so many through at once; the others wait in the order of their coming.
///
/// A waiter whose task is cancelled leaves the queue at once, and takes no place with it.
final class ConcurrencyGate: Sendable {
    private struct State {
        var free: Int
        var nextTicket: UInt64 = 0
        var waiting: OrderedDictionary<UInt64, CheckedContinuation<Bool, Never>> = [:]
        /// Tickets cancelled before they came to wait.
        var cancelled: Set<UInt64> = []
    }

    private let state: Mutex<State>

    init(places: Int) {
        precondition(places >= 1, "a gate with no place would hold everybody for ever")
        state = Mutex(State(free: places))
    }

    /// How many wait now.
    var waitingCount: Int { state.withLock { $0.waiting.count } }

    /// Runs `body` in one of the places.
    ///
    /// - Throws: `CancellationError` when the task is cancelled before it has a place, and what `body` throws.
    func withPlace<Value: Sendable>(_ body: () async throws -> Value) async throws -> Value {
        guard await enter() else { throw CancellationError() }
        defer { leave() }
        return try await body()
    }

    /// False when the task was cancelled while it waited; then there is no place to give back.
    private func enter() async -> Bool {
        let ticket = state.withLock { state in
            state.nextTicket += 1
            return state.nextTicket
        }
        // A cancellation that comes after the decision leaves its ticket behind.
        defer { state.withLock { _ = $0.cancelled.remove(ticket) } }
        return await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let decided: Bool? = state.withLock { state in
                    if state.cancelled.remove(ticket) != nil { return false }
                    if state.free > 0 {
                        state.free -= 1
                        return true
                    }
                    state.waiting[ticket] = continuation
                    return nil
                }
                if let decided { continuation.resume(returning: decided) }
            }
        } onCancel: {
            let waiter = state.withLock { state in
                guard let waiter = state.waiting.removeValue(forKey: ticket) else {
                    state.cancelled.insert(ticket)
                    return CheckedContinuation<Bool, Never>?.none
                }
                return waiter
            }
            waiter?.resume(returning: false)
        }
    }

    private func leave() {
        let next = state.withLock { state in
            guard !state.waiting.isEmpty else {
                state.free += 1
                return CheckedContinuation<Bool, Never>?.none
            }
            return state.waiting.removeFirst().value
        }
        next?.resume(returning: true)
    }
}
