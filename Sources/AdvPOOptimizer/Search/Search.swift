import AdvPOModel

/// The search of one run as a pure state machine.
package struct Search: Sendable {
    package init(configuration: SearchConfiguration) { self.configuration = configuration }
    private let configuration: SearchConfiguration

    /// The first requests. Call once, before any event.
    package mutating func start() -> [SearchEffect] { [] }
    package mutating func handle(_ event: SearchEvent) -> [SearchEffect] { [] }
}
