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
    /// True without optimize tags: then what is before the first region and after the last is open too, though there is no text in it.
    package let hasOpenEnds: Bool

    /// Reads a template as submitted; throws every fault of its tags at once.
    package init(_ source: String) throws(TaggedTemplateFaults) {
        var scanner = TagScanner(source)
        let pieces = try scanner.scan()
        let hasOptimize = pieces.contains { $0.tag == .optimize }
        hasOpenEnds = !hasOptimize
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
