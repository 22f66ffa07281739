import AdvPOModel

/// A prompt's text divided into what operators may change (open) and what must stay to the letter (frozen).
///
/// `TaggedTemplate` says what is open; here open neighbours are one segment, segments are replaced one at a time, and a rewritten text is
/// divided in the same way.
struct RegionedText: Hashable, Sendable {
    struct Segment: Hashable, Sendable {
        var text: String
        var isOpen: Bool
    }

    /// Neighbours differ in `isOpen`; only open ones may be empty.
    private(set) var segments: [Segment]

    init(segments: [Segment]) {
        var merged: [Segment] = []
        for segment in segments where segment.isOpen || !segment.text.isEmpty {
            if let last = merged.indices.last, merged[last].isOpen == segment.isOpen {
                merged[last].text += segment.text
            } else {
                merged.append(segment)
            }
        }
        self.segments = merged
    }

    init(_ template: TaggedTemplate) {
        let ends = template.hasOpenEnds ? [Segment(text: "", isOpen: true)] : []
        self.init(segments: ends + template.regions.map { Segment(text: $0.text, isOpen: $0.kind == .open) } + ends)
    }

    /// Reads a template with its tags. Precondition: they are in order, as the input's reader makes sure.
    init(template: String) {
        do throws(TaggedTemplateFaults) {
            self.init(try TaggedTemplate(template))
        } catch {
            preconditionFailure("a search was given a template that was not validated: \(error)")
        }
    }

    var text: String { segments.map(\.text).joined() }
    var hasFrozen: Bool { segments.contains { !$0.isOpen } }
    var openIndices: [Int] { segments.indices.filter { segments[$0].isOpen } }

    /// The text with its open segments tagged, where anything is frozen.
    var tagged: String {
        guard hasFrozen else { return text }
        return segments.map { $0.isOpen ? "<advpo:optimize>\($0.text)</advpo:optimize>" : $0.text }.joined()
    }

    /// The same text with the open segment at `index` replaced.
    func replacing(_ index: Int, with text: String) -> RegionedText {
        precondition(segments[index].isOpen, "a frozen segment stays")
        var copy = segments
        copy[index].text = text
        return RegionedText(segments: copy)
    }

    /// `rewritten` divided as this text is, or nil when a frozen segment is missing, changed or out of order. Compares bytes:
    /// canonically equivalent characters are not the same prompt.
    func matching(_ rewritten: String) -> RegionedText? {
        let bytes = Array(rewritten.utf8)
        var position = 0
        var result: [Segment] = []
        for (index, segment) in segments.enumerated() where !segment.isOpen {
            let frozen = Array(segment.text.utf8)
            let found: Int?
            if index == segments.count - 1, index > 0 {
                let start = bytes.count - frozen.count
                found = start >= position && Self.matches(frozen, in: bytes, at: start) ? start : nil
            } else if index == 0 {
                found = Self.matches(frozen, in: bytes, at: 0) ? 0 : nil
            } else {
                found = Self.first(frozen, in: bytes, from: position)
            }
            guard let start = found else { return nil }
            if index > 0 { result.append(Segment(text: String(decoding: bytes[position..<start], as: UTF8.self), isOpen: true)) }
            result.append(segment)
            position = start + frozen.count
        }
        if segments.last?.isOpen ?? true {
            result.append(Segment(text: String(decoding: bytes[position...], as: UTF8.self), isOpen: true))
        } else if position != bytes.count {
            return nil
        }
        return RegionedText(segments: result)
    }

    private static func matches(_ needle: [UInt8], in bytes: [UInt8], at position: Int) -> Bool {
        position >= 0 && position + needle.count <= bytes.count && bytes[position..<(position + needle.count)].elementsEqual(needle)
    }

    static func first(_ needle: [UInt8], in bytes: [UInt8], from start: Int) -> Int? {
        guard let head = needle.first else { return start }
        var position = start
        while position + needle.count <= bytes.count {
            if bytes[position] == head, matches(needle, in: bytes, at: position) { return position }
            position += 1
        }
        return nil
    }
}
