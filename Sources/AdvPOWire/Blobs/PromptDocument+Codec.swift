import AdvPOModel

extension PromptDocument {
    init(_ proto: ProtoPromptDocument) {
        self.init(
            system: proto.hasSystem ? proto.system : nil,
            examples: proto.examples.map { ExampleTurn(user: $0.user, assistant: $0.assistant) },
            user: proto.user)
    }
}

extension ProtoPromptDocument {
    init(_ document: PromptDocument) {
        self.init()
        if let text = document.system { system = text }
        examples = document.examples.map { example in
            var proto = ProtoExampleTurn()
            proto.user = example.user
            proto.assistant = example.assistant
            return proto
        }
        user = document.user
    }
}
