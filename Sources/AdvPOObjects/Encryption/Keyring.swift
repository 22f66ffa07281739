import AdvPOBedrock
package import OrderedCollections

/// The keys that a process holds for local buckets, each under the ARN that `encryptionKeyArn` names. Shows ARNs, never a key.
package struct Keyring: Sendable, CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    package static let empty = Keyring([:])

    private let keys: OrderedDictionary<String, KeyMaterial>

    /// - Precondition: every name is a key's ARN.
    package init(_ keys: OrderedDictionary<String, KeyMaterial>) {
        precondition(keys.keys.allSatisfy(Self.isKeyARN), "not the ARN of a key")
        self.keys = keys
    }

    /// In the file's order.
    package var arns: [String] { Array(keys.keys) }

    package func key(_ arn: String) -> KeyMaterial? { keys[arn] }

    /// Whether `text` can name a key: the form of a request's `encryptionKeyArn`, in printable ASCII so that a message may show it.
    package static func isKeyARN(_ text: String) -> Bool {
        text.utf8.count <= EnvelopeHeader.largestARNBytes && text.utf8.allSatisfy { (0x21...0x7E).contains($0) } && ShapePattern.kmsKeyARN.matches(text)
    }

    package var description: String { "keyring of \(arns)" }
    package var debugDescription: String { description }
    package var customMirror: Mirror { Mirror(self, children: ["arns": arns], displayStyle: .struct) }
}
