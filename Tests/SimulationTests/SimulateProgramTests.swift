import AdvPOTestSupport
import Foundation
import Subprocess
import SystemPackage
import Testing

/// The built programs, in processes of their own.
@Suite struct SimulateProgramTests {
    private static let products = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath().deletingLastPathComponent()

    private static func output(_ program: String, _ arguments: [String]) async throws -> String {
        let path = products.appendingPathComponent(program).path
        let result = try await Subprocess.run(
            .path(FilePath(path)), arguments: Arguments(arguments), output: .string(limit: 1 << 20), error: .string(limit: 1 << 20))
        return result.standardOutput + result.standardError
    }

    @Test("two processes play the same seeds to the same digests, alone and as a crew", .timeLimit(.minutes(5)))
    func digests() async throws {
        let first = try await Self.output("advpo-sim", ["--seed", "7", "--count", "4", "--lines"])
        #expect(first.split(separator: "\n").count == 4)
        #expect(try await Self.output("advpo-sim", ["--seed", "7", "--count", "4", "--lines"]) == first)
        // The digest over all seeds is the same, however many processes share them.
        let sums = try await [
            Self.digest(of: Self.output("advpo-sim", ["--seed", "7", "--count", "4"])),
            Self.digest(of: Self.output("advpo-sim", ["--seed", "7", "--count", "4", "--jobs", "2"])),
        ]
        #expect(sums[0] != nil)
        #expect(sums[0] == sums[1])
    }

    private static func digest(of output: String) -> Substring? { output.firstMatch(of: /digest of all ([0-9a-f]+)/)?.1 }

    @Test("the fuzzer's program watches its memory and finds its canaries", .timeLimit(.minutes(5)))
    func fuzzer() async throws {
        let quiet = try await Self.output("advpo-fuzz", ["--inputs", "3000"])
        #expect(quiet.split(separator: "\n").count { $0.hasSuffix("nothing found") } == 4, "\(quiet)")
        let canaries = try await Self.output("advpo-fuzz", ["--inputs", "20000", "--canary"])
        #expect(canaries.split(separator: "\n").count { $0.contains("FOUND") } == 4, "\(canaries)")
    }
}
