import AdvPOCluster
import AdvPOObjects
import Foundation
import Yams

/// A YAML list of worker keys: those that were issued, or those that are revoked.
///
///     keys:
///       - {name: node7, serial: 2, date: 2026-05-14T09:30:00Z}
///
/// `date` is for people. In the list of revoked keys an entry stands for all keys of the name up to the serial.
struct KeyList: Sendable {
    struct Entry: Hashable, Sendable {
        var identity: WorkerIdentity
        var date: String
    }

    static let maximumBytes = 16 * 1024 * 1024
    static let mostKeys = 100_000

    private(set) var entries: [Entry] = []

    /// Empty when there is no file.
    static func load(_ path: String) throws(PrivateFile.Fault) -> KeyList {
        guard let file = try PrivateFile.open(path) else { return KeyList() }
        return try parse(String(decoding: try file.bytes(maximumBytes: maximumBytes), as: UTF8.self), path: path)
    }

    static func parse(_ text: String, path: String) throws(PrivateFile.Fault) -> KeyList {
        let root: Node?
        do { root = try Yams.compose(yaml: text) } catch { throw fault(path, nil, "is not YAML") }
        guard let list = root?.mapping?["keys"]?.sequence else { throw fault(path, root?.mark?.line, "has no list under 'keys'") }
        guard list.count <= mostKeys else { throw fault(path, nil, "has more than \(mostKeys) entries") }
        var keys = KeyList()
        for entry in list {
            guard let fields = entry.mapping, let name = fields["name"]?.scalar?.string, let serial = fields["serial"]?.scalar.flatMap({ UInt32($0.string) }),
                let identity = WorkerIdentity(name: name, serial: serial)
            else { throw fault(path, entry.mark?.line, "has an entry without a worker's 'name' and a 'serial' from 1") }
            keys.entries.append(Entry(identity: identity, date: fields["date"]?.scalar?.string ?? ""))
        }
        return keys
    }

    private static func fault(_ path: String, _ line: Int?, _ problem: String) -> PrivateFile.Fault {
        PrivateFile.Fault(path: path, problem: (line.map { "line \($0): " } ?? "") + problem, remedy: "write keys: and under it one '- {name: NAME, serial: NUMBER}' a line")
    }

    mutating func add(_ identity: WorkerIdentity, date: String) { entries.append(Entry(identity: identity, date: date)) }

    /// The highest serial of a name; 0 for none.
    func lastSerial(of name: String) -> UInt32 { entries.filter { $0.identity.name == name }.map(\.identity.serial).max() ?? 0 }

    func text(comment: String) -> String {
        let lines = entries.map { "  - {name: \"\($0.identity.name)\", serial: \($0.identity.serial), date: \"\($0.date)\"}\n" }
        return "# \(comment)\nkeys:\(lines.isEmpty ? " []" : "")\n" + lines.joined()
    }
}
