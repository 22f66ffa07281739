import OrderedCollections

extension TemplateReader {
    /// A template as submitted and as it is sent, which differ by the tags.
    struct Prompt {
        var source: String
        var sent: PlaceholderText
    }

    mutating func readPromptTemplate(_ object: JSONObject) -> Prompt? {
        guard let source = readText(object, "promptTemplate", at: "", missing: "write the prompt, with {{name}} where a variable goes") else { return nil }
        do {
            return Prompt(source: source, sent: PlaceholderText(try TaggedTemplate(source).text))
        } catch {
            for item in error.faults {
                fault("promptTemplate", "at line \(item.line), column \(item.column): \(item.problem)", item.remedy)
            }
            // The placeholders can be checked all the same: the tags hold none.
            return Prompt(source: source, sent: PlaceholderText(source))
        }
    }

    /// Compares the placeholders of a prompt with the variables of its samples. Samples whose variables could not be read are left out.
    mutating func checkPlaceholders(_ prompt: Prompt, samples: [ReadSample]) {
        let declared = Self.declaredNames(samples)
        checkBlanks(in: prompt)
        checkSingleBraces(in: prompt, declared: declared)
        let names = prompt.sent.names
        if names.isEmpty, !samples.contains(where: { !$0.sample.attachments.isEmpty }), samples.allSatisfy(\.isComplete) {
            guard !isMiswritten(prompt, declared: declared) else { return }
            fault(
                "promptTemplate", "the prompt has no placeholder and no sample has a file, so it would not depend on the input",
                "write {{name}} where a variable goes\(Self.list(declared.elements, "; the variables are"))")
            return
        }
        for name in names where !faults.isFull {
            if !declared.contains(name), samples.allSatisfy(\.isComplete) {
                let nearest = NearestName.find(name, among: declared.elements).map { "; did you mean {{\($0)}}?" } ?? ""
                fault(
                    "promptTemplate", "no sample has a variable \"\(name)\" for the placeholder {{\(name)}}",
                    "add it to inputVariables of every sample, or correct the name\(nearest)")
                continue
            }
            for item in samples where item.isComplete && item.sample.variables[name] == nil {
                fault(
                    "evaluationSamples[\(item.sample.index)].inputVariables", "there is no variable \"\(name)\", which promptTemplate uses as {{\(name)}}",
                    "add {\"\(name)\": \"…\"}")
            }
        }
    }

    private static func declaredNames(_ samples: [ReadSample]) -> OrderedSet<String> {
        var names: OrderedSet<String> = []
        for item in samples { names.formUnion(item.sample.variables.keys) }
        return names
    }

    private static func list(_ names: [String], _ lead: String) -> String {
        guard !names.isEmpty else { return "" }
        let shown = names.prefix(20).joined(separator: ", ")
        return "\(lead) \(shown)\(names.count > 20 ? ", …" : "")"
    }

    /// True when the prompt has placeholders in a wrong spelling, each of which has its own fault.
    private func isMiswritten(_ prompt: Prompt, declared: OrderedSet<String>) -> Bool {
        prompt.literals.contains { !Self.blankPlaceholders(in: $0).isEmpty || !Self.singleBraceNames(in: $0, declared: declared).isEmpty }
    }

    private mutating func checkBlanks(in prompt: Prompt) {
        var seen: OrderedSet<String> = []
        for literal in prompt.literals { seen.formUnion(Self.blankPlaceholders(in: literal)) }
        for name in seen {
            fault("promptTemplate", "a placeholder for \"\(name)\" has blanks inside its braces", "write {{\(name)}}")
        }
    }

    private mutating func checkSingleBraces(in prompt: Prompt, declared: OrderedSet<String>) {
        var seen: OrderedSet<String> = []
        for literal in prompt.literals { seen.formUnion(Self.singleBraceNames(in: literal, declared: declared)) }
        for name in seen {
            fault("promptTemplate", "{\(name)} names a variable in single braces, which would be sent as it stands", "write {{\(name)}}")
        }
    }

    /// Names in `{{ name }}` with blanks on either side.
    private static func blankPlaceholders(in literal: String) -> [String] {
        var names: [String] = []
        for (inner, isDouble) in innermostBraces(in: literal) where isDouble {
            let trimmed = inner.drop { isBlankByte($0) }
            guard let last = trimmed.lastIndex(where: { !isBlankByte($0) }) else { continue }
            let name = String(decoding: trimmed[...last], as: UTF8.self)
            if name.utf8.count < inner.count, PlaceholderText.isName(name) { names.append(name) }
        }
        return names
    }

    /// Declared names in `{name}`; a proper `{{name}}` is never part of a literal.
    private static func singleBraceNames(in literal: String, declared: OrderedSet<String>) -> [String] {
        innermostBraces(in: literal).map { String(decoding: $0.inner, as: UTF8.self) }.filter { declared.contains($0) }
    }

    private static func isBlankByte(_ byte: UInt8) -> Bool { [0x20, 0x09, 0x0A, 0x0D].contains(byte) }

    /// What stands between a `{` and the next `}` with no brace in between, and whether both braces are double.
    private static func innermostBraces(in literal: String) -> [(inner: ArraySlice<UInt8>, isDouble: Bool)] {
        let bytes = Array(literal.utf8)
        let (open, close) = (UInt8(ascii: "{"), UInt8(ascii: "}"))
        var found: [(ArraySlice<UInt8>, Bool)] = []
        var last: Int?
        for (index, byte) in bytes.enumerated() {
            if byte == open { last = index }
            guard byte == close, let start = last else { continue }
            last = nil
            let isDouble = start > 0 && bytes[start - 1] == open && index + 1 < bytes.count && bytes[index + 1] == close
            found.append((bytes[(start + 1)..<index], isDouble))
        }
        return found
    }
}

extension TemplateReader.Prompt {
    /// The text between the placeholders.
    fileprivate var literals: [String] {
        sent.segments.compactMap { if case .literal(let text) = $0 { text } else { nil } }
    }
}
