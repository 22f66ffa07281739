/// What one worker's calls of one model have come to, and what they wait for now.
///
/// Counts and held times run from the worker's start and only grow, so that a lost message loses nothing: who adds them up takes differences.
package struct ModelUsage: Hashable, Sendable {
    package var model: String
    /// Tries sent, those that were sent again included.
    package var started: Int64
    /// Tries that ended in anything but a refusal.
    package var accepted: Int64
    /// Tries that the provider turned away: too many requests, or overloaded.
    package var refused: Int64
    package var inputTokens: Int64
    package var outputTokens: Int64
    /// Tries under way now.
    package var inFlight: Int
    /// Calls that wait to be sent now.
    package var waiting: Int
    /// How long the provider asks to be left alone, from now.
    package var pauseMilliseconds: Int64
    /// How long calls have been held back by the share's concurrency, by its requests per minute and by its tokens per minute.
    package var heldByConcurrencyMilliseconds: Int64
    package var heldByRequestsMilliseconds: Int64
    package var heldByTokensMilliseconds: Int64

    package init(
        model: String, started: Int64 = 0, accepted: Int64 = 0, refused: Int64 = 0, inputTokens: Int64 = 0, outputTokens: Int64 = 0, inFlight: Int = 0,
        waiting: Int = 0, pauseMilliseconds: Int64 = 0, heldByConcurrencyMilliseconds: Int64 = 0, heldByRequestsMilliseconds: Int64 = 0,
        heldByTokensMilliseconds: Int64 = 0
    ) {
        self.model = model
        self.started = started
        self.accepted = accepted
        self.refused = refused
        self.inputTokens = inputTokens
        self.outputTokens = outputTokens
        self.inFlight = inFlight
        self.waiting = waiting
        self.pauseMilliseconds = pauseMilliseconds
        self.heldByConcurrencyMilliseconds = heldByConcurrencyMilliseconds
        self.heldByRequestsMilliseconds = heldByRequestsMilliseconds
        self.heldByTokensMilliseconds = heldByTokensMilliseconds
    }

    /// Calls that are sent or want to be.
    package var demand: Int { inFlight + waiting }
}
