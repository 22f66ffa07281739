extension String {
    /// At most `limit` Unicode scalars; what is left out is marked by an ellipsis.
    func bounded(to limit: Int) -> String {
        guard let end = unicodeScalars.index(unicodeScalars.startIndex, offsetBy: limit, limitedBy: unicodeScalars.endIndex),
            end < unicodeScalars.endIndex
        else { return self }
        return String(unicodeScalars[..<end]) + "…"
    }

    /// The start and the end, `limit` Unicode scalars together, with a note of how many were left out between them.
    func boundedInMiddle(to limit: Int) -> String {
        let count = unicodeScalars.count
        guard count > limit else { return self }
        let head = limit * 2 / 3
        let tail = limit - head
        return String(String.UnicodeScalarView(unicodeScalars.prefix(head)))
            + "\n[… \(count - limit) characters left out …]\n"
            + String(String.UnicodeScalarView(unicodeScalars.suffix(tail)))
    }
}
