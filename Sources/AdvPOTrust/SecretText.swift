import AdvPOCluster
import AdvPOObjects
import Foundation

/// How secrets are written down: a comment that says what the file is, then one line of words that ends with BASE64URL.
enum SecretText {
    static let maximumBytes = 4_096
    private static let secretWord = "advpo-cluster-secret-v1"
    private static let keyWord = "advpo-worker-key-v1"

    static func write(secret: [UInt8]) -> String {
        "# The secret of an AdvPO cluster: every worker's key is derived from it. For the coordinator alone; keep it at mode 600.\n\(secretWord) \(encode(secret))\n"
    }

    static func write(_ key: WorkerKey, of identity: WorkerIdentity) -> String {
        "# The key of one AdvPO worker: who holds it can work as this worker. Keep it at mode 600.\n\(keyWord) \(identity.name) \(identity.serial) \(encode(key.revealed))\n"
    }

    static func secret(_ path: String) throws(PrivateFile.Fault) -> ClusterSecret {
        let words = try words(path)
        guard words.count == 2, words[0] == secretWord, let secret = decode(words[1]).flatMap({ ClusterSecret($0) }) else {
            throw PrivateFile.Fault(path: path, problem: "holds no cluster secret", remedy: "restore it from a copy; a new one, by 'advpo-coord cluster init', needs new keys for all workers")
        }
        return secret
    }

    static func key(_ path: String) throws(PrivateFile.Fault) -> (WorkerIdentity, WorkerKey) {
        let words = try words(path)
        guard words.count == 4, words[0] == keyWord, let serial = UInt32(words[2]), let identity = WorkerIdentity(name: words[1], serial: serial),
            let key = decode(words[3]).flatMap({ WorkerKey($0) })
        else {
            throw PrivateFile.Fault(path: path, problem: "holds no worker key", remedy: "copy the folder again that 'advpo-coord cluster issue-certificate' made")
        }
        return (identity, key)
    }

    /// Of the one line that is no comment.
    private static func words(_ path: String) throws(PrivateFile.Fault) -> [String] {
        let bytes = try PrivateFile.read(path, maximumBytes: maximumBytes)
        let lines = bytes.split(separator: UInt8(ascii: "\n")).filter { $0.first != UInt8(ascii: "#") }
        guard lines.count == 1, let line = lines.first else { return [] }
        return line.split(separator: UInt8(ascii: " ")).map { String(decoding: $0, as: UTF8.self) }
    }

    private static func encode(_ bytes: [UInt8]) -> String {
        Data(bytes).base64EncodedString().replacing("+", with: "-").replacing("/", with: "_").replacing("=", with: "")
    }

    private static func decode(_ text: String) -> Data? {
        let padding = String(repeating: "=", count: (4 - text.utf8.count % 4) % 4)
        return Data(base64Encoded: text.replacing("-", with: "+").replacing("_", with: "/") + padding)
    }
}
