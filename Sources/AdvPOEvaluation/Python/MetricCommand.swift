/// The command line that starts one metric's process.
struct MetricCommand: Sendable, Hashable {
    var executable: String
    var arguments: [String]
    /// All of it: nothing is inherited, least of all keys.
    var environment: [String: String]
    var workingDirectory: String?

    private static let shell = "/bin/sh"
    /// As in AWS Lambda.
    private static let sandboxTask = "/var/task"
    private static let sandboxHost = "/var/runtime/metric_host.py"
    private static let sandboxIdentity = "65534"
    /// Bubblewrap reads the filter from this descriptor.
    private static let filterDescriptor = "3"

    init(interpreter: PythonInterpreter, folder: MetricFolder, settings: PythonMetricSettings) throws(EvaluationFailure) {
        guard let prlimit = ExecutableSearch.find(settings.prlimit) else {
            throw .metric(message: "metrics need \(settings.prlimit) to limit their processes: install the Debian package util-linux")
        }
        let limits = [
            prlimit, "--as=\(settings.memoryBytes)", "--cpu=\(settings.processorSeconds)", "--fsize=\(settings.scratchBytes)",
            "--nofile=\(settings.openFiles)", "--core=0", "--",
        ]
        switch settings.isolation {
        case .bubblewrap:
            guard let bubblewrap = ExecutableSearch.find(settings.bubblewrap) else {
                throw .metric(
                    message: "metrics run in a sandbox, and \(settings.bubblewrap) is not there: install the Debian package bubblewrap "
                        + "(apt-get install bubblewrap). For code that you trust as yourself, set the metric isolation to process-only instead.")
            }
            // Only a shell can hand a file on as a descriptor by number.
            executable = Self.shell
            arguments =
                ["-c", "exec \(Self.filterDescriptor)<\"$0\"; exec \"$@\"", folder.filter] + limits + [bubblewrap]
                + Self.sandbox(interpreter: interpreter, folder: folder, settings: settings)
                + ["--", interpreter.executable, "-I", "-B", "-u", Self.sandboxHost, Self.sandboxTask, "\(settings.threads)"]
            environment = [:]
            workingDirectory = nil
        case .processOnly:
            executable = prlimit
            // Threads are not limited here: without a namespace of its own, the limit would count all of this user's processes.
            arguments = Array(limits.dropFirst()) + [interpreter.executable, "-I", "-B", "-u", folder.host, folder.task, "0"]
            environment = Self.environment(scratch: folder.scratch)
            workingDirectory = folder.scratch
        }
    }

    private static func environment(scratch: String) -> [String: String] {
        ["PATH": "/usr/bin:/bin", "LANG": "C.UTF-8", "HOME": scratch, "TMPDIR": scratch, "USER": "metric", "LAMBDA_TASK_ROOT": sandboxTask]
    }

    private static func sandbox(interpreter: PythonInterpreter, folder: MetricFolder, settings: PythonMetricSettings) -> [String] {
        var arguments = [
            "--unshare-all", "--die-with-parent", "--new-session", "--cap-drop", "ALL", "--uid", sandboxIdentity, "--gid", sandboxIdentity,
            "--hostname", "metric", "--clearenv",
        ]
        for (name, value) in environment(scratch: "/tmp").sorted(by: { $0.key < $1.key }) { arguments += ["--setenv", name, value] }
        arguments += ["--ro-bind", "/usr", "/usr"]
        for path in ["/bin", "/lib", "/lib64", "/etc/alternatives", "/etc/ld.so.cache"] { arguments += ["--ro-bind-try", path, path] }
        arguments += ["--proc", "/proc", "--dev", "/dev", "--size", "\(settings.scratchBytes)", "--tmpfs", "/tmp"]
        for path in interpreter.readablePaths + settings.readablePaths { arguments += ["--ro-bind", path, path] }
        arguments += ["--ro-bind", folder.task, sandboxTask, "--ro-bind", folder.host, sandboxHost]
        // The root and /dev are folders in memory too: only the scratch folder, which has a size, stays writable. In /proc are kernel settings of the
        // whole machine that root may write even without any capability, in a user namespace too.
        arguments += ["--remount-ro", "/proc", "--remount-ro", "/dev", "--remount-ro", "/", "--chdir", "/tmp", "--seccomp", filterDescriptor]
        return arguments
    }
}
