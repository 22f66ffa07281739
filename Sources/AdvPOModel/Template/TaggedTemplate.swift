/// A prompt template read for its `<advpo:optimize>` and `<advpo:exclude>` tags: which parts may be rewritten, which are frozen.
///
/// With any optimize tag only the text inside optimize tags is open (inclusion wins). With exclude tags alone everything outside them is open. Without
/// tags the whole text is one open region. Each optimize block is a region of its own, also when empty: it asks for text to be generated there. Other
/// empty regions are dropped and neighbours of one kind joined, so between two frozen regions there is always an open one.
package struct TaggedTemplate: Hashable, Sendable {
    package struct Region: Hashable, Sendable {
        package enum Kind: Hashable, Sendable {
            /// Stays byte for byte.
            case frozen
            /// May be rewritten.
            case open
        }

        package var kind: Kind
        package var text: String

        package init(kind: Kind, text: String) {
            self.kind = kind
            self.text = text
        }
    }

    package let regions: [Region]
    package let hasTags: Bool

    /// Reads a template as submitted; throws every fault of its tags at once.
    package init(_ source: String) throws(TaggedTemplateFaults) {
        var scanner = TagScanner(source)
        let pieces = try scanner.scan()
        hasTags = scanner.foundTags
        let hasOptimize = pieces.contains { $0.tag == .optimize }
        var regions: [Region] = []
        for piece in pieces {
            let isOpen = hasOptimize ? piece.tag == .optimize : piece.tag == nil
            let keepsEmpty = piece.tag == .optimize
            guard !piece.text.isEmpty || keepsEmpty else { continue }
            if let last = regions.last, (last.kind == .open) == isOpen, !keepsEmpty {
                regions[regions.count - 1].text += piece.text
            } else {
                regions.append(Region(kind: isOpen ? .open : .frozen, text: piece.text))
            }
        }
        self.regions = regions.isEmpty ? [Region(kind: .open, text: "")] : regions
    }

    /// The template without its tags: what is sent to a model.
    package var text: String { regions.map(\.text).joined() }

    package var openRegionCount: Int { regions.count { $0.kind == .open } }

    /// The text with each open region replaced, in order. Precondition: one text per open region.
    package func replacingOpenRegions(with texts: [String]) -> String {
        precondition(texts.count == openRegionCount, "one text per open region")
        var next = texts.startIndex
        return regions.map { region in
            switch region.kind {
            case .frozen: return region.text
            case .open:
                defer { next += 1 }
                return texts[next]
            }
        }.joined()
    }

    /// True when a rewritten full text keeps every frozen region byte for byte, in order, and holds no tag of ours.
    ///
    /// A frozen region at the head or the end must stay there.
    package func accepts(rewritten text: String) -> Bool {
        guard !TagScanner.holdsTag(text) else { return false }
        guard openRegionCount > 0 else { return text.utf8.elementsEqual(self.text.utf8) }
        let bytes = Array(text.utf8)
        var frozen = regions.enumerated().filter { $0.element.kind == .frozen }.map { (position: $0.offset, bytes: Array($0.element.text.utf8)) }
        var start = 0
        var end = bytes.count
        if let last = frozen.last, last.position == regions.count - 1 {
            guard bytes.reversed().starts(with: last.bytes.reversed()) else { return false }
            end -= last.bytes.count
            frozen.removeLast()
        }
        if let first = frozen.first, first.position == 0 {
            guard first.bytes.count <= end, bytes.starts(with: first.bytes) else { return false }
            start = first.bytes.count
            frozen.removeFirst()
        }
        // The leftmost place for each leaves the most room for those that follow, so no other choice need be tried.
        for region in frozen {
            guard let found = Self.firstOccurrence(of: region.bytes, in: bytes, from: start, to: end) else { return false }
            start = found + region.bytes.count
        }
        return start <= end
    }

    private static func firstOccurrence(of pattern: [UInt8], in bytes: [UInt8], from start: Int, to end: Int) -> Int? {
        guard start <= end, pattern.count <= end - start else { return nil }
        return (start...(end - pattern.count)).first { bytes[$0..<($0 + pattern.count)].elementsEqual(pattern) }
    }
}

/// All that is wrong with the tags of one template.
package struct TaggedTemplateFaults: Error, Hashable, Sendable, CustomStringConvertible {
    package struct Fault: Hashable, Sendable {
        /// The 1-based line and column (in characters of Unicode, scalars) within the template's own text.
        package var line: Int
        package var column: Int
        package var problem: String
        package var remedy: String
    }

    /// In order of position; never empty, and no more than the first 50 found.
    package var faults: [Fault]

    package var description: String {
        faults.map { "line \($0.line), column \($0.column) of the template: \($0.problem); \($0.remedy)" }.joined(separator: "\n")
    }
}
