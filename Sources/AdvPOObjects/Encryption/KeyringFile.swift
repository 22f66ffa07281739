import Foundation
import OrderedCollections
import Yams

/// The keyring file: YAML with the keys of local buckets.
///
///     keys:
///       - arn: arn:aws:kms:us-east-1:000000000000:key/0f1e2d3c-4b5a-6978-8796-a5b4c3d2e1f0
///         material: BASE64 of 32 random bytes
///         created: 2026-05-14T09:30:00Z
///
/// `created` is for people. The file is refused when anybody but its owner may read or write it, or when another user owns it. Whoever holds the file
/// can read every object under its keys; whoever loses it, none.
package enum KeyringFile {
    package static let largestFileBytes = 1024 * 1024
    package static let mostKeys = 1_000

    /// Reads and checks the file at `path`.
    package static func load(path: String) throws(KeyringFault) -> Keyring {
        guard let file = try opened(path) else {
            throw KeyringFault(path, "is not there", "make one with 'advpo-coord keyring add FILE', or check the path")
        }
        return try parse(text(of: file, path: path), path: path)
    }

    /// Nil when there is none.
    static func opened(_ path: String) throws(KeyringFault) -> PrivateFile? {
        do throws(PrivateFile.Fault) { return try PrivateFile.open(path) } catch { throw KeyringFault(error) }
    }

    static func text(of file: borrowing PrivateFile, path: String) throws(KeyringFault) -> String {
        let bytes: [UInt8]
        do throws(PrivateFile.Fault) { bytes = try file.bytes(maximumBytes: largestFileBytes) } catch { throw KeyringFault(error) }
        guard let text = String(validating: bytes, as: UTF8.self) else { throw KeyringFault(path, "is not UTF-8", "save it as UTF-8") }
        return text
    }

    /// Checks the text of a keyring file; `path` serves messages.
    package static func parse(_ text: String, path: String) throws(KeyringFault) -> Keyring {
        let root: Node?
        do { root = try Yams.compose(yaml: text) } catch { throw syntaxFault(error, path: path) }
        guard let root else { throw KeyringFault(path, "is empty", "add a key with 'advpo-coord keyring add FILE'") }
        guard let entries = try fields(of: root, allowed: ["keys"], path: path)["keys"]?.sequence else {
            throw KeyringFault(path, line: root.mark?.line, "has no list under 'keys'", "write keys: and under it one '- arn: …' for each key")
        }
        guard entries.count <= mostKeys else { throw KeyringFault(path, "has \(entries.count) keys", "at most \(mostKeys) are allowed; keep those that are in use") }
        var keys: OrderedDictionary<String, KeyMaterial> = [:]
        for entry in entries {
            let (arn, material) = try key(entry, path: path)
            guard keys.updateValue(material, forKey: arn) == nil else { throw KeyringFault(path, line: entry.mark?.line, arn: arn, "is there twice", "keep one of them") }
        }
        return Keyring(keys)
    }

    private static func key(_ entry: Node, path: String) throws(KeyringFault) -> (String, KeyMaterial) {
        let line = entry.mark?.line
        let fields = try fields(of: entry, allowed: ["arn", "material", "created"], path: path)
        guard let arn = fields["arn"]?.scalar?.string, Keyring.isKeyARN(arn) else {
            throw KeyringFault(path, line: line, "has a key without an 'arn' of the form", "write arn: arn:aws:kms:REGION:ACCOUNT:key/UUID")
        }
        guard let text = fields["material"]?.scalar?.string else {
            throw KeyringFault(path, line: line, arn: arn, "has no 'material'", "write the BASE64 of 32 random bytes there, or add a new key with 'advpo-coord keyring add FILE'")
        }
        guard let bytes = Data(base64Encoded: text), let material = KeyMaterial(bytes) else {
            throw KeyringFault(path, line: line, arn: arn, "has a 'material' that is not the BASE64 of 32 bytes", "restore it from a copy; a new key cannot open what the old one sealed")
        }
        return (arn, material)
    }

    /// A mapping's values by name. The name of an unknown one is not repeated: whoever mistypes may have put the key there.
    private static func fields(of node: Node, allowed: [String], path: String) throws(KeyringFault) -> [String: Node] {
        let names = allowed.map { "'\($0)'" }.joined(separator: ", ")
        guard let mapping = node.mapping else { throw KeyringFault(path, line: node.mark?.line, "has something else where a mapping is needed", "write \(names) there") }
        var fields: [String: Node] = [:]
        for (key, value) in mapping {
            guard let name = key.scalar?.string, allowed.contains(name) else {
                throw KeyringFault(path, line: key.mark?.line, "has an unknown field", "known here: \(names)")
            }
            fields[name] = value
        }
        return fields
    }

    /// Yams would print the line at fault: only its place is passed on.
    private static func syntaxFault(_ error: any Error, path: String) -> KeyringFault {
        let line: Int? =
            switch error as? YamlError {
            case .scanner(_, _, let mark, _), .parser(_, _, let mark, _), .composer(_, _, let mark, _): mark.line
            case .duplicatedKeysInMapping(_, let context): context.mark.line
            default: nil
            }
        return KeyringFault(path, line: line, "is not YAML", "mend the line; indent with spaces, put a space after each colon, and give no field twice")
    }
}
