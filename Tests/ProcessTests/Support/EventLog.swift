import Synchronization

/// What happened so far and what happens from now on, for any number of readers: each reads all of it, in order.
final class EventLog<Element: Sendable>: Sendable {
    private struct State {
        var elements: [Element] = []
        var readers: [Int: AsyncStream<Element>.Continuation] = [:]
        var nextReader = 0
        var isClosed = false
    }

    private let state = Mutex(State())

    var elements: [Element] { state.withLock { $0.elements } }

    func append(_ element: Element) {
        state.withLock { state in
            state.elements.append(element)
            for reader in state.readers.values { reader.yield(element) }
        }
    }

    /// Nothing follows any more.
    func close() {
        state.withLock { state in
            state.isClosed = true
            for reader in state.readers.values { reader.finish() }
            state.readers = [:]
        }
    }

    /// From the beginning; ends with the log, or with the reading task's cancellation.
    func stream() -> AsyncStream<Element> {
        let (stream, continuation) = AsyncStream.makeStream(of: Element.self)
        state.withLock { state in
            for element in state.elements { continuation.yield(element) }
            guard !state.isClosed else { return continuation.finish() }
            state.readers[state.nextReader] = continuation
            state.nextReader += 1
        }
        return stream
    }

    /// The first element for which `transform` has a value; waits for it.
    ///
    /// - Throws: `NeverHappened` when the log is closed without one.
    func first<Value: Sendable>(_ what: String, _ transform: (Element) throws -> Value?) async throws -> Value {
        for await element in stream() {
            if let value = try transform(element) { return value }
        }
        try Task.checkCancellation()
        throw NeverHappened(what: what, instead: elements.suffix(40).map { "\($0)" })
    }
}

struct NeverHappened: Error, CustomStringConvertible {
    var what: String
    var instead: [String]
    var description: String { "\(what) never came; the last that did:\n" + instead.joined(separator: "\n") }
}

/// Passes while it is open; waiting ends with an error when the waiting task is cancelled.
final class Gate: Sendable {
    private struct State {
        var isOpen: Bool
        var waiting: [AsyncStream<Void>.Continuation] = []
    }

    private let state: Mutex<State>

    init(isOpen: Bool = false) { state = Mutex(State(isOpen: isOpen)) }

    func open() {
        state.withLock { state in
            state.isOpen = true
            for continuation in state.waiting { continuation.finish() }
            state.waiting = []
        }
    }

    func close() { state.withLock { $0.isOpen = false } }

    func pass() async throws {
        let (stream, continuation) = AsyncStream.makeStream(of: Void.self)
        state.withLock { state in
            if state.isOpen { continuation.finish() } else { state.waiting.append(continuation) }
        }
        for await _ in stream {}
        try Task.checkCancellation()
    }
}
