package import AdvPOModel
import OrderedCollections

/// The answer of `GET /cluster` as people read it: sums, then workers, then what waits.
package struct StatusTable: Hashable, Sendable {
    private let status: JSONValue

    package init(_ status: JSONValue) { self.status = status }

    /// Rows of jobs that are shown one by one.
    private static let jobRows = 20

    /// Lines no wider than `width`; at most `rows` of workers.
    package func render(width: Int, rows: Int = .max, style: Style) -> [String] {
        head(width, style) + workers(width, rows, style) + queue(width, style) + rates(width, style)
    }

    // MARK: Sums

    private func head(_ width: Int, _ style: Style) -> [String] {
        let (totals, since) = (status["totals"], status["sinceStart"])
        let workers = totals?.count("workers") ?? 0
        let first = "\(workers) \(workers == 1 ? "worker" : "workers")  \(totals?.count("busySlots") ?? 0) of \(totals?.count("slots") ?? 0) slots busy  "
            + "\(totals?.count("queuedTasks") ?? 0) tasks queued" + (totals?.count("restingTasks").map { $0 > 0 ? ", \($0) resting" : "" } ?? "")
            + "  epoch \(status.count("epoch") ?? 0)"
        let second = [
            "\(since?.count("done") ?? 0) tasks done", "\(since?.count("failed") ?? 0) failed", "\(since?.count("workersLost") ?? 0) workers lost",
            "\(since?.count("leasesLost") ?? 0) leases lost", "\(since?.count("takenBack") ?? 0) taken back", "\(since?.count("givenBack") ?? 0) given back",
        ].joined(separator: "  ")
        return [style.bold(TerminalText.truncated(first, to: width)), style.dim(TerminalText.truncated("since start: " + second, to: width))]
    }

    // MARK: Workers

    private static let titles = ["worker", "state", "slots", "heard", "version", "oldest task", "models"]
    private static let separator = "  "
    private static let leastNameColumns = 12
    private static let modelColumns = 12

    private func workers(_ width: Int, _ rows: Int, _ style: Style) -> [String] {
        let all = status["workers"]?.arrayValue ?? []
        guard !all.isEmpty else { return ["", "No worker is here. Start one with 'advpo-worker --work … --control … --models models.yaml'."] }
        let shown = all.prefix(max(1, rows))
        let cells = [Self.titles] + shown.map(Self.cells)
        var columns = Self.titles.indices.map { column in cells.map { TerminalText.width($0[column]) }.max() ?? 0 }
        let last = columns.count - 1
        let total = { columns.reduce(0, +) + Self.separator.count * last }
        // Models give way first, then names, then whole columns from the right.
        columns[last] = max(min(columns[last], Self.modelColumns), columns[last] - max(0, total() - width))
        columns[0] = max(min(columns[0], Self.leastNameColumns), columns[0] - max(0, total() - width))
        var visible = columns.count
        while visible > 1, columns[..<visible].reduce(0, +) + Self.separator.count * (visible - 1) > width { visible -= 1 }
        let lines = cells.map { row in
            let texts = (0..<visible).map { TerminalText.padded(TerminalText.truncated(row[$0], to: columns[$0]), to: columns[$0], alignRight: (2...3).contains($0)) }
            return TerminalText.truncated(texts.joined(separator: Self.separator), to: width)
        }
        let body = zip(lines.dropFirst(), shown).map { line, worker in
            switch worker["state"]?.stringValue {
            case "disconnected": style.bad(line)
            case "draining": style.dim(line)
            default: line
            }
        }
        let further = all.count - shown.count + (status.count("furtherWorkers") ?? 0)
        return ["", style.bold(lines[0])] + body + (further > 0 ? ["and \(further) more workers"] : [])
    }

    private static func cells(_ worker: JSONValue) -> [String] {
        let oldest = (worker["leases"]?.arrayValue ?? []).max { ($0.count("ageMilliseconds") ?? 0) < ($1.count("ageMilliseconds") ?? 0) }
        let task = oldest.map { "\($0["task"]?.stringValue ?? "?") \(age($0.count("ageMilliseconds")))" } ?? "-"
        return [
            harmless(worker["name"]), harmless(worker["state"]), "\(worker.count("busySlots") ?? 0)/\(worker.count("slots") ?? 0)",
            age(worker.count("millisecondsSinceHeard")), harmless(worker["protocolVersion"]), task,
            (worker["models"]?.arrayValue ?? []).map { harmless($0) }.joined(separator: " "),
        ]
    }

    // MARK: What waits

    private func queue(_ width: Int, _ style: Style) -> [String] {
        let queue = status["queue"]?.arrayValue ?? []
        guard !queue.isEmpty else { return [] }
        let lines = queue.prefix(Self.jobRows).map { entry in
            TerminalText.truncated("\(TerminalText.padded(Self.harmless(entry["job"]), to: 14))\(entry.count("tasks") ?? 0)", to: width)
        }
        return ["", style.bold("job           tasks queued")] + lines + (queue.count > Self.jobRows ? ["and \(queue.count - Self.jobRows) more jobs"] : [])
    }

    private func rates(_ width: Int, _ style: Style) -> [String] {
        let rates = status["rates"]?.arrayValue ?? []
        guard !rates.isEmpty else { return [] }
        let lines = rates.map { rate in
            let figures = (rate.objectValue ?? [:]).filter { $0.key != "model" }.map { "\($0.key) \($0.value.numberValue?.literal ?? Self.harmless($0.value))" }
            return TerminalText.truncated("\(Self.harmless(rate["model"]))  \(figures.joined(separator: "  "))", to: width)
        }
        return ["", style.bold("rates")] + lines
    }

    private static func harmless(_ value: JSONValue?) -> String { TerminalText.harmless(value?.stringValue ?? "?", keepingLines: false) }

    /// `340 ms`, `12 s`, `5 min`, `3 h`.
    static func age(_ milliseconds: Int?) -> String {
        guard let milliseconds else { return Figures.unknown }
        switch milliseconds {
        case ..<1_000: return "\(milliseconds) ms"
        case ..<120_000: return "\(milliseconds / 1_000) s"
        case ..<7_200_000: return "\(milliseconds / 60_000) min"
        default: return "\(milliseconds / 3_600_000) h"
        }
    }
}

extension JSONValue {
    func count(_ key: String) -> Int? { self[key]?.numberValue?.int }
}
