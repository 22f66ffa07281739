package import AdvPOModel
import Foundation
import OrderedCollections

/// Why a metric's folder cannot be used: which one, what is wrong, how to mend it.
package struct FunctionBundleFault: Error, Hashable, Sendable, CustomStringConvertible {
    package var name: String
    package var folder: String
    package var problem: String
    package var remedy: String

    package init(name: String, folder: String, problem: String, remedy: String) {
        self.name = name
        self.folder = folder
        self.problem = problem
        self.remedy = remedy
    }

    package var description: String { "metric function \(name), folder \(folder): \(problem); \(remedy)" }
}

/// Reads the folder of a Lambda-style metric into the bundle that travels to workers.
package enum FunctionBundleReader {
    package static let mostFiles = 64
    package static let largestTotalBytes = 4 * 1024 * 1024
    package static let deepest = 8

    /// Reads `lambda_function.py` and its neighbours, sub-folders included, in the order of their paths.
    ///
    /// Left out: names that begin with a dot, `__pycache__`, `*.pyc`. Only regular files count; a symbolic link is followed
    /// to a regular file inside the folder, and refused elsewhere.
    package static func read(name: String, folder: String) throws(FunctionBundleFault) -> FunctionBundle {
        var walk = Walk(name: name, folder: folder, root: URL(fileURLWithPath: folder).resolvingSymlinksInPath().path)
        try walk.enter(walk.root, prefix: "", depth: 0)
        guard walk.files[FunctionBundle.entryPoint] != nil else {
            throw walk.fault("it has no \(FunctionBundle.entryPoint)", "add one that defines compute_score(preds, golds)")
        }
        walk.files.sort()
        return FunctionBundle(name: name, files: walk.files)
    }

    private struct Walk {
        let name: String
        let folder: String
        let root: String
        var files: OrderedDictionary<String, [UInt8]> = [:]
        var totalBytes = 0

        func fault(_ problem: String, _ remedy: String) -> FunctionBundleFault {
            FunctionBundleFault(name: name, folder: folder, problem: problem, remedy: remedy)
        }

        mutating func enter(_ path: String, prefix: String, depth: Int) throws(FunctionBundleFault) {
            guard depth <= deepest else { throw fault("\(prefix) is nested deeper than \(deepest) folders", "flatten the folder") }
            let entries: [String]
            do {
                entries = try FileManager.default.contentsOfDirectory(atPath: path).sorted()
            } catch {
                throw fault(prefix.isEmpty ? "it cannot be read" : "\(prefix) cannot be read", "check that it is a folder and that you may read it")
            }
            for entry in entries where !entry.hasPrefix(".") && entry != "__pycache__" && !entry.hasSuffix(".pyc") {
                let relative = prefix.isEmpty ? entry : "\(prefix)/\(entry)"
                try visit("\(path)/\(entry)", relative: relative, depth: depth)
            }
        }

        private mutating func visit(_ path: String, relative: String, depth: Int) throws(FunctionBundleFault) {
            switch try type(of: path, relative: relative) {
            case .typeRegular:
                try take(path, relative: relative)
            case .typeDirectory:
                try enter(path, prefix: relative, depth: depth + 1)
            case .typeSymbolicLink:
                let target = URL(fileURLWithPath: path).resolvingSymlinksInPath().path
                guard target.hasPrefix(root + "/") else {
                    throw fault("\(relative) is a symbolic link that leaves the folder", "copy the file into the folder")
                }
                guard try type(of: target, relative: relative) == .typeRegular else {
                    throw fault("\(relative) is a symbolic link to something that is no file", "put the files themselves there")
                }
                try take(target, relative: relative)
            default:
                throw fault("\(relative) is neither a file nor a folder", "remove it")
            }
        }

        private func type(of path: String, relative: String) throws(FunctionBundleFault) -> FileAttributeType {
            do {
                return try FileManager.default.attributesOfItem(atPath: path)[.type] as? FileAttributeType ?? .typeUnknown
            } catch {
                throw fault("\(relative) cannot be read", "check that it exists and that you may read it")
            }
        }

        private mutating func take(_ path: String, relative: String) throws(FunctionBundleFault) {
            guard files.count < mostFiles else { throw fault("it has more than \(mostFiles) files", "keep only what the metric needs") }
            let bytes: Data
            do {
                let handle = try FileHandle(forReadingFrom: URL(fileURLWithPath: path))
                defer { handle.closeFile() }
                bytes = try handle.read(upToCount: largestTotalBytes + 1) ?? Data()
            } catch {
                throw fault("\(relative) cannot be read", "check that you may read it")
            }
            totalBytes += bytes.count
            guard totalBytes <= largestTotalBytes else {
                throw fault("its files come to more than \(largestTotalBytes) bytes", "keep only what the metric needs")
            }
            files[relative] = Array(bytes)
        }
    }
}
