import AdvPOModel
import Testing

@Suite struct MalformedInputTests {
    struct Malformed: Sendable, CustomTestStringConvertible {
        var name: String
        var input: String
        var expected: [String]
        var context = InputContext()
        var limits = InputLimits()
        var testDescription: String { name }

        init(_ name: String, _ input: String, _ expected: String..., context: InputContext = InputContext(), limits: @Sendable (inout InputLimits) -> Void = { _ in }) {
            (self.name, self.input, self.expected, self.context) = (name, input, expected, context)
            limits(&self.limits)
        }
    }

    @Test("a malformed file is refused with every fault named", arguments: fileCases + fieldCases + promptCases + methodCases + sampleCases + attachmentCases)
    func malformed(_ item: Malformed) {
        let faults = #expect(throws: InputFaults.self) {
            try InputFile.read(Array(item.input.utf8), limits: item.limits, context: item.context)
        }
        #expect(faults?.description == item.expected.joined(separator: "\n"))
    }

    static let fileCases: [Malformed] = [
        Malformed("an empty file", "", "Input file is empty; write one JSON object per line, each a prompt template"),
        Malformed("blank lines only", "\n \r\n\t\n", "Input file is empty; write one JSON object per line, each a prompt template"),
        Malformed("a byte order mark only", "\u{FEFF}", "Input file is empty; write one JSON object per line, each a prompt template"),
        Malformed(
            "not JSON", "hello", "line 1: File is not valid JSONL: column 1: `hello` is not a JSON value; write text in double quotes"),
        Malformed(
            "pretty-printed JSON", "{\n  \"version\": 1\n}",
            "line 1: File is not valid JSONL: column 2: the object opened at column 1 does not end; add the missing `}`",
            "line 2: File is not valid JSONL: column 12: `:` follows the end of the value; keep one value and remove the rest",
            "line 3: File is not valid JSONL: column 1: `}` stands where a value should; write a JSON value there"),
        Malformed(
            "a key twice", #"{"version":1,"version":1}"#,
            "line 1: File is not valid JSONL: column 14: key \"version\" occurs twice in one object; keep one of them"),
        Malformed("a list", "[]", "line 1: the line is a list, not an object; write one JSON object per line, each a prompt template"),
        Malformed(
            "two objects on a line", InputLine.with() + InputLine.with(),
            "line 1: File is not valid JSONL: column 162: `{` follows the end of the value; keep one value and remove the rest"),
        Malformed(
            "faults on several lines, blank lines counted", "\r\n" + InputLine.with(["version": "1"]) + "\r\n\r\n[1,]\r\n",
            "line 2, template \"t1\", field version: 1 is not a version of this format; write \"bedrock-2026-05-14\"",
            "line 4: File is not valid JSONL: column 3: a comma stands before `]`; remove it"),
        Malformed(
            "too many bytes", InputLine.with(), "Input file has 161 bytes; the limit is 100; split it into several jobs, or raise the limit", limits: { $0.fileBytes = 100 }),
        Malformed(
            "too many templates", (1...3).map { InputLine.with(["templateId": "\"t\($0)\""]) }.joined(separator: "\n"),
            "line 2: the file holds 3 templates; the limit is 1; split it into several jobs, or raise the limit", limits: { $0.templatesPerJob = 1 }),
        Malformed(
            "nesting too deep", "{\"version\":" + String(repeating: "[", count: 70), "line 1: File is not valid JSONL: column 75: a list is nested deeper than 64 levels; flatten the value"),
    ]

    static let fieldCases: [Malformed] = [
        Malformed(
            "an empty object", "{}",
            "line 1, field templateId: the field is missing; give the template a name that no other line has",
            "line 1, field version: the field is missing; write \"bedrock-2026-05-14\"",
            "line 1, field promptTemplate: the field is missing; write the prompt, with {{name}} where a variable goes",
            "line 1, field evaluationSamples: the field is missing; write a list of 1 to 100 samples"),
        Malformed(
            "another version", InputLine.with(["version": "\"bedrock-2025-01-01\""]),
            "line 1, template \"t1\", field version: \"bedrock-2025-01-01\" is not a version of this format; write \"bedrock-2026-05-14\""),
        Malformed(
            "a templateId that is a number", InputLine.with(["templateId": "7"]), "line 1, field templateId: the value is a number, not a string; write it in double quotes"),
        Malformed(
            "a blank templateId", InputLine.with(["templateId": "\" \""]), "line 1, field templateId: the text is blank; give the template a name that no other line has"),
        Malformed(
            "a long templateId", InputLine.with(["templateId": "\"abcdef\""]),
            "line 1, template \"abcdef\", field templateId: the name has 6 characters; the limit is 5; choose a shorter one", limits: { $0.templateIDCharacters = 5 }),
        Malformed(
            "a control character in templateId", InputLine.with(["templateId": #""a\nb""#]),
            #"line 1, template "a\nb", field templateId: the name holds a control character; use visible characters only"#),
        Malformed(
            "the same templateId twice", InputLine.with() + "\n" + InputLine.with(),
            "line 2, template \"t1\", field templateId: line 1 has the same name; give each template its own"),
        Malformed(
            "a misspelled field", InputLine.with(["shortenPromt": "true"]), "line 1, template \"t1\", field shortenPromt: the field is not known; did you mean shortenPrompt?"),
        Malformed(
            "an unknown field", InputLine.with(["colour": "1"]),
            "line 1, template \"t1\", field colour: the field is not known; remove it; the fields are version, templateId, promptTemplate, steeringCriteria, customEvaluationMetricLabel, customLLMJConfig, evaluationMetricLambdaArn, evaluationSamples, shortenPrompt"
        ),
        Malformed(
            "shortenPrompt as a string", InputLine.with(["shortenPrompt": "\"true\""]),
            "line 1, template \"t1\", field shortenPrompt: the value is a string, not a boolean; write true or false, without quotes"),
    ]

    static let promptCases: [Malformed] = [
        Malformed(
            "a prompt that is a list", InputLine.with(["promptTemplate": "[]"]),
            "line 1, template \"t1\", field promptTemplate: the value is a list, not a string; write a string; a structure can be a string that holds its JSON"),
        Malformed(
            "a blank prompt", InputLine.with(["promptTemplate": #""\n ""#]),
            "line 1, template \"t1\", field promptTemplate: the text is blank; write the prompt, with {{name}} where a variable goes"),
        Malformed(
            "a long prompt", InputLine.with(), "line 1, template \"t1\", field promptTemplate: the text has 12 bytes; the limit is 11; shorten it, or raise the limit",
            limits: { $0.textBytes = 11 }),
        Malformed(
            "a prompt without placeholder", InputLine.with(["promptTemplate": "\"Say yes\""]),
            "line 1, template \"t1\", field promptTemplate: the prompt has no placeholder and no sample has a file, so it would not depend on the input; write {{name}} where a variable goes; the variables are q"
        ),
        Malformed(
            "single braces", InputLine.with(["promptTemplate": "\"Answer {q}, {q}\""]),
            "line 1, template \"t1\", field promptTemplate: {q} names a variable in single braces, which would be sent as it stands; write {{q}}"),
        Malformed(
            "single braces beside a proper placeholder", InputLine.with(["promptTemplate": "\"{{q}} and {{q}\""]),
            "line 1, template \"t1\", field promptTemplate: {q} names a variable in single braces, which would be sent as it stands; write {{q}}"),
        Malformed(
            "blanks in a placeholder", InputLine.with(["promptTemplate": "\"Answer {{ q }}\""]),
            "line 1, template \"t1\", field promptTemplate: a placeholder for \"q\" has blanks inside its braces; write {{q}}"),
        Malformed(
            "a placeholder that no sample knows", InputLine.with(["promptTemplate": "\"{{q}} {{topik}}\"", "evaluationSamples": #"[{"inputVariables":[{"q":"a","topic":"b"}]}]"#]),
            "line 1, template \"t1\", field promptTemplate: no sample has a variable \"topik\" for the placeholder {{topik}}; add it to inputVariables of every sample, or correct the name; did you mean {{topic}}?"
        ),
        Malformed(
            "a placeholder that one sample lacks", InputLine.with(["promptTemplate": "\"{{q}} {{r}}\"", "evaluationSamples": #"[{"inputVariables":[{"q":"a","r":"b"}]},{"inputVariables":[{"q":"a"}]}]"#]),
            "line 1, template \"t1\", field evaluationSamples[1].inputVariables: there is no variable \"r\", which promptTemplate uses as {{r}}; add {\"r\": \"…\"}"),
        Malformed(
            "faulty tags", InputLine.with(["promptTemplate": #""a\n<advpo:optimise>{{q}}""#]),
            "line 1, template \"t1\", field promptTemplate: at line 2, column 1: the tag \"<advpo:optimise>\" is malformed or misspelled; write <advpo:optimize>, in lower case, without blanks or attributes",
            "line 1, template \"t1\", field promptTemplate: at line 2, column 1: <advpo:optimize> is not closed; write </advpo:optimize> after the region"),
    ]

    static let methodCases: [Malformed] = [
        Malformed(
            "two methods", InputLine.with(["steeringCriteria": "[\"a\"]", "evaluationMetricLambdaArn": "\"builtin:contains\""]),
            "line 1, template \"t1\", field evaluationMetricLambdaArn: the template has steeringCriteria and evaluationMetricLambdaArn, but one evaluation method is allowed; keep one of them; the others can be templates of their own"
        ),
        Malformed(
            "steering as a string", InputLine.with(["steeringCriteria": "\"short\""]),
            "line 1, template \"t1\", field steeringCriteria: the value is a string, not a list; write a list of 1 to 5 strings, or leave the field out"),
        Malformed(
            "no criteria", InputLine.with(["steeringCriteria": "[]"]),
            "line 1, template \"t1\", field steeringCriteria: the list is empty; write a list of 1 to 5 strings, or leave the field out"),
        Malformed(
            "six criteria", InputLine.with(["steeringCriteria": #"["1","2","3","4","5","6"]"#]),
            "line 1, template \"t1\", field steeringCriteria: there are 6 criteria; the limit is 5; keep the most important ones"),
        Malformed(
            "bad criteria", InputLine.with(["steeringCriteria": #"["a","",3]"#]),
            "line 1, template \"t1\", field steeringCriteria[1]: the text is blank; write the criterion, or remove it",
            "line 1, template \"t1\", field steeringCriteria[2]: the value is a number, not a string; write it in double quotes"),
        Malformed(
            "steering without a judge", InputLine.with(["steeringCriteria": "[\"a\"]"]),
            "line 1, template \"t1\", field steeringCriteria: criteria are scored by the built-in judge, which has no model; set roles.judge in the model file, or score with evaluationMetricLambdaArn (for example \"builtin:exact_match\")",
            context: InputContext(hasJudge: false)),
        Malformed(
            "no method and no judge", InputLine.with(),
            "line 1, template \"t1\", field evaluationSamples: the template names no evaluation method, and the built-in judge has no model; set roles.judge in the model file, or score with evaluationMetricLambdaArn (for example \"builtin:exact_match\")",
            context: InputContext(hasJudge: false)),
        Malformed(
            "a custom judge that is a string", InputLine.with(["customLLMJConfig": "\"x\"", "customEvaluationMetricLabel": "\"L\""]),
            "line 1, template \"t1\", field customLLMJConfig: the value is a string, not an object; write {\"customLLMJPrompt\": \"…\", \"customLLMJModelId\": \"…\"}"),
        Malformed(
            "a custom judge without its fields", InputLine.with(["customLLMJConfig": #"{"customLLMJModelID":"m"}"#, "customEvaluationMetricLabel": "\"L\""]),
            "line 1, template \"t1\", field customLLMJConfig.customLLMJModelID: the field is not known; did you mean customLLMJModelId?",
            "line 1, template \"t1\", field customLLMJConfig.customLLMJPrompt: the field is missing; write what the judge should look at",
            "line 1, template \"t1\", field customLLMJConfig.customLLMJModelId: the field is missing; name the model that judges"),
        Malformed(
            "a judge model that is not there",
            InputLine.with(["customLLMJConfig": #"{"customLLMJPrompt":"p","customLLMJModelId":"local.juge"}"#, "customEvaluationMetricLabel": "\"L\""]),
            "line 1, template \"t1\", field customLLMJConfig.customLLMJModelId: \"local.juge\" is not in the model file; did you mean local.judge? add it there, or name one of: local.judge, local.small",
            context: InputContext(modelIDs: ["local.judge", "local.small"])),
        Malformed(
            "a custom judge without label", InputLine.with(["customLLMJConfig": #"{"customLLMJPrompt":"p","customLLMJModelId":"m"}"#]),
            "line 1, template \"t1\", field customEvaluationMetricLabel: the field is missing, and customLLMJConfig needs it; name the metric, for example \"Accuracy\""),
        Malformed(
            "a function without label", InputLine.with(["evaluationMetricLambdaArn": "\"arn:aws:lambda:us-west-2:123456789012:function:m\""]),
            "line 1, template \"t1\", field customEvaluationMetricLabel: the field is missing, and evaluationMetricLambdaArn needs it; name the metric, for example \"Accuracy\""),
        Malformed(
            "a blank label", InputLine.with(["evaluationMetricLambdaArn": "\"builtin:contains\"", "customEvaluationMetricLabel": "\"\""]),
            "line 1, template \"t1\", field customEvaluationMetricLabel: the text is blank; name the metric, for example \"Accuracy\""),
        Malformed(
            "a function that is no ARN", InputLine.withFunction("\"my-metric\""),
            "line 1, template \"t1\", field evaluationMetricLambdaArn: \"my-metric\" is not the ARN of a Lambda function; write arn:aws:lambda:REGION:ACCOUNT:function:NAME, with an account of 12 digits, or builtin:NAME"
        ),
        Malformed(
            "an unknown built-in metric", InputLine.withFunction("\"builtin:exactmatch\""),
            "line 1, template \"t1\", field evaluationMetricLambdaArn: \"builtin:exactmatch\" is no built-in metric; did you mean builtin:exact_match? the metrics are builtin:exact_match, builtin:contains, builtin:token_f1, builtin:rouge_1, builtin:rouge_2, builtin:rouge_l, builtin:json_match, builtin:numeric_match"
        ),
        Malformed(
            "a function that is not there", InputLine.withFunction("\"arn:aws:lambda:us-west-2:123456789012:function:m2\""),
            "line 1, template \"t1\", field evaluationMetricLambdaArn: the function \"m2\" is not in the model file; add it under functions there with its folder; it names: m1, m3",
            context: InputContext(functionNames: ["m1", "m3"])),
        Malformed(
            "a function where there are none", InputLine.withFunction("\"arn:aws:lambda:us-west-2:123456789012:function:m2\""),
            "line 1, template \"t1\", field evaluationMetricLambdaArn: the function \"m2\" is not in the model file; add it under functions there with its folder; it names none yet",
            context: InputContext(functionNames: [])),
    ]

    static let sampleCases: [Malformed] = [
        Malformed(
            "samples that are an object", InputLine.with(["evaluationSamples": "{}"]),
            "line 1, template \"t1\", field evaluationSamples: the value is an object, not a list; write a list of 1 to 100 samples"),
        Malformed("no samples", InputLine.with(["evaluationSamples": "[]"]), "line 1, template \"t1\", field evaluationSamples: the list is empty; write a list of 1 to 100 samples"),
        Malformed(
            "too many samples", InputLine.with(["evaluationSamples": "[\(InputLine.sample),\(InputLine.sample)]"]),
            "line 1, template \"t1\", field evaluationSamples: there are 2 samples; the limit is 1; remove some, or raise the limit", limits: { $0.samplesPerTemplate = 1 }),
        Malformed(
            "a sample that is a string", InputLine.withSample("\"x\""),
            "line 1, template \"t1\", field evaluationSamples[0]: the sample is a string, not an object; write {\"inputVariables\": […], \"referenceResponse\": \"…\"}"),
        Malformed(
            "a sample without input", InputLine.withSample(#"{"referenceResponse":"4"}"#),
            "line 1, template \"t1\", field evaluationSamples[0].inputVariables: the sample has no input; write a list such as [{\"name\": \"value\"}]"),
        Malformed(
            "a misspelled field of a sample", InputLine.withSample(#"{"inputVariables":[{"q":"a"}],"referenceresponse":"b"}"#),
            "line 1, template \"t1\", field evaluationSamples[0].referenceresponse: the field is not known; did you mean referenceResponse?"),
        Malformed(
            "variables as an object", InputLine.withSample(#"{"inputVariables":{"q":"a"}}"#),
            "line 1, template \"t1\", field evaluationSamples[0].inputVariables: the value is an object, not a list; write a list such as [{\"name\": \"value\"}]"),
        Malformed(
            "no variables", InputLine.withSample(#"{"inputVariables":[]}"#),
            "line 1, template \"t1\", field evaluationSamples[0].inputVariables: the list is empty; write a list such as [{\"name\": \"value\"}]"),
        Malformed(
            "entries that are no variables", InputLine.withSample(#"{"inputVariables":[{"q":"a"},"b",{}]}"#),
            "line 1, template \"t1\", field evaluationSamples[0].inputVariables[1]: the entry is a string, not an object; write {\"name\": \"value\"}",
            "line 1, template \"t1\", field evaluationSamples[0].inputVariables[2]: the object is empty; write {\"name\": \"value\"}"),
        Malformed(
            "values that are no strings", InputLine.withSample(#"{"inputVariables":[{"q":1,"r":null},{"s":{"a":1}}]}"#),
            "line 1, template \"t1\", field evaluationSamples[0].inputVariables[0].q: the value is a number, not a string; write it in double quotes",
            "line 1, template \"t1\", field evaluationSamples[0].inputVariables[0].r: the value is null, not a string; write a string, or leave it out where it is optional",
            "line 1, template \"t1\", field evaluationSamples[0].inputVariables[1].s: the value is an object, not a string; write a string; a structure can be a string that holds its JSON"),
        Malformed(
            "a variable twice", InputLine.withSample(#"{"inputVariables":[{"q":"a"},{"q":"b"}]}"#),
            "line 1, template \"t1\", field evaluationSamples[0].inputVariables[1].q: the variable \"q\" occurs twice in the sample; keep one of them"),
        Malformed(
            "a name that no placeholder can have", InputLine.withSample(#"{"inputVariables":[{"q":"a"},{"my name":"b"}]}"#),
            "line 1, template \"t1\", field evaluationSamples[0].inputVariables[1].\"my name\": the variable's name cannot stand in a placeholder; use letters, digits and underscores, not a digit first"
        ),
        Malformed(
            "too many variables", InputLine.withSample(#"{"inputVariables":[{"q":"a","r":"b","s":"c"}]}"#),
            "line 1, template \"t1\", field evaluationSamples: the samples have 3 different variables; the limit is 2; join some of them, or raise the limit",
            limits: { $0.variablesPerTemplate = 2 }),
        Malformed(
            "a sample that is too large", InputLine.with(), "line 1, template \"t1\", field evaluationSamples[0]: the sample's texts have 4 bytes; the limit is 3; shorten them, or raise the limit",
            limits: { $0.sampleBytes = 3 }),
        Malformed(
            "a reference that is a list", InputLine.withSample(#"{"inputVariables":[{"q":"a"}],"referenceResponse":["b"]}"#),
            "line 1, template \"t1\", field evaluationSamples[0].referenceResponse: the value is a list, not a string; write a string; a structure can be a string that holds its JSON"),
        Malformed(
            "no reference for a built-in metric",
            InputLine.with(["evaluationMetricLambdaArn": "\"builtin:contains\"", "evaluationSamples": #"[{"inputVariables":[{"q":"a"}]},{"inputVariables":[{"q":"a"}],"referenceResponse":""}]"#]),
            "line 1, template \"t1\", field evaluationSamples[0].referenceResponse: the field is missing, and the metric compares answers with it; write the answer that is wanted",
            "line 1, template \"t1\", field evaluationSamples[1].referenceResponse: the text is empty, and the metric compares answers with it; write the answer that is wanted"),
        Malformed(
            "no reference for a function",
            InputLine.with([
                "evaluationMetricLambdaArn": "\"arn:aws:lambda:us-west-2:123456789012:function:m\"", "customEvaluationMetricLabel": "\"L\"",
                "evaluationSamples": #"[{"inputVariables":[{"q":"a"}]}]"#,
            ]),
            "line 1, template \"t1\", field evaluationSamples[0].referenceResponse: the field is missing, and the metric compares answers with it; write the answer that is wanted"),
    ]

    private static func attached(_ json: String) -> String { InputLine.withSample(#"{"inputVariables":[{"q":"a"}],"inputVariablesMultimodal":\#(json)}"#) }
    private static let files = "line 1, template \"t1\", field evaluationSamples[0].inputVariablesMultimodal"

    static let attachmentCases: [Malformed] = [
        Malformed(
            "files as an object", attached("{}"),
            "\(files): the value is an object, not a list; write a list such as [{\"name\": {\"type\": \"IMAGE\", \"s3Uri\": \"s3://…\"}}]"),
        Malformed(
            "no files", attached("[]"),
            "\(files): the list is empty; write a list such as [{\"name\": {\"type\": \"IMAGE\", \"s3Uri\": \"s3://…\"}}], or leave the field out"),
        Malformed(
            "a file that is a string", attached(#"[{"a":"s3://bucket/a.png"}]"#),
            "\(files)[0].a: the value is a string, not an object; write {\"name\": {\"type\": \"IMAGE\", \"s3Uri\": \"s3://…\"}}"),
        Malformed(
            "a kind that is not known, and an address that is none", attached(#"[{"a":{"type":"VIDEO","s3Uri":"https://example.com/a"}}]"#),
            "\(files)[0].a.type: \"VIDEO\" is not a kind of file; write \"IMAGE\" or \"PDF\"",
            "\(files)[0].a.s3Uri: \"https://example.com/a\" is not the address of an S3 object; write s3://bucket/key, with at most 1024 bytes"),
        Malformed(
            "a file without its fields", attached(#"[{"a":{"uri":"s3://bucket/a"}}]"#),
            "\(files)[0].a.uri: the field is not known; remove it; the fields are type, s3Uri",
            "\(files)[0].a.type: the field is missing; write \"IMAGE\" or \"PDF\"",
            "\(files)[0].a.s3Uri: the field is missing; write where the file is: s3://bucket/key"),
        Malformed(
            "a file twice", attached(#"[{"a":{"type":"PDF","s3Uri":"s3://bucket/a"}},{"a":{"type":"PDF","s3Uri":"s3://bucket/b"}}]"#),
            "\(files)[1].a: the file \"a\" occurs twice in the sample; give each its own name"),
        Malformed(
            "too many files", attached(#"[{"a":{"type":"PDF","s3Uri":"s3://bucket/a"}},{"b":{"type":"PDF","s3Uri":"s3://bucket/b"}}]"#),
            "\(files): there are 2 files; the limit is 1; remove some, or raise the limit", limits: { $0.attachmentsPerSample = 1 }),
        Malformed(
            "addresses that are none", attached(#"[{"a":{"type":"PDF","s3Uri":"s3://bucket/"}},{"b":{"type":"PDF","s3Uri":"s3://Bu/k"}},{"c":{"type":"PDF","s3Uri":"s3://bucket"}}]"#),
            "\(files)[0].a.s3Uri: \"s3://bucket/\" is not the address of an S3 object; write s3://bucket/key, with at most 1024 bytes",
            "\(files)[1].b.s3Uri: \"s3://Bu/k\" is not the address of an S3 object; write s3://bucket/key, with at most 1024 bytes",
            "\(files)[2].c.s3Uri: \"s3://bucket\" is not the address of an S3 object; write s3://bucket/key, with at most 1024 bytes"),
    ]

    @Test("only so many faults are kept, and the rest are counted") func capOnFaults() {
        let bad = String(repeating: "1\n", count: 250)
        let faults = #expect(throws: InputFaults.self) { try InputFile.read(Array(bad.utf8), limits: InputLimits.many) }
        #expect(faults?.faults.count == InputFaults.maximumReported)
        #expect(faults?.unreportedCount == 50)
        #expect(faults?.description.hasSuffix("\nand 50 more") == true)
    }

    @Test("a file of very many bad lines still says how many lines there are") func capOnLines() {
        let bad = String(repeating: "1\n", count: 5_000)
        let faults = #expect(throws: InputFaults.self) { try InputFile.read(Array(bad.utf8)) }
        #expect(faults?.faults.contains { $0.line == 11 && $0.problem == "the file holds 5000 templates; the limit is 10" } == true)
    }

    @Test("bytes that are not UTF-8 are a fault of their line") func invalidUTF8() {
        let bytes = Array(InputLine.with().utf8) + [0x0A, 0x22, 0xFF, 0x22]
        let faults = #expect(throws: InputFaults.self) { try InputFile.read(bytes) }
        #expect(faults?.description == "line 2: File is not valid JSONL: column 2: byte 0xFF is not valid UTF-8; save the file as UTF-8")
    }
}

extension InputLimits {
    fileprivate static var many: InputLimits {
        var limits = InputLimits()
        limits.templatesPerJob = 1_000
        return limits
    }
}
