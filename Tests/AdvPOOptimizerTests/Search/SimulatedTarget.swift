import AdvPOModel
import OrderedCollections
@testable import AdvPOOptimizer

/// A world for the search: what each prompt is truly worth, and how a rewriter behaves. A pure function of its seed and of what is asked.
struct SimulatedTarget {
    enum Effect {
        /// Every prompt is right on each sample with this chance, independently: there is nothing to find.
        case null(Double)
        /// Examples and a stated format help, some examples more than others.
        case strong
        /// Every change makes it worse.
        case harmful
        /// Scores between 0 and 1, better with each example.
        case graded
        /// Right or wrong by sample alone, whatever the prompt.
        case constant(Double)
    }

    enum Rewriter {
        case none
        case hostile
        /// Adds the sentence that the target rewards.
        case good
        case failing
        case shortening
    }

    var effect: Effect
    var rewriter = Rewriter.none
    var seed: UInt64 = 1
    /// The chance that a unit comes back as an infrastructure failure.
    var missing = 0.0
    static let magic = "Think about what the headline is about."

    func record(_ document: PromptDocument, _ sample: Sample) -> UnitRecord {
        let text = document.messages.map(\.text).joined(separator: "\u{1}")
        let key = "\(sample.index)|\(seed)"
        if hash(key + "missing" + text) < missing {
            return UnitRecord(status: .infrastructureFailure, output: "", score: nil, failureReason: "the server at 127.0.0.1 answered 503", providerCalls: 5)
        }
        let own = hash(key)
        let noise = hash(key + text)
        let score: Double
        switch effect {
        case .null(let chance): score = noise < chance ? 1 : 0
        case .constant(let chance): score = own < chance ? 1 : 0
        case .strong: score = 0.7 * own + 0.3 * noise < quality(document) ? 1 : 0
        case .harmful: score = document.examples.isEmpty && !text.contains("exactly") && !text.contains(Self.magic) ? 1 : own < 0.3 ? 1 : 0
        case .graded: score = min(1, 0.6 * own + 0.1 * noise + 0.3 * quality(document))
        }
        let output = score == 1 ? sample.referenceResponse ?? "" : "a rambling answer"
        return UnitRecord(status: .scored, output: output, score: score, feedback: score == 1 ? nil : "not equal to the reference", providerCalls: 1)
    }

    private func quality(_ document: PromptDocument) -> Double {
        var quality = 0.25
        for example in document.examples { quality += 0.06 * (hash("worth" + example.user) - 0.2) }
        quality += document.examples.isEmpty ? 0 : 0.2
        let text = document.user + (document.system ?? "")
        if text.contains("exactly as here") || text.contains("only.") { quality += 0.08 }
        if text.contains(Self.magic) { quality += 0.35 }
        if text.contains("<examples>") || text.contains("Examples:") { quality += 0.3 }
        return min(0.95, quality)
    }

    func answer(_ chat: GenerationRequest.Chat, round: Int) -> UnitRecord {
        let request = chat.messages.last?.text ?? ""
        let current = between(request, "<current_prompt>\n", "\n</current_prompt>")
        let dice = Int(hash("\(chat.seed)|\(seed)") * 14)
        func said(_ text: String) -> UnitRecord { UnitRecord(status: .scored, output: text, score: nil, providerCalls: 1) }
        switch rewriter {
        case .none, .failing:
            return UnitRecord(status: .infrastructureFailure, output: "", score: nil, failureReason: "HTTP 400: context too long", providerCalls: 1)
        case .good: return said("Here it is:\n<prompt>\n\(Self.magic) \(current)\n</prompt>")
        case .shortening: return said("<prompt>\(current.split(separator: ". ").last.map(String.init) ?? current)</prompt>")
        case .hostile:
            let garbage = [
                "", "I cannot help with that.", "<prompt></prompt>", "<prompt>No placeholder at all</prompt>", "<prompt>\(current) {{invented}}</prompt>",
                "```\n\(current)\n```", "<prompt>```text\n\(current) x\n```", request, "<prompt>" + request + "</prompt>",
                "<prompt>\(current.replacing("Keep this", with: "Change this")) y</prompt>", "<prompt>\(String(repeating: "long ", count: 20_000))\(current)</prompt>",
                "<prompt>\(current.uppercased())</prompt>", "</prompt><prompt>", "<think><prompt>no</prompt></think><prompt>z \(current)</prompt>",
            ]
            return said(garbage[min(dice, garbage.count - 1)])
        }
    }

    /// Uniform in 0..<1 by text.
    func hash(_ text: String) -> Double {
        var state: UInt64 = 0xCBF2_9CE4_8422_2325
        for byte in text.utf8 { state = (state ^ UInt64(byte)) &* 0x100_0000_01B3 }
        var generator = SeededGenerator(seed: state)
        return Double(generator.next() >> 11) / Double(1 << 53)
    }

    private func between(_ text: String, _ start: String, _ end: String) -> String {
        guard let first = text.firstRange(of: start), let last = text[first.upperBound...].firstRange(of: end) else { return "" }
        return String(text[first.upperBound..<last.lowerBound])
    }
}

/// Drives a search to its end, and keeps everything that was seen.
struct Driver {
    var effects: [SearchEffect] = []
    var events: [SearchEvent] = []
    var candidates: [CandidateRecord] = []
    var evaluations: [EvaluationRequest] = []
    var generations: [GenerationRequest] = []
    var rejections: [String] = []
    var outcome: SearchOutcome?
    var callsAsked = 0

    /// With `stopAfter`, the user stops once so many answers were given; what was under way then still arrives.
    init(_ configuration: SearchConfiguration, _ target: SimulatedTarget, stopAfter: Int? = nil) {
        var search = Search(configuration: configuration)
        var pending = absorb(search.start(), configuration)
        var answered = 0
        while let request = pending.first {
            pending.removeFirst()
            if answered == stopAfter {
                events.append(.stopRequested)
                pending += absorb(search.handle(.stopRequested), configuration)
            }
            answered += 1
            let event = Self.answer(request, configuration, target)
            events.append(event)
            let next = search.handle(event)
            if outcome != nil { precondition(next.isEmpty, "nothing follows the finish") }
            pending += absorb(next, configuration)
            precondition(pending.count <= 1, "at most one request is under way")
            precondition(search.handle(event).isEmpty, "an answer that comes again is ignored")
            if outcome != nil { pending = [] }
        }
    }

    enum Request {
        case evaluate(EvaluationRequest)
        case generate(GenerationRequest)
    }

    static func answer(_ request: Request, _ configuration: SearchConfiguration, _ target: SimulatedTarget) -> SearchEvent {
        switch request {
        case .evaluate(let request):
            .evaluated(
                requestID: request.id,
                records: request.items.map { item in item.samples.map { target.record(item.document, configuration.template.samples[$0]) } })
        case .generate(let request): .generated(requestID: request.id, records: request.chats.map { target.answer($0, round: request.iteration) })
        }
    }

    private mutating func absorb(_ new: [SearchEffect], _ configuration: SearchConfiguration) -> [Request] {
        effects += new
        var requests: [Request] = []
        for effect in new {
            switch effect {
            case .candidate(let candidate): candidates.append(candidate)
            case .evaluate(let request):
                evaluations.append(request)
                callsAsked += request.items.reduce(0) { $0 + $1.samples.count } * configuration.callsPerUnit
                requests.append(.evaluate(request))
            case .generate(let request):
                generations.append(request)
                callsAsked += request.chats.count
                requests.append(.generate(request))
            case .rejectedProposal(_, _, let reason): rejections.append(reason)
            case .scored, .progress: break
            case .finish(let outcome): self.outcome = outcome
            }
        }
        return requests
    }
}

enum Fixture {
    static let prompt = "Classify the topic of the headline as one of: sports, business, technology, health.\n\nHeadline: {{headline}}"
    private static let labels = ["sports", "business", "technology", "health"]

    /// Distinct inputs with one of four labels each.
    static func samples(_ count: Int, labelled: Bool = true) -> [Sample] {
        (0..<count).map { index in
            var generator = SeededGenerator(seed: UInt64(index) + 77)
            let words = (0..<6).map { _ in "w" + String(generator.next() % 5_000) }.joined(separator: " ")
            return Sample(index: index, variables: ["headline": words], referenceResponse: labelled ? labels[index % 4] : nil)
        }
    }

    static func configuration(
        _ count: Int = 120, prompt: String = Fixture.prompt, samples: [Sample]? = nil, method: EvaluationMethod = .builtin(.exactMatch),
        format: JobOptions.PromptFormat = .chat, seed: UInt64 = 0, budget: Int = 1_000, callsPerUnit: Int = 1, rewriter: Bool = false, shorten: Bool = false
    ) -> SearchConfiguration {
        let template = Template(
            line: 1, id: "t", promptTemplate: prompt, method: method, metricLabel: nil, samples: samples ?? self.samples(count), shortenPrompt: shorten)
        return SearchConfiguration(
            template: template, promptFormat: format, seed: seed, budgetCalls: budget, callsPerUnit: callsPerUnit, hasRewriter: rewriter,
            scoringDescription: "1 when the answer equals the reference")
    }
}
