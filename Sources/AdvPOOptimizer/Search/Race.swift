/// The candidates of one round on their way through the rungs of screening and the blocks of validation.
///
/// Screening is successive halving on shared training items (Jamieson and Talwalkar, AISTATS 2016; Karnin, Koren, Somekh, ICML 2013, as
/// sequential halving): rungs of 4, 8 and 16 items, the better half goes on. Validation runs in blocks; after each, a
/// candidate that is behind the race's leader by a one-sided paired test at 20% drops out (as in CAPO, Zehle et al. 2025).
struct Race: Hashable, Sendable {
    static let rungs = [4, 8, 16]
    /// Those that may reach validation.
    static let finalists = 3
    static let blocks = 6
    static let smallestBlock = 8
    /// The standard normal's 80% point.
    static let beatenBy = 0.8416

    var entrants: [CandidateID]
    /// Training items in the order in which the rungs take them.
    let screeningItems: [Int]
    /// Deciding items in the order in which the blocks take them.
    let validationItems: [Int]
    let finalistLimit: Int
    var rung = 0
    var validated = 0

    init(entrants: [CandidateID], screeningItems: [Int], validationItems: [Int], finalistLimit: Int) {
        self.entrants = entrants
        self.screeningItems = screeningItems
        self.validationItems = validationItems
        self.finalistLimit = finalistLimit
    }

    /// How many items each rung reaches to; the last is all there are, if fewer than 16.
    static func reach(items: Int) -> [Int] {
        let limit = min(items, rungs.last ?? items)
        return rungs.filter { $0 < limit } + [limit]
    }

    var reach: [Int] { Self.reach(items: screeningItems.count) }
    var rungItems: [Int] { Array(screeningItems.prefix(reach[rung])) }
    var isLastRung: Bool { rung == reach.count - 1 }

    /// How many go on from a rung that `count` ran.
    static func survivors(of count: Int, isLast: Bool, finalistLimit: Int) -> Int {
        isLast ? min(count, finalistLimit) : max(min(count, finalistLimit), (count + 1) / 2)
    }

    /// Units that a round of `count` candidates takes at most, without the incumbent's own.
    static func units(candidates count: Int, screening: Int, validation: Int, finalistLimit: Int) -> Int {
        var units = 0
        var running = count
        var previous = 0
        let reach = reach(items: screening)
        for (rung, items) in reach.enumerated() {
            units += running * (items - previous)
            previous = items
            running = survivors(of: running, isLast: rung == reach.count - 1, finalistLimit: finalistLimit)
        }
        return units + running * validation
    }

    var blockSize: Int { max(Self.smallestBlock, (validationItems.count + Self.blocks - 1) / Self.blocks) }

    /// The items of the next block.
    var blockItems: [Int] { Array(validationItems.dropFirst(validated).prefix(blockSize)) }
    var isValidated: Bool { validated >= validationItems.count }

    /// True when the differences to the leader show a candidate to be behind: too few show nothing.
    static func isBeaten(_ differences: [Double]) -> Bool {
        guard differences.count >= smallestBlock else { return false }
        let count = Double(differences.count)
        let mean = differences.reduce(0, +) / count
        let variance = differences.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / (count - 1)
        guard variance > 0 else { return mean < 0 }
        return mean / (variance / count).squareRoot() < -beatenBy
    }
}
