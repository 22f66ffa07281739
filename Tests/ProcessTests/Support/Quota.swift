import Synchronization

/// Lets the first so many calls pass, and every call of some callers; the others wait until there is more room.
final class Quota: Sendable {
    private struct State {
        var limit: Int
        var free: Set<String> = []
    }

    private let state: Mutex<State>
    private let changes = EventLog<Void>()

    init(_ limit: Int) {
        state = Mutex(State(limit: limit))
        changes.append(())
    }

    func raise(to limit: Int) {
        state.withLock { $0.limit = limit }
        changes.append(())
    }

    /// Calls with this authorization wait for nothing from now on.
    func free(_ caller: String) {
        state.withLock { _ = $0.free.insert(caller) }
        changes.append(())
    }

    func pass(_ call: ModelServer.Call) async throws {
        for await _ in changes.stream() where state.withLock({ call.number <= $0.limit || $0.free.contains(call.authorization ?? "") }) { return }
        throw CancellationError()
    }
}
