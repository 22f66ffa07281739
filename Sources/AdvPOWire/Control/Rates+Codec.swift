import AdvPOModel

extension ModelUsage {
    init(_ proto: ProtoModelUsage, _ place: String) throws(WireError) {
        guard !proto.model.isEmpty else { throw WireCheck.missing("\(place).model") }
        self.init(
            model: proto.model,
            started: try WireCheck.quantity(proto.started, "\(place).started"),
            accepted: try WireCheck.quantity(proto.accepted, "\(place).accepted"),
            refused: try WireCheck.quantity(proto.refused, "\(place).refused"),
            inputTokens: try WireCheck.quantity(proto.inputTokens, "\(place).input_tokens"),
            outputTokens: try WireCheck.quantity(proto.outputTokens, "\(place).output_tokens"),
            inFlight: try RateShare.places(proto.inFlight, "\(place).in_flight"),
            waiting: try RateShare.places(proto.waiting, "\(place).waiting"),
            pauseMilliseconds: try WireCheck.quantity(proto.pauseMilliseconds, "\(place).pause_milliseconds"),
            heldByConcurrencyMilliseconds: try WireCheck.quantity(proto.heldByConcurrencyMilliseconds, "\(place).held_by_concurrency_milliseconds"),
            heldByRequestsMilliseconds: try WireCheck.quantity(proto.heldByRequestsMilliseconds, "\(place).held_by_requests_milliseconds"),
            heldByTokensMilliseconds: try WireCheck.quantity(proto.heldByTokensMilliseconds, "\(place).held_by_tokens_milliseconds"))
    }
}

extension ProtoModelUsage {
    init(_ usage: ModelUsage) {
        self.init()
        model = usage.model
        started = usage.started
        accepted = usage.accepted
        refused = usage.refused
        inputTokens = usage.inputTokens
        outputTokens = usage.outputTokens
        inFlight = UInt32(clamping: usage.inFlight)
        waiting = UInt32(clamping: usage.waiting)
        pauseMilliseconds = usage.pauseMilliseconds
        heldByConcurrencyMilliseconds = usage.heldByConcurrencyMilliseconds
        heldByRequestsMilliseconds = usage.heldByRequestsMilliseconds
        heldByTokensMilliseconds = usage.heldByTokensMilliseconds
    }
}

extension RateShare {
    /// More than any worker has at once; sums over all workers stay small.
    static let mostPlaces: UInt32 = 1 << 20

    static func places(_ value: UInt32, _ place: String) throws(WireError) -> Int {
        guard value <= mostPlaces else { throw WireError(place: place, problem: "is \(value), more than the \(mostPlaces) allowed") }
        return Int(value)
    }

    init(_ proto: ProtoRateShare, _ place: String) throws(WireError) {
        guard !proto.model.isEmpty else { throw WireCheck.missing("\(place).model") }
        var requests: Int64?
        if proto.hasMilliRequestsPerMinute { requests = try WireCheck.quantity(proto.milliRequestsPerMinute, "\(place).milli_requests_per_minute") }
        var tokens: Int64?
        if proto.hasTokensPerMinute { tokens = try WireCheck.quantity(proto.tokensPerMinute, "\(place).tokens_per_minute") }
        self.init(
            model: proto.model, concurrency: try Self.places(proto.concurrency, "\(place).concurrency"), milliRequestsPerMinute: requests,
            tokensPerMinute: tokens, pauseMilliseconds: try WireCheck.quantity(proto.pauseMilliseconds, "\(place).pause_milliseconds"))
    }
}

extension ProtoRateShare {
    init(_ share: RateShare) {
        self.init()
        model = share.model
        concurrency = UInt32(clamping: share.concurrency)
        if let requests = share.milliRequestsPerMinute { milliRequestsPerMinute = requests }
        if let tokens = share.tokensPerMinute { tokensPerMinute = tokens }
        pauseMilliseconds = share.pauseMilliseconds
    }
}
