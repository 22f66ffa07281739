import Foundation

/// What this process has used so far.
struct Consumption {
    var cpuSeconds: Double
    var peakMegabytes: Int

    static func now() -> Consumption {
        var usage = rusage()
        getrusage(Int32(RUSAGE_SELF.rawValue), &usage)
        let seconds = [usage.ru_utime, usage.ru_stime].reduce(0) { $0 + Double($1.tv_sec) + Double($1.tv_usec) / 1e6 }
        // Linux counts kilobytes here.
        return Consumption(cpuSeconds: seconds, peakMegabytes: usage.ru_maxrss / 1_024)
    }
}
