import Crypto

/// The 256 bits of a key. They are never shown: neither described, dumped nor encoded.
package struct KeyMaterial: Sendable, CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    package static let byteCount = 32

    let symmetricKey: SymmetricKey

    /// Nil unless there are 32 bytes.
    package init?(_ bytes: some Collection<UInt8>) {
        guard bytes.count == Self.byteCount else { return nil }
        symmetricKey = SymmetricKey(data: Array(bytes))
    }

    /// A new key; `generator` must be fit for cryptography, as the system's is.
    package init(using generator: inout some RandomNumberGenerator) {
        symmetricKey = SymmetricKey(data: generator.bytes(Self.byteCount))
    }

    /// The bits themselves, for the one place that writes them down.
    var revealed: [UInt8] { symmetricKey.withUnsafeBytes { Array($0) } }

    package var description: String { "[key]" }
    package var debugDescription: String { "[key]" }
    package var customMirror: Mirror { Mirror(self, children: [], displayStyle: .struct) }
}

extension RandomNumberGenerator {
    mutating func bytes(_ count: Int) -> [UInt8] { (0..<count).map { _ in UInt8.random(in: .min ... .max, using: &self) } }
}
