import AdvPOModel

/// What every proposal must satisfy before a call is spent on it.
struct CandidateCheck: Sendable {
    private let original: RegionedText
    private let originalNames: [String]
    private let originalLength: Int
    private let promptFormat: JobOptions.PromptFormat
    private let maximumCharacters: Int
    private let mustBeShorter: Bool

    init(configuration: SearchConfiguration, original: RegionedText) {
        self.original = original
        originalNames = PlaceholderText(original.text).names
        originalLength = PromptDocument(user: original.text).characterCount
        promptFormat = configuration.promptFormat
        maximumCharacters = configuration.maximumPromptCharacters
        mustBeShorter = configuration.template.shortenPrompt
    }

    /// Why `document` may not be tried, or nil.
    func refusal(of document: PromptDocument) -> String? {
        let names = PlaceholderText(document.user).names
        if document.user.allSatisfy(\.isWhitespace) { return "the prompt is empty" }
        for name in originalNames where !names.contains(name) { return "the placeholder {{\(name)}} is missing" }
        for message in document.messages {
            for name in PlaceholderText(message.text).names where !originalNames.contains(name) {
                return "the placeholder {{\(name.capped(80))}} is not one of the template's"
            }
        }
        // A declared name in an example or in the system text would be filled with the wrong sample's value.
        for message in document.messages.dropLast() where !PlaceholderText(message.text).names.isEmpty {
            return "a placeholder stands outside the last message"
        }
        if original.matching(document.user) == nil { return "a region that must stay was changed, moved or dropped" }
        switch promptFormat {
        case .text: if document.system != nil || !document.examples.isEmpty { return "text format has one message" }
        case .chat: break
        }
        let length = document.characterCount
        if length > maximumCharacters { return "the prompt has \(length) characters, more than the \(maximumCharacters) allowed" }
        if mustBeShorter, length >= originalLength { return "the prompt has \(length) characters, not fewer than the original's \(originalLength)" }
        return nil
    }
}

extension PromptDocument {
    /// Of all messages together.
    var characterCount: Int { messages.reduce(0) { $0 + $1.text.count } }
}
