/// Finds what a misspelled name probably meant.
enum NearestName {
    /// The known name with the fewest edits to `name`, case ignored; nil when more than a third of it would have to change.
    static func find(_ name: String, among known: [String]) -> String? {
        let wanted = Array(name.lowercased().utf8.prefix(100))
        guard !wanted.isEmpty else { return nil }
        var best: (name: String, distance: Int)?
        for candidate in known {
            let distance = editDistance(wanted, Array(candidate.lowercased().utf8))
            if distance < best?.distance ?? Int.max { best = (candidate, distance) }
        }
        guard let best, best.distance <= max(1, wanted.count / 3) else { return nil }
        return best.name
    }

    /// Levenshtein's distance by the two-row dynamic programme.
    private static func editDistance(_ left: [UInt8], _ right: [UInt8]) -> Int {
        var row = Array(0...right.count)
        for (leftIndex, leftByte) in left.enumerated() {
            var diagonal = row[0]
            row[0] = leftIndex + 1
            for (rightIndex, rightByte) in right.enumerated() {
                let substitution = diagonal + (leftByte == rightByte ? 0 : 1)
                diagonal = row[rightIndex + 1]
                row[rightIndex + 1] = min(substitution, row[rightIndex] + 1, diagonal + 1)
            }
        }
        return row[right.count]
    }
}
