import AdvPOModel

/// What can be fuzzed. An input of a machine is one event in a sequence; of a decoder, one message.
package enum FuzzTarget: String, CaseIterable, Hashable, Sendable {
    /// The decoders of messages and blobs.
    case wire
    /// The decoder of frames, zstd behind it.
    case frames
    /// The coordinator's machine, under typed events that a network may bring in any order.
    case coordinator
    /// The worker's machine, in the same way.
    case worker
}

package struct FuzzReport: Hashable, Sendable {
    package var inputs: UInt64 = 0
    /// How many different things came of them: kinds of messages accepted and of errors, or kinds of steps of a machine. A proxy for coverage.
    package var outcomes: Int = 0
    /// Over all outcomes in order: the same seed gives the same one.
    package var digest: UInt64 = 0xcbf2_9ce4_8422_2325
    /// What went wrong, with the input that shows it; nil is what everyone wants.
    package var failure: FuzzFailure?
}

package struct FuzzFailure: Error, Hashable, Sendable {
    /// The input's number, from 0: with the seed, all that it takes to play it again.
    package var input: UInt64
    package var what: String
}

/// Something that must not be, found by a target.
struct Broken: Error {
    var what: String
    init(_ what: String) { self.what = what }
}

/// Plays inputs that follow from a seed against a target.
package struct Fuzzer {
    let target: FuzzTarget
    let seed: UInt64
    /// Whether a fault is planted, which the fuzzer must find.
    let hasCanary: Bool
    private var outcomes: Set<UInt64> = []
    private var report = FuzzReport()

    /// Inputs played together. For a machine, a sequence of events from its start.
    package static let inputsPerBatch: UInt64 = 250

    package init(_ target: FuzzTarget, seed: UInt64, hasCanary: Bool = false) {
        self.target = target
        self.seed = seed
        self.hasCanary = hasCanary
    }

    /// Plays batches until `goesOn` says no, or something is found.
    ///
    /// - Parameters:
    ///   - first: the first batch; batches do not depend on each other.
    ///   - goesOn: asked before each batch, with what there is so far; it may also measure.
    package mutating func run(from first: UInt64 = 0, while goesOn: (FuzzReport) throws -> Bool) rethrows -> FuzzReport {
        var batch = first
        while report.failure == nil, try goesOn(report) {
            var dice = SeededGenerator(seed: seed &* 0x9E37_79B9_7F4A_7C15 &+ batch &* 0xD1B5_4A32_D192_ED03 &+ UInt64(target.rawValue.utf8.count))
            play(batch, &dice)
            batch += 1
        }
        return report
    }

    private mutating func play(_ batch: UInt64, _ dice: inout SeededGenerator) {
        switch target {
        case .wire:
            var fuzz = WireFuzz(hasCanary: hasCanary)
            play(batch) { _ throws(Broken) in try fuzz.step(&dice) }
        case .frames:
            let fuzz = FrameFuzz(hasCanary: hasCanary)
            play(batch) { _ throws(Broken) in try fuzz.step(&dice) }
        case .coordinator:
            var fuzz = ClusterFuzz(&dice, hasCanary: hasCanary)
            play(batch) { isLast throws(Broken) in isLast ? try fuzz.finish() : try fuzz.step(&dice) }
        case .worker:
            var fuzz = WorkerFuzz(&dice, hasCanary: hasCanary)
            play(batch) { _ throws(Broken) in try fuzz.step(&dice) }
        }
    }

    private mutating func play(_ batch: UInt64, _ step: (Bool) throws(Broken) -> String) {
        for position in 0..<Self.inputsPerBatch {
            do throws(Broken) {
                let outcome = Self.hash(try step(position + 1 == Self.inputsPerBatch))
                outcomes.insert(outcome)
                report.digest = (report.digest ^ outcome) &* 0x100_0000_01b3
                report.inputs += 1
            } catch {
                report.failure = FuzzFailure(input: batch * Self.inputsPerBatch + position, what: error.what)
                return
            }
        }
        report.outcomes = outcomes.count
    }

    /// FNV-1a.
    static func hash(_ text: String) -> UInt64 { text.utf8.reduce(0xcbf2_9ce4_8422_2325) { ($0 ^ UInt64($1)) &* 0x100_0000_01b3 } }
}

extension SeededGenerator {
    mutating func number(below bound: Int) -> Int { Int(next() % UInt64(bound)) }
    mutating func oneIn(_ bound: Int) -> Bool { number(below: bound) == 0 }
    mutating func pick<Value>(_ values: [Value]) -> Value { values[number(below: values.count)] }
}
