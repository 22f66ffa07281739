import AdvPOModel

/// Groups of samples whose inputs say nearly the same, so that none has a twin on the other side of a split.
///
/// Two samples belong together when the sets of words of their variables' values have a Jaccard similarity of at least `threshold`;
/// groups are closed under this relation (union-find). Pairs are found through an index of each text's rarest words, which
/// misses none: Bayardo, Ma, Srikant, "Scaling up all pairs similarity search", WWW 2007.
struct NearDuplicates {
    static let threshold = 0.8
    /// Words of one sample that are looked at; longer texts are compared by their first ones.
    static let wordLimit = 400
    /// Earlier samples looked at per indexed word; bounds the work when thousands share everything.
    static let postingLimit = 200

    /// The group of each sample: the lowest position in it.
    private(set) var groups: [Int]

    init(texts: [String], threshold: Double = Self.threshold) {
        var parents = Array(texts.indices)
        let sets = Self.rankedWordSets(texts)
        var postings: [Int: [Int]] = [:]
        var exact: [[Int]: Int] = [:]
        for (sample, words) in sets.enumerated() {
            if let twin = exact[words] {
                Self.unite(sample, twin, &parents)
                continue
            }
            exact[words] = sample
            let required = Int((threshold * Double(words.count)).rounded(.up))
            let prefix = words.prefix(max(0, words.count - required + 1))
            var seen: Set<Int> = []
            for word in prefix {
                for other in postings[word, default: []] where seen.insert(other).inserted {
                    if Self.jaccard(words, sets[other]) >= threshold { Self.unite(sample, other, &parents) }
                }
                if postings[word, default: []].count < Self.postingLimit { postings[word, default: []].append(sample) }
            }
        }
        groups = texts.indices.map { Self.root(of: $0, &parents) }
    }

    var largestGroup: Int {
        var counts = [Int](repeating: 0, count: groups.count)
        for group in groups { counts[group] += 1 }
        return counts.max() ?? 0
    }

    /// Lower-case runs of letters and digits; everything else separates.
    static func words(_ text: String) -> [String] {
        text.lowercased().split { !($0.isLetter || $0.isNumber) }.prefix(wordLimit).map(String.init)
    }

    /// Each text's distinct words as ranks, rarest first.
    private static func rankedWordSets(_ texts: [String]) -> [[Int]] {
        var ids: [String: Int] = [:]
        var frequencies: [Int] = []
        let sets = texts.map { text -> [Int] in
            var seen: Set<Int> = []
            var set: [Int] = []
            for word in words(text) {
                let id = ids[word] ?? frequencies.count
                if id == frequencies.count {
                    ids[word] = id
                    frequencies.append(0)
                }
                if seen.insert(id).inserted { set.append(id) }
            }
            for id in set { frequencies[id] += 1 }
            return set
        }
        var ranks = [Int](repeating: 0, count: frequencies.count)
        for (rank, id) in frequencies.indices.sorted(by: { (frequencies[$0], $0) < (frequencies[$1], $1) }).enumerated() { ranks[id] = rank }
        return sets.map { $0.map { ranks[$0] }.sorted() }
    }

    private static func jaccard(_ first: [Int], _ second: [Int]) -> Double {
        var left = 0
        var right = 0
        var common = 0
        while left < first.count, right < second.count {
            if first[left] == second[right] {
                common += 1
                left += 1
                right += 1
            } else if first[left] < second[right] {
                left += 1
            } else {
                right += 1
            }
        }
        let union = first.count + second.count - common
        return union == 0 ? 1 : Double(common) / Double(union)
    }

    private static func root(of sample: Int, _ parents: inout [Int]) -> Int {
        var root = sample
        while parents[root] != root {
            parents[root] = parents[parents[root]]
            root = parents[root]
        }
        return root
    }

    private static func unite(_ first: Int, _ second: Int, _ parents: inout [Int]) {
        let roots = (root(of: first, &parents), root(of: second, &parents))
        parents[max(roots.0, roots.1)] = min(roots.0, roots.1)
    }
}
