import AdvPOModel
import Testing

@Suite struct TemplateRoundTripTests {
    @Test(
        "a template that is written and read again is the same",
        arguments: [
            InputLine.with(), InputLine.with(["shortenPrompt": "true"]), InputLine.with(["shortenPrompt": "false"]),
            InputLine.with(["steeringCriteria": #"["a","b"]"#, "customEvaluationMetricLabel": "\"Mine\""]),
            InputLine.withFunction("\"arn:aws:lambda:us-west-2:123456789012:function:m\""), InputLine.with(["evaluationMetricLambdaArn": "\"builtin:json_match\""]),
            InputLine.with(["customLLMJConfig": #"{"customLLMJPrompt":"p {{response}}","customLLMJModelId":"m"}"#, "customEvaluationMetricLabel": "\"L\""]),
            InputLine.withSample(#"{"inputVariables":[{"q":"a","b":"c"}]}"#),
            InputLine.withSample(#"{"inputVariables":[{"q":"é{{q}} \\frac{1}{2} {\"a\":{\"b\":1}}"}],"referenceResponse":""}"#),
            InputLine.with([
                "promptTemplate": "\"Describe\"",
                "evaluationSamples": #"[{"inputVariablesMultimodal":[{"a":{"type":"image","s3Uri":"s3://bucket/a"},"b":{"type":"document","s3Uri":"s3://bucket/b"}}]}]"#,
            ]),
            InputLine.with(["promptTemplate": #""<advpo:optimize>x</advpo:optimize>\t{{q}}""#]),
        ])
    func roundTrip(line: String) throws {
        let templates = try InputFile.read(Array(line.utf8))
        let written = templates.flatMap { $0.jsonLine.encoded() }
        let again = try InputFile.read(written)
        #expect(again == templates)
        #expect(again.flatMap { $0.jsonLine.encoded() } == written)
    }

    @Test("a written line has the fields in the published order") func writtenForm() throws {
        let line = InputLine.with(["evaluationSamples": #"[{"inputVariables":[{"q":"a","r":"b"}],"referenceResponse":"c"}]"#, "steeringCriteria": "[\"s\"]", "shortenPrompt": "true"])
        let template = try #require(try InputFile.read(Array(line.utf8)).first)
        #expect(
            template.jsonLine.text
                == #"{"version":"bedrock-2026-05-14","templateId":"t1","promptTemplate":"Answer {{q}}","steeringCriteria":["s"],"shortenPrompt":true,"evaluationSamples":[{"inputVariables":[{"q":"a"},{"r":"b"}],"referenceResponse":"c"}]}"#
        )
    }
}
