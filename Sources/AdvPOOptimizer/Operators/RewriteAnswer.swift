/// A rewriter's answer, read as leniently as can be done without guessing.
enum RewriteAnswer {
    enum Reading: Hashable, Sendable {
        case prompt(String)
        case unusable(String)
    }

    /// Phrases of our own request that a prompt for the task never holds by itself.
    static let requestMarks = ["<prompt>", "</prompt>", "<current_prompt>", "</current_prompt>", "<sample ", "</sample>", "<scoring>", "prompt template to improve"]

    /// What stands between `<prompt>` and `</prompt>`: the last such pair; an unclosed one runs to the end; without any tag, a single code
    /// fence is taken. Thoughts in `<think>` are skipped, fences around the prompt are removed.
    static func read(_ answer: String, isInOriginal: (String) -> Bool) -> Reading {
        var text = answer
        if let thought = text.lastRange(of: "</think>") { text = String(text[thought.upperBound...]) }
        let content: String
        if let closing = text.lastRange(of: "</prompt>"), let opening = String(text[..<closing.lowerBound]).lastRange(of: "<prompt>") {
            content = String(text[opening.upperBound..<closing.lowerBound])
        } else if let opening = text.lastRange(of: "<prompt>") {
            content = String(text[opening.upperBound...])
        } else if let fenced = onlyFence(in: text) {
            content = fenced
        } else {
            return .unusable("the answer has no <prompt> block: \(answer.trimmed.capped(120))")
        }
        let prompt = withoutFence(content).trimmed
        guard !prompt.isEmpty else { return .unusable("the <prompt> block is empty") }
        for mark in requestMarks where prompt.contains(mark) && !isInOriginal(mark) {
            return .unusable("the prompt repeats the request it answers (\(mark))")
        }
        return .prompt(prompt)
    }

    /// Removes a code fence that encloses everything.
    private static func withoutFence(_ text: String) -> String {
        let lines = text.trimmed.split(separator: "\n", omittingEmptySubsequences: false)
        guard lines.count >= 2, lines[0].hasPrefix("```"), lines[lines.count - 1].allSatisfy({ $0 == "`" || $0.isWhitespace }) else { return text }
        return lines[1..<(lines.count - 1)].joined(separator: "\n")
    }

    private static func onlyFence(in text: String) -> String? {
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
        let fences = lines.indices.filter { lines[$0].hasPrefix("```") }
        guard fences.count == 2 else { return nil }
        return lines[(fences[0] + 1)..<fences[1]].joined(separator: "\n")
    }
}

extension String {
    /// The last occurrence of an ASCII `needle`, by bytes.
    func lastRange(of needle: String) -> Range<String.Index>? {
        let pattern = Array(needle.utf8)
        var end = utf8.endIndex
        while let start = utf8.index(end, offsetBy: -pattern.count, limitedBy: utf8.startIndex) {
            if utf8[start..<end].elementsEqual(pattern) { return start..<end }
            guard end > utf8.startIndex else { return nil }
            end = utf8.index(before: end)
        }
        return nil
    }
}
