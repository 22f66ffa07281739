import AdvPOModel
import Foundation

/// Answers like the most similar example in the conversation, so that optimizing by examples has something to gain.
///
/// Examples are earlier user and assistant turns, and in the last user message every stretch of text that ends with a line such as
/// `Answer: sports`, `Output: sports` or `<output>sports</output>`. Similarity is Dice's coefficient over the sets of words, words that
/// every example shares with the question left out; the first of the most similar ones wins.
enum SimulatedLearner {
    static let unknown = "I do not know."

    private struct Example {
        var words: Set<String>
        var answer: String
    }

    static func answer(to messages: [ChatMessage]) -> String {
        guard let last = messages.lastIndex(where: { $0.role == .user }) else { return unknown }
        var examples = turns(messages[..<last])
        let (inline, question) = inlineExamples(messages[last].text)
        examples += inline
        var asked = words(question)
        // What stands in the question and in every example is the template, not the sample.
        let common = examples.count > 1 ? examples.reduce(asked) { $0.intersection($1.words) } : []
        asked.subtract(common)

        var best: (score: Double, answer: String)?
        for example in examples {
            let own = example.words.subtracting(common)
            let shared = own.intersection(asked).count
            let score = shared == 0 ? 0 : 2 * Double(shared) / Double(own.count + asked.count)
            if score > (best?.score ?? 0) { best = (score, example.answer) }
        }
        return best?.answer ?? unknown
    }

    private static func turns(_ messages: ArraySlice<ChatMessage>) -> [Example] {
        zip(messages, messages.dropFirst()).compactMap { user, assistant in
            guard user.role == .user, assistant.role == .assistant else { return nil }
            return Example(words: words(user.text), answer: assistant.text)
        }
    }

    private static func inlineExamples(_ text: String) -> (examples: [Example], question: String) {
        var examples: [Example] = []
        var stretch: [Substring] = []
        for line in text.split(whereSeparator: \.isNewline) {
            guard let answer = markedAnswer(line) else {
                stretch.append(line)
                continue
            }
            // An answer line without an answer is the prompt's own last line.
            if !answer.isEmpty, !stretch.isEmpty {
                examples.append(Example(words: words(stretch.joined(separator: "\n")), answer: answer))
                stretch = []
            }
        }
        return (examples, stretch.joined(separator: "\n"))
    }

    private static let answerMarks: Set<String> = ["a", "answer", "assistant", "completion", "expected", "label", "output", "response", "result"]

    /// What follows the mark of an answer line; nil for other lines.
    private static func markedAnswer(_ line: Substring) -> String? {
        let trimmed = line.drop(while: \.isWhitespace)
        if trimmed.hasPrefix("<") {
            let parts = trimmed.dropFirst().split(separator: ">", maxSplits: 1)
            guard parts.count == 2, answerMarks.contains(parts[0].lowercased()), let end = parts[1].range(of: "</\(parts[0])>") else { return nil }
            return String(parts[1][..<end.lowerBound])
        }
        let parts = trimmed.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
        guard parts.count == 2, answerMarks.contains(parts[0].lowercased()) else { return nil }
        return String(parts[1].drop(while: \.isWhitespace))
    }

    private static func words(_ text: String) -> Set<String> {
        Set(text.lowercased().split { !$0.isLetter && !$0.isNumber }.map(String.init))
    }
}
