import Crypto

/// What the coordinator alone holds, and from which every worker's key is derived: with it all keys can be told, from a key no other.
package struct ClusterSecret: Sendable, CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    package static let byteCount = 32

    private let key: SymmetricKey

    /// Nil unless there are 32 bytes.
    package init?(_ bytes: some Collection<UInt8>) {
        guard bytes.count == Self.byteCount else { return nil }
        key = SymmetricKey(data: Array(bytes))
    }

    /// HMAC-SHA256 of the secret over the label, the name and the serial.
    package func key(of identity: WorkerIdentity) -> WorkerKey {
        var text = HandshakeText(label: .workerKey)
        text.add(identity.name)
        text.add(identity.serial)
        return WorkerKey(SymmetricKey(data: HMAC<SHA256>.authenticationCode(for: text.bytes, using: key)))
    }

    package var description: String { "[secret]" }
    package var debugDescription: String { "[secret]" }
    package var customMirror: Mirror { Mirror(self, children: [], displayStyle: .struct) }
}

/// What one worker holds: it proves who the worker is, and lets the worker tell its coordinator from others.
package struct WorkerKey: Sendable, CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    package static let byteCount = 32
    package static let proofBytes = 32

    private let key: SymmetricKey

    init(_ key: SymmetricKey) { self.key = key }

    /// Nil unless there are 32 bytes.
    package init?(_ bytes: some Collection<UInt8>) {
        guard bytes.count == Self.byteCount else { return nil }
        key = SymmetricKey(data: Array(bytes))
    }

    /// The bits themselves, for the one place that writes them down.
    package var revealed: [UInt8] { key.withUnsafeBytes { Array($0) } }

    /// That who holds this key saw the handshake with that digest; either side's proof is of no use to the other.
    package func proof(of side: HandshakeSide, digest: [UInt8]) -> [UInt8] {
        Array(HMAC<SHA256>.authenticationCode(for: side.label.prefix + digest, using: key))
    }

    /// Takes the same time whatever the proof's bytes are.
    package func isProof(_ proof: [UInt8], of side: HandshakeSide, digest: [UInt8]) -> Bool {
        HMAC<SHA256>.isValidAuthenticationCode(proof, authenticating: side.label.prefix + digest, using: key)
    }

    /// The key of what is said after the handshake with that digest: HKDF-SHA256 without salt.
    package func channelKey(digest: [UInt8]) -> ChannelKey {
        ChannelKey(HKDF<SHA256>.deriveKey(inputKeyMaterial: key, info: HandshakeLabel.channel.prefix + digest, outputByteCount: 32))
    }

    package var description: String { "[key]" }
    package var debugDescription: String { "[key]" }
    package var customMirror: Mirror { Mirror(self, children: [], displayStyle: .struct) }
}
