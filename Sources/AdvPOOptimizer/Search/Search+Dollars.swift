package import AdvPOModel

/// Keeping within a budget in dollars: before anything is asked for, its worst case and the proof's are set aside.
extension Search {
    static let budgetIsUsedUp = "the budget allows no further call"

    /// What the proof may cost at most, whichever of `contenders` comes to it.
    mutating func proofReserve(_ contenders: [CandidateID]) -> NanoDollars {
        guard var ledger = dollars else { return .zero }
        defer { dollars = ledger }
        let original = ledger.proofCost(of: CandidateID(0), candidates[0].record.document)
        let challengers = contenders.filter { $0 != CandidateID(0) }.map { ledger.proofCost(of: $0, candidates[$0.rawValue].record.document) }
        return original + (challengers.max() ?? .zero)
    }

    func cost(_ items: [(CandidateID, [Int])]) -> NanoDollars {
        guard let dollars else { return .zero }
        return items.reduce(.zero) { $0 + dollars.cost(of: candidates[$1.0.rawValue].record.document, on: $1.1) }
    }

    /// True without a budget in dollars, and when `items` can be paid and `kept` is still there afterwards.
    func canPay(_ items: [(CandidateID, [Int])], keeping kept: NanoDollars) -> Bool {
        guard let dollars else { return true }
        return cost(items) <= dollars.available(keeping: kept)
    }

    /// Takes entrants out until the rest can be scored on what `items` names and any of them proven: the last first while the calls do not suffice (retries
    /// took some that were meant for this race), then the dearest first. False when none is left.
    mutating func trim(_ race: inout Race, withIncumbent: Bool, items: (Search, CandidateID) -> [Int]) -> Bool {
        let incumbentUnits = withIncumbent ? items(self, incumbent).count : 0
        while incumbentUnits + race.entrants.reduce(0, { $0 + items(self, $1).count }) > ledger.availableUnits {
            guard !race.entrants.isEmpty else { return false }
            race.entrants.removeLast()
        }
        guard !race.entrants.isEmpty else { return false }
        guard dollars != nil else { return true }
        while !race.entrants.isEmpty {
            let wanted = ((withIncumbent ? [incumbent] : []) + race.entrants).map { ($0, items(self, $0)) }
            if canPay(wanted, keeping: proofReserve([incumbent] + race.entrants)) { return true }
            let prices = race.entrants.map { entrant in cost([(entrant, items(self, entrant))]) + proofReserve([entrant]) }
            // Of equally dear ones the last, which was the least promising.
            guard let dearest = prices.indices.max(by: { (prices[$0], $0) < (prices[$1], $1) }) else { return false }
            race.entrants.remove(at: dearest)
        }
        return false
    }

    /// What one unit of a round costs at most, taking its candidates to be as long as the best prompt.
    func unitEstimate() -> NanoDollars {
        guard let dollars, !space.searchItems.isEmpty else { return .zero }
        let total = dollars.cost(of: candidates[incumbent.rawValue].record.document, on: space.searchItems)
        return NanoDollars(total.value / Int64(space.searchItems.count))
    }

    /// The units that a round may have by the budget in dollars, the proof of the best prompt kept back. A quarter is left for rewrites, if there are to be any.
    mutating func payableUnits(withChats: Bool, estimate: NanoDollars) -> Int {
        guard let dollars else { return .max }
        let free = dollars.available(keeping: proofReserve([incumbent])).value
        return Int((withChats ? free - free / 4 : free) / max(1, estimate.value))
    }

    /// As many of the chats as can be paid when the round itself is.
    mutating func payable(_ chats: [GenerationRequest.Chat], roundUnits: Int, estimate: NanoDollars) -> [GenerationRequest.Chat] {
        guard let ledger = dollars else { return chats }
        let round = estimate.value.multipliedReportingOverflow(by: Int64(roundUnits))
        var free = ledger.available(keeping: proofReserve([incumbent]) + NanoDollars(round.overflow ? .max : round.partialValue)).value
        return Array(chats.prefix { chat in
            free -= ledger.bound.chat(chat).value
            return free >= 0
        })
    }

    /// As many samples as the candidate can still be scored on.
    func payable(_ samples: [Int], of candidate: CandidateID) -> [Int] {
        guard let dollars else { return samples }
        let document = candidates[candidate.rawValue].record.document
        var free = dollars.available(keeping: .zero).value
        return Array(samples.prefix { sample in
            free -= dollars.cost(of: document, on: [sample]).value
            return free >= 0
        })
    }

    /// What is set aside for the proof while the request under way may still be tried again: nothing once the proof itself is.
    package mutating func kept() -> (calls: Int, dollars: NanoDollars) {
        switch state {
        case .idle, .baseline: (ledger.reserved, proofReserve([]))
        case .generating: (ledger.reserved, proofReserve([incumbent]))
        case .screening(_, let race), .validating(_, let race): (ledger.reserved, proofReserve([incumbent] + race.entrants))
        case .proving, .completing, .finished: (0, .zero)
        }
    }

    /// What the dearest call costs that scoring these samples can take; zero without a budget in dollars.
    package func dearestCall(_ item: EvaluationRequest.Item) -> NanoDollars {
        guard let dollars else { return .zero }
        return item.samples.map { index in
            let sample = configuration.template.samples[index]
            return dollars.bound.dearestCall(item.document.rendered(variables: sample.values), reference: sample.referenceResponse)
        }.max() ?? .zero
    }

    package func dearestCall(_ chat: GenerationRequest.Chat) -> NanoDollars { dollars?.bound.chat(chat) ?? .zero }

    /// Enters what the request under way has cost.
    mutating func settle(_ records: [[UnitRecord]], of request: EvaluationRequest) {
        guard let ledger = dollars else { return }
        var total = NanoDollars.zero
        for (item, itemRecords) in zip(request.items, records) {
            for (sample, record) in zip(item.samples, itemRecords) { total = total + ledger.actualCost(of: record, item.document, sample: sample) }
        }
        dollars?.settle(total)
    }

    mutating func settle(_ records: [UnitRecord], of request: GenerationRequest) {
        guard let ledger = dollars else { return }
        dollars?.settle(zip(request.chats, records).reduce(.zero) { $0 + ledger.actualCost(of: $1.1, $1.0) })
    }
}

/// The least with which a search can say anything.
package struct SearchMinimum: Hashable, Sendable {
    package var calls: Int
    /// At most; nil without a budget in dollars.
    package var dollars: NanoDollars?
}

extension Search {
    /// The fewest calls and dollars that scoring the original, one candidate of its length, and the proof of both take.
    package static func minimum(_ configuration: SearchConfiguration) -> SearchMinimum { Search(configuration: configuration).minimum }

    var minimum: SearchMinimum {
        var result = SearchMinimum(calls: space.minimumUnits * configuration.callsPerUnit, dollars: nil)
        guard let dollars else { return result }
        let original = candidates[0].record.document
        let proof = dollars.cost(of: original, on: space.holdout)
        let others = unitEstimate().value.multipliedReportingOverflow(by: Int64(space.minimumUnits - space.searchItems.count - space.proofUnits))
        result.dollars = dollars.cost(of: original, on: space.searchItems) + proof + proof + NanoDollars(others.overflow ? .max : others.partialValue)
        return result
    }
}
