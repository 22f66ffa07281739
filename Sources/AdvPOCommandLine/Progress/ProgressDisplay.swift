package import AdvPOBedrock

/// Shows a job's progress on stderr: redrawn in place on a terminal, else a plain line per change of a run.
package struct ProgressDisplay {
    package enum Mode: Hashable, Sendable {
        /// Nothing at all, for `--json`.
        case silent
        case lines
        case live
    }

    private let mode: Mode
    private let style: Style
    private let width: () -> Int
    private let write: (String) -> Void
    private let start = ContinuousClock.now
    /// Lines of the last drawing that the next one goes over.
    private var drawn = 0
    /// What was last said of each run, so that nothing is said twice.
    private var said: [String] = []

    package init(mode: Mode, style: Style, width: @escaping () -> Int, write: @escaping (String) -> Void) {
        self.mode = mode
        self.style = style
        self.width = width
        self.write = write
    }

    /// As stderr bids.
    package static func standard(silent: Bool = false) -> ProgressDisplay {
        let output = TerminalOutput.standardError
        return ProgressDisplay(
            mode: silent ? .silent : output.isTerminal ? .live : .lines, style: output.style, width: { output.width }, write: { output.write($0) })
    }

    package mutating func update(_ progress: JobProgress) {
        update(progress, elapsedSeconds: Int((ContinuousClock.now - start).components.seconds))
    }

    mutating func update(_ progress: JobProgress, elapsedSeconds: Int) {
        switch mode {
        case .silent: return
        case .live: redraw(ProgressLines.render(progress, elapsedSeconds: elapsedSeconds, width: max(20, width() - 1), style: style))
        case .lines:
            // Only a new state, phase, round or score is worth a line.
            for run in progress.runs {
                let key = "\(run.templateID)\n\(run.modelID)\n\(run.state) \(run.phase) \(run.iteration) \(Figures.score(run.bestScore))"
                guard !said.contains(key) else { continue }
                said.removeAll { $0.hasPrefix("\(run.templateID)\n\(run.modelID)\n") }
                said.append(key)
                var single = progress
                single.runs = [run]
                let lines = ProgressLines.render(single, elapsedSeconds: elapsedSeconds, width: 200, style: .plain)
                write("\(ProgressLines.clock(elapsedSeconds)) \(lines.last ?? "")\n")
            }
        }
    }

    /// Leaves the last drawing where it is; later output goes below it.
    package mutating func finish() {
        drawn = 0
    }

    private mutating func redraw(_ lines: [String]) {
        // Up to the first line of the last drawing, then clear from there to the end of the screen.
        let back = drawn > 0 ? "\u{1B}[\(drawn)A\r\u{1B}[J" : ""
        write(back + lines.map { $0 + "\n" }.joined())
        drawn = lines.count
    }
}
