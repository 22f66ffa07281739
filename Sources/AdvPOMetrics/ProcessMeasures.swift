package import CoreMetrics
import Glibc

/// The process's own figures, read from Linux when the page is made.
package struct ProcessMeasures: Sendable {
    private let memory: Meter
    private let cpu: Meter
    private let openFiles: Meter

    /// - Parameters:
    ///   - program: the program's name.
    ///   - details: further labels of the build's line.
    package init(_ factory: any MetricsFactory, program: String, details: [(String, String)]) {
        memory = Meter(label: MetricName.residentMemory.rawValue, dimensions: [], factory: factory)
        cpu = Meter(label: MetricName.cpuTime.rawValue, dimensions: [], factory: factory)
        openFiles = Meter(label: MetricName.openFiles.rawValue, dimensions: [], factory: factory)
        Meter(label: MetricName.buildInfo.rawValue, dimensions: [("program", program)] + details, factory: factory).set(1)
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        Meter(label: MetricName.startTime.rawValue, dimensions: [], factory: factory).set(Double(time.tv_sec))
    }

    package func refresh() {
        // The second number is the resident pages.
        if let pages = Self.text("/proc/self/statm")?.split(separator: " ").dropFirst().first.flatMap({ Double($0) }) {
            memory.set(pages * Double(sysconf(Int32(_SC_PAGESIZE))))
        }
        var usage = rusage()
        if getrusage(Int32(RUSAGE_SELF.rawValue), &usage) == 0 { cpu.set(Self.seconds(usage.ru_utime) + Self.seconds(usage.ru_stime)) }
        if let count = Self.entries("/proc/self/fd") { openFiles.set(Double(count)) }
    }

    private static func seconds(_ time: timeval) -> Double { Double(time.tv_sec) + Double(time.tv_usec) / 1e6 }

    private static func text(_ path: String) -> String? {
        guard let file = fopen(path, "r") else { return nil }
        defer { fclose(file) }
        var bytes = [UInt8](repeating: 0, count: 256)
        let count = fread(&bytes, 1, bytes.count, file)
        return String(decoding: bytes.prefix(count), as: UTF8.self)
    }

    private static func entries(_ path: String) -> Int? {
        guard let folder = opendir(path) else { return nil }
        defer { closedir(folder) }
        var count = 0
        while readdir(folder) != nil { count += 1 }
        // Itself, its parent, and the folder that is open for this.
        return count - 3
    }
}
