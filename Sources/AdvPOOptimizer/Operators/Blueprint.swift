import AdvPOModel

/// What a candidate is made of, so that its parts can be recombined; `PromptDocument` is what comes out.
struct Blueprint: Hashable, Sendable {
    /// How worked examples stand in the prompt.
    enum Layout: Hashable, Sendable, CaseIterable {
        /// As user and assistant turns: chat format only.
        case turns
        /// `Input:` and `Output:` lines before the part of the prompt that holds the input.
        case labelled
        /// The part of the prompt that holds the input, filled in, each followed by its answer.
        case echoed
        /// Tagged blocks.
        case tagged
    }

    var system: String?
    var body: RegionedText
    /// Sample indices in order of appearance.
    var examples: [Int] = []
    var layout: Layout

    func with(examples: [Int], layout: Layout? = nil) -> Blueprint {
        var copy = self
        copy.examples = examples
        if let layout { copy.layout = layout }
        return copy
    }
}

extension Blueprint {
    /// The prompt, or nil when the examples have no open region to stand in.
    func document(samples: [Sample]) -> PromptDocument? {
        guard !examples.isEmpty else { return PromptDocument(system: system, user: body.text) }
        let shown = examples.map { samples[$0] }
        switch layout {
        case .turns:
            let template = PlaceholderText(body.text)
            let turns = shown.map { PromptDocument.ExampleTurn(user: template.rendered(variables: $0.values), assistant: $0.referenceResponse ?? "") }
            return PromptDocument(system: system, examples: turns, user: body.text)
        case .labelled, .echoed, .tagged:
            return inlined(shown).map { PromptDocument(system: system, user: $0) }
        }
    }

    private func inlined(_ shown: [Sample]) -> String? {
        guard let place = InsertionPoint(body) else { return nil }
        let tail = place.tail(of: body)
        var block: String
        var cue = ""
        switch layout {
        case .echoed:
            let template = PlaceholderText(tail.trimmed)
            let separator = tail.trimmed.hasSuffix(":") ? " " : "\nAnswer: "
            block = shown.map { template.rendered(variables: $0.values) + separator + ($0.referenceResponse ?? "") }.joined(separator: "\n\n")
            if separator != " " { cue = "\nAnswer:" }
        case .tagged:
            block = shown.map { "<example>\n<input>\($0.shownInput)</input>\n<output>\($0.referenceResponse ?? "")</output>\n</example>" }.joined(separator: "\n")
            block = "<examples>\n\(block)\n</examples>"
        case .labelled, .turns:
            block = shown.map { "Input: \($0.shownInput)\nOutput: \($0.referenceResponse ?? "")" }.joined(separator: "\n\n")
            block = "Examples:\n\n\(block)"
        }
        var result = place.inserting(block, into: body)
        if !cue.isEmpty, let last = result.segments.indices.last, result.segments[last].isOpen {
            result = result.replacing(last, with: result.segments[last].text.trimmingTrailingBlanks + cue)
        }
        // Refused where a value made a placeholder together with its surroundings.
        return Self.placeholders(result.text) == Self.placeholders(body.text) ? result.text : nil
    }

    private static func placeholders(_ text: String) -> [String] {
        PlaceholderText(text).segments.compactMap { if case .placeholder(let name) = $0 { name } else { nil } }
    }
}

extension Sample {
    /// The input as a worked example shows it: the value alone, or a line for each of several.
    var shownInput: String {
        let pairs = variables.map { ($0.key, $0.value) }
        return pairs.count == 1 ? pairs[0].1 : pairs.map { "\($0.0): \($0.1)" }.joined(separator: "\n")
    }
}

/// Where new text goes: before the paragraph with the first placeholder, if that place is open; else at the end of the last open region
/// before it; else at the end of the first open region.
struct InsertionPoint: Hashable, Sendable {
    var segment: Int
    /// In UTF-8 bytes from the segment's start.
    var offset: Int

    /// Nil when nothing is open.
    init?(_ body: RegionedText) {
        guard let firstOpen = body.openIndices.first else { return nil }
        for (index, segment) in body.segments.enumerated() {
            guard let placeholder = Self.firstPlaceholder(in: segment.text) else { continue }
            if segment.isOpen {
                self.segment = index
                offset = Self.paragraphStart(in: Array(segment.text.utf8), before: placeholder)
            } else {
                self.segment = body.openIndices.last { $0 < index } ?? firstOpen
                offset = body.segments[self.segment].text.utf8.count
            }
            return
        }
        segment = body.openIndices.last ?? firstOpen
        offset = body.segments[segment].text.utf8.count
    }

    func inserting(_ block: String, into body: RegionedText) -> RegionedText {
        let bytes = Array(body.segments[segment].text.utf8)
        let before = String(decoding: bytes[..<offset], as: UTF8.self).trimmingTrailingBlanks
        let after = String(decoding: bytes[offset...], as: UTF8.self)
        let lead = before.isEmpty ? "" : "\n\n"
        return body.replacing(segment, with: before + lead + block + "\n\n" + after.trimmingLeadingBlanks)
    }

    /// The whole text from this point on.
    func tail(of body: RegionedText) -> String {
        let bytes = Array(body.segments[segment].text.utf8)
        return String(decoding: bytes[offset...], as: UTF8.self) + body.segments[(segment + 1)...].map(\.text).joined()
    }

    private static func firstPlaceholder(in text: String) -> Int? {
        var offset = 0
        for segment in PlaceholderText(text).segments {
            switch segment {
            case .literal(let literal): offset += literal.utf8.count
            case .placeholder: return offset
            }
        }
        return nil
    }

    private static func paragraphStart(in bytes: [UInt8], before position: Int) -> Int {
        let newline = UInt8(ascii: "\n")
        var start = position
        while start > 0 {
            if start > 1, bytes[start - 1] == newline, bytes[start - 2] == newline { return start }
            start -= 1
        }
        return 0
    }
}

extension String {
    var trimmed: String { trimmingLeadingBlanks.trimmingTrailingBlanks }
    var trimmingLeadingBlanks: String { String(drop { $0.isWhitespace }) }

    var trimmingTrailingBlanks: String {
        var end = endIndex
        while end > startIndex, self[index(before: end)].isWhitespace { end = index(before: end) }
        return String(self[..<end])
    }

    /// At most `limit` characters, with a mark where something is missing.
    func capped(_ limit: Int) -> String {
        count <= limit ? self : String(prefix(limit)) + " […]"
    }
}
