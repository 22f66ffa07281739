/// Which target may import which: only those that stand strictly lower. The table is docs/architecture.md's.
enum ImportRule {
    /// AdvPOModel is the vocabulary under the rest of ring 0, hence a step of its own.
    static let steps: [[String]] = [
        ["AdvPOModel"],
        ["AdvPOBedrock", "AdvPOCluster", "AdvPOOptimizer", "AdvPOWire"],
        ["AdvPOEvaluation", "AdvPOInference", "AdvPOMetrics", "AdvPOObjects", "AdvPOStore", "AdvPOTransport"],
        ["AdvPOAPI", "AdvPOCommandLine", "AdvPOConsole", "AdvPOCoordinator", "AdvPOTrust", "AdvPOWorker"],
        ["AdvPOFuzzing", "AdvPOSimulation", "advpo", "advpo-bench", "advpo-coord", "advpo-worker"],
        ["advpo-fuzz", "advpo-sim"],
    ]

    /// The pure targets.
    static let ringZero = steps[0] + steps[1]

    /// What ring 0 may import besides its own: nothing here does I/O, reads a clock or draws randomness unasked.
    static let pureModules: Set = ["Crypto", "DequeModule", "Foundation", "HeapModule", "OrderedCollections", "RealModule", "SwiftProtobuf", "Swift"]

    /// Modules that belong to one target.
    static let owned = ["CNNG": "AdvPOTransport", "CZstd": "AdvPOTransport", "GRDB": "AdvPOStore", "Hummingbird": "AdvPOAPI", "SwiftProtobuf": "AdvPOWire"]

    static func violations(in files: [Repository.File]) -> [Violation] { files.flatMap(violations(in:)) }

    static func violations(in file: Repository.File) -> [Violation] {
        let parts = file.path.split(separator: "/")
        guard parts.count > 2, parts[0] == "Sources" else { return [] }
        let target = String(parts[1])
        guard let step = step(of: target) else {
            return target.hasPrefix("C") ? [] : [Violation(path: file.path, line: 0, message: "\(target) stands in no ring; add it to ImportRule and docs/architecture.md")]
        }
        return file.lines.enumerated().compactMap { index, line in
            // A generator's own imports are not ours to choose.
            guard !file.isGenerated, let module = importedModule(line), let fault = fault(of: target, at: step, importing: module) else { return nil }
            return Violation(path: file.path, line: index + 1, message: fault)
        }
    }

    private static func fault(of target: String, at step: Int, importing module: String) -> String? {
        if let other = Self.step(of: module) {
            return other < step ? nil : "\(target) may not import \(module), which does not stand lower"
        }
        if let owner = owned[module], owner != target { return "only \(owner) may import \(module)" }
        if ringZero.contains(target), !pureModules.contains(module) { return "\(target) is pure and may not import \(module)" }
        return nil
    }

    private static func step(of target: String) -> Int? { steps.firstIndex { $0.contains(target) } }

    /// `package import struct AdvPOModel.Sample` gives `AdvPOModel`; a line that imports nothing gives nil.
    static func importedModule(_ line: Substring) -> String? {
        let kinds: Set<Substring> = ["class", "enum", "func", "let", "protocol", "struct", "typealias", "var"]
        let words = line.split(separator: " ")
        let modifiers: Set<Substring> = ["package", "public", "internal", "fileprivate", "private", "@testable", "@preconcurrency", "@_exported", "@_spi"]
        guard let position = words.firstIndex(of: "import"), words[..<position].allSatisfy(modifiers.contains) else { return nil }
        let rest = words[(position + 1)...].drop { kinds.contains($0) }
        return rest.first?.split(separator: ".").first.map(String.init)
    }
}
