import AdvPOModel
import AdvPOTestSupport
import Foundation
import Testing

@testable import AdvPOEvaluation

/// The built-in metrics, by table and against the scores of the reference implementations.
@Suite("Built-in metrics", .longRunning)
struct BuiltinMetricTests {
    private static func score(_ metric: BuiltinMetric, _ response: String, _ reference: String) throws -> Double {
        try metric.evaluate(response: response, reference: reference).score
    }

    private struct Fixture: Decodable {
        struct Pair: Decodable {
            var response: String
            var reference: String
            var scores: [String: Double]
        }
        var pairs: [Pair]
    }

    @Test("ROUGE and token F1 equal the reference implementations to one part in a million on the recorded pairs")
    func referenceScores() throws {
        let file = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appending(path: "Fixtures/reference-scores.json")
        let fixture = try JSONDecoder().decode(Fixture.self, from: Data(contentsOf: file))
        #expect(fixture.pairs.count >= 240)
        for pair in fixture.pairs {
            #expect(pair.scores.count == 4)
            for (name, expected) in pair.scores {
                let metric = try #require(BuiltinMetric(rawValue: name))
                let score = try Self.score(metric, pair.response, pair.reference)
                #expect(abs(score - expected) <= 1e-6, "\(name) of \(pair.response) against \(pair.reference): \(score), should be \(expected)")
            }
        }
    }

    @Test(
        "exact match is equality but for white space around",
        arguments: [
            ("cat", "cat", 1.0), (" cat\n", "cat", 1), ("cat", "\tcat ", 1), ("Cat", "cat", 0), ("cat.", "cat", 0), ("", "", 1), ("a  b", "a b", 0), ("", "x", 0),
            ("\u{E9}", "e\u{301}", 0), ("漢字\u{3000}", "漢字", 1),
        ])
    func exactMatch(response: String, reference: String, expected: Double) throws {
        #expect(try Self.score(.exactMatch, response, reference) == expected)
    }

    @Test(
        "contains looks for the reference whatever the case",
        arguments: [
            ("The answer is Paris.", "paris", 1.0), ("PARIS", " Paris ", 1), ("London", "Paris", 0), ("", "Paris", 0), ("anything", "", 1), ("ΟΔΥΣΣΕΎΣ!", "οδυσσεύς", 1), ("Pari", "Paris", 0),
        ])
    func contains(response: String, reference: String, expected: Double) throws {
        #expect(try Self.score(.contains, response, reference) == expected)
    }

    @Test(
        "JSON is found and compared by its structure",
        arguments: [
            (#"{"a": 1, "b": [true, null]}"#, #"{"b":[true,null],"a":1.0}"#, 1.0),
            ("Sure! Here it is:\n```json\n{\"a\": 1}\n```\nDone {x}.", #"{"a":1}"#, 1),
            ("```\n[1, 2]\n```", "[1,2]", 1), ("The list is [1, 2], as [3].", "[1,2]", 1), ("[note] The value: {\"a\": \"}\"}", #"{"a":"}"}"#, 1),
            ("[1,2]", "[2,1]", 0), (#"{"a":1,"b":2}"#, #"{"a":1}"#, 0), (#"{"a":1}"#, #"{"a":1,"b":2}"#, 0), (#"{"a":true}"#, #"{"a":1}"#, 0), (#"{"a":false}"#, #"{"a":0}"#, 0),
            (#"{"a":"1"}"#, #"{"a":1}"#, 0), (#"{"a":null}"#, "{}", 0), ("no json", "{}", 0), ("", "{}", 0), ("{\"a\": 1", #"{"a":1}"#, 0), ("42", "42.0", 1), ("\"x\"", "\"x\"", 1),
            ("1e2", "100", 1), ("9007199254740993", "9007199254740992", 0), ("0.1", "0.10", 1), (#"{"a":"\u00e9"}"#, #"{"a":"é"}"#, 1), ("{'a': 1}", #"{"a":1}"#, 0),
            ("true", "true", 1), ("[]", "{}", 0),
        ])
    func jsonMatch(response: String, reference: String, expected: Double) throws {
        #expect(try Self.score(.jsonMatch, response, reference) == expected)
    }

    @Test("nesting without end is no JSON, and quickly so")
    func deepJSON() throws {
        let deep = String(repeating: "[", count: 100_000)
        #expect(try Self.score(.jsonMatch, deep, "[]") == 0)
        #expect(try Self.score(.jsonMatch, deep + String(repeating: "]", count: 100_000), "[]") == 0)
    }

    @Test("JSON feedback says where the first difference is")
    func jsonFeedback() throws {
        let result = try BuiltinMetric.jsonMatch.evaluate(response: #"{"a": {"b": [1, 3]}}"#, reference: #"{"a": {"b": [1, 2]}}"#)
        #expect(result.feedback?.contains("a.b[1] should be 2, is 3") == true)
    }

    @Test(
        "the last number counts, however it is written",
        arguments: [
            ("The answer is 42.", "42", 1.0), ("First 7, then 42", "42", 1), ("42, not 7", "42", 0), ("$1,234.50", "1234.5", 1), ("1234.50 %", "1,234.5", 1), ("-5", "-5", 1), ("5", "-5", 0),
            ("it is -$5", "-5", 1), ("$-5", "-5", 1), ("from 3-5", "5", 1), ("\u{2212}5", "-5", 1), ("1e3", "1000", 1), ("1.5e-3", "0.0015", 1), (".5", "0.5", 1), ("1,2", "2", 1),
            ("1,234,567", "1234567", 1), ("12,34", "34", 1), ("0", "0", 1), ("0", "1e-9", 0), ("1.0000005", "1", 1), ("1.000002", "1", 0), ("no number", "1", 0), ("", "1", 0),
            ("#### 18", "She has 3 and 15.\n#### 18", 1), ("5.", "5", 1), ("x=2y", "2", 1), ("1e999 and", "1", 0), ("€ 3", "3", 1), ("(5)", "5", 1), ("1,234,5", "5", 1),
        ])
    func numericMatch(response: String, reference: String, expected: Double) throws {
        #expect(try Self.score(.numericMatch, response, reference) == expected)
    }

    @Test("a sample that a metric cannot use is a failure, not a 0", arguments: BuiltinMetric.allCases)
    func noReference(metric: BuiltinMetric) {
        #expect(throws: EvaluationFailure.self) { try metric.evaluate(response: "x", reference: nil) }
    }

    @Test("a reference without what is compared is a failure, not a 0", arguments: [BuiltinMetric.jsonMatch, .numericMatch])
    func uselessReference(metric: BuiltinMetric) {
        #expect(throws: EvaluationFailure.self) { try metric.evaluate(response: "1", reference: "none") }
    }

    @Test("every metric scores in [0, 1], 1 for an equal text of ten words, with bounded feedback", arguments: BuiltinMetric.allCases)
    func identity(metric: BuiltinMetric) throws {
        let text = metric == .jsonMatch ? #"{"a": [1, 2, "three"]}"# : "one two three four five six seven eight nine 10"
        let same = try metric.evaluate(response: text, reference: text)
        #expect(same.score == 1)
        let long = try metric.evaluate(response: String(repeating: "word ", count: 30_000), reference: text)
        #expect((0...1).contains(long.score))
        #expect((long.feedback?.unicodeScalars.count ?? 0) < 1_500)
        #expect(long.judgeOutput == nil && long.judgeUsage == nil && long.providerCalls == 0)
    }

    @Test("feedback says what was expected and what came")
    func feedback() throws {
        #expect(try BuiltinMetric.exactMatch.evaluate(response: "dog", reference: "cat").feedback == "Wrong: expected \"cat\", got \"dog\".")
        #expect(
            try BuiltinMetric.tokenF1.evaluate(response: "the cat", reference: "cat sat").feedback
                == "token F1 0.67 (precision 1.00, recall 0.50): expected \"cat sat\", got \"the cat\".")
    }
}
