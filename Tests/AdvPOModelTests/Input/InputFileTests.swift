import AdvPOModel
import OrderedCollections
import Testing

@Suite struct InputFileTests {
    private func readOne(_ line: String) throws -> Template {
        let templates = try InputFile.read(Array(line.utf8))
        return try #require(templates.count == 1 ? templates.first : nil)
    }

    @Test("a plain template is read whole") func plainTemplate() throws {
        let template = try readOne(InputLine.with())
        #expect(
            template
                == Template(
                    line: 1, id: "t1", promptTemplate: "Answer {{q}}", method: .defaultJudge, metricLabel: nil,
                    samples: [Sample(index: 0, variables: ["q": "2+2"], referenceResponse: "4")], shortenPrompt: false))
        #expect(!template.hasAttachments)
    }

    @Test("a byte order mark, CRLF and blank lines are accepted, and every line counts") func lineEnds() throws {
        let second = InputLine.with(["templateId": "\"t2\""])
        let text = "\u{FEFF}\r\n" + InputLine.with() + "\r\n \t\r\n\n" + second
        let templates = try InputFile.read(Array(text.utf8))
        #expect(templates.map(\.line) == [2, 5])
        #expect(templates.map(\.id) == ["t1", "t2"])
    }

    @Test("limits without bound are limits too") func unboundedLimits() throws {
        var limits = InputLimits()
        limits.templatesPerJob = .max
        limits.samplesPerTemplate = .max
        limits.fileBytes = .max
        #expect(try InputFile.read(Array(InputLine.with().utf8), limits: limits).count == 1)
    }

    @Test("several keys in one object are the same as one key in several") func multipleKeys() throws {
        let joined = try readOne(InputLine.withSample(#"{"inputVariables":[{"q":"a","b":"c"},{"d":"e"}]}"#))
        let single = try readOne(InputLine.withSample(#"{"inputVariables":[{"q":"a"},{"b":"c"},{"d":"e"}]}"#))
        #expect(joined == single)
        #expect(joined.samples[0].variables.map(\.key) == ["q", "b", "d"])
    }

    @Test("each method is read") func methods() throws {
        let arn = "arn:aws:lambda:us-west-2:123456789012:function:my-metric:prod"
        #expect(try readOne(InputLine.with(["steeringCriteria": #"["short","kind"]"#])).method == .steering(criteria: ["short", "kind"]))
        #expect(try readOne(InputLine.withFunction("\"\(arn)\"")).method == .function(arn: arn, name: "my-metric"))
        #expect(try readOne(InputLine.with(["evaluationMetricLambdaArn": "\"builtin:rouge_l\""])).method == .builtin(.rougeL))
        let judged = try readOne(
            InputLine.with(["customLLMJConfig": #"{"customLLMJPrompt":"Is it {good}?","customLLMJModelId":"m"}"#, "customEvaluationMetricLabel": "\"Good\""]))
        #expect(judged.method == .customJudge(prompt: "Is it {good}?", modelID: "m"))
        #expect(judged.metricLabel == "Good")
    }

    @Test("an empty reference is one to a judge, and none is fine too") func references() throws {
        #expect(try readOne(InputLine.withSample(#"{"inputVariables":[{"q":"a"}],"referenceResponse":""}"#)).samples[0].referenceResponse == "")
        #expect(try readOne(InputLine.withSample(#"{"inputVariables":[{"q":"a"}]}"#)).samples[0].referenceResponse == nil)
    }

    @Test("with a file a template needs neither placeholder nor variables") func attachmentOnly() throws {
        let template = try readOne(
            InputLine.with([
                "promptTemplate": "\"Describe it\"",
                "evaluationSamples":
                    #"[{"inputVariablesMultimodal":[{"any name":{"type":"image","s3Uri":"s3://bucket/a b.png"}},{"x":{"type":"Pdf","s3Uri":"s3://bucket/x.pdf"}},{"y":{"type":"DOCUMENT","s3Uri":"s3://bucket/y"}}]}]"#,
            ]))
        #expect(template.hasAttachments)
        #expect(
            template.samples[0].attachments == [
                Attachment(name: "any name", kind: .image, uri: "s3://bucket/a b.png"), Attachment(name: "x", kind: .document, uri: "s3://bucket/x.pdf"),
                Attachment(name: "y", kind: .document, uri: "s3://bucket/y"),
            ])
    }

    @Test(
        "literal braces and unused variables are no faults",
        arguments: [
            #"{\"a\": {\"b\": [1]}} {{q}}"#, #"\\frac{1}{2} {{q}} \\sqrt{x}"#, "{{{q}}}", "{{q}} {unknown} {{1}} {{a-b}} {} {{}}", "<advpo:exclude>{\\\"k\\\": {{q}}}</advpo:exclude> x",
        ])
    func literalBraces(prompt: String) throws {
        let template = try readOne(InputLine.with(["promptTemplate": "\"\(prompt)\"", "evaluationSamples": #"[{"inputVariables":[{"q":"a","unused":"b"}]}]"#]))
        #expect(PlaceholderText(try TaggedTemplate(template.promptTemplate).text).names == ["q"])
    }

    @Test("the limits are those that are given, not the published ones") func raisedLimits() throws {
        var limits = InputLimits()
        limits.samplesPerTemplate = 500
        let samples = Array(repeating: InputLine.sample, count: 500).joined(separator: ",")
        let templates = try InputFile.read(Array(InputLine.with(["evaluationSamples": "[\(samples)]"]).utf8), limits: limits)
        #expect(templates.first?.samples.map(\.index) == Array(0..<500))
    }

    @Test("what the installation has is accepted") func context() throws {
        let context = InputContext(functionNames: ["a", "m"], hasJudge: false, modelIDs: ["judge"])
        let lines = [
            InputLine.withFunction("\"arn:aws:lambda:us-west-2:123456789012:function:m\""),
            InputLine.with([
                "templateId": "\"t2\"", "customLLMJConfig": #"{"customLLMJPrompt":"p","customLLMJModelId":"judge"}"#, "customEvaluationMetricLabel": "\"L\"",
            ]),
            InputLine.with(["templateId": "\"t3\"", "evaluationMetricLambdaArn": "\"builtin:token_f1\""]),
        ]
        #expect(try InputFile.read(Array(lines.joined(separator: "\n").utf8), context: context).count == 3)
    }
}
