/// A candidate's content: optional system text, worked examples as turns, and the user template with its placeholders.
///
/// In text format only `user` is set. Every message may hold `{{variable}}`; rendering replaces the declared variables in all
/// of them, so that whoever renders the returned messages sends exactly what was scored.
package struct PromptDocument: Hashable, Sendable, Codable {
    /// One worked example: what a user said and what the assistant should have answered.
    package struct ExampleTurn: Hashable, Sendable, Codable {
        package var user: String
        package var assistant: String
        package init(user: String, assistant: String) {
            self.user = user
            self.assistant = assistant
        }
    }

    package var system: String?
    package var examples: [ExampleTurn]
    package var user: String

    package init(system: String? = nil, examples: [ExampleTurn] = [], user: String) {
        self.system = system
        self.examples = examples
        self.user = user
    }

    /// The messages with their placeholders, in sending order.
    package var messages: [ChatMessage] {
        var result: [ChatMessage] = []
        if let system, !system.isEmpty { result.append(ChatMessage(role: .system, text: system)) }
        for example in examples {
            result.append(ChatMessage(role: .user, text: example.user))
            result.append(ChatMessage(role: .assistant, text: example.assistant))
        }
        result.append(ChatMessage(role: .user, text: user))
        return result
    }

    /// The messages with every declared placeholder replaced, in one pass: a value is never searched for placeholders.
    package func rendered(variables: [String: String]) -> [ChatMessage] {
        messages.map { ChatMessage(role: $0.role, text: PlaceholderText($0.text).rendered(variables: variables)) }
    }
}
