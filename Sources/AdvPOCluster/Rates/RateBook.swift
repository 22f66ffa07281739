package import AdvPOModel
package import OrderedCollections

/// What every model bears, and how that is shared out over the workers: held by the coordinator, without I/O or clock.
///
/// A worker that speaks of rates tells its use of each model with its heartbeats, and is told its share with their answers. Shares of requests and tokens
/// go by demand (calls under way and waiting); so do places, one at least while there are enough, else by turns. A place moves only once the worker that
/// had it has shown that it gave it up. Workers without calls keep a hundredth of the rate between them, and a place where there are plenty.
package struct RateBook: Sendable {
    let settings: RateSettings
    let ceilings: OrderedDictionary<String, RateCeiling>
    var models: OrderedDictionary<String, Entry> = [:]
    var sessions: OrderedDictionary<SessionID, Session> = [:]
    /// Those that use any model.
    var told: OrderedSet<SessionID> = []
    /// What is known of models that nobody uses any more is kept so far.
    static let mostModels = 1_000

    struct Session: Sendable {
        /// The number of the last word that had shares in it.
        var sequence: UInt64 = 0
        var lastWord = Tick(milliseconds: .min)
        var lastHeard = Tick(milliseconds: .min)
        /// What it can call: of nothing else is its use counted.
        var served: Set<String>
        var models: OrderedSet<String> = []
        /// A share differs from what was said last.
        var hasNews = false
        var isUrgent = false
        var isWorking = false
    }

    struct Entry: Sendable {
        var controller: RateController
        var members: OrderedDictionary<SessionID, Member> = [:]
        /// Of all members, as they told last.
        var inFlight = 0
        /// Shares do not fit the demand any more.
        var isStale = false
        var saidUrgency: UInt64 = 0
    }

    struct Member: Sendable {
        var usage: ModelUsage
        /// Falls slowly, so that a pause between two tasks does not move shares.
        var demand: Int
        var share: RateShare
        /// As the worker was told last; nil before the first word.
        var said: RateShare?
        /// Tries that it may have under way, whatever its share is by now.
        var places: Int
        /// Since when it has a place, or has none.
        var turnSince: Tick
    }

    package init(settings: RateSettings = RateSettings(), ceilings: OrderedDictionary<String, RateCeiling> = [:]) {
        self.settings = settings
        self.ceilings = ceilings
    }

    package mutating func join(_ session: SessionID, models: Set<String>) { sessions[session] = Session(served: models) }

    package mutating func leave(_ session: SessionID) {
        guard let left = sessions.removeValue(forKey: session) else { return }
        for model in left.models {
            let member = models[model]?.members.removeValue(forKey: session)
            models[model]?.inFlight -= member?.usage.inFlight ?? 0
            models[model]?.isStale = true
        }
        told.remove(session)
    }

    /// A worker's word about its use, with a heartbeat that shows what it has seen.
    package mutating func used(_ session: SessionID, _ usages: [ModelUsage], seen: UInt64, at now: Tick) {
        guard sessions[session] != nil else { return }
        sessions[session]?.lastHeard = now
        var isWorking = false
        for usage in usages {
            take(usage, of: session, seen: seen, now)
            if usage.demand > 0 { isWorking = true }
        }
        sessions[session]?.isWorking = isWorking
    }

    /// Moves bounds and shares on. The workers that are to be answered now, so that they hear of it or are heard.
    package mutating func tick(_ now: Tick) -> [SessionID] {
        for model in models.keys {
            guard var entry = models[model] else { continue }
            models[model] = nil
            let demanding = entry.members.values.count { $0.usage.demand > 0 }
            if entry.controller.tick(demanding: demanding, inFlight: entry.inFlight, now) { entry.isStale = true }
            if turnIsOver(entry, now) { entry.isStale = true }
            models[model] = entry
            if entry.isStale || entry.controller.urgency != entry.saidUrgency { share(model, now) }
        }
        return told.filter { wantsWord($0, now) }
    }

    /// Whether the worker's held heartbeat is to be answered at once.
    package func wantsWord(_ session: SessionID, _ now: Tick) -> Bool {
        guard let state = sessions[session], !state.models.isEmpty else { return false }
        if state.isUrgent { return true }
        let quiet = now.milliseconds - max(state.lastWord.milliseconds, .min / 2)
        if state.hasNews, quiet >= settings.wordMilliseconds { return true }
        guard state.isWorking else { return false }
        let isSearching = state.models.contains { models[$0]?.controller.isSearching ?? false }
        let pause = isSearching ? settings.searchingReportMilliseconds : settings.reportMilliseconds
        return quiet >= max(pause, Int64(told.count) * settings.reportMillisecondsPerWorker)
    }

    /// The worker's shares, for an answer to its heartbeat; counted as an instruction when they are new to it.
    package mutating func word(for session: SessionID, counting instructions: inout UInt64, at now: Tick) -> [RateShare] {
        guard var state = sessions[session], !state.models.isEmpty else { return [] }
        var shares: [RateShare] = []
        var isNew = false
        for model in state.models {
            guard var member = models[model]?.members[session] else { continue }
            if member.said != member.share { isNew = true }
            member.said = member.share
            models[model]?.members[session] = member
            var share = member.share
            if let end = models[model]?.controller.pausedUntil { share.pauseMilliseconds = max(0, end.milliseconds - now.milliseconds) }
            shares.append(share)
        }
        if isNew {
            instructions += 1
            state.sequence = instructions
        }
        state.lastWord = now
        state.hasNews = false
        state.isUrgent = false
        sessions[session] = state
        return shares
    }

    private mutating func take(_ usage: ModelUsage, of session: SessionID, seen: UInt64, _ now: Tick) {
        guard let state = sessions[session], state.served.contains(usage.model) else { return }
        let model = usage.model
        if models[model] == nil, models.count >= Self.mostModels { models.remove(at: models.values.firstIndex { $0.members.isEmpty } ?? 0) }
        var entry = models[model] ?? Entry(controller: RateController(settings: settings, ceiling: ceilings[model] ?? RateCeiling()))
        models[model] = nil
        let isKnown = entry.members[session] != nil
        var member = entry.members[session]
            ?? Member(usage: usage, demand: 0, share: RateShare(model: model, concurrency: 0), said: nil, places: usage.inFlight, turnSince: now)
        let counts = RateMeter.Counts(from: member.usage, to: usage)
        let hadDemand = member.usage.demand > 0
        entry.inFlight += usage.inFlight - (isKnown ? member.usage.inFlight : 0)
        member.usage = member.usage.advanced(to: usage)
        member.demand = max(usage.demand, member.demand * 3 / 4)
        // What it holds after it heard of its share is all that it holds.
        if seen >= state.sequence, member.said?.concurrency == member.share.concurrency { member.places = max(member.share.concurrency, usage.inFlight) }
        member.places = max(member.places, usage.inFlight)
        entry.members[session] = member
        sessions[session]?.models.append(model)
        told.append(session)
        entry.controller.observe(counts, inFlight: entry.inFlight, pauseMilliseconds: usage.pauseMilliseconds, at: now)
        entry.isStale = true
        let mustShare = !isKnown || !hadDemand && usage.demand > 0 || entry.controller.urgency != entry.saidUrgency
        models[model] = entry
        if mustShare { share(model, now) }
    }

    /// Whether workers wait for the places of others, whose time is up.
    private func turnIsOver(_ entry: Entry, _ now: Tick) -> Bool {
        let waits = entry.members.values.contains { $0.usage.demand > 0 && $0.share.concurrency == 0 }
        return waits && entry.members.values.contains { $0.share.concurrency > 0 && now.milliseconds - $0.turnSince.milliseconds >= settings.turnMilliseconds }
    }
}

extension RateMeter.Counts {
    /// What came between two words of one worker; words may overtake each other, so nothing is ever below 0, and none is believed beyond reason.
    init(from earlier: ModelUsage, to later: ModelUsage) {
        self.init()
        func difference(_ count: KeyPath<ModelUsage, Int64>, most: Int64) -> Int64 {
            max(0, min(most, later[keyPath: count] - earlier[keyPath: count]))
        }
        started = difference(\.started, most: 1_000_000)
        refused = difference(\.refused, most: 1_000_000)
        tokens = difference(\.inputTokens, most: 1 << 32) + difference(\.outputTokens, most: 1 << 32)
        heldByConcurrency = difference(\.heldByConcurrencyMilliseconds, most: 60_000)
        heldByRequests = difference(\.heldByRequestsMilliseconds, most: 60_000)
        heldByTokens = difference(\.heldByTokensMilliseconds, most: 60_000)
    }
}

extension ModelUsage {
    /// The later word, with no count below the earlier one.
    fileprivate func advanced(to later: ModelUsage) -> ModelUsage {
        var usage = later
        usage.started = max(started, later.started)
        usage.accepted = max(accepted, later.accepted)
        usage.refused = max(refused, later.refused)
        usage.inputTokens = max(inputTokens, later.inputTokens)
        usage.outputTokens = max(outputTokens, later.outputTokens)
        usage.heldByConcurrencyMilliseconds = max(heldByConcurrencyMilliseconds, later.heldByConcurrencyMilliseconds)
        usage.heldByRequestsMilliseconds = max(heldByRequestsMilliseconds, later.heldByRequestsMilliseconds)
        usage.heldByTokensMilliseconds = max(heldByTokensMilliseconds, later.heldByTokensMilliseconds)
        return usage
    }
}
