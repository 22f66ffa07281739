/// How users' metric code is run.
package struct PythonMetricSettings: Sendable, Hashable {
    package enum Isolation: String, Sendable, Hashable, CaseIterable {
        /// A sandbox without network, files, keys or child processes; needs Debian's `bubblewrap` and unprivileged user namespaces, or root.
        case bubblewrap
        /// A separate process with limits and nothing more: the code can read what the worker can read and reach the network. For your own code only.
        case processOnly = "process-only"
    }

    /// The longest that a metric may be given for one answer, as for a Lambda function.
    package static let maximumTimeoutSeconds = 900.0

    /// Path of the interpreter; nil takes `/usr/bin/python3`, or else `python3` from `PATH`.
    package var python: String?
    package var isolation = Isolation.bubblewrap
    /// Name or path of bubblewrap's program.
    package var bubblewrap = "bwrap"
    /// Name or path of util-linux's `prlimit`.
    package var prlimit = "prlimit"
    /// Wall clock for one answer; up to 900.
    package var timeoutSeconds = 30.0
    /// Wall clock for starting Python and importing the metric.
    package var startupTimeoutSeconds = 120.0
    /// Address space of the process.
    package var memoryBytes = 2 << 30
    /// Processor time of one process; a process past half of it is replaced between two answers.
    package var processorSeconds = 3_600
    /// The private scratch folder, which lies in memory; also the largest file that can be written.
    package var scratchBytes = 64 << 20
    package var openFiles = 128
    /// Threads of the process. The kernel does not hold root to it.
    package var threads = 64
    /// One reply. What the metric prints is read and thrown away but for its end.
    package var outputBytes = 1 << 20
    /// The end of standard error that an error quotes.
    package var errorTailBytes = 4_096
    /// The files of one metric, summed.
    package var bundleBytes = 64 << 20
    /// Metrics that keep a process; beyond it the longest unused one loses its own.
    package var residentProcesses = 8
    /// Absolute paths that the metric may read beside its own folder and the interpreter: model files, word lists.
    package var readablePaths: [String] = []
    /// Where metrics' folders are laid out, privately; nil takes the system's temporary folder.
    package var temporaryFolder: String?

    package init(python: String? = nil) { self.python = python }

    /// What is wrong with the settings, in words; nil when nothing is.
    package var fault: String? {
        if !(timeoutSeconds > 0 && timeoutSeconds <= Self.maximumTimeoutSeconds) {
            return "the metric timeout must be above 0 and at most \(Int(Self.maximumTimeoutSeconds)) seconds, is \(timeoutSeconds)"
        }
        if !(startupTimeoutSeconds > 0 && startupTimeoutSeconds <= Self.maximumTimeoutSeconds) {
            return "the metric start timeout must be above 0 and at most \(Int(Self.maximumTimeoutSeconds)) seconds, is \(startupTimeoutSeconds)"
        }
        let counts = [
            ("memoryBytes", memoryBytes), ("processorSeconds", processorSeconds), ("scratchBytes", scratchBytes), ("openFiles", openFiles),
            ("threads", threads), ("outputBytes", outputBytes), ("errorTailBytes", errorTailBytes), ("bundleBytes", bundleBytes),
            ("residentProcesses", residentProcesses),
        ]
        if let (name, value) = counts.first(where: { $0.1 < 1 }) { return "the metric setting \(name) must be at least 1, is \(value)" }
        if let path = readablePaths.first(where: { !$0.hasPrefix("/") }) { return "the metric setting readablePaths needs absolute paths, got \(path)" }
        return nil
    }
}
