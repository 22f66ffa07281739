import AdvPOSimulation

/// What is kept of one seed, and how a process of the crew tells it.
struct SeedLine: Sendable {
    var seed: UInt64
    var digest: String
    var faults: FaultTable
    var units: Int
    var messages: Int
    var virtualMilliseconds: Int64
    var violations: [String]

    init(_ seed: UInt64, _ report: SimulationReport) {
        self.seed = seed
        digest = report.digest
        faults = report.faults
        units = report.units
        messages = report.messages
        virtualMilliseconds = report.virtualMilliseconds
        violations = report.violations
    }

    /// A seed whose process came to no end of it.
    init(_ seed: UInt64, ended reason: String) {
        self.seed = seed
        digest = ""
        faults = FaultTable()
        units = 0
        messages = 0
        virtualMilliseconds = 0
        violations = [reason]
    }

    var text: String {
        let head = "seed \(seed): \(violations.isEmpty ? "ok" : "FAILED"), \(units) units, \(messages) messages, \(virtualMilliseconds / 1_000) s, digest \(digest.prefix(16))"
        return ([head] + violations.map { "  \($0)" }).joined(separator: "\n")
    }

    // MARK: - Between processes

    var encoded: String {
        let numbers = FaultKind.allCases.map { "\(faults[$0])" }.joined(separator: ",")
        let fields = ["\(seed)", digest, "\(units)", "\(messages)", "\(virtualMilliseconds)", numbers]
        return (fields + violations.map { $0.split(whereSeparator: { $0 == "\t" || $0.isNewline }).joined(separator: " ") }).joined(separator: "\t")
    }

    /// Nil for a line that is none of ours.
    init?(encoded line: Substring) {
        let fields = line.split(separator: "\t", omittingEmptySubsequences: false)
        guard fields.count >= 6, let seed = UInt64(fields[0]), let units = Int(fields[2]), let messages = Int(fields[3]), let time = Int64(fields[4]) else { return nil }
        let numbers = fields[5].split(separator: ",").compactMap { Int($0) }
        guard numbers.count == FaultKind.allCases.count else { return nil }
        self.seed = seed
        digest = String(fields[1])
        self.units = units
        self.messages = messages
        virtualMilliseconds = time
        faults = FaultTable()
        for kind in FaultKind.allCases { faults[kind] = numbers[kind.rawValue] }
        violations = fields[6...].map(String.init)
    }
}

/// Of all seeds together.
struct SeedSum: Sendable {
    private var seeds = 0
    private var units = 0
    private var messages = 0
    private var faults = FaultTable()
    /// Of the digests, in any order.
    private var digest: UInt64 = 0
    private(set) var failing: [UInt64] = []

    mutating func add(_ line: SeedLine) {
        seeds += 1
        units += line.units
        messages += line.messages
        faults += line.faults
        digest &+= UInt64(line.digest.prefix(16), radix: 16) ?? 0
        if !line.violations.isEmpty { failing.append(line.seed) }
    }

    func text(seconds: Double) -> String {
        var lines = ["", "faults, and how often each happened:"]
        for kind in FaultKind.allCases { lines.append("  " + kind.name + String(repeating: " ", count: max(1, 28 - kind.name.count)) + "\(faults[kind])") }
        let rate = (Double(seeds) / max(seconds, 0.001) * 10).rounded() / 10
        lines.append("\(seeds) seeds in \(Int(seconds)) s (\(rate) a second): \(units) units, \(messages) messages, digest of all \(String(digest, radix: 16))")
        lines.append(failing.isEmpty ? "no seed failed" : "\(failing.count) seeds FAILED:")
        for seed in failing.sorted().prefix(50) { lines.append("  advpo-sim --seed \(seed)") }
        return lines.joined(separator: "\n")
    }
}
