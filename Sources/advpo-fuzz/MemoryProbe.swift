import ArgumentParser
import Foundation

/// Watches what the process asked of the system for: inputs are small, so that a decoder that believes a stated size stands out.
///
/// Of address space, not of resident pages: what is reserved and never written counts too.
struct MemoryProbe {
    /// Far above what any input needs (a frame decodes to 1 MiB at most here), far below what a size in an input can state.
    static let allowedMegabytes = 128
    private var baseline: Int?
    private var last: Int
    var growthMegabytes: Int { (last - (baseline ?? last)) / 1_024 }

    init() throws { last = try Self.peakKilobytes() }

    /// The first inputs warm up the allocator.
    mutating func check(after inputs: UInt64) throws {
        guard inputs >= 1_000 else { return }
        last = try Self.peakKilobytes()
        if baseline == nil { baseline = last }
        guard growthMegabytes <= Self.allowedMegabytes else {
            print("the process grew by \(growthMegabytes) MB in the batch before input \(inputs); \(Self.allowedMegabytes) MB are allowed")
            throw ExitCode(1)
        }
    }

    private static func peakKilobytes() throws -> Int {
        let status = try String(contentsOfFile: "/proc/self/status", encoding: .utf8)
        guard let line = status.split(separator: "\n").first(where: { $0.hasPrefix("VmPeak:") }), let number = line.split(whereSeparator: \.isWhitespace).dropFirst().first,
            let kilobytes = Int(number)
        else { throw CocoaError(.fileReadCorruptFile) }
        return kilobytes
    }
}
