import AdvPOModel

/// Asking, entering and reporting.
extension Search {
    /// Makes and charges an evaluation request; candidates with nothing to score are left out.
    mutating func ask(_ purpose: EvaluationRequest.Purpose, _ items: [(CandidateID, [Int])]) -> (EvaluationRequest, [SearchEffect]) {
        let wanted = items.filter { !$0.1.isEmpty }
        precondition(!wanted.isEmpty, "a request asks for something")
        let request = EvaluationRequest(
            id: nextRequestID, iteration: round, purpose: purpose,
            items: wanted.map { EvaluationRequest.Item(candidate: $0.0, document: candidates[$0.0.rawValue].record.document, samples: $0.1.sorted()) })
        nextRequestID += 1
        let worst = cost(wanted)
        dollars?.reserve(worst)
        ledger.chargeUnits(wanted.reduce(0) { $0 + $1.1.count })
        return (request, [.evaluate(request), progress(purpose)])
    }

    /// Takes the records of `request` in, and says what each candidate's score on the touched splits is now.
    mutating func enter(_ records: [[UnitRecord]], of request: EvaluationRequest) -> [SearchEffect] {
        precondition(records.count == request.items.count, "every item has its records")
        var effects: [SearchEffect] = []
        for (item, itemRecords) in zip(request.items, records) {
            precondition(itemRecords.count == item.samples.count, "every sample has a record")
            for (sample, record) in zip(item.samples, itemRecords) { board.enter(record, candidate: item.candidate, sample: sample) }
            for split in Split.allCases where item.samples.contains(where: { space.splits.assignment[$0] == split }) {
                let summary = board.summary(item.candidate, on: space.splits.indices(split))
                guard let mean = summary.mean else { continue }
                effects.append(
                    .scored(
                        CandidateScore(candidate: item.candidate, split: split, mean: mean, scoredSamples: summary.scored, missingSamples: summary.missing)))
            }
        }
        return effects
    }

    func progress(_ phase: EvaluationRequest.Purpose) -> SearchEffect {
        .progress(
            SearchProgress(
                iteration: round, phase: phase, callsSpent: ledger.spent, callsBudget: ledger.budget,
                originalScore: board.summary(CandidateID(0), on: space.decidingItems).mean,
                bestScore: board.summary(incumbent, on: space.decidingItems).mean))
    }

    mutating func finish(
        _ ending: SearchOutcome.Ending, _ explanation: String, returned: CandidateRecord? = nil, challenger: CandidateRecord? = nil, proof: Proof? = nil
    ) -> [SearchEffect] {
        deliver(outcome(ending, explanation, returned: returned, challenger: challenger, proof: proof))
    }

    func outcome(
        _ ending: SearchOutcome.Ending, _ explanation: String, returned: CandidateRecord? = nil, challenger: CandidateRecord? = nil, proof: Proof? = nil
    ) -> SearchOutcome {
        SearchOutcome(
            ending: ending, explanation: explanation, returned: returned ?? candidates[0].record, challenger: challenger, proof: proof,
            splits: space.splits.assignment, callsSpent: ledger.spent)
    }

    mutating func deliver(_ outcome: SearchOutcome) -> [SearchEffect] {
        state = .finished
        var final = outcome
        final.callsSpent = ledger.spent
        return [.finish(final)]
    }
}
