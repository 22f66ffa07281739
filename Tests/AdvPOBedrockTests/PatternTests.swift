import AdvPOBedrock
import AdvPOModel
import Testing

@Suite struct PatternTests {
    private static let twelve = "abc123def456"
    private static let jobARN = "arn:aws:bedrock:us-east-1:123456789012:advanced-prompt-optimization-job/abc123def456"
    private static let keyARN = "arn:aws:kms:us-east-1:123456789012:key/12345678-1234-1234-1234-123456789012"

    /// Texts that each pattern takes; mutations of them are its neighbours.
    private static let seeds: [(ShapePattern, [String])] = [
        (.jobName, ["a", "Job-1.0+x"]),
        (.clientToken, ["a", "a-b", "A1-2-c"]),
        (.jobARN, [jobARN, jobARN.replacingOccurrences("aws:bed", "aws-us-gov:bed")]),
        (.jobIdentifier, [jobARN, twelve]),
        (.s3URI, ["s3://abc", "s3://a.b-c/", "s3://bucket/key", "s3://bucket/a/b.jsonl", "s3://bucket/a'(b)!*_/"]),
        (.s3FolderURI, ["s3://abc/", "s3://bucket/a/b/"]),
        (.kmsKeyARN, [keyARN]),
        (.tag, ["", "a b\tc", "key:with/all=+@-._"]),
        (.paginationToken, ["", "abc"]),
        (
            .modelIdentifier,
            [
                "local.smollm2-135m", "us.anthropic.claude-sonnet-4-6", "anthropic.claude-opus-4-6-v1:0", "a.bc:d:e/abc123def456", "a.bb.c.d",
                "arn:aws:bedrock:us-east-1:123456789012:application-inference-profile/abc:1.2",
                "arn:aws-cn:bedrock:us-east-1::inference-profile/us.x.y", "arn:aws:bedrock:us-east-1:123456789012:inference-profile/x",
                "arn:aws:bedrock:us-east-1::foundation-model/anthropic.claude:2", "arn:aws:bedrock:us-east-1::foundation-model/amazon.nova",
            ]
        ),
    ]

    @Test("each hand-written scanner agrees with its pattern on texts that fit and on their neighbours", arguments: seeds)
    func agreement(_ pattern: ShapePattern, _ texts: [String]) throws {
        let regex = try Regex(pattern.rawValue)
        var generator = SeededGenerator(seed: 11)
        let alphabet = Array("aZ09-._:/+@*' \té") + [Character("\u{1}")]
        for text in texts {
            #expect(pattern.matches(text), "\(text)")
            for _ in 0..<400 {
                var characters = Array(text)
                for _ in 0..<Int.random(in: 1...2, using: &generator) {
                    let position = Int.random(in: 0...characters.count, using: &generator)
                    switch Int.random(in: 0..<3, using: &generator) {
                    case 0: characters.insert(alphabet.randomElement(using: &generator) ?? "a", at: position)
                    case 1 where position < characters.count: characters.remove(at: position)
                    case 2 where position < characters.count: characters[position] = alphabet.randomElement(using: &generator) ?? "a"
                    default: break
                    }
                }
                let mutated = String(characters)
                #expect(pattern.matches(mutated) == (try regex.wholeMatch(in: mutated) != nil), "\(pattern) on '\(mutated)'")
            }
        }
    }

    @Test(
        "lengths inside a pattern are held",
        arguments: [
            (ShapePattern.clientToken, String(repeating: "a", count: 256), true), (.clientToken, String(repeating: "a", count: 257), false),
            (.s3URI, "s3://" + String(repeating: "b", count: 63), true), (.s3URI, "s3://" + String(repeating: "b", count: 64), false),
            (.s3URI, "s3://ab", false), (.jobIdentifier, "abc123def45", false), (.jobIdentifier, "abc123def4567", false),
            (.modelIdentifier, "a." + String(repeating: "b", count: 126), true), (.modelIdentifier, "a." + String(repeating: "b", count: 127), false),
            (.modelIdentifier, "a.b", false), (.modelIdentifier, String(repeating: "a", count: 63) + ".bb", true),
            (.modelIdentifier, String(repeating: "a", count: 64) + ".bb", false),
            (.modelIdentifier, "arn:aws:bedrock:r::foundation-model/a." + String(repeating: "b", count: 126), true),
            (.modelIdentifier, "arn:aws:bedrock:r::foundation-model/a." + String(repeating: "b", count: 127), false),
            (.modelIdentifier, "arn:aws:bedrock:r::foundation-model/a." + String(repeating: "b", count: 64) + ".c", false),
        ])
    func lengths(_ pattern: ShapePattern, _ text: String, _ matches: Bool) throws {
        #expect(pattern.matches(text) == matches)
        #expect((try Regex(pattern.rawValue).wholeMatch(in: text) != nil) == matches)
    }
}

extension String {
    func replacingOccurrences(_ target: String, _ replacement: String) -> String { split(separator: target, omittingEmptySubsequences: false).joined(separator: replacement) }
}
