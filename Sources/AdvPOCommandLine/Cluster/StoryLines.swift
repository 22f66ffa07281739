package import AdvPOModel
import OrderedCollections

/// A task's story as a timeline.
package enum StoryLines {
    package static func render(_ story: JSONValue, width: Int, style: Style) -> [String] {
        let text = { (key: String) in TerminalText.harmless(story[key]?.stringValue ?? "?", keepingLines: false) }
        let purpose = story["purpose"] == nil ? "" : "  \(text("purpose")), iteration \(story.count("iteration") ?? 0)"
        let attempts = story.count("attempts").map { "  \($0) \($0 == 1 ? "attempt" : "attempts")" } ?? ""
        let state = text("state")
        let head = "task \(text("task"))  \(state)  run \(text("run"))\(purpose)  \(story.count("units") ?? 0) units\(attempts)"
        let styled = state == "failed" ? style.bad : state == "done" ? style.good : style.bold
        var lines = TerminalText.wrapped(head, to: width).map(styled)
        for (index, step) in (story["steps"]?.arrayValue ?? []).enumerated() {
            if index == firstSteps, let omitted = story.count("omittedSteps") { lines.append("  … \(omitted) steps are left out") }
            let time = TerminalText.harmless(step["time"]?.stringValue ?? "?", keepingLines: false)
            let indent = String(repeating: " ", count: time.count + 4)
            for (row, line) in TerminalText.wrapped(sentence(step), to: max(20, width - indent.count)).enumerated() {
                lines.append(row == 0 ? "  \(style.dim(time))  \(line)" : indent + line)
            }
        }
        if let note = story["note"]?.stringValue { lines += TerminalText.wrapped(TerminalText.harmless(note), to: width - 2).map { "  " + $0 } }
        let leases = (story["leases"]?.arrayValue ?? []).compactMap(\.stringValue)
        if !leases.isEmpty { lines.append("  reported under \(TerminalText.harmless(leases.joined(separator: ", "), keepingLines: false))") }
        return lines
    }

    /// As many as the coordinator keeps of a story's beginning.
    private static let firstSteps = 8

    private static func sentence(_ step: JSONValue) -> String {
        let text = { (key: String) in TerminalText.harmless(step[key]?.stringValue ?? "?", keepingLines: false) }
        switch step["event"]?.stringValue {
        case "queued": return "queued"
        case "handed-out":
            return "handed to \(text("worker")) (session \(text("session"))) as attempt \(step.count("attempt") ?? 0) after waiting \(StatusTable.age(step.count("waitedMilliseconds")))"
        case "units-accepted":
            let units = step.count("units") ?? 0
            let failed = step.count("failed").map { $0 > 0 ? ", \($0) of them failed" : "" } ?? ""
            return "\(units) \(units == 1 ? "unit" : "units") accepted\(failed)"
        case "given-back":
            let pause = step.count("pauseMilliseconds") ?? 0
            return pause > 0 ? "given back with nothing finished; rests \(StatusTable.age(pause)). The worker's log says why" : "given back; what is left is queued again"
        case "worker-lost": return "\(text("worker")) was lost: \(text("reason")). What is left is queued again"
        case "taken-back": return "taken back: \(text("reason"))"
        case "cancelled": return "cancelled: \(text("reason"))"
        case "failed": return "failed: \(text("reason"))"
        case "done": return "done"
        default: return TerminalText.harmless(step.text, keepingLines: false)
        }
    }
}
