@testable import AdvPOCommandLine
import AdvPOBedrock
import AdvPOModel
import OrderedCollections
import Synchronization
import Testing

@Suite struct TerminalTextTests {
    @Test(
        "nothing that a terminal would obey gets through",
        arguments: [
            ("plain ünïcode 字 👍", "plain ünïcode 字 👍"), ("\u{1B}[31mred\u{1B}[0m", "␛[31mred␛[0m"), ("\u{1B}]0;title\u{07}", "␛]0;title␇"), ("a\rb\u{08}", "a␍b␈"),
            ("\u{9B}2J", "\u{FFFD}2J"), ("\u{202E}txt", "\u{FFFD}txt"), ("\u{2066}x\u{2069}", "\u{FFFD}x\u{FFFD}"), ("a\r\nb\tc", "a␍\nb\tc"), ("\u{7F}\0", "␡␀"),
            ("a\u{2028}b", "a\u{FFFD}b"),
        ])
    func harmless(_ text: String, _ shown: String) {
        #expect(TerminalText.harmless(text) == shown)
    }

    @Test("newlines become signs where a text must stay on its line")
    func oneLine() {
        #expect(TerminalText.harmless("a\nb\tc", keepingLines: false) == "a␊b␉c")
    }

    @Test("wide characters count twice, combining ones not at all", arguments: [("abc", 3), ("字", 2), ("e\u{301}", 1), ("👍", 2), ("", 0)])
    func widths(_ text: String, _ width: Int) {
        #expect(TerminalText.width(text) == width)
    }

    @Test("a cut text keeps its width and says that it is cut", arguments: [("abcdef", 6, "abcdef"), ("abcdef", 5, "abcd…"), ("字字字", 4, "字…"), ("abc", 1, "…"), ("abc", 0, "")])
    func truncation(_ text: String, _ columns: Int, _ shown: String) {
        #expect(TerminalText.truncated(text, to: columns) == shown)
    }

    @Test("long lines break at blanks, long words anywhere")
    func wrapping() {
        #expect(TerminalText.wrapped("one two three", to: 8) == ["one two", "three"])
        #expect(TerminalText.wrapped("abcdefgh ij", to: 3) == ["abc", "def", "gh", "ij"])
        #expect(TerminalText.wrapped("a\n\nb", to: 5) == ["a", "", "b"])
        #expect(TerminalText.wrapped("字字字", to: 4) == ["字字", "字"])
    }
}

@Suite struct FiguresTests {
    @Test("numbers are rounded without an exponent", arguments: [(0.0005, 3, "0.001"), (-0.0004, 3, "0.000"), (1.9996, 3, "2.000"), (-1.25, 1, "-1.3"), (12, 0, "12")])
    func fixed(_ value: Double, _ decimals: Int, _ text: String) {
        #expect(Figures.fixed(value, decimals: decimals) == text)
    }

    @Test("small sums keep their digits, unknown ones are a dash", arguments: [(nil, "—"), (0, "$0"), (0.000012, "$0.000012"), (0.1234, "$0.1234"), (12.345, "$12.35")] as [(Double?, String)])
    func dollars(_ value: Double?, _ text: String) {
        #expect(Figures.dollars(value) == text)
    }

    @Test("elapsed time grows hours when it needs them", arguments: [(0, "0:00"), (65, "1:05"), (3599, "59:59"), (3600, "1:00:00"), (7265, "2:01:05")])
    func clock(_ seconds: Int, _ text: String) {
        #expect(ProgressLines.clock(seconds) == text)
    }
}

@Suite struct ProgressTests {
    static func progress(_ state: String = "searching", best: Double? = nil, spent: Int = 50, template: String = "topics") throws -> JobProgress {
        let run = JobProgress.Run(
            templateID: template, modelID: "local.m", state: state, phase: "validation", iteration: 2, callsSpent: spent, callsBudget: 200, unitsFinished: 10, unitsAsked: 40,
            originalScore: 0.4, bestScore: best, explanation: nil)
        return JobProgress(jobID: try #require(JobID("abc123def456")), status: .inProgress, failureMessage: nil, workers: 1, runs: [run])
    }

    @Test("a run's line has its bar, calls, scores and stage")
    func line() throws {
        let lines = ProgressLines.render(try Self.progress(best: 0.55), elapsedSeconds: 65, width: 120, style: .plain)
        #expect(lines == [
            "job abc123def456  InProgress  1:05  0/1 runs ended  1 worker",
            "  topics × local.m  [#####···············] 50/200 calls  score 0.400 → 0.550  round 2, validation, 10/40 units",
        ])
    }

    @Test("no line is wider than the terminal, and none carries a command to it", arguments: [20, 40, 80, 200])
    func widths(_ width: Int) throws {
        let progress = try Self.progress(template: "evil\u{1B}[2J\n字字字字字字字字字字字字字字字字字字")
        for line in ProgressLines.render(progress, elapsedSeconds: 1, width: width, style: .plain) {
            #expect(TerminalText.width(line) <= width)
            #expect(!line.unicodeScalars.contains { $0.value < 0x20 })
        }
    }

    private final class Screen: Sendable {
        let text = Mutex("")
        func write(_ more: String) { text.withLock { $0 += more } }
        var content: String { text.withLock { $0 } }
    }

    private func display(_ mode: ProgressDisplay.Mode, _ screen: Screen) -> ProgressDisplay {
        ProgressDisplay(mode: mode, style: .plain, width: { 100 }, write: { screen.write($0) })
    }

    @Test("without a terminal a line is printed at each change, and not twice")
    func plainLines() throws {
        let screen = Screen()
        var display = display(.lines, screen)
        display.update(try Self.progress(spent: 1), elapsedSeconds: 1)
        display.update(try Self.progress(spent: 2), elapsedSeconds: 2)
        display.update(try Self.progress(best: 0.5), elapsedSeconds: 3)
        display.update(try Self.progress("improved", best: 0.5), elapsedSeconds: 4)
        #expect(screen.content.split(separator: "\n").count == 3)
        #expect(!screen.content.contains("\u{1B}"))
    }

    @Test("on a terminal the last drawing is gone over")
    func live() throws {
        let screen = Screen()
        var display = display(.live, screen)
        display.update(try Self.progress(), elapsedSeconds: 1)
        #expect(!screen.content.contains("\u{1B}"))
        display.update(try Self.progress(), elapsedSeconds: 2)
        #expect(screen.content.contains("\u{1B}[2A\r\u{1B}[J"))
        display.finish()
        let before = screen.content.count
        display.update(try Self.progress(), elapsedSeconds: 3)
        #expect(!screen.content.dropFirst(before).contains("\u{1B}"))
    }

    @Test("a silent display says nothing")
    func silent() throws {
        let screen = Screen()
        var display = display(.silent, screen)
        display.update(try Self.progress(), elapsedSeconds: 1)
        #expect(screen.content.isEmpty)
    }
}

@Suite struct ResultTableTests {
    static func line(verdict: String = "improved", cost: JSONValue = ["originalAveragePerRequest": 0.00001, "optimizedAveragePerRequest": 0.00005, "totalSpent": 0.0123, "callsSpent": 400], prompt: String = "Name the topic: {{text}}", system: JSONValue = [["text": "You label."]]) -> JSONValue {
        [
            "promptTemplateId": "topics", "promptTemplate": .string(prompt),
            "promptOptimizationResults": [
                [
                    "status": "SUCCESS", "modelId": "local.m", "optimizedPromptTemplate": "flat",
                    "optimizedPromptSystem": system,
                    "optimizedPromptMessages": [["role": "user", "content": [["text": "Topic of: {{text}}"]]]],
                    "originalPromptMetrics": ["averageInputTokens": 20, "averageOutputTokens": 5, "averageScore": 0.3, "averageLatencyInSec": 0.5],
                    "optimizedPromptMetrics": ["averageInputTokens": 80, "averageOutputTokens": 2, "averageScore": 0.7, "averageLatencyInSec": 0.75],
                    "proof": [
                        "verdict": .string(verdict), "split": "holdout", "pairs": 24, "missingPairs": 0, "originalMean": 0.25, "candidateMean": 0.75,
                        "differenceInterval": ["lower": 0.3, "upper": 0.7],
                    ],
                    "cost": cost, "explanation": "Better.",
                ]
            ],
        ]
    }

    @Test("a run has one row with its figures")
    func row() {
        let text = ResultTable(lines: [Self.line()]).render(width: 200, style: .plain)
        #expect(text[0].hasPrefix("template  model"))
        let row = text[2]
        for part in ["topics", "local.m", "improved", "0.250 → 0.750 (24 holdout)", "+0.300 … +0.700", "20 → 80", "5 → 2", "0.50 s → 0.75 s", "$0.0100 → $0.0500"] {
            #expect(row.contains(part), "\(part) in \(row)")
        }
        #expect(text.contains("  The search made 400 model calls for $0.0123."))
        #expect(text.contains("  | [system]") && text.contains("  | Topic of: {{text}}"))
        #expect(!text.contains { $0.contains("flat") })
    }

    @Test("an unpriced run has a dash, a kept one no optimized prompt")
    func keptAndUnpriced() {
        let text = ResultTable(lines: [Self.line(verdict: "kept", cost: nil)]).render(width: 200, style: .plain)
        #expect(text[2].hasSuffix("—"))
        #expect(text.contains("  optimized prompt: none better was proven, the original is returned"))
        #expect(!text.contains { $0.contains("[system]") })
    }

    @Test("an original that is returned, whatever the verdict, is not printed as an optimized prompt", arguments: ["likely", "no evidence", "stopped"])
    func returnedOriginal(_ verdict: String) {
        let line = Self.line(verdict: verdict, prompt: "<advpo:optimize>Topic of:</advpo:optimize> {{text}}", system: nil)
        #expect(ResultTable(lines: [line]).render(width: 200, style: .plain).contains("  optimized prompt: none better was proven, the original is returned"))
    }

    @Test("no line is wider than the terminal", arguments: [40, 60, 80, 120, 160])
    func widths(_ width: Int) {
        let long = String(repeating: "word ", count: 300)
        for line in ResultTable(lines: [Self.line(prompt: long)]).render(width: width, style: .plain) {
            #expect(TerminalText.width(line) <= width, "\(line)")
        }
    }

    @Test("a long prompt is cut, and the cut says where the whole is")
    func longPrompts() {
        let long = (0..<100).map { "line \($0)" }.joined(separator: "\n")
        let text = ResultTable(lines: [Self.line(prompt: long)], files: ["out/results.jsonl"]).render(width: 100, style: .plain)
        #expect(text.contains("  | … 76 more lines; see the files below"))
        #expect(text.suffix(2) == ["Files:", "  out/results.jsonl"])
    }

    @Test("what models wrote cannot command the terminal")
    func injection() {
        let text = ResultTable(lines: [Self.line(verdict: "improved\u{1B}[2J", prompt: "a\u{1B}]0;x\u{07}\u{9B}b")]).render(width: 100, style: .plain)
        #expect(!text.joined().unicodeScalars.contains { $0.value < 0x20 || (0x7F...0x9F).contains($0.value) })
    }

    @Test("a failed run, an empty file and a strange shape are shown, not refused")
    func strange() {
        let failed: JSONValue = ["promptTemplateId": "t", "promptOptimizationResults": [["status": "FAILED", "failureReason": "no model", "modelId": "m"]]]
        #expect(ResultTable(lines: [failed]).render(width: 150, style: .plain).contains("  no model"))
        #expect(ResultTable(lines: []).render(width: 80, style: .plain) == ["The results file holds no runs."])
        #expect(ResultTable(lines: [["promptOptimizationResults": [1, nil, [:]]], 7]).runs.count == 3)
    }
}

@Suite struct ExitStatusTests {
    @Test("exit codes are what is documented")
    func codes() {
        #expect(AdvPOCommandLine.ExitStatus.allCases.map(\.rawValue) == [0, 1, 2, 3, 4, 5, 6, 130])
        let statuses: [JobStatus: AdvPOCommandLine.ExitStatus] = [.completed: .done, .failed: .failed, .partiallyCompleted: .partiallyCompleted, .stopped: .stopped]
        for (status, exit) in statuses { #expect(AdvPOCommandLine.ExitStatus(status) == exit) }
    }
}
