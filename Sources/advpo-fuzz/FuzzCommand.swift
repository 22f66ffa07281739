import AdvPOFuzzing
import ArgumentParser
import Foundation

@main struct FuzzCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "advpo-fuzz", abstract: "Plays inputs that follow from a seed against decoders and machines, and says what they broke.",
        discussion: """
            EXAMPLES
              advpo-fuzz --inputs 100000
              advpo-fuzz --target wire --minutes 30
              advpo-fuzz --target wire --seed 7 --from 1250 --inputs 1    play one found input again, with its batch

            The same seed gives the same digest on every machine. Exit code 1: something was found, or with --canary was not.
            """)

    @Option(help: "One of: \(FuzzTarget.allCases.map(\.rawValue).joined(separator: ", ")). All, one after the other, without it.") var target: String?
    @Option(help: "The seed.") var seed: UInt64 = 1
    @Option(help: "The first input.") var from: UInt64 = 0
    @Option(help: "How many inputs for each target.") var inputs: UInt64?
    @Option(help: "How long for each target, instead of a number of inputs.") var minutes: Double?
    @Flag(help: "Plant a fault in each target, which must be found.") var canary = false

    func validate() throws {
        if let target, FuzzTarget(rawValue: target) == nil { throw ValidationError("'\(target)' is no target; they are \(FuzzTarget.allCases.map(\.rawValue))") }
        if inputs != nil, minutes != nil { throw ValidationError("give --inputs or --minutes, not both") }
    }

    func run() throws {
        var isFine = true
        for target in target.flatMap({ FuzzTarget(rawValue: $0) }).map({ [$0] }) ?? FuzzTarget.allCases {
            let report = try play(target)
            isFine = isFine && (report.failure != nil) == canary
        }
        if !isFine { throw ExitCode(1) }
    }

    private func play(_ target: FuzzTarget) throws -> FuzzReport {
        let start = Date.now
        var memory = try MemoryProbe()
        CrashNote.prepare(target, seed: seed)
        var fuzzer = Fuzzer(target, seed: seed, hasCanary: canary)
        var lastWord = start
        let firstBatch = from / Fuzzer.inputsPerBatch
        let report = try fuzzer.run(from: firstBatch) { report in
            CrashNote.input = firstBatch * Fuzzer.inputsPerBatch + report.inputs
            try memory.check(after: report.inputs)
            let now = Date.now
            if now.timeIntervalSince(lastWord) >= 60 {
                lastWord = now
                print("  \(target.rawValue): \(report.inputs) inputs, \(report.outcomes) outcomes after \(Int(now.timeIntervalSince(start))) s")
            }
            if let minutes { return now.timeIntervalSince(start) < minutes * 60 }
            return report.inputs < (inputs ?? 100_000)
        }
        let seconds = max(0.001, Date.now.timeIntervalSince(start))
        let result = report.failure.map { "FOUND at input \($0.input): \($0.what)" } ?? "nothing found"
        print(
            "\(target.rawValue)\(canary ? " with a canary" : ""), seed \(seed): \(report.inputs) inputs, \(Int(Double(report.inputs) / seconds)) a second, "
                + "\(report.outcomes) outcomes, at most \(memory.growthMegabytes) MB more memory, digest \(String(report.digest, radix: 16)): \(result)")
        if let failure = report.failure, !canary { print("  again: advpo-fuzz --target \(target.rawValue) --seed \(seed) --from \(failure.input) --inputs 1") }
        return report
    }
}
