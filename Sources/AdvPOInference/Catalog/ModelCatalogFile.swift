package import AdvPOModel
import Foundation
import OrderedCollections
import Yams

/// The model file, `models.yaml`: which models there are, which roles they play, where metric functions are.
///
/// Every fault of a file is reported at once. Relative paths in it count from the file's folder.
package enum ModelCatalogFile {
    package static let largestFileBytes = 1024 * 1024
    package static let mostModels = 1_000
    package static let mostFunctions = 1_000

    /// Reads and checks the file at `path`.
    package static func load(path: String) throws(ModelCatalogFaults) -> ModelCatalog {
        let bytes: Data
        do {
            let attributes = try FileManager.default.attributesOfItem(atPath: URL(fileURLWithPath: path).resolvingSymlinksInPath().path)
            guard attributes[.type] as? FileAttributeType == .typeRegular else {
                throw whole(path, "is not a regular file", "name a YAML file")
            }
            let handle = try FileHandle(forReadingFrom: URL(fileURLWithPath: path))
            defer { handle.closeFile() }
            bytes = try handle.read(upToCount: largestFileBytes + 1) ?? Data()
        } catch let faults as ModelCatalogFaults {
            throw faults
        } catch {
            throw whole(path, "cannot be read", "check that it exists and that you may read it")
        }
        guard bytes.count <= largestFileBytes else { throw tooLarge(path) }
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw whole(path, "is not UTF-8", "save it as UTF-8")
        }
        return try parse(text, path: path)
    }

    /// Checks the text of a model file; `path` serves messages and relative paths.
    package static func parse(_ text: String, path: String) throws(ModelCatalogFaults) -> ModelCatalog {
        guard text.utf8.count <= largestFileBytes else { throw tooLarge(path) }
        let root: Node?
        do {
            root = try Yams.compose(yaml: text)
        } catch {
            throw syntaxFault(error, path: path)
        }
        guard let root else { throw whole(path, "is empty", "describe at least one model under models:") }
        var reader = ModelCatalogReader(path: path)
        return try reader.read(root)
    }

    static func whole(_ path: String, _ problem: String, _ remedy: String) -> ModelCatalogFaults {
        ModelCatalogFaults([ModelCatalogFault(path: path, line: nil, field: "", problem: problem, remedy: remedy)])
    }

    private static func tooLarge(_ path: String) -> ModelCatalogFaults {
        whole(path, "is larger than \(largestFileBytes) bytes", "keep only models that are in use")
    }

    /// Yams would print the line at fault, which may hold a key: only its place and its kind are passed on.
    private static func syntaxFault(_ error: any Error, path: String) -> ModelCatalogFaults {
        func fault(_ line: Int?, _ problem: String, _ remedy: String = "mend the line; indent with spaces, and put a space after each colon") -> ModelCatalogFaults {
            ModelCatalogFaults([ModelCatalogFault(path: path, line: line, field: "", problem: problem, remedy: remedy)])
        }
        guard let error = error as? YamlError else { return fault(nil, "is not YAML") }
        switch error {
        case .scanner(_, let problem, let mark, _), .parser(_, let problem, let mark, _), .composer(_, let problem, let mark, _):
            return fault(mark.line, "is not YAML (\(problem))")
        case .duplicatedKeysInMapping(let duplicates, let context):
            let names = duplicates.map { "\"\($0.prefix(60))\"" }.joined(separator: ", ")
            return fault(context.mark.line, "has a key twice in one mapping: \(names)", "keep one of them")
        case .reader(let problem, _, _, _):
            return fault(nil, "is not YAML (\(problem))", "remove characters that cannot be printed")
        case .no, .memory, .writer, .emitter, .representer, .dataCouldNotBeDecoded:
            return fault(nil, "is not YAML")
        }
    }
}
