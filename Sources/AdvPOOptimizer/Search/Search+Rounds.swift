import AdvPOModel

/// A round: proposals, screening, validation, and perhaps a new incumbent.
extension Search {
    /// The next round, or the proof when no further one is wanted or affordable.
    mutating func beginRound() -> [SearchEffect] {
        if let reason = reasonToEnd() { return beginProof(reason) }
        round += 1
        let chats = plannedChats()
        let estimate = unitEstimate()
        guard let plan = planRound(keepingChats: chats, estimate) ?? planRound(keepingChats: 0, estimate) else {
            round -= 1
            return beginProof("the budget allows no further round")
        }
        let screenGenerator = SeededGenerator(seed: configuration.seed, path: [0x5C, UInt64(round)])
        var generator = screenGenerator
        var ordered = plan
        ordered.screeningItems = space.strata.balanced(space.screeners, generator: &generator)
        let affordable = min(chats, ledger.available - roundUnits(plan) * configuration.callsPerUnit)
        return affordable > 0 ? askRewriter(affordable, plan: ordered, estimate) : propose(ordered, rewrites: [])
    }

    private func reasonToEnd() -> String? {
        if roundsWithoutGain >= configuration.breadth.patienceRounds { return "\(roundsWithoutGain) rounds in a row brought no gain" }
        if isPerfect, !configuration.template.shortenPrompt { return "every validation sample has the full score" }
        if space.mix.isEmpty, !configuration.hasRewriter {
            return "nothing could be proposed: no rewriter model is named, and the samples have no references for the other operators to learn from"
        }
        if space.mix.isEmpty, plannedChats() == 0 { return "the rewriter gave no usable prompt in \(chatsAsked) answers" }
        return nil
    }

    /// Full marks. A metric of the user's own may have another scale: it counts only if its scores were seen to stay between 0 and 1.
    private var isPerfect: Bool {
        guard board.summary(incumbent, on: space.decidingItems).mean == 1, board.largestScore ?? 0 <= 1 else { return false }
        switch configuration.template.method {
        case .defaultJudge, .customJudge, .steering, .builtin: return true
        case .function: return (board.smallestScore ?? 1) < 1
        }
    }

    /// Fewer once the rewriter has shown that its answers cannot be used.
    private func plannedChats() -> Int {
        guard configuration.hasRewriter else { return 0 }
        let usual = space.mix.isEmpty ? configuration.breadth.chatsPerRoundAlone : configuration.breadth.chatsPerRound
        guard rewritesAccepted == 0 else { return usual }
        return chatsAsked < usual ? usual : chatsAsked < 2 * usual ? max(1, usual / 4) : 0
    }

    /// The largest round that can be paid to its end, the proof kept back; nil when not even one candidate can.
    private mutating func planRound(keepingChats chats: Int, _ estimate: NanoDollars) -> RoundPlan? {
        let units = min((ledger.available - chats) / configuration.callsPerUnit, payableUnits(withChats: chats > 0, estimate: estimate))
        let target = round <= 1 ? configuration.breadth.firstRoundCandidates : configuration.breadth.laterRoundCandidates
        var fallback: RoundPlan?
        for finalists in stride(from: Race.finalists, through: 1, by: -1) {
            for count in stride(from: target, through: 1, by: -1) {
                let plan = RoundPlan(candidates: count, finalistLimit: finalists, screeningItems: [])
                guard roundUnits(plan) <= units else { continue }
                // Many candidates with few finalists before few candidates with many.
                if count >= 2 * finalists { return plan }
                fallback = plan
                break
            }
        }
        return fallback
    }

    private func roundUnits(_ plan: RoundPlan) -> Int {
        let incumbentRows = min(Race.rungs.last ?? 0, space.screeners.count { !board.wasAsked(incumbent, $0) })
        return incumbentRows
            + Race.units(
                candidates: plan.candidates, screening: space.screeners.count, validation: space.decidingItems.count, finalistLimit: plan.finalistLimit)
    }

    private mutating func askRewriter(_ count: Int, plan: RoundPlan, _ estimate: NanoDollars) -> [SearchEffect] {
        var generator = SeededGenerator(seed: configuration.seed, path: [0x9E, UInt64(round)])
        let evidence = space.screeners.compactMap { sample -> RewriteOperator.Evidence? in
            // What the incumbent has not been tried on is shown with the original's answer rather than not at all.
            for candidate in [incumbent, CandidateID(0)] {
                if let score = board.score(candidate, sample), let record = board.record(candidate, sample) {
                    return RewriteOperator.Evidence(sample: configuration.template.samples[sample], record: record, score: score)
                }
            }
            return nil
        }
        let written = space.rewriting.chats(
            count: count, about: parent(incumbent), meanScore: board.summary(incumbent, on: space.screeners).mean ?? 0, evidence: evidence,
            firstEmphasis: (round - 1) * count, generator: &generator)
        let chats = payable(written, roundUnits: roundUnits(plan), estimate: estimate)
        guard !chats.isEmpty else { return propose(plan, rewrites: []) }
        let request = GenerationRequest(id: nextRequestID, iteration: round, chats: chats)
        nextRequestID += 1
        if let ledger = dollars { dollars?.reserve(chats.reduce(.zero) { $0 + ledger.bound.chat($1) }) }
        ledger.chargeChats(chats.count)
        chatsAsked += chats.count
        state = .generating(request, plan)
        return [.generate(request), progress(.screening)]
    }

    /// Gathers a round's candidates, rewrites first, and sends them into screening.
    mutating func propose(_ plan: RoundPlan, rewrites: [UnitRecord]) -> [SearchEffect] {
        var effects: [SearchEffect] = []
        var entrants: [CandidateID] = []
        for record in rewrites {
            switch space.rewriting.proposal(from: record, parent: parent(incumbent)) {
            case .failure(let refusal):
                effects.append(.rejectedProposal(iteration: round, operatorName: RewriteOperator.name, reason: refusal.reason))
            case .success(let proposal):
                guard entrants.count < plan.candidates else { continue }
                if let admitted = admit(proposal, saysDuplicates: true, &effects) {
                    entrants.append(admitted)
                    rewritesAccepted += 1
                }
            }
        }
        for proposal in mixedProposals(plan.candidates) where entrants.count < plan.candidates {
            if let admitted = admit(proposal, saysDuplicates: false, &effects) { entrants.append(admitted) }
        }
        guard !entrants.isEmpty else {
            roundsWithoutGain += 1
            return effects + beginRound()
        }
        let race = Race(
            entrants: entrants, screeningItems: plan.screeningItems, validationItems: space.decidingItems, finalistLimit: plan.finalistLimit)
        return effects + runRung(race)
    }

    private func mixedProposals(_ count: Int) -> [Proposal] {
        var generator = SeededGenerator(seed: configuration.seed, path: [0x3F, UInt64(round)])
        if round == 1 { return space.mix.firstRound(original: parent(CandidateID(0)), count: count, generator: &generator) }
        return space.mix.laterRound(best: parent(incumbent), ranked: rankedParents(), count: count, generator: &generator)
    }

    /// Checks a proposal and gives it its id; nil when it is refused or known.
    private mutating func admit(_ proposal: Proposal, saysDuplicates: Bool, _ effects: inout [SearchEffect]) -> CandidateID? {
        guard let document = proposal.blueprint.document(samples: configuration.template.samples) else {
            effects.append(
                .rejectedProposal(
                    iteration: round, operatorName: proposal.operatorName, reason: "there is no open region for it, or it would change the placeholders"))
            return nil
        }
        if let known = documents[document] {
            if saysDuplicates {
                effects.append(
                    .rejectedProposal(iteration: round, operatorName: proposal.operatorName, reason: "it equals candidate \(known.rawValue)"))
            }
            return nil
        }
        if let reason = space.check.refusal(of: document) {
            effects.append(.rejectedProposal(iteration: round, operatorName: proposal.operatorName, reason: reason))
            return nil
        }
        let record = CandidateRecord(
            id: CandidateID(candidates.count), parents: proposal.parents, operatorName: proposal.operatorName, iteration: round, document: document)
        candidates.append(Candidate(record: record, blueprint: proposal.blueprint))
        documents[document] = record.id
        board.addCandidate()
        effects.append(.candidate(record))
        return record.id
    }

    // MARK: Screening

    private mutating func runRung(_ race: Race) -> [SearchEffect] {
        var race = race
        let rungItems = race.rungItems
        guard trim(&race, withIncumbent: true, items: { $0.unasked($1, rungItems) }) else { return beginProof(Self.budgetIsUsedUp) }
        let items = ([incumbent] + race.entrants).map { ($0, unasked($0, race.rungItems)) }
        guard items.contains(where: { !$0.1.isEmpty }) else { return endRung(race) }
        let (request, effects) = ask(.screening, items)
        state = .screening(request, race)
        return effects
    }

    mutating func endRung(_ race: Race) -> [SearchEffect] {
        var race = race
        let kept = Race.survivors(of: race.entrants.count, isLast: race.isLastRung, finalistLimit: race.finalistLimit)
        let ranked = race.entrants.enumerated().sorted { left, right in
            let means = (screeningGain(left.element, race), screeningGain(right.element, race))
            if means.0 != means.1 { return means.0 > means.1 }
            let lengths = (tieLength(left.element), tieLength(right.element))
            return lengths.0 != lengths.1 ? lengths.0 < lengths.1 : left.offset < right.offset
        }
        race.entrants = Array(ranked.map(\.element).prefix(kept))
        if race.isLastRung {
            dropBeaten(&race, on: race.rungItems)
            return runBlock(race)
        }
        race.rung += 1
        return runRung(race)
    }

    /// Mean difference to the incumbent on the rung's items; last when it has no score at all.
    private func screeningGain(_ candidate: CandidateID, _ race: Race) -> Double {
        let differences = board.differences(incumbent, candidate, on: race.rungItems)
        return differences.isEmpty ? -.infinity : differences.reduce(0, +) / Double(differences.count)
    }

    /// Shorter is better among equals only where the user asked for it; else the order of proposal decides.
    private func tieLength(_ candidate: CandidateID) -> Int {
        configuration.template.shortenPrompt ? candidates[candidate.rawValue].length : 0
    }

    // MARK: Validation

    private mutating func runBlock(_ race: Race) -> [SearchEffect] {
        guard !race.entrants.isEmpty, !race.isValidated else { return endRound(race) }
        var race = race
        let blockItems = race.blockItems
        guard trim(&race, withIncumbent: false, items: { $0.unasked($1, blockItems) }) else { return beginProof(Self.budgetIsUsedUp) }
        let items = race.entrants.map { ($0, unasked($0, race.blockItems)) }
        guard items.contains(where: { !$0.1.isEmpty }) else { return endBlock(race) }
        let (request, effects) = ask(.validation, items)
        state = .validating(request, race)
        return effects
    }

    mutating func endBlock(_ race: Race) -> [SearchEffect] {
        var race = race
        race.validated += race.blockItems.count
        if !race.isValidated { dropBeaten(&race, on: space.decidingItems) }
        return runBlock(race)
    }

    /// Takes out who is behind the leader of the race, be it the incumbent or an entrant.
    private func dropBeaten(_ race: inout Race, on items: [Int]) {
        var leader = incumbent
        for entrant in race.entrants where board.differences(leader, entrant, on: items).reduce(0, +) > 0 { leader = entrant }
        let standing = leader
        race.entrants.removeAll { $0 != standing && Race.isBeaten(board.differences(standing, $0, on: items)) }
    }

    private mutating func endRound(_ race: Race) -> [SearchEffect] {
        let before = incumbent
        for entrant in race.entrants {
            candidates[entrant.rawValue].isFullyValidated = true
            if isBetter(entrant, than: incumbent, on: space.decidingItems) { incumbent = entrant }
        }
        roundsWithoutGain = incumbent == before ? roundsWithoutGain + 1 : 0
        return beginRound()
    }

    /// Strictly higher on the items both have; when shortening, an equal score with fewer characters will do.
    func isBetter(_ candidate: CandidateID, than other: CandidateID, on items: [Int]) -> Bool {
        let differences = board.differences(other, candidate, on: items)
        // A mean over few common items says little about the whole.
        guard !differences.isEmpty, 2 * differences.count >= board.summary(other, on: items).scored else { return false }
        let sum = differences.reduce(0, +)
        if abs(sum) > 1e-9 { return sum > 0 }
        return configuration.template.shortenPrompt && candidates[candidate.rawValue].length < candidates[other.rawValue].length
    }

    // MARK: Parents

    func parent(_ id: CandidateID) -> Parent { Parent(id: id, blueprint: candidates[id.rawValue].blueprint) }

    /// All candidates, by their mean gain over the original on all items both have, drawn towards 0 where there are few.
    private func rankedParents() -> [Parent] {
        let gains = candidates.map { candidate -> Double in
            let differences = board.differences(CandidateID(0), candidate.record.id, on: space.searchItems)
            return differences.reduce(0, +) / Double(differences.count + Race.smallestBlock)
        }
        return candidates.indices.sorted { (gains[$1], $0) < (gains[$0], $1) }.map { parent(CandidateID($0)) }
    }

    /// Those of `items` that `candidate` was not scored on and may be: never its own worked examples.
    private func unasked(_ candidate: CandidateID, _ items: [Int]) -> [Int] {
        let examples = candidates[candidate.rawValue].blueprint.examples
        return items.filter { !board.wasAsked(candidate, $0) && !examples.contains($0) }
    }
}
