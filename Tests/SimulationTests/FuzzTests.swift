import AdvPOFuzzing
import AdvPOTestSupport
import Testing

/// The short form; `ops/fuzz` is the long one.
@Suite(.longRunning) struct FuzzTests {
    private static let inputs: UInt64 = 10_000

    @Test("nothing that comes breaks a decoder or a machine", .timeLimit(.minutes(10)), arguments: FuzzTarget.allCases)
    func inputs(_ target: FuzzTarget) {
        var fuzzer = Fuzzer(target, seed: 1)
        let report = fuzzer.run { $0.inputs < Self.inputs }
        #expect(report.failure == nil, "advpo-fuzz --target \(target.rawValue)")
        // A fuzzer whose inputs all end at the door would show nothing.
        let least = [FuzzTarget.wire: 150, .frames: 20, .coordinator: 80, .worker: 40]
        #expect(report.outcomes >= least[target] ?? 0, "only \(report.outcomes) different things happened")
    }

    @Test("the fuzzers find a planted fault", .timeLimit(.minutes(10)), arguments: FuzzTarget.allCases)
    func canary(_ target: FuzzTarget) {
        var fuzzer = Fuzzer(target, seed: 1, hasCanary: true)
        #expect(fuzzer.run { $0.inputs < Self.inputs }.failure != nil)
    }

    @Test("the same seed plays the same inputs", .timeLimit(.minutes(10)), arguments: FuzzTarget.allCases)
    func repeats(_ target: FuzzTarget) {
        let digests = (0..<2).map { _ in
            var fuzzer = Fuzzer(target, seed: 3)
            return fuzzer.run { $0.inputs < 500 }.digest
        }
        #expect(digests[0] == digests[1])
    }
}
