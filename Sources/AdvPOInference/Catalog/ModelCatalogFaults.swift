/// All that is wrong with one model file, in the file's order; never empty.
package struct ModelCatalogFaults: Error, Hashable, Sendable, CustomStringConvertible {
    package var faults: [ModelCatalogFault]

    package init(_ faults: [ModelCatalogFault]) {
        precondition(!faults.isEmpty, "a refusal names at least one fault")
        self.faults = faults
    }

    /// One line per fault, at most 100 of them.
    package var description: String {
        let shown = faults.prefix(100).map(\.description)
        let rest = faults.count - shown.count
        return (shown + (rest > 0 ? ["and \(rest) more"] : [])).joined(separator: "\n")
    }
}

/// One thing that is wrong with a model file: where, what, and how to mend it. It never repeats what may be a key.
package struct ModelCatalogFault: Hashable, Sendable, CustomStringConvertible {
    package var path: String
    /// 1-based; nil when the fault is the file's as a whole.
    package var line: Int?
    /// Such as `models[2].limits.concurrency`; empty for the whole file.
    package var field: String
    package var problem: String
    package var remedy: String

    package init(path: String, line: Int?, field: String, problem: String, remedy: String) {
        self.path = path
        self.line = line
        self.field = field
        self.problem = problem
        self.remedy = remedy
    }

    package var description: String {
        let place = line.map { "\(path):\($0)" } ?? path
        let subject = field.isEmpty ? "" : "\(field) "
        return "\(place): \(subject)\(problem); \(remedy)"
    }
}
