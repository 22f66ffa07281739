package import AdvPOModel

/// How widely a search looks before it gives up.
package struct SearchBreadth: Hashable, Sendable {
    /// Candidates of the first round, and of each later one.
    package var firstRoundCandidates: Int
    package var laterRoundCandidates: Int
    /// Rewrites asked for in a round, and in one that has nothing but the rewriter to propose.
    package var chatsPerRound: Int
    package var chatsPerRoundAlone: Int
    /// So many rounds in a row without a gain end the search; at least 1.
    package var patienceRounds: Int

    package init(firstRoundCandidates: Int, laterRoundCandidates: Int, chatsPerRound: Int, chatsPerRoundAlone: Int, patienceRounds: Int) {
        self.firstRoundCandidates = firstRoundCandidates
        self.laterRoundCandidates = laterRoundCandidates
        self.chatsPerRound = chatsPerRound
        self.chatsPerRoundAlone = chatsPerRoundAlone
        self.patienceRounds = patienceRounds
    }

    package init(_ preset: JobOptions.Preset) {
        switch preset {
        case .light: self.init(firstRoundCandidates: 8, laterRoundCandidates: 6, chatsPerRound: 2, chatsPerRoundAlone: 4, patienceRounds: 2)
        case .medium: self.init(firstRoundCandidates: 16, laterRoundCandidates: 12, chatsPerRound: 4, chatsPerRoundAlone: 8, patienceRounds: 3)
        case .heavy: self.init(firstRoundCandidates: 24, laterRoundCandidates: 16, chatsPerRound: 8, chatsPerRoundAlone: 12, patienceRounds: 4)
        }
    }
}
