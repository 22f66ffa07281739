import AdvPOModel

/// Drops one sentence or line of an open region: shortening without a rewriter.
enum ShortenOperator {
    static let name = "shorten"

    /// Every single drop that keeps the placeholders, then the drop of everything droppable after the first piece.
    static func proposals(for parent: Parent) -> [Proposal] {
        var result: [Proposal] = []
        func add(_ body: RegionedText) {
            var blueprint = parent.blueprint
            blueprint.body = body
            result.append(Proposal(operatorName: name, parents: [parent.id], blueprint: blueprint))
        }
        let body = parent.blueprint.body
        for region in body.openIndices {
            let pieces = pieces(body.segments[region].text)
            let droppable = pieces.indices.filter { PlaceholderText(pieces[$0]).names.isEmpty && !pieces[$0].allSatisfy(\.isWhitespace) }
            for index in droppable {
                add(body.replacing(region, with: pieces.indices.filter { $0 != index }.map { pieces[$0] }.joined()))
            }
            if droppable.count > 2 {
                let gone = droppable.dropFirst()
                add(body.replacing(region, with: pieces.indices.filter { !gone.contains($0) }.map { pieces[$0] }.joined()))
            }
        }
        return result
    }

    /// Sentences and lines, each with the blanks that follow it.
    static func pieces(_ text: String) -> [String] {
        var pieces: [String] = []
        var current = ""
        var ended = false
        for character in text {
            if ended, !character.isWhitespace {
                pieces.append(current)
                current = ""
                ended = false
            }
            current.append(character)
            if character.isNewline {
                ended = true
            } else if ".!?".contains(character) {
                ended = false
            } else if character == " ", let beforeBlank = current.dropLast().last, ".!?".contains(beforeBlank) {
                ended = true
            }
        }
        if !current.isEmpty { pieces.append(current) }
        return pieces
    }
}
