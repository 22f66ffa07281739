import AdvPOModel
import Testing

@Suite struct InputFileDamageTests {
    private static let file = [
        InputLine.with(["steeringCriteria": #"["short","kind"]"#]),
        InputLine.with([
            "templateId": "\"t2\"", "promptTemplate": #""<advpo:exclude>Be kind.</advpo:exclude> {\"a\": {\"b\": 1}} {{q}}""#, "evaluationMetricLambdaArn": "\"builtin:contains\"",
        ]),
        InputLine.with([
            "templateId": "\"t3\"", "customLLMJConfig": #"{"customLLMJPrompt":"p","customLLMJModelId":"m"}"#, "customEvaluationMetricLabel": "\"L\"",
            "evaluationSamples": #"[{"inputVariables":[{"q":"é"}],"inputVariablesMultimodal":[{"f":{"type":"IMAGE","s3Uri":"s3://bucket/f.png"}}]}]"#,
        ]),
    ].joined(separator: "\n")

    @Test("a damaged file is refused in words, or read to what can be written and read again", arguments: 0..<300 as Range<UInt64>)
    func randomDamage(seed: UInt64) throws {
        var generator = SeededGenerator(seed: seed)
        var bytes = Array(Self.file.utf8)
        for _ in 0..<Int.random(in: 1...4, using: &generator) {
            let position = Int.random(in: 0..<bytes.count, using: &generator)
            switch Int.random(in: 0..<3, using: &generator) {
            case 0: bytes[position] = UInt8.random(in: 0...255, using: &generator)
            case 1: bytes.remove(at: position)
            default: bytes.insert(contentsOf: Array("{}[]\",:<>".utf8.shuffled(using: &generator).prefix(2)), at: position)
            }
        }
        let result = Result { () throws(InputFaults) in try InputFile.read(bytes) }
        switch result {
        case .success(let templates):
            let written = Array(templates.map { $0.jsonLine.encoded() }.joined(separator: [0x0A]))
            let again = try InputFile.read(written)
            #expect(again.map(\.jsonLine) == templates.map(\.jsonLine))
        case .failure(let faults):
            #expect(!faults.faults.isEmpty)
            #expect(faults.faults.allSatisfy { !$0.problem.isEmpty && !$0.remedy.isEmpty && $0.line <= 6 })
        }
    }

    @Test("the undamaged file is valid") func undamaged() throws {
        #expect(try InputFile.read(Array(Self.file.utf8)).count == 3)
    }
}
