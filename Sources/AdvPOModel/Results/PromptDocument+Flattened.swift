extension PromptDocument {
    /// True when flattening joins several messages: the flattened text is then not what was measured.
    package var hasSeveralMessages: Bool { messages.count > 1 }

    /// The document as one user template, for places that can hold no more.
    ///
    /// System text first; then each worked example as `Example input:` and `Example output:` with its texts on the lines below; then the user template;
    /// a blank line between the parts. A document of one message is that message, byte for byte.
    package var flattened: String {
        guard hasSeveralMessages else { return user }
        var parts: [String] = []
        if let system, !system.isEmpty { parts.append(system) }
        for example in examples {
            parts.append("Example input:\n\(example.user)\n\nExample output:\n\(example.assistant)")
        }
        parts.append(user)
        return parts.joined(separator: "\n\n")
    }
}
