/// Precision, recall and their harmonic mean of one text's tokens against another's.
struct Overlap: Hashable {
    var precision: Double
    var recall: Double

    static let none = Overlap(precision: 0, recall: 0)

    /// Of `common` tokens, the response has `responseCount` and the reference `referenceCount`; an empty side counts as one.
    init(common: Int, responseCount: Int, referenceCount: Int) {
        precision = Double(common) / Double(max(responseCount, 1))
        recall = Double(common) / Double(max(referenceCount, 1))
    }

    init(precision: Double, recall: Double) {
        self.precision = precision
        self.recall = recall
    }

    var f1: Double { precision + recall > 0 ? 2 * precision * recall / (precision + recall) : 0 }

    /// How many elements two lists share, each counted as often as in the list that has fewer.
    static func sharedCount<Element: Hashable>(_ lhs: [Element], _ rhs: [Element]) -> Int {
        var left: [Element: Int] = [:]
        for element in lhs { left[element, default: 0] += 1 }
        var shared = 0
        for element in rhs {
            guard let count = left[element], count > 0 else { continue }
            left[element] = count - 1
            shared += 1
        }
        return shared
    }
}
