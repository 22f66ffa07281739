import AdvPOModel
import Foundation
import OrderedCollections

/// What the kernel says of this process.
enum ProcessFigures {
    /// Resident memory now and at its highest, and the processor time used, as members of an output line.
    static var members: JSONObject {
        let status = statusLines
        return [
            "residentBytes": .count(kilobytes("VmRSS:", in: status) * 1_024), "peakResidentBytes": .count(kilobytes("VmHWM:", in: status) * 1_024),
            "processorSeconds": .measured(processorSeconds),
        ]
    }

    static var processorSeconds: Double {
        var time = timespec()
        clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
    }

    private static var statusLines: [Substring] {
        // The kernel's own file: without it the figures are 0.
        guard let bytes = FileManager.default.contents(atPath: "/proc/self/status") else { return [] }
        return String(decoding: bytes, as: UTF8.self).split(separator: "\n")
    }

    private static func kilobytes(_ key: String, in lines: [Substring]) -> Int {
        let words = lines.first { $0.hasPrefix(key) }?.split(whereSeparator: \.isWhitespace) ?? []
        return words.count > 1 ? Int(words[1]) ?? 0 : 0
    }
}
