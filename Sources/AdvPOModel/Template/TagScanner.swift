/// Finds the tags of the `advpo:` namespace in a template, pairs them, and collects what is wrong with them.
struct TagScanner {
    enum Tag: String, CaseIterable {
        case optimize, exclude
        var opening: String { "<advpo:\(rawValue)>" }
        var closing: String { "</advpo:\(rawValue)>" }
    }

    /// A stretch of text between tags, and the tag around it.
    struct Piece {
        var tag: Tag?
        var text: String
    }

    /// Something that begins like a tag of the namespace.
    private struct Token {
        var range: Range<Int>
        var isClosing: Bool
        /// The tag that is meant; nil when nothing near is known.
        var tag: Tag?
        /// What is wrong with its writing; nil for a proper tag.
        var fault: (problem: String, remedy: String)?
    }

    /// More are not worth reading, and finding the line of each takes time.
    private static let maximumFaults = 50

    private let bytes: [UInt8]
    private var faults: [(offset: Int, problem: String, remedy: String)] = []
    private var open: [(tag: Tag?, offset: Int)] = []

    init(_ source: String) { bytes = Array(source.utf8) }

    /// The text between the tags, in order.
    mutating func scan() throws(TaggedTemplateFaults) -> [Piece] {
        var pieces: [Piece] = []
        var textStart = 0
        var index = 0
        /// Where tags stood, as offsets in the text without them.
        var seams: [(offset: Int, inSource: Int)] = []
        var textLength = 0
        while index < bytes.count {
            guard let token = token(at: index) else {
                index += 1
                continue
            }
            pieces.append(Piece(tag: open.last?.tag, text: String(decoding: bytes[textStart..<index], as: UTF8.self)))
            textLength += index - textStart
            seams.append((textLength, index))
            take(token)
            index = token.range.upperBound
            textStart = index
        }
        pieces.append(Piece(tag: nil, text: String(decoding: bytes[textStart...], as: UTF8.self)))
        for unclosed in open { reportUnclosed(unclosed) }
        checkPlaceholders(in: pieces.map(\.text).joined(), seams: seams)
        guard faults.isEmpty else { throw located() }
        return pieces
    }

    private mutating func report(_ offset: Int, _ problem: String, _ remedy: String) {
        guard faults.count < Self.maximumFaults else { return }
        faults.append((offset, problem, remedy))
    }

    // MARK: Pairing

    private mutating func take(_ token: Token) {
        let offset = token.range.lowerBound
        if let fault = token.fault { report(offset, fault.problem, fault.remedy) }
        if token.isClosing {
            close(token)
        } else if token.tag != nil {
            if let outer = open.last, let tag = token.tag {
                let name = outer.tag?.opening ?? "a tag"
                let outerPlace = faults.count < Self.maximumFaults ? place(outer.offset) : ""
                report(offset, "\(tag.opening) stands inside \(name) opened at \(outerPlace)", "tags do not nest: close the outer one first")
            }
            open.append((token.tag, offset))
        }
    }

    private mutating func close(_ token: Token) {
        guard let tag = token.tag else { return }
        guard let match = open.lastIndex(where: { $0.tag == tag }) else {
            report(token.range.lowerBound, "\(tag.closing) closes nothing", "write \(tag.opening) before the region, or remove it")
            return
        }
        for unclosed in open[(match + 1)...] { reportUnclosed(unclosed) }
        open.removeSubrange(match...)
    }

    private mutating func reportUnclosed(_ unclosed: (tag: Tag?, offset: Int)) {
        guard let tag = unclosed.tag else { return }
        report(unclosed.offset, "\(tag.opening) is not closed", "write \(tag.closing) after the region")
    }

    /// A tag in the middle of `{{name}}` would make a placeholder that belongs to no region.
    private mutating func checkPlaceholders(in text: String, seams: [(offset: Int, inSource: Int)]) {
        var start = 0
        var next = 0
        for segment in PlaceholderText(text).segments {
            let length: Int
            switch segment {
            case .literal(let literal): length = literal.utf8.count
            case .placeholder(let name): length = name.utf8.count + 4
            }
            while next < seams.count, seams[next].offset < start + length {
                if case .placeholder(let name) = segment, seams[next].offset > start {
                    report(seams[next].inSource, "a tag stands inside the placeholder {{\(name)}}", "move it before or after the placeholder")
                }
                next += 1
            }
            start += length
        }
    }

    // MARK: Tokens

    /// The offset of the name when `<advpo:` or `</advpo:` begins here, in any case and with blanks inside.
    private func nameStart(at start: Int) -> (offset: Int, isClosing: Bool)? {
        guard bytes[start] == UInt8(ascii: "<") else { return nil }
        var index = skippingBlanks(from: start + 1)
        var isClosing = false
        if index < bytes.count, bytes[index] == UInt8(ascii: "/") {
            isClosing = true
            index = skippingBlanks(from: index + 1)
        }
        for expected in "advpo".utf8 {
            guard index < bytes.count, bytes[index] | 0x20 == expected else { return nil }
            index += 1
        }
        index = skippingBlanks(from: index)
        guard index < bytes.count, bytes[index] == UInt8(ascii: ":") else { return nil }
        return (index + 1, isClosing)
    }

    private func skippingBlanks(from start: Int) -> Int {
        var index = start
        while index < bytes.count, [0x20, 0x09, 0x0A, 0x0D].contains(bytes[index]) { index += 1 }
        return index
    }

    private func token(at start: Int) -> Token? {
        guard let (nameStart, isClosing) = nameStart(at: start) else { return nil }
        var index = nameStart
        // A tag that forgets its `>` ends where its line or the next tag does.
        while index < bytes.count, ![UInt8(ascii: ">"), UInt8(ascii: "<"), UInt8(ascii: "\n")].contains(bytes[index]) { index += 1 }
        let isEnded = index < bytes.count && bytes[index] == UInt8(ascii: ">")
        let end = isEnded ? index + 1 : index
        let written = String(decoding: bytes[start..<end], as: UTF8.self)
        if let tag = Tag.allCases.first(where: { written == (isClosing ? $0.closing : $0.opening) }) {
            return Token(range: start..<end, isClosing: isClosing, tag: tag)
        }
        let name = String(decoding: bytes[nameStart..<index], as: UTF8.self)
        let word = String(decoding: name.utf8.drop { $0 == 0x20 }.prefix { JSONParser.isLetter($0) }, as: UTF8.self)
        let known = Tag.allCases.map(\.rawValue)
        let meant = NearestName.find(word, among: known).flatMap(Tag.init(rawValue:))
        let shown = JSONValue.string(written).excerpt
        let proper = meant.map { isClosing ? $0.closing : $0.opening }
        let fault: (problem: String, remedy: String) =
            if !isEnded {
                ("the tag \(shown) has no `>`", proper.map { "write \($0)" } ?? "write <advpo:optimize> or <advpo:exclude>")
            } else if let proper {
                ("the tag \(shown) is malformed or misspelled", "write \(proper), in lower case, without blanks or attributes")
            } else {
                ("the tag \(shown) is not known", "the tags are <advpo:optimize>, <advpo:exclude> and their closing forms")
            }
        return Token(range: start..<end, isClosing: isClosing, tag: meant, fault: fault)
    }

    // MARK: Places

    private func lineAndColumn(_ offset: Int) -> (line: Int, column: Int) {
        let before = bytes[..<offset]
        let lineStart = before.lastIndex(of: UInt8(ascii: "\n")).map { $0 + 1 } ?? 0
        let scalars = bytes[lineStart..<offset].count { $0 & 0xC0 != 0x80 }
        return (before.count { $0 == UInt8(ascii: "\n") } + 1, scalars + 1)
    }

    private func place(_ offset: Int) -> String {
        let (line, column) = lineAndColumn(offset)
        return "line \(line), column \(column)"
    }

    private func located() -> TaggedTemplateFaults {
        TaggedTemplateFaults(
            faults: faults.enumerated().sorted { ($0.element.offset, $0.offset) < ($1.element.offset, $1.offset) }.map { item in
                let (line, column) = lineAndColumn(item.element.offset)
                return .init(line: line, column: column, problem: item.element.problem, remedy: item.element.remedy)
            })
    }
}
