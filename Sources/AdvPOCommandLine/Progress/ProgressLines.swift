package import AdvPOBedrock

/// A job's progress as lines of text: pure, so that it can be shown anywhere.
package enum ProgressLines {
    private static let barColumns = 20

    /// A head line and one line per run, none wider than `width`.
    package static func render(_ progress: JobProgress, elapsedSeconds: Int, width: Int, style: Style) -> [String] {
        [head(progress, elapsedSeconds, width, style)] + runs(progress.runs, width, style)
    }

    private static func head(_ progress: JobProgress, _ elapsedSeconds: Int, _ width: Int, _ style: Style) -> String {
        let ended = progress.runs.count { $0.state != "searching" }
        let workers = progress.workers == 1 ? "1 worker" : "\(progress.workers) workers"
        let text = "job \(progress.jobID)  \(progress.status.rawValue)  \(clock(elapsedSeconds))  \(ended)/\(progress.runs.count) runs ended  \(workers)"
        return style.bold(TerminalText.truncated(text, to: width))
    }

    private static func runs(_ runs: [JobProgress.Run], _ width: Int, _ style: Style) -> [String] {
        let names = runs.map { name($0) }
        let nameColumns = min(names.map(TerminalText.width).max() ?? 0, max(12, width / 3))
        return zip(runs, names).map { run, name in
            let label = TerminalText.padded(TerminalText.truncated(name, to: nameColumns), to: nameColumns)
            let rest = "\(bar(run)) \(calls(run))  \(scores(run))  \(stage(run))"
            let line = TerminalText.truncated("  \(label)  \(rest)", to: width)
            switch run.state {
            case "improved": return style.good(line)
            case "failed": return style.bad(line)
            default: return line
            }
        }
    }

    private static func name(_ run: JobProgress.Run) -> String {
        TerminalText.harmless("\(run.templateID) × \(run.modelID)", keepingLines: false)
    }

    private static func bar(_ run: JobProgress.Run) -> String {
        let share = run.state != "searching" ? 1 : run.callsBudget > 0 ? min(1, max(0, Double(run.callsSpent) / Double(run.callsBudget))) : 0
        let filled = Int((share * Double(barColumns)).rounded(.down))
        return "[" + String(repeating: "#", count: filled) + String(repeating: "·", count: barColumns - filled) + "]"
    }

    private static func calls(_ run: JobProgress.Run) -> String { "\(run.callsSpent)/\(run.callsBudget) calls" }

    private static func scores(_ run: JobProgress.Run) -> String {
        "score \(Figures.score(run.originalScore)) → \(Figures.score(run.bestScore))"
    }

    private static func stage(_ run: JobProgress.Run) -> String {
        guard run.state == "searching" else {
            let explanation = run.explanation.map { ": " + TerminalText.harmless($0, keepingLines: false) } ?? ""
            return run.state + explanation
        }
        return "round \(run.iteration), \(TerminalText.harmless(run.phase, keepingLines: false)), \(run.unitsFinished)/\(run.unitsAsked) units"
    }

    /// `1:05`, `2:01:05`.
    static func clock(_ seconds: Int) -> String {
        let minutes = seconds / 60 % 60
        let tail = (seconds % 60 < 10 ? "0" : "") + String(seconds % 60)
        return seconds < 3600 ? "\(minutes):\(tail)" : "\(seconds / 3600):\(minutes < 10 ? "0" : "")\(minutes):\(tail)"
    }
}
