import AdvPOModel
import OrderedCollections

/// Asks a model for a better prompt, showing it the current one with samples it fails and passes.
struct RewriteOperator: Sendable {
    static let name = "rewrite"

    /// One scored sample, as the rewriter sees it.
    struct Evidence: Hashable, Sendable {
        var sample: Sample
        var record: UnitRecord
        var score: Double
    }

    /// Characters shown of one input, output, reference or feedback.
    static let fieldCharacters = 600
    static let scoringCharacters = 4_000
    /// Failing and passing samples per chat: small reflections beat large ones, and small rewriters have small contexts.
    static let shown: [(failing: Int, passing: Int)] = [(4, 2), (3, 1), (6, 2), (2, 1)]
    static let emphases = [
        "Find what the failing answers have in common and write the instruction that prevents it.",
        "State the expected answer exactly: its form, its length, what it must never contain.",
        "Write the prompt anew from the task's purpose: short, direct, in the order in which the model needs to know things.",
        "Add the missing rules for hard and borderline inputs, each in one sentence, most important first.",
        "Keep what works; change only the wording that the failing answers show to be misread.",
        "Explain how to decide between the answers that are confused with each other.",
    ]

    let configuration: SearchConfiguration
    let originalNames: [String]

    /// Up to `count` chats about the same prompt, each with its own samples, emphasis, temperature and seed.
    func chats(
        count: Int, about parent: Parent, meanScore: Double, evidence: [Evidence], firstEmphasis: Int, generator: inout SeededGenerator
    ) -> [GenerationRequest.Chat] {
        (0..<count).map { position in
            let mix = Self.shown[position % Self.shown.count]
            let chosen = choose(evidence, mix: mix, generator: &generator)
            let emphasis = Self.emphases[(firstEmphasis + position) % Self.emphases.count]
            let text = request(about: parent, meanScore: meanScore, failing: chosen.failing, passing: chosen.passing, emphasis: emphasis)
            let temperatures = [0.7, 1.0, 0.4, 0.9]
            return GenerationRequest.Chat(
                messages: [ChatMessage(role: .system, text: Self.role), ChatMessage(role: .user, text: text)],
                temperature: temperatures[position % temperatures.count], maxTokens: answerTokens(parent), seed: generator.index(below: 1 << 31))
        }
    }

    private static let role = "You write prompts for language models. You answer with one complete prompt between <prompt> and </prompt> and nothing else."

    /// Room for a prompt half as long again as the current one, at about three characters a token.
    private func answerTokens(_ parent: Parent) -> Int { min(8_192, max(512, parent.blueprint.body.text.count / 2 + 256)) }

    /// Failing means below the best score seen; the lowest third is drawn from first.
    private func choose(
        _ evidence: [Evidence], mix: (failing: Int, passing: Int), generator: inout SeededGenerator
    ) -> (failing: [Evidence], passing: [Evidence]) {
        let shuffled = generator.shuffled(evidence)
        let ranked = shuffled.enumerated().sorted { ($0.element.score, $0.offset) < ($1.element.score, $1.offset) }.map(\.element)
        guard let best = ranked.last?.score else { return ([], []) }
        let top = max(best, 1)
        let failing = ranked.filter { $0.score < top }
        let worst = failing.prefix(max(mix.failing, failing.count / 3))
        let passing = ranked.filter { $0.score >= top }
        return (Array(generator.shuffled(Array(worst)).prefix(mix.failing)), Array(passing.prefix(mix.passing)))
    }

    private func request(about parent: Parent, meanScore: Double, failing: [Evidence], passing: [Evidence], emphasis: String) -> String {
        let body = parent.blueprint.body
        var parts = [
            "Below is a prompt template to improve. It is sent to a language model once for each input, with every {{name}} replaced by the input's value.",
            "<current_prompt>\n\(body.tagged)\n</current_prompt>",
        ]
        if configuration.template.hasAttachments {
            parts.append("Some inputs come with images or PDF documents, which the model is sent with the prompt, after its text. You are not shown them; no placeholder names them.")
        }
        if !configuration.scoringDescription.trimmed.isEmpty {
            parts.append("How answers are scored (higher is better):\n<scoring>\n\(configuration.scoringDescription.trimmed.capped(Self.scoringCharacters))\n</scoring>")
        }
        parts.append("Its mean score is \(meanScore.shortText).")
        if !failing.isEmpty { parts.append("Samples that it fails:\n" + failing.map(describe).joined(separator: "\n")) }
        if !passing.isEmpty { parts.append("Samples that it passes:\n" + passing.map(describe).joined(separator: "\n")) }
        parts.append(emphasis + " General rules only: do not copy the samples' own words into the prompt.")
        parts.append(rules(body))
        return parts.joined(separator: "\n\n")
    }

    private func rules(_ body: RegionedText) -> String {
        let names = originalNames.map { "{{\($0)}}" }.joined(separator: ", ")
        var rules = ["Write the complete new prompt between <prompt> and </prompt>."]
        if !originalNames.isEmpty { rules.append("Keep every placeholder exactly as written, and invent none: \(names).") }
        if body.hasFrozen {
            rules.append("Change only what stands between <advpo:optimize> and </advpo:optimize>; copy all other text letter by letter, in the same order.")
        }
        if configuration.template.shortenPrompt {
            let length = RegionedText(template: configuration.template.promptTemplate).text.count
            rules.append("Be concise: the new prompt must be clearly shorter than \(length) characters and lose nothing that matters.")
        } else {
            rules.append("Keep it as short as it can be.")
        }
        return rules.map { "- \($0)" }.joined(separator: "\n")
    }

    private func describe(_ evidence: Evidence) -> String {
        var lines = ["<sample score=\"\(evidence.score.shortText)\">"]
        let files = evidence.sample.attachments
        if !files.isEmpty {
            lines.append("files, not shown here: " + files.map { $0.kind == .image ? "an image" : "a PDF" }.joined(separator: ", "))
        }
        for (name, value) in evidence.sample.variables { lines.append("\(name): \(value.capped(Self.fieldCharacters))") }
        lines.append("answer given: \(evidence.record.output.isEmpty ? "(none)" : evidence.record.output.trimmed.capped(Self.fieldCharacters))")
        if let reference = evidence.sample.referenceResponse { lines.append("answer wanted: \(reference.capped(Self.fieldCharacters))") }
        if let feedback = evidence.record.feedback, !feedback.isEmpty { lines.append("feedback: \(feedback.capped(Self.fieldCharacters))") }
        lines.append("</sample>")
        return lines.joined(separator: "\n")
    }

    /// The proposal in an answer, or why there is none.
    func proposal(from record: UnitRecord, parent: Parent) -> Result<Proposal, Refusal> {
        switch record.status {
        case .infrastructureFailure, .modelFailure:
            return .failure(Refusal(reason: "the rewriter gave no answer: \((record.failureReason ?? "no reason given").capped(300))"))
        case .scored: break
        }
        let original = parent.blueprint.body
        switch RewriteAnswer.read(record.output, isInOriginal: { configuration.template.promptTemplate.contains($0) }) {
        case .unusable(let reason): return .failure(Refusal(reason: reason))
        case .prompt(let text):
            let untagged: String
            do throws(TaggedTemplateFaults) {
                untagged = original.hasFrozen ? try TaggedTemplate(text).text : text
            } catch {
                return .failure(Refusal(reason: "the tags are not in order: \(error.description.capped(300))"))
            }
            let candidates = [untagged, original.text.leadingBlanks + untagged.trimmed + original.text.trailingBlanks]
            for candidate in candidates {
                guard let body = original.matching(candidate) else { continue }
                var blueprint = parent.blueprint
                blueprint.body = body
                return .success(Proposal(operatorName: Self.name, parents: [parent.id], blueprint: blueprint))
            }
            return .failure(Refusal(reason: "a region that must stay was changed, moved or dropped"))
        }
    }

    struct Refusal: Error, Hashable, Sendable {
        var reason: String
    }
}

extension String {
    var leadingBlanks: String { String(prefix { $0.isWhitespace }) }
    var trailingBlanks: String { String(self[trimmingTrailingBlanks.endIndexWithin(self)...]) }

    /// This text's end as an index of `whole`, of which it is a prefix.
    private func endIndexWithin(_ whole: String) -> String.Index { whole.index(whole.startIndex, offsetBy: count) }
}

extension Double {
    /// Three decimals, for people.
    var shortText: String {
        guard isFinite, magnitude < 1e12 else { return "\(self)" }
        let thousandths = Int((magnitude * 1_000).rounded())
        let fraction = String(thousandths % 1_000)
        let sign = self < 0 && thousandths > 0 ? "-" : ""
        return "\(sign)\(thousandths / 1_000)." + String(repeating: "0", count: 3 - fraction.count) + fraction
    }

    var signedText: String { self > 0 ? "+" + shortText : shortText }
}
