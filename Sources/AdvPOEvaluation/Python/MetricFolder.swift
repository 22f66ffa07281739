import AdvPOModel
import Foundation
import OrderedCollections

/// A private folder on this machine with everything that one metric's process is given.
struct MetricFolder: Sendable {
    private static let maximumFiles = 2_000

    /// Holds `task`, `scratch`, the host program and the filter; readable for this user alone.
    let root: URL

    var task: String { root.appending(path: "task").path }
    /// Only used without a sandbox, which has its own scratch folder in memory.
    var scratch: String { root.appending(path: "scratch").path }
    var host: String { root.appending(path: "metric_host.py").path }
    var filter: String { root.appending(path: "system-calls.bpf").path }

    init(_ bundle: FunctionBundle, settings: PythonMetricSettings) throws(EvaluationFailure) {
        guard bundle.files[FunctionBundle.entryPoint] != nil else {
            throw .metric(message: "the metric \(bundle.name) has no \(FunctionBundle.entryPoint)")
        }
        guard bundle.files.count <= Self.maximumFiles else {
            throw .metric(message: "the metric \(bundle.name) has \(bundle.files.count) files; at most \(Self.maximumFiles) are allowed")
        }
        let size = bundle.files.values.reduce(0) { $0 + $1.count }
        guard size <= settings.bundleBytes else {
            throw .metric(message: "the metric \(bundle.name) has \(size) bytes of files; at most \(settings.bundleBytes) are allowed (setting bundleBytes)")
        }
        for path in bundle.files.keys where !Self.isInside(path) {
            throw .metric(message: "the metric \(bundle.name) has a file outside its folder: \(path.bounded(to: 200))")
        }
        let parent = settings.temporaryFolder.map { URL(fileURLWithPath: $0) } ?? FileManager.default.temporaryDirectory
        root = parent.appending(path: "advpo-metric-\(UUID().uuidString)")
        do {
            let manager = FileManager.default
            try manager.createDirectory(at: root, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
            try manager.createDirectory(atPath: task, withIntermediateDirectories: false)
            try manager.createDirectory(atPath: scratch, withIntermediateDirectories: false)
            for (path, content) in bundle.files {
                let file = root.appending(path: "task").appending(path: path)
                try manager.createDirectory(at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
                try Data(content).write(to: file)
            }
            try Data(PackageResources.metric_host_py).write(to: URL(fileURLWithPath: host))
            try Data(SystemCallFilter.program).write(to: URL(fileURLWithPath: filter))
        } catch {
            remove()
            throw .metric(message: "the metric \(bundle.name) cannot be laid out under \(parent.path): \(error.localizedDescription)")
        }
    }

    func remove() {
        // What is left behind lies in the temporary folder, and there is nobody to tell.
        do { try FileManager.default.removeItem(at: root) } catch {}
    }

    private static func isInside(_ path: String) -> Bool {
        !path.hasPrefix("/") && !path.utf8.contains(0)
            && path.split(separator: "/", omittingEmptySubsequences: false).allSatisfy { !($0.isEmpty || $0 == "." || $0 == "..") }
    }
}
