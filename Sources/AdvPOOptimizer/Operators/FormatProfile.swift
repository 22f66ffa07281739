import AdvPOModel

/// What the references of the training samples have in common, as far as it can be said in a sentence.
enum FormatProfile: Hashable, Sendable {
    /// Few answers that repeat, most frequent first.
    case labels([String])
    case number(isInteger: Bool)
    /// JSON objects; the keys that all of them have, in the first one's order.
    case jsonObject(keys: [String])
    case jsonArray
    /// One line each, with the median and the largest number of words.
    case line(medianWords: Int, maximumWords: Int)
    case text(medianWords: Int, maximumWords: Int)

    static let labelLimit = 40
    static let labelCharacters = 60

    /// Nil when fewer than two references are there to learn from.
    init?(references: [String]) {
        let references = references.map(\.trimmed).filter { !$0.isEmpty }
        guard references.count >= 2 else { return nil }
        if let labels = Self.labels(references) {
            self = .labels(labels)
        } else if references.allSatisfy({ Double($0) != nil }) {
            self = .number(isInteger: references.allSatisfy { Int($0) != nil })
        } else if let json = Self.json(references) {
            self = json
        } else {
            let words = references.map { $0.split(whereSeparator: \.isWhitespace).count }.sorted()
            let isLine = references.allSatisfy { !$0.contains(where: \.isNewline) }
            let median = words[words.count / 2]
            let maximum = words[words.count - 1]
            self = isLine ? .line(medianWords: median, maximumWords: maximum) : .text(medianWords: median, maximumWords: maximum)
        }
    }

    /// Short single lines, each used at least twice on average.
    private static func labels(_ references: [String]) -> [String]? {
        var positions: [String: Int] = [:]
        var labels: [(text: String, count: Int)] = []
        for reference in references {
            guard reference.count <= labelCharacters, !reference.contains(where: \.isNewline), PlaceholderText(reference).names.isEmpty else { return nil }
            if let position = positions[reference] {
                labels[position].count += 1
            } else {
                positions[reference] = labels.count
                labels.append((reference, 1))
            }
        }
        guard labels.count >= 2, labels.count <= labelLimit, 2 * labels.count <= references.count else { return nil }
        return labels.enumerated().sorted { ($1.element.count, $0.offset) < ($0.element.count, $1.offset) }.map(\.element.text)
    }

    private static func json(_ references: [String]) -> FormatProfile? {
        var common: [String]?
        var isArray = true
        for reference in references {
            guard let shape = JSONShape(reference) else { return nil }
            switch shape {
            case .object(let keys):
                isArray = false
                common = common.map { $0.filter(keys.contains) } ?? keys
            case .array: common = []
            }
        }
        if isArray { return .jsonArray }
        let keys = common ?? []
        // Keys are written into the prompt, where they must not read as placeholders.
        return .jsonObject(keys: keys.filter { !$0.isEmpty && !$0.contains("{") && !$0.contains("}") })
    }

    /// Several ways to say it, each a sentence or a short list. Never holds a placeholder.
    var statements: [String] {
        switch self {
        case .labels(let labels):
            let inline = labels.joined(separator: ", ")
            let list = labels.map { "- \($0)" }.joined(separator: "\n")
            return [
                "Answer with exactly one of these, written exactly as here, and nothing else: \(inline).",
                "Allowed answers:\n\(list)\nReply with the one that fits best. No explanation, no punctuation, no other words.",
                "Reply with one of [\(labels.joined(separator: " | "))] only.",
            ]
        case .number(let isInteger):
            let kind = isInteger ? "whole number" : "number"
            return [
                "Answer with a single \(kind) and nothing else: no words, no units, no working.",
                "Give only the final \(kind), in digits, on one line.",
                "Work it out silently. The whole reply is the \(kind).",
            ]
        case .jsonObject(let keys):
            let names = keys.map { "\"\($0)\"" }.joined(separator: ", ")
            let clause = keys.isEmpty ? "" : " with the keys \(names)"
            return [
                "Answer with one valid JSON object\(clause) and nothing else: no code fence, no comment.",
                "Output only JSON: a single object\(clause). The reply starts with { and ends with }.",
            ]
        case .jsonArray:
            return [
                "Answer with one valid JSON array and nothing else: no code fence, no comment.",
                "Output only JSON. The reply starts with [ and ends with ].",
            ]
        case .line(let median, let maximum):
            let length = maximum == median ? "\(median)" : "about \(median), at most \(maximum),"
            return [
                "Answer on a single line, in \(length) \(maximum == 1 ? "word" : "words"), with no introduction and no explanation.",
                "Give the answer alone, without repeating the question: one line, no more than \(maximum) \(maximum == 1 ? "word" : "words").",
            ]
        case .text(let median, let maximum):
            return [
                "Answer in about \(median) words and no more than \(maximum), with no introduction and no closing remark.",
                "Begin with the answer at once. Length: around \(median) words.",
            ]
        }
    }
}
