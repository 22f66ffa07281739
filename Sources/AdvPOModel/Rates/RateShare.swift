/// What one worker may do with one model until it is told otherwise: absolute values, so that hearing them twice is harmless.
package struct RateShare: Hashable, Sendable {
    package var model: String
    /// Tries under way at once.
    package var concurrency: Int
    /// Tries sent per minute, in thousandths; nil: as many as the concurrency allows.
    package var milliRequestsPerMinute: Int64?
    /// Tokens of requests and answers per minute; nil: no bound.
    package var tokensPerMinute: Int64?
    /// Send nothing for so long from now.
    package var pauseMilliseconds: Int64

    package init(
        model: String, concurrency: Int, milliRequestsPerMinute: Int64? = nil, tokensPerMinute: Int64? = nil, pauseMilliseconds: Int64 = 0
    ) {
        self.model = model
        self.concurrency = concurrency
        self.milliRequestsPerMinute = milliRequestsPerMinute
        self.tokensPerMinute = tokensPerMinute
        self.pauseMilliseconds = pauseMilliseconds
    }
}

/// Models whose use is shared out over a cluster, as the one who tells the coordinator sees them.
package protocol RatedModels: Sendable {
    /// Of every model that was ever asked for, in a fixed order.
    func usage() -> [ModelUsage]
    /// Shares of models that are not known are passed over; a model without a share keeps what it had.
    func apply(_ shares: [RateShare])
    /// Whether a coordinator shares rates out; until it does for a model, that model is asked carefully.
    func isShared(_ isShared: Bool)
    /// Yields when the coordinator should hear of the usage sooner than it would. For one reader.
    var news: AsyncStream<Void> { get }
}
