@testable import AdvPOCommandLine
import AdvPOModel
import Logging
import Synchronization
import Testing

@Suite struct StatusTableTests {
    private static func status(workers: Int) -> JSONValue {
        let list = (0..<workers).map { number -> JSONValue in
            [
                "name": .string("a-host-with-a-rather-long-name-\(number):4242"), "state": number == 1 ? "disconnected" : "present", "slots": 16, "busySlots": 3,
                "protocolVersion": "1.2", "millisecondsSinceHeard": 1_234, "models": ["local.smollm2-135m", "anthropic.claude-something-long"],
                "leases": [["task": "4.17", "attempt": 1, "run": "aaaaaaaaaaaa/0/0", "ageMilliseconds": 150_000]],
            ]
        }
        return [
            "epoch": 4, "totals": ["workers": .number(JSONNumber(workers)), "slots": 32, "busySlots": 6, "queuedTasks": 17, "restingTasks": 1, "leasedTasks": 6],
            "sinceStart": ["done": 5, "workersLost": 1], "workers": .array(list), "furtherWorkers": 2, "queue": [["job": "aaaaaaaaaaaa", "tasks": 17]],
        ]
    }

    @Test("the table keeps within its columns, and loses columns from the right before it loses names", arguments: [40, 80, 120, 200])
    func widths(_ width: Int) {
        let lines = StatusTable(Self.status(workers: 3)).render(width: width, style: .plain)
        #expect(lines.allSatisfy { TerminalText.width($0) <= width }, "\(lines.joined(separator: "\n"))")
        let text = lines.joined(separator: "\n")
        #expect(text.contains("3 workers") && text.contains("a-host-wit") && text.contains("disconnected"), "\(text)")
        #expect(text.contains("and 2 more workers") && text.contains("aaaaaaaaaaaa  17"), "\(text)")
        if width >= 80 { #expect(text.contains("3/16") && text.contains("4.17 2 min") && text.contains("1 s"), "\(text)") }
        if width == 200 { #expect(text.contains("anthropic.claude-something-long"), "\(text)") }
    }

    @Test("rows that a screen has no room for are counted")
    func rows() {
        let text = StatusTable(Self.status(workers: 9)).render(width: 100, rows: 4, style: .plain).joined(separator: "\n")
        #expect(text.contains("and 7 more workers"), "\(text)")
    }

    @Test("a cluster without workers says how to get one")
    func empty() {
        #expect(StatusTable(["totals": ["workers": 0], "workers": []]).render(width: 80, style: .plain).contains { $0.contains("advpo-worker") })
    }
}

@Suite struct StoryLinesTests {
    @Test("a story is a timeline, one sentence a step, harmless and within its columns")
    func timeline() {
        let time: JSONValue = "2026-05-14T09:30:00.123Z"
        let story: JSONValue = [
            "task": "4.17", "run": "aaaaaaaaaaaa/0/1", "iteration": 3, "purpose": "evaluate", "units": 8, "state": "failed", "attempts": 2,
            "steps": [
                ["time": time, "event": "queued"],
                ["time": time, "event": "handed-out", "worker": "host\u{1B}[31m:1", "session": "99", "attempt": 1, "waitedMilliseconds": 2_500],
                ["time": time, "event": "units-accepted", "units": 3, "failed": 1], ["time": time, "event": "worker-lost", "worker": "host:1", "reason": "silent for 15 s"],
                ["time": time, "event": "taken-back", "reason": "it never arrived"], ["time": time, "event": "failed", "reason": "3 workers were lost while they ran this task"],
            ],
        ]
        let lines = StoryLines.render(story, width: 80, style: .plain)
        let text = lines.joined(separator: "\n")
        for word in ["task 4.17  failed", "evaluate, iteration 3", "as attempt 1", "after waiting 2 s", "3 units accepted, 1 of them failed", "silent for 15 s", "never arrived"] {
            #expect(text.contains(word), "\(word) in \(text)")
        }
        #expect(!text.contains("\u{1B}") && lines.allSatisfy { TerminalText.width($0) <= 80 }, "\(text)")
    }
}

@Suite struct JSONLogTests {
    @Test("each event is one JSON object on one line, with its metadata under their keys and nothing that a terminal obeys")
    func lines() throws {
        let target = Written()
        var logger = Logger(label: "advpo.test") { label in JSONLogHandler(label: label, now: { 1_778_751_000_123 }) { target.add($0) } }
        logger[metadataKey: LogKey.job] = "abc"
        logger.warning("said \u{1B}]0;x\u{07}\nand more", metadata: [LogKey.task: "4.17", "list": ["a", .dictionary(["k": "v\u{9B}"])], "level": "not this"])
        let all = target.all
        #expect(all.count == 1 && all[0].hasSuffix("\n") && all[0].filter { $0 == "\n" }.count == 1)
        let value = try JSONValue(parsing: Array(all[0].utf8))
        #expect(value["time"] == "2026-05-14T09:30:00.123Z" && value["level"] == "warning" && value["label"] == "advpo.test")
        #expect(value["job"] == "abc" && value["task"] == "4.17" && value["list"]?[0] == "a")
        #expect(!all[0].dropLast().unicodeScalars.contains { $0.value < 0x20 || (0x7F...0x9F).contains($0.value) })
    }

    private final class Written: Sendable {
        private let lines = Mutex<[String]>([])
        func add(_ line: String) { lines.withLock { $0.append(line) } }
        var all: [String] { lines.withLock { $0 } }
    }
}
