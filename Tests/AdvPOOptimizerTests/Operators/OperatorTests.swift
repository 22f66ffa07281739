import AdvPOModel
import OrderedCollections
import Testing
@testable import AdvPOOptimizer

@Suite struct OperatorTests {
    @Test(
        "a rewriter's answer is read leniently",
        arguments: [
            ("<prompt>Do {{x}}</prompt>", "Do {{x}}"), ("Sure!\n<prompt>\nDo {{x}}\n</prompt>\nHope it helps", "Do {{x}}"), ("<prompt>Do {{x}}", "Do {{x}}"),
            ("<prompt>```\nDo {{x}}\n```</prompt>", "Do {{x}}"), ("Here:\n```text\nDo {{x}}\n```\nBye", "Do {{x}}"),
            ("<think><prompt>no</prompt></think><prompt>Do {{x}}</prompt>", "Do {{x}}"), ("<prompt>old</prompt> better: <prompt>new {{x}}</prompt>", "new {{x}}"),
            ("", nil), ("I refuse", nil), ("<prompt>  </prompt>", nil), ("<prompt>Below is a prompt template to improve.</prompt>", nil),
        ] as [(String, String?)])
    func reading(answer: String, expected: String?) {
        switch RewriteAnswer.read(answer, isInOriginal: { _ in false }) {
        case .prompt(let prompt): #expect(prompt == expected)
        case .unusable(let reason):
            #expect(expected == nil, "\(reason)")
            #expect(!reason.isEmpty)
        }
    }

    @Test("marks of the request pass where the original has them")
    func marksInOriginal() {
        #expect(RewriteAnswer.read("<prompt>use <sample id> tags", isInOriginal: { $0 == "<sample " }) == .prompt("use <sample id> tags"))
    }

    @Test("the check names what is wrong")
    func refusals() {
        let configuration = Fixture.configuration(prompt: "<advpo:exclude>Rule.</advpo:exclude> Do {{a}} and {{b}}", format: .text)
        let check = CandidateCheck(configuration: configuration, original: RegionedText(template: configuration.template.promptTemplate))
        #expect(check.refusal(of: PromptDocument(user: "Rule. Now {{b}}, {{a}}")) == nil)
        #expect(check.refusal(of: PromptDocument(user: " "))?.contains("empty") == true)
        #expect(check.refusal(of: PromptDocument(user: "Rule. {{a}}"))?.contains("{{b}} is missing") == true)
        #expect(check.refusal(of: PromptDocument(user: "Rule. {{a}}{{b}}{{c}}"))?.contains("{{c}}") == true)
        #expect(check.refusal(of: PromptDocument(user: "Rules {{a}}{{b}}"))?.contains("region") == true)
        #expect(check.refusal(of: PromptDocument(system: "s", user: "Rule. {{a}}{{b}}"))?.contains("text format") == true)
        #expect(check.refusal(of: PromptDocument(user: "Rule. {{a}}{{b}}" + String(repeating: "x", count: 60_000)))?.contains("60000") == true)
    }

    @Test(
        "references show their format",
        arguments: [
            (["a", "b", "a", "b", "a"], FormatProfile.labels(["a", "b"])), (["1", "22", "-3", "4", "55"], .number(isInteger: true)),
            (["1.5", "2"], .number(isInteger: false)), (["{\"a\": 1, \"b\": [1, {\"c\": \"}\"}]}", "{\"b\": 2, \"a\": null}"], .jsonObject(keys: ["a", "b"])),
            (["[1]", "[]"], .jsonArray), (["one two", "three four five"], .line(medianWords: 3, maximumWords: 3)),
            (["one\ntwo", "three four five"], .text(medianWords: 3, maximumWords: 3)), (["{broken", "{also}"], .line(medianWords: 1, maximumWords: 1)),
        ] as [([String], FormatProfile)])
    func profiles(references: [String], expected: FormatProfile) {
        #expect(FormatProfile(references: references) == expected)
        #expect(expected.statements.allSatisfy { PlaceholderText($0).names.isEmpty && !$0.isEmpty })
        #expect(FormatProfile(references: ["alone"]) == nil)
    }

    @Test("examples stand before the paragraph with the input, in each layout")
    func layouts() throws {
        let samples = Fixture.samples(4)
        let first = try #require(samples[0].variables["headline"])
        func text(_ layout: Blueprint.Layout, prompt: String = Fixture.prompt) -> PromptDocument? {
            Blueprint(body: RegionedText(template: prompt), examples: [0, 1], layout: layout).document(samples: samples)
        }
        let turns = try #require(text(.turns))
        #expect(turns.examples.map(\.assistant) == ["sports", "business"])
        #expect(turns.examples[0].user == Fixture.prompt.replacing("{{headline}}", with: first))
        #expect(turns.user == Fixture.prompt)
        let echoed = try #require(text(.echoed)).user
        #expect(echoed.hasPrefix("Classify the topic of the headline as one of: sports, business, technology, health.\n\nHeadline: \(first)\nAnswer: sports\n\nHeadline: "))
        #expect(echoed.hasSuffix("\n\nHeadline: {{headline}}\nAnswer:"))
        let labelled = try #require(text(.labelled)).user
        #expect(labelled.contains("Examples:\n\nInput: \(first)\nOutput: sports"))
        #expect(labelled.hasSuffix("\n\nHeadline: {{headline}}"))
        #expect(try #require(text(.tagged)).user.contains("<input>\(first)</input>"))
        let frozenInput = try #require(text(.labelled, prompt: "<advpo:optimize>Do it.</advpo:optimize>\nHeadline: {{headline}}")).user
        #expect(frozenInput.hasPrefix("Do it.\n\nExamples:"))
        #expect(frozenInput.hasSuffix("\nHeadline: {{headline}}"))
        #expect(text(.labelled, prompt: "<advpo:exclude>{{headline}}</advpo:exclude>") != nil)
    }

    @Test("samples that cannot be examples are left out")
    func donors() {
        var samples = Fixture.samples(8)
        samples[0].referenceResponse = nil
        samples[1].referenceResponse = "  "
        samples[2].variables = ["headline": "see {{headline}}"]
        samples[3].variables = ["headline": "{headline}"]
        samples[4].attachments = [Attachment(name: "i", kind: .image, uri: "s3://b/k")]
        samples[5].variables = ["headline": String(repeating: "x", count: 5_000)]
        let examples = ExampleOperator(samples: samples, donors: Array(0..<8), strata: Strata(samples.map(\.referenceResponse)), promptFormat: .chat)
        #expect(examples.donors == [6, 7])
    }

    @Test("draws are balanced over the labels")
    func balance() {
        let samples = Fixture.samples(40)
        let examples = ExampleOperator(samples: samples, donors: Array(0..<40), strata: Strata(samples.map(\.referenceResponse)), promptFormat: .chat)
        for seed in 0..<20 as Range<UInt64> {
            var generator = SeededGenerator(seed: seed)
            let draw = examples.draw(8, generator: &generator)
            #expect(Set(draw).count == 8)
            for label in ["sports", "business", "technology", "health"] { #expect(draw.count { samples[$0].referenceResponse == label } == 2) }
        }
    }

    @Test("mutations change the examples and nothing else")
    func mutations() throws {
        let samples = Fixture.samples(40)
        let examples = ExampleOperator(samples: samples, donors: Array(0..<40), strata: Strata(samples.map(\.referenceResponse)), promptFormat: .chat)
        let parent = Parent(id: CandidateID(1), blueprint: Blueprint(body: RegionedText(template: "{{headline}}"), examples: [1, 2, 3, 4], layout: .turns))
        for mutation in ExampleOperator.Mutation.allCases {
            for seed in 0..<20 as Range<UInt64> {
                var generator = SeededGenerator(seed: seed)
                let changed = try #require(examples.mutated(parent, by: mutation, generator: &generator)).blueprint
                #expect(changed.body == parent.blueprint.body)
                #expect(Set(changed.examples).count == changed.examples.count)
                let kept = changed.examples.count { parent.blueprint.examples.contains($0) }
                switch mutation {
                case .swap: #expect(changed.examples.count == 4 && kept == 3)
                case .swapTwo: #expect(changed.examples.count == 4 && kept < 4)
                case .drop: #expect(changed.examples.count == 3 && kept == 3)
                case .grow: #expect(changed.examples.count == 5 && kept == 4)
                case .reorder: #expect(changed.examples.count == 4 && kept == 4)
                }
            }
        }
    }

    @Test("shortening drops whole sentences and never a placeholder")
    func shortening() {
        #expect(ShortenOperator.pieces("One. Two!\nThree 1.5 {{x}}") == ["One. ", "Two!\n", "Three 1.5 {{x}}"])
        let parent = Parent(id: CandidateID(0), blueprint: Blueprint(body: RegionedText(template: "One. Two. Do {{x}}. Four."), layout: .labelled))
        let texts = ShortenOperator.proposals(for: parent).map(\.blueprint.body.text)
        #expect(texts == ["Two. Do {{x}}. Four.", "One. Do {{x}}. Four.", "One. Two. Do {{x}}. ", "One. Do {{x}}. "])
    }

    @Test("the rewriter sees the prompt with its regions, the failing samples and the rules")
    func rewriterRequest() throws {
        let configuration = Fixture.configuration(prompt: "<advpo:exclude>Rule.</advpo:exclude> Do {{headline}}", rewriter: true)
        let rewriting = RewriteOperator(configuration: configuration, originalNames: ["headline"])
        let samples = configuration.template.samples
        let evidence = (0..<10).map { index in
            RewriteOperator.Evidence(
                sample: samples[index],
                record: UnitRecord(status: .scored, output: "out\(index)" + String(repeating: "!", count: 5_000), score: index < 5 ? 0 : 1, feedback: "because\(index)", providerCalls: 1),
                score: index < 5 ? 0 : 1)
        }
        let parent = Parent(id: CandidateID(0), blueprint: Blueprint(body: RegionedText(template: configuration.template.promptTemplate), layout: .turns))
        var generator = SeededGenerator(seed: 1)
        let chats = rewriting.chats(count: 4, about: parent, meanScore: 0.5, evidence: evidence, firstEmphasis: 0, generator: &generator)
        #expect(Set(chats.map(\.seed)).count == 4)
        #expect(Set(chats.map(\.temperature)).count > 1)
        let text = try #require(chats.first?.messages.last?.text)
        #expect(text.contains("Rule.<advpo:optimize> Do {{headline}}</advpo:optimize>"))
        #expect(text.contains("Keep every placeholder exactly as written, and invent none: {{headline}}."))
        #expect(text.contains("1 when the answer equals the reference"))
        #expect(text.contains("Samples that it fails:\n<sample score=\"0.000\">"))
        #expect(text.contains("because"))
        #expect(text.count < 12_000)
        let record = UnitRecord(status: .scored, output: "<prompt>Rule. Better {{headline}}</prompt>", score: nil, providerCalls: 1)
        #expect(try rewriting.proposal(from: record, parent: parent).get().blueprint.body.text == "Rule. Better {{headline}}")
    }
}
