package import AdvPOModel
import Foundation
package import OrderedCollections

/// The keys of a catalog's models, read once at the start, and what is wrong with those that could not be read.
package struct APIKeys: Sendable, CustomStringConvertible {
    package static let largestKeyBytes = 16 * 1024

    private var keys: OrderedDictionary<String, Secret> = [:]
    /// Model id to why it has no key, in the catalog's order. Such a model fails when it is used, not before: a worker need not hold all keys.
    package private(set) var faults: OrderedDictionary<String, String> = [:]
    /// What should be mended though it works, such as a key file that others can read.
    package private(set) var warnings: [String] = []

    /// Reads every model's key from `environment` or from its file; a newline at the end of a file is not part of the key.
    package init(catalog: ModelCatalog, environment: [String: String]) {
        for model in catalog.models.values {
            do {
                switch model.key {
                case .environment(let name): keys[model.id] = try Self.fromEnvironment(name, environment)
                case .file(let path): keys[model.id] = try fromFile(path, model: model.id)
                case nil: break
                }
            } catch {
                faults[model.id] = "model \(model.id): \(error.message)"
            }
        }
    }

    package subscript(modelID: String) -> Secret? { keys[modelID] }
    package var redactor: Redactor { Redactor(Array(keys.values)) }
    package var description: String { "keys of \(keys.count) models" }

    private struct KeyFault: Error { var message: String }

    private static func fromEnvironment(_ name: String, _ environment: [String: String]) throws(KeyFault) -> Secret {
        guard let value = environment[name] else {
            throw KeyFault(message: "the environment variable \(name) (apiKeyEnvironment) is not set; set it to the key")
        }
        return try checked(value, origin: "the environment variable \(name) (apiKeyEnvironment)")
    }

    private mutating func fromFile(_ path: String, model: String) throws(KeyFault) -> Secret {
        let origin = "the file \(path) (apiKeyFile)"
        let bytes: Data
        do {
            let attributes = try FileManager.default.attributesOfItem(atPath: URL(fileURLWithPath: path).resolvingSymlinksInPath().path)
            guard attributes[.type] as? FileAttributeType == .typeRegular else { throw KeyFault(message: "\(origin) is not a regular file") }
            if let mode = attributes[.posixPermissions] as? Int, mode & 0o004 != 0 {
                warnings.append("model \(model): every user of this machine can read \(origin); run chmod 600 on it")
            }
            let handle = try FileHandle(forReadingFrom: URL(fileURLWithPath: path))
            defer { handle.closeFile() }
            bytes = try handle.read(upToCount: Self.largestKeyBytes + 1) ?? Data()
        } catch let fault as KeyFault {
            throw fault
        } catch {
            throw KeyFault(message: "\(origin) cannot be read; check that it exists and that you may read it")
        }
        guard let text = String(validating: bytes, as: UTF8.self) else { throw KeyFault(message: "\(origin) is not text") }
        return try Self.checked(text, origin: origin)
    }

    private static func checked(_ text: String, origin: String) throws(KeyFault) -> Secret {
        var value = Substring(text)
        while let last = value.last, last.isNewline { value.removeLast() }
        guard !value.isEmpty else { throw KeyFault(message: "\(origin) is empty; put the key there") }
        guard value.utf8.count <= largestKeyBytes else { throw KeyFault(message: "\(origin) holds more than \(largestKeyBytes) bytes; put the key alone there") }
        guard value.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }) else {
            throw KeyFault(message: "\(origin) holds spaces, line breaks or characters that cannot stand in an HTTP header; put the key alone there")
        }
        return Secret(String(value))
    }
}
