/// Finds what somebody who misspelt a name most likely meant.
enum NearestName {
    /// The known name with the fewest edits, case ignored, when a third of the name or less differs; the first one wins a tie.
    static func find(_ name: String, among known: [String]) -> String? {
        let candidates = known.map { (name: $0, distance: distance(folded(name), folded($0))) }
        guard let best = candidates.min(by: { $0.distance < $1.distance }) else { return nil }
        let allowed = max(2, max(name.count, best.name.count) / 3)
        return best.distance <= allowed && best.distance < best.name.count ? best.name : nil
    }

    private static func folded(_ name: String) -> [Character] {
        name.lowercased().filter { $0 != "_" && $0 != "-" }.prefix(128).map { $0 }
    }

    /// Levenshtein distance, one row at a time.
    private static func distance(_ left: [Character], _ right: [Character]) -> Int {
        var row = Array(0...right.count)
        for (i, a) in left.enumerated() {
            var diagonal = row[0]
            row[0] = i + 1
            for (j, b) in right.enumerated() {
                let above = row[j + 1]
                row[j + 1] = min(min(above, row[j]) + 1, diagonal + (a == b ? 0 : 1))
                diagonal = above
            }
        }
        return row[right.count]
    }
}
