package import AdvPOModel

/// The end of a job as people read it: a table of its runs, then each prompt before and after, then where the files are.
package struct ResultTable: Hashable, Sendable {
    package let runs: [RunResult]
    /// Paths or addresses of the files, each on its own line at the end.
    package let files: [String]

    /// - Parameter lines: the lines of a results file, parsed.
    package init(lines: [JSONValue], files: [String] = []) {
        runs = lines.flatMap(RunResult.runs(ofLine:))
        self.files = files
    }

    /// Lines of a prompt that are shown; the file has the whole.
    private static let promptLines = 24

    package func render(width: Int, style: Style) -> [String] {
        guard !runs.isEmpty else { return ["The results file holds no runs."] + fileLines }
        let table = ResultColumns(runs: runs).render(width: width, style: style) ?? runs.flatMap { stacked($0, width, style) }
        return table + [""] + runs.flatMap { prompts($0, width, style) } + fileLines
    }

    private var fileLines: [String] {
        files.isEmpty ? [] : ["Files:"] + files.map { "  " + TerminalText.harmless($0, keepingLines: false) }
    }

    /// For terminals too narrow for a table.
    private func stacked(_ run: RunResult, _ width: Int, _ style: Style) -> [String] {
        let cells = ResultColumns.cells(run)
        let labels = ResultColumns.titles
        let title = TerminalText.truncated("\(cells[0]) × \(cells[1])", to: width)
        return [style.bold(title)]
            + zip(labels, cells).dropFirst(2).map { TerminalText.truncated("  " + TerminalText.padded($0, to: 18) + $1, to: width) } + [""]
    }

    private func prompts(_ run: RunResult, _ width: Int, _ style: Style) -> [String] {
        let name = TerminalText.harmless("\(run.templateID) × \(run.modelID)", keepingLines: false)
        var lines = [style.bold(TerminalText.truncated(name, to: width))]
        if let explanation = run.explanation {
            lines += TerminalText.wrapped(TerminalText.harmless(explanation), to: width - 2).map { "  " + $0 }
        }
        if let calls = run.callsSpent {
            let spent = run.dollarsSpent.map { "for \(Figures.dollars($0))." } ?? "whose price is not known."
            lines += TerminalText.wrapped("The search made \(calls) model calls \(spent)", to: width - 2).map { "  " + $0 }
        }
        lines += prompt("original prompt", [RunResult.PromptPart(role: nil, text: run.originalPrompt)], width, style)
        if run.returnsOriginal {
            lines.append(style.dim("  optimized prompt: none better was proven, the original is returned"))
        } else if !run.optimizedPrompt.isEmpty {
            lines += prompt("optimized prompt", run.optimizedPrompt, width, style)
        }
        return lines + [""]
    }

    private func prompt(_ title: String, _ parts: [RunResult.PromptPart], _ width: Int, _ style: Style) -> [String] {
        var body: [String] = []
        for part in parts {
            if let role = part.role { body.append(style.dim("[\(TerminalText.harmless(role, keepingLines: false))]")) }
            body += TerminalText.wrapped(TerminalText.harmless(part.text), to: width - 4)
        }
        var lines = ["  \(title):"] + body.prefix(Self.promptLines).map { "  | " + $0 }
        if body.count > Self.promptLines {
            let place = files.isEmpty ? "see the results file" : "see the files below"
            lines.append(TerminalText.truncated("  | … \(body.count - Self.promptLines) more lines; \(place)", to: width))
        }
        return lines
    }
}

/// The table's columns. Names are cut before figures are; below a least width there is no table.
struct ResultColumns {
    static let titles = ["template", "model", "verdict", "score", "difference (95%)", "tokens in", "tokens out", "latency", "cost of 1,000"]
    private static let separator = "  "
    private static let leastNameColumns = 10

    let runs: [RunResult]

    static func cells(_ run: RunResult) -> [String] {
        [
            TerminalText.harmless(run.templateID, keepingLines: false),
            TerminalText.harmless(run.modelID, keepingLines: false),
            TerminalText.harmless(run.verdict, keepingLines: false),
            score(run),
            run.proof?.difference.map { "\(Figures.signed($0.lowerBound)) … \(Figures.signed($0.upperBound))" } ?? Figures.unknown,
            change(Figures.tokens(run.original.inputTokens), Figures.tokens(run.optimized.inputTokens)),
            change(Figures.tokens(run.original.outputTokens), Figures.tokens(run.optimized.outputTokens)),
            change(Figures.seconds(run.original.latencySeconds), Figures.seconds(run.optimized.latencySeconds)),
            change(Figures.dollars(run.original.dollarsPerRequest.map { $0 * 1_000 }), Figures.dollars(run.optimized.dollarsPerRequest.map { $0 * 1_000 })),
        ]
    }

    private static func score(_ run: RunResult) -> String {
        let scores = change(Figures.score(run.originalScore), Figures.score(run.optimizedScore))
        guard let proof = run.proof, let pairs = proof.pairs else { return scores }
        let split = proof.split.map { " \(TerminalText.harmless($0, keepingLines: false))" } ?? ""
        return "\(scores) (\(pairs)\(split))"
    }

    private static func change(_ before: String, _ after: String) -> String {
        before == after ? before : "\(before) → \(after)"
    }

    /// Nil when even cut names leave the table wider than `width`.
    func render(width: Int, style: Style) -> [String]? {
        let rows = [Self.titles] + runs.map(Self.cells)
        var columns = Self.titles.indices.map { column in rows.map { TerminalText.width($0[column]) }.max() ?? 0 }
        let gaps = Self.separator.count * (columns.count - 1)
        var excess = columns.reduce(0, +) + gaps - width
        // The wider of the two names gives way first.
        while excess > 0 {
            let widest = columns[0] >= columns[1] ? 0 : 1
            guard columns[widest] > Self.leastNameColumns else { return nil }
            columns[widest] -= 1
            excess -= 1
        }
        let lines = rows.map { row in
            zip(row, columns).map { TerminalText.padded(TerminalText.truncated($0, to: $1), to: $1) }.joined(separator: Self.separator).trimmingTrailingBlanks
        }
        let rule = String(repeating: "-", count: min(width, columns.reduce(0, +) + gaps))
        let body = zip(lines.dropFirst(), runs).map { line, run in
            switch run.verdict {
            case "improved": style.good(line)
            case "failed": style.bad(line)
            default: line
            }
        }
        return [style.bold(lines[0]), rule] + body
    }
}

extension String {
    fileprivate var trimmingTrailingBlanks: String {
        var text = self[...]
        while text.last == " " { text = text.dropLast() }
        return String(text)
    }
}
