import AdvPOModel

extension UnitRecord {
    /// The record with every text cut to what one may have on the wire; a report that cannot be read would be sent again for ever.
    func bounded(by limits: WireLimits) -> UnitRecord {
        var bounded = self
        bounded.output = output.cut(toBytes: limits.textBytes)
        bounded.feedback = feedback?.cut(toBytes: limits.textBytes)
        bounded.judgeOutput = judgeOutput?.cut(toBytes: limits.textBytes)
        bounded.failureReason = failureReason?.cut(toBytes: limits.textBytes)
        // Numbers that a codec refuses; a provider's or a metric's nonsense must not stop the report.
        if let score, !score.isFinite { bounded.score = nil }
        return bounded
    }
}

extension String {
    private static let cutMark = " [cut]"

    /// Whole characters up to so many bytes, with a mark where something is missing.
    fileprivate func cut(toBytes limit: Int) -> String {
        guard utf8.count > limit else { return self }
        var bytes = Self.cutMark.utf8.count
        var end = startIndex
        while end < endIndex {
            let next = index(after: end)
            bytes += self[end..<next].utf8.count
            guard bytes <= limit else { break }
            end = next
        }
        return self[..<end] + Self.cutMark
    }
}
