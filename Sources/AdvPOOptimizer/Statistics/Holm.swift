/// Holm's step-down adjustment of several p-values.
///
/// Source: Holm, "A simple sequentially rejective multiple test procedure", Scandinavian Journal of Statistics 6, 1979.
package enum Holm {
    /// Adjusted p-values in the order given; each is at least the raw one and at most 1.
    package static func adjusted(_ pValues: [Double]) -> [Double] {
        let order = pValues.indices.sorted { (pValues[$0], $0) < (pValues[$1], $1) }
        var result = pValues
        var running = 0.0
        for (rank, index) in order.enumerated() {
            running = max(running, min(1, pValues[index] * Double(pValues.count - rank)))
            result[index] = running
        }
        return result
    }
}
