package import AdvPOModel
import OrderedCollections

/// Which sample is used for what, decided once from the samples and the seed alone.
///
/// - 60 samples and more: 40% train, 35% validation, 25% holdout; another share of the holdout leaves the rest in the same proportion.
/// - 20 to 59: half train, half validation; the gain is estimated by cross-fitting on the validation half.
/// - below 20: one pool; nothing can be claimed.
///
/// Where references repeat (labels), every split gets its share of each. Near-duplicates stay in one split, unless more than 40% of all
/// samples hang together: then only exact repetitions are kept together, and if even these are too many, none.
package struct Splits: Hashable, Sendable {
    package enum Scheme: Hashable, Sendable {
        case holdout, crossFitted, pool
    }

    package static let holdoutMinimum = 60
    package static let crossFitMinimum = 20

    package let scheme: Scheme
    /// By sample index.
    package let assignment: [Split]

    /// The standard share of the holdout.
    package static let holdoutThousandths = 250

    /// - Parameter holdoutThousandths: the holdout's share where there is one; train and validation divide the rest 8 to 7.
    package init(samples: [Sample], seed: UInt64, holdoutThousandths: Int? = nil) {
        let count = samples.count
        scheme = count >= Self.holdoutMinimum ? .holdout : count >= Self.crossFitMinimum ? .crossFitted : .pool
        let quotas: [(split: Split, share: Double)]
        switch scheme {
        case .holdout:
            let holdout = Double(holdoutThousandths ?? Self.holdoutThousandths) / 1_000
            quotas = [(.train, (1 - holdout) * 8 / 15), (.validation, (1 - holdout) * 7 / 15), (.holdout, holdout)]
        case .crossFitted: quotas = [(.train, 0.5), (.validation, 0.5)]
        case .pool:
            assignment = [Split](repeating: .pool, count: count)
            return
        }
        let groups = Self.groups(samples)
        let strata = Strata(samples.map(\.referenceResponse))
        var generator = SeededGenerator(seed: seed, path: [0x5917])
        assignment = Self.assign(groups: groups, strata: strata, quotas: quotas, count: count, generator: &generator)
    }

    /// The samples of a split, ascending.
    package func indices(_ split: Split) -> [Int] { assignment.indices.filter { assignment[$0] == split } }

    /// Samples that must stay together, each list ascending, lists by their first member.
    private static func groups(_ samples: [Sample]) -> [[Int]] {
        // A file counts as a word: samples of files alone are near-duplicates when they have the same ones.
        let texts = samples.map { ($0.variables.values + $0.attachments.map { $0.content?.hash.description ?? $0.uri }).joined(separator: "\n") }
        let limit = max(1, samples.count * 2 / 5)
        var labels = NearDuplicates(texts: texts)
        if labels.largestGroup > limit { labels = NearDuplicates(texts: texts, threshold: 1) }
        guard labels.largestGroup <= limit else { return samples.indices.map { [$0] } }
        var members = [[Int]](repeating: [], count: samples.count)
        for (sample, group) in labels.groups.enumerated() { members[group].append(sample) }
        return members.filter { !$0.isEmpty }
    }

    /// Walks the groups stratum by stratum and gives each to the split that is furthest behind its share so far: so every run of
    /// neighbours, and with it every stratum, is divided as the whole is. Large groups go first, where they can still be balanced.
    private static func assign(
        groups: [[Int]], strata: Strata, quotas: [(split: Split, share: Double)], count: Int, generator: inout SeededGenerator
    ) -> [Split] {
        var result = [Split](repeating: quotas[0].split, count: count)
        let shuffled = generator.shuffled(groups)
        var byStratum = [[[Int]]](repeating: [], count: strata.count)
        for group in shuffled where group.count == 1 { byStratum[strata.stratum[group[0]]].append(group) }
        let large = shuffled.filter { $0.count > 1 }.enumerated().sorted { ($1.element.count, $0.offset) < ($0.element.count, $1.offset) }.map(\.element)
        var counts = [Int](repeating: 0, count: quotas.count)
        var total = 0
        func place(_ group: [Int], share: (Int) -> Double) {
            total += group.count
            var chosen = 0
            for candidate in quotas.indices where share(candidate) - Double(counts[candidate]) > share(chosen) - Double(counts[chosen]) + 1e-9 {
                chosen = candidate
            }
            counts[chosen] += group.count
            for sample in group { result[sample] = quotas[chosen].split }
        }
        // A large group fills what is emptiest of its final size; afterwards single samples keep the running shares.
        for group in large { place(group) { quotas[$0].share * Double(count) } }
        let placed = counts
        for group in byStratum.joined() {
            let remaining = Double(count - placed.reduce(0, +))
            let progress = remaining == 0 ? 1 : Double(total + 1 - placed.reduce(0, +)) / remaining
            place(group) { Double(placed[$0]) + progress * max(0, quotas[$0].share * Double(count) - Double(placed[$0])) }
        }
        return result
    }
}

/// References as strata: repeated ones each their own, all others one together.
struct Strata {
    private(set) var stratum: [Int]
    private(set) var count: Int

    /// One stratum for all when fewer than half of the samples share their reference with another.
    init(_ references: [String?]) {
        var ids: [String: Int] = [:]
        var counts: [Int] = []
        let raw = references.map { reference -> Int in
            let key = reference.map { "=" + Self.normalised($0) } ?? ""
            let id = ids[key] ?? counts.count
            if id == counts.count {
                ids[key] = id
                counts.append(0)
            }
            counts[id] += 1
            return id
        }
        let repeated = counts.reduce(0) { $0 + ($1 > 1 ? $1 : 0) }
        guard 2 * repeated >= references.count else {
            stratum = [Int](repeating: 0, count: references.count)
            count = 1
            return
        }
        let other = counts.count
        stratum = raw.map { counts[$0] > 1 ? $0 : other }
        count = other + 1
    }

    static func normalised(_ reference: String) -> String { NearDuplicates.words(reference).joined(separator: " ") }

    /// `samples` in seeded order, one of each stratum in turn, so that every prefix is balanced.
    func balanced(_ samples: [Int], generator: inout SeededGenerator) -> [Int] {
        var queues = [[Int]](repeating: [], count: count)
        for sample in generator.shuffled(samples) { queues[stratum[sample]].append(sample) }
        let order = generator.shuffled(Array(0..<count))
        var result: [Int] = []
        var depth = 0
        while result.count < samples.count {
            for queue in order where depth < queues[queue].count { result.append(queues[queue][depth]) }
            depth += 1
        }
        return result
    }
}
