import AdvPOModel

/// The proof, the verdict, and what is returned.
extension Search {
    private var original: CandidateID { CandidateID(0) }
    private var proofSeed: UInt64 { configuration.seed &* 0x9E37_79B9_7F4A_7C15 &+ 0x900F }

    /// The search is over: to the holdout where there is one, else to an estimate from what is known.
    mutating func beginProof(_ reason: String) -> [SearchEffect] {
        endReason = reason
        switch space.splits.scheme {
        case .holdout:
            ledger.releaseReserve()
            // With no challenger the original goes alone: its owner still learns how it does on samples that chose nothing.
            let arms = incumbent == original ? [original] : [original, incumbent]
            guard arms.count * space.holdout.count <= ledger.availableUnits else {
                return finish(
                    .kept, "The original is returned: failed calls, tried again, and calls of lost workers took what was set aside, and the "
                        + "\(ledger.available) that are left of the budget of \(ledger.budget) calls do not pay for the proof. The search ended because \(reason).",
                    challenger: incumbent == original ? nil : candidates[incumbent.rawValue].record)
            }
            guard canPay(arms.map { ($0, space.holdout) }, keeping: .zero) else {
                // Only when calls cost more than their worst case by the prices at hand.
                return finish(
                    .kept, "The original is returned: calls cost more than was set aside for them, and the budget in dollars no longer pays for the proof. "
                        + "The search ended because \(reason).", challenger: incumbent == original ? nil : candidates[incumbent.rawValue].record)
            }
            let (request, effects) = ask(.proof, arms.map { ($0, space.holdout) })
            state = .proving(request)
            return effects
        case .crossFitted: return conclude(incumbent == original ? keptProof(on: space.decidingItems) : crossFittedProof())
        case .pool: return conclude(incumbent == original ? keptProof(on: space.decidingItems) : pooledProof())
        }
    }

    mutating func endProof() -> [SearchEffect] {
        guard incumbent != original else { return conclude(keptProof(on: space.holdout)) }
        let pairs = board.paired(original, incumbent, on: space.holdout)
        let comparison = PairedComparison(original: pairs.old, candidate: pairs.new, seed: proofSeed)
        return conclude(comparison.proof(verdict: comparison.verdict, split: .holdout, missingPairs: space.holdout.count - comparison.pairs))
    }

    private func keptProof(on items: [Int]) -> Proof {
        let pairs = board.paired(original, original, on: items)
        let comparison = PairedComparison(original: pairs.old, candidate: pairs.new, seed: proofSeed)
        let split: Split = space.splits.scheme == .holdout ? .holdout : space.decidingSplit
        return comparison.proof(verdict: .kept, split: split, missingPairs: items.count - comparison.pairs)
    }

    /// The samples chose the candidate they are scored on here: numbers for the eye, no claim.
    private func pooledProof() -> Proof {
        let pairs = board.paired(original, incumbent, on: space.decidingItems)
        let comparison = PairedComparison(original: pairs.old, candidate: pairs.new, seed: proofSeed)
        return comparison.proof(verdict: .inSample, split: .pool, missingPairs: space.decidingItems.count - comparison.pairs)
    }

    /// Two-fold cross-fitting over the validation split: the best of the fully validated candidates on one half is measured on the other,
    /// and the reverse; both halves together estimate what choosing gains. The choice of what got validated at all still saw both
    /// halves, so the verdict is never more than `likely`.
    private func crossFittedProof() -> Proof {
        let items = space.decidingItems
        let halves = [items.enumerated().filter { $0.offset % 2 == 0 }.map(\.element), items.enumerated().filter { $0.offset % 2 == 1 }.map(\.element)]
        var pairs: (old: [Double], new: [Double]) = ([], [])
        for (choosing, measuring) in [(halves[0], halves[1]), (halves[1], halves[0])] {
            var chosen = original
            for candidate in candidates where candidate.isFullyValidated && isBetter(candidate.record.id, than: chosen, on: choosing) {
                chosen = candidate.record.id
            }
            let measured = board.paired(original, chosen, on: measuring)
            pairs.old += measured.old
            pairs.new += measured.new
        }
        let comparison = PairedComparison(original: pairs.old, candidate: pairs.new, seed: proofSeed)
        let verdict = comparison.verdict == .improved ? .likely : comparison.verdict
        return comparison.proof(verdict: verdict, split: .validation, missingPairs: items.count - comparison.pairs)
    }

    private mutating func conclude(_ proof: Proof) -> [SearchEffect] {
        let challenger = candidates[incumbent.rawValue].record
        guard incumbent != original else {
            return finish(.kept, "No candidate scored higher than the original: \(endReason). The original is returned.", proof: proof)
        }
        let numbers = sentence(proof)
        if isReturnable(proof) {
            let claim = proof.verdict == .improved ? "Improved" : "Shorter by \(shortening(challenger)) characters, and the score did not fall"
            let note = proof.split == .validation ? " Estimated by cross-fitting on few samples." : ""
            let result = outcome(
                .improved, "\(claim): \(numbers) The search ended because \(endReason).\(note)", returned: challenger, challenger: nil, proof: proof)
            return complete(result)
        }
        return finish(.kept, "\(refusal(proof)) \(numbers) The original is returned. The search ended because \(endReason).", challenger: challenger, proof: proof)
    }

    /// A proven gain; when shortening, fewer characters and a score at least as high, on samples that did not choose.
    private func isReturnable(_ proof: Proof) -> Bool {
        switch proof.verdict {
        case .improved: true
        case .likely, .noEvidence: configuration.template.shortenPrompt && proof.pairs > 0 && proof.candidateMean >= proof.originalMean
        case .regressed, .kept, .inSample: false
        }
    }

    private func shortening(_ record: CandidateRecord) -> Int { candidates[0].length - record.document.characterCount }

    private func refusal(_ proof: Proof) -> String {
        if proof.pairs == 0 { return "No sample got a score with both prompts (\((board.firstFailure ?? "no reason given").capped(300))), so nothing is proven." }
        switch proof.verdict {
        case .improved, .kept: return ""
        case .likely:
            return proof.split == .validation
                ? "A gain is likely but not proven: with fewer than \(Splits.holdoutMinimum) samples no holdout can be kept, and the estimate is cross-fitted."
                : "A gain is likely but not proven."
        case .noEvidence: return "The gain on validation was not confirmed."
        case .regressed: return "The candidate did worse on samples that had not chosen it."
        case .inSample: return "With fewer than \(Splits.crossFitMinimum) samples nothing can be claimed: the candidate was chosen by the samples it is scored on."
        }
    }

    private func sentence(_ proof: Proof) -> String {
        let interval = proof.differenceInterval
        return "\(proof.originalMean.shortText) before, \(proof.candidateMean.shortText) after, on \(proof.pairs) \(proof.split.rawValue) samples "
            + "(difference \((proof.candidateMean - proof.originalMean).signedText), 95% interval \(interval.lower.signedText) to \(interval.upper.signedText), "
            + "p \(proof.pValue < 0.001 ? "< 0.001" : "= \(proof.pValue.shortText)"); smallest difference this many samples can find: \(proof.smallestDetectableDifference.shortText))."
    }

    /// Rows of the result that no other purpose filled, as far as the budget goes.
    private mutating func complete(_ outcome: SearchOutcome) -> [SearchEffect] {
        let missing = payable(Array(space.searchItems.filter { !board.wasAsked(incumbent, $0) }.prefix(ledger.availableUnits)), of: incumbent)
        guard !missing.isEmpty else { return deliver(outcome) }
        let (request, effects) = ask(.completion, [(incumbent, missing)])
        state = .completing(request, outcome)
        return effects
    }
}
