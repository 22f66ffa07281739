import Dispatch
import Foundation
import Synchronization

/// Plays seeds in several processes: a seed that traps ends its process, is counted as failing, and the others go on.
final class Crew: Sendable {
    private static let seedsPerProcess: UInt64 = 200
    private let processes: Int
    private let last: UInt64
    private let state: Mutex<State>

    private struct State {
        var next: UInt64
        var sum = SeedSum()
        var problem: (any Error)?
    }

    init(processes: Int, first: UInt64, count: UInt64) {
        self.processes = processes
        last = first + count - 1
        state = Mutex(State(next: first))
    }

    func play() throws -> SeedSum {
        DispatchQueue.concurrentPerform(iterations: processes) { _ in
            do {
                while let share = takeShare() { try play(share) }
            } catch {
                state.withLock { $0.problem = error }
            }
        }
        return try state.withLock { state in
            if let problem = state.problem { throw problem }
            return state.sum
        }
    }

    private func takeShare() -> ClosedRange<UInt64>? {
        state.withLock { state in
            guard state.problem == nil, state.next <= last else { return nil }
            // Small ones for a small count, so that every process has some.
            let size = max(1, min(Self.seedsPerProcess, (last - state.next + 1) / UInt64(2 * processes)))
            defer { state.next += size }
            return state.next...min(last, state.next + size - 1)
        }
    }

    private func play(_ share: ClosedRange<UInt64>) throws {
        var next = share.lowerBound
        while next <= share.upperBound {
            let (lines, status) = try child(next...share.upperBound)
            for line in lines { tell(line) }
            next += UInt64(lines.count)
            guard next <= share.upperBound else { return }
            tell(SeedLine(next, ended: "its process ended with status \(status): a trap, whose words stand above"))
            next += 1
        }
    }

    private func tell(_ line: SeedLine) {
        state.withLock { $0.sum.add(line) }
        if !line.violations.isEmpty { print(line.text) }
    }

    private func child(_ seeds: ClosedRange<UInt64>) throws -> ([SeedLine], Int32) {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath()
        process.arguments = ["--lines", "--seed", "\(seeds.lowerBound)", "--count", "\(seeds.count)"]
        let output = Pipe()
        process.standardOutput = output
        try process.run()
        let bytes = try output.fileHandleForReading.readToEnd() ?? Data()
        process.waitUntilExit()
        return (String(decoding: bytes, as: UTF8.self).split(separator: "\n").compactMap { SeedLine(encoded: $0) }, process.terminationStatus)
    }
}
