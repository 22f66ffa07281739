import AdvPOModel
import Testing

@testable import AdvPOEvaluation

/// What is read in a judge's answer, and what is refused.
@Suite("Judge verdicts")
struct JudgeVerdictTests {
    private static let dimensions = """
        <Answer Accuracy>3</Answer Accuracy>
        <Answer Completeness>1.5</Answer Completeness>
        <Expression Quality>0</Expression Quality>
        """

    @Test(
        "the overall is read in the forms that judges use",
        arguments: [
            ("2.25", 2.25), ("3", 3), ("0", 0), (" 0.0 \n", 0), ("**2.5**", 2.5), ("2,5", 2.5), ("2.5/3", 2.5), ("2.5 / 3.0", 2.5), ("2.5 out of 3", 2.5),
            ("Score: 2.5 points", 2.5), ("0.4*3 + 0.6*2 = 2.4", 2.4), ("`1.30`", 1.3), ("$1.5$", 1.5), (".75", 0.75), ("3.0000000001", 3), ("≈ 1.35", 1.35), ("2.", 2),
        ])
    func overallForms(content: String, expected: Double) throws {
        let verdict = try JudgeVerdict(parsing: "\(Self.dimensions)\n<Overall>\(content)</Overall>")
        #expect(abs(verdict.overall - expected) < 1e-12)
    }

    @Test(
        "an overall that is no single number from 0 to 3 is refused, not scored",
        arguments: ["", "good", "N/A", "3.5", "-1", "−1", "80%", "2.5/5", "2 or 3", "1 2", "1.2.3", "nan", "infinity", "1e999", "9999999999999999999999", "2 = ?"])
    func overallRefused(content: String) {
        #expect(throws: JudgeParseFailure.self) { try JudgeVerdict(parsing: "\(Self.dimensions)\n<Overall>\(content)</Overall>") }
    }

    @Test("of two overalls the last counts, since judges correct themselves")
    func lastOverallCounts() throws {
        let text = "<Overall>3.00</Overall>\nWait, the format is wrong.\n<Calculation>…</Calculation>\n<Overall>1.35</Overall>"
        #expect(abs(try JudgeVerdict(parsing: text).score - 0.45) < 1e-12)
    }

    @Test("a last overall that cannot be read is not replaced by an earlier one")
    func lastOverallUnreadable() {
        #expect(throws: JudgeParseFailure.self) { try JudgeVerdict(parsing: "<Overall>3.00</Overall><Overall>hm</Overall>") }
    }

    @Test("a mention of the tag in the reasons is not a verdict")
    func mentionOfTag() throws {
        let text = "<Overall>1.5</Overall>\n<Justification>The <Overall> is low because of 2 errors.</Justification>"
        #expect(try JudgeVerdict(parsing: text).overall == 1.5)
    }

    @Test("an overall whose closing tag was cut off is read", arguments: ["<Overall>1.5", "<Overall>1.5\n<Justification>because", "<Overall> 1.5 </Over"])
    func cutOff(text: String) throws {
        #expect(try JudgeVerdict(parsing: text).overall == 1.5)
    }

    @Test("names of tags may vary in case, blanks, underscores and hyphens")
    func tagNames() throws {
        let verdict = try JudgeVerdict(parsing: "<answer_accuracy>2</answer_accuracy><ANSWER-COMPLETENESS>1</ANSWER-COMPLETENESS><ExpressionQuality>3</ExpressionQuality>< overall >2</overall>")
        #expect(verdict.overall == 2)
        #expect(verdict.dimensions.map(\.points) == [2, 1, 3])
    }

    @Test("without an overall the mean of all dimensions counts, extra ones included")
    func meanOfDimensions() throws {
        #expect(try JudgeVerdict(parsing: Self.dimensions).overall == 1.5)
        #expect(try JudgeVerdict(parsing: Self.dimensions + "<Label Correctness>3</Label Correctness>").overall == 1.875)
    }

    @Test("without an overall and with a dimension missing there is no verdict", arguments: ["", "I think it is good.", "<Answer Accuracy>3</Answer Accuracy>", "Overall: 3"])
    func nothingToRead(text: String) {
        #expect(throws: JudgeParseFailure.self) { try JudgeVerdict(parsing: text) }
    }

    @Test("feedback holds the points of every dimension, the overall and the reasons")
    func feedback() throws {
        let verdict = try JudgeVerdict(
            parsing: "<Weights>Answer Accuracy: 0.5</Weights>\(Self.dimensions)<Label Match>2</Label Match><Overall>1.667</Overall><Justification>\nToo long.\n</Justification>")
        #expect(
            verdict.feedback
                == "Answer Accuracy 3.00/3, Answer Completeness 1.50/3, Expression Quality 0.00/3, Label Match 2.00/3, overall 1.67/3. Too long.")
    }

    @Test("feedback is bounded")
    func feedbackIsBounded() throws {
        let verdict = try JudgeVerdict(parsing: "<Overall>1</Overall><Justification>\(String(repeating: "long ", count: 10_000))</Justification>")
        #expect(verdict.feedback.unicodeScalars.count <= JudgeVerdict.maximumFeedbackScalars + 1)
    }

    @Test("no text makes the reader stop the program, and what it reads is in range")
    func fuzzed() {
        let pieces = [
            "<Overall>", "</Overall>", "<overall", "<", ">", "/", "2.5", "3", "-", ",", ".", "e", "=", "%", "<Answer Accuracy>", "</Answer Accuracy>",
            "<Answer Completeness>1</Answer Completeness>", "<Expression Quality>", "</", "\u{301}", "👩‍👩‍👧", "\r\n", "٣", "½", "\0", "<Justification>", " ", "out of", "**",
        ]
        var generator = SeededGenerator(seed: 42)
        for _ in 0..<20_000 {
            let text = (0..<Int.random(in: 0..<24, using: &generator)).map { _ in pieces[Int.random(in: 0..<pieces.count, using: &generator)] }.joined()
            if let verdict = try? JudgeVerdict(parsing: text) {
                #expect((0...1).contains(verdict.score) && verdict.score.isFinite, "\(text)")
            }
        }
    }

    @Test("a very long answer is read quickly, and its end counts")
    func longAnswer() throws {
        let text = String(repeating: "<a><b></a>", count: 100_000) + "<Overall>2</Overall>"
        let verdict = try? JudgeVerdict(parsing: text)
        #expect(verdict?.overall == 2)
    }
}
