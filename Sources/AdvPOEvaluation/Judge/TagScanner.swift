/// Finds `<Name>…</Name>` in text that is not XML: names may have blanks, and tags may be left open.
struct TagScanner {
    struct Element: Hashable {
        /// As written.
        var name: String
        var content: String
        /// False when the next tag or the end of the text ended it.
        var isClosed: Bool

        func isNamed(_ other: String) -> Bool { TagScanner.canonicalName(name) == TagScanner.canonicalName(other) }
    }

    /// Bytes of a name; longer ones are text.
    static let maximumNameBytes = 64
    /// Tags looked at, the last ones; a verdict has about twenty.
    static let maximumTags = 1_000

    /// Lowercase, without blanks, underscores and hyphens: judges vary in these.
    static func canonicalName(_ name: String) -> String {
        var result = String.UnicodeScalarView()
        for scalar in name.unicodeScalars where !(scalar == "_" || scalar == "-" || PythonText.isSpace(scalar)) {
            result.append(("A"..."Z").contains(scalar) ? Unicode.Scalar(UInt8(scalar.value) + 32) : scalar)
        }
        return String(result)
    }

    private struct Tag {
        var name: String
        var canonicalName: String
        var isClosing: Bool
        var range: Range<Int>
    }

    /// All elements in the order of their opening tags, nested ones included.
    static func elements(in text: String) -> [Element] {
        let bytes = Array(text.utf8)
        let tags = tags(in: bytes)
        var elements: [Element] = []
        for (index, tag) in tags.enumerated() where !tag.isClosing {
            // A second opening of the same name starts over: only the text after it can belong to a closing tag.
            let next = tags[(index + 1)...].first { $0.canonicalName == tag.canonicalName }
            let isClosed = next?.isClosing ?? false
            let following = index + 1 < tags.count ? tags[index + 1].range.lowerBound : bytes.count
            let end = isClosed ? next?.range.lowerBound ?? following : following
            elements.append(
                Element(name: tag.name, content: String(decoding: bytes[tag.range.upperBound..<end], as: UTF8.self), isClosed: isClosed))
        }
        return elements
    }

    private static func tags(in bytes: [UInt8]) -> [Tag] {
        var tags: [Tag] = []
        var index = 0
        while index < bytes.count {
            guard bytes[index] == UInt8(ascii: "<"), let tag = tag(in: bytes, at: index) else {
                index += 1
                continue
            }
            tags.append(tag)
            index = tag.range.upperBound
        }
        return Array(tags.suffix(maximumTags))
    }

    private static func tag(in bytes: [UInt8], at start: Int) -> Tag? {
        var index = start + 1
        let isClosing = index < bytes.count && bytes[index] == UInt8(ascii: "/")
        if isClosing { index += 1 }
        let nameStart = index
        while index < bytes.count, index - nameStart <= maximumNameBytes {
            let byte = bytes[index]
            if byte == UInt8(ascii: ">") {
                let name = String(decoding: bytes[nameStart..<index], as: UTF8.self)
                let canonical = canonicalName(name)
                guard let first = canonical.unicodeScalars.first, first.properties.isAlphabetic else { return nil }
                return Tag(name: PythonText.stripped(name), canonicalName: canonical, isClosing: isClosing, range: start..<index + 1)
            }
            if byte == UInt8(ascii: "<") || byte == UInt8(ascii: "\n") || byte == UInt8(ascii: "=") { return nil }
            index += 1
        }
        return nil
    }
}
