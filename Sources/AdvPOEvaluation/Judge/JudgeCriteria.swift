import AdvPOModel

/// What the judge weighs beside its own three dimensions.
enum JudgeCriteria: Hashable, Sendable {
    case none
    /// A user's own judge prompt, merged as one or more extra dimensions.
    case rubric(String)
    /// Steering criteria, merged as exactly one extra dimension.
    case steering([String])

    /// Nil for the methods that have no judge.
    init?(_ method: EvaluationMethod) {
        switch method {
        case .defaultJudge: self = .none
        case .customJudge(let prompt, _): self = .rubric(prompt)
        case .steering(let criteria): self = criteria.isEmpty ? .none : .steering(criteria)
        case .function, .builtin: return nil
        }
    }

    /// Replaces the placeholders that a rubric may use by the names of the blocks that hold the texts.
    ///
    /// The texts themselves are not put in: the rubric is about them, and whatever they hold must stay in the blocks marked as data.
    static func describingPlaceholders(in rubric: String) -> String {
        var result = rubric
        // Two braces first: one brace is a part of two.
        for (name, tag) in placeholders {
            let reference = "(the text in <\(tag)>)"
            result = replacing("{{\(name)}}", in: result, with: reference)
        }
        for (name, tag) in placeholders {
            let reference = "(the text in <\(tag)>)"
            result = replacing("{\(name)}", in: result, with: reference)
        }
        return result
    }

    private static let placeholders = [
        ("prompt", JudgePrompt.promptTag), ("response", JudgePrompt.responseTag), ("prediction", JudgePrompt.responseTag),
        ("referenceResponse", JudgePrompt.referenceTag), ("gold", JudgePrompt.referenceTag),
    ]

    /// Takes white space inside the braces too.
    private static func replacing(_ placeholder: String, in text: String, with replacement: String) -> String {
        let braces = placeholder.prefix { $0 == "{" }.count
        let name = Array(placeholder.unicodeScalars.dropFirst(braces).dropLast(braces))
        let scalars = Array(text.unicodeScalars)
        var result = String.UnicodeScalarView()
        var index = 0
        while index < scalars.count {
            if let end = match(name, braces: braces, in: scalars, at: index) {
                result.append(contentsOf: replacement.unicodeScalars)
                index = end
            } else {
                result.append(scalars[index])
                index += 1
            }
        }
        return String(result)
    }

    private static func match(_ name: [Unicode.Scalar], braces: Int, in scalars: [Unicode.Scalar], at start: Int) -> Int? {
        var index = start
        func take(_ scalar: Unicode.Scalar) -> Bool {
            guard index < scalars.count, scalars[index] == scalar else { return false }
            index += 1
            return true
        }
        func skipBlanks() { while index < scalars.count, scalars[index] == " " { index += 1 } }
        for _ in 0..<braces where !take("{") { return nil }
        skipBlanks()
        for scalar in name where !take(scalar) { return nil }
        skipBlanks()
        for _ in 0..<braces where !take("}") { return nil }
        return index
    }
}
