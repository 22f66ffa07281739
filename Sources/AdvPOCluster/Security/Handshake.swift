import Crypto

/// Who proves something in a handshake.
package enum HandshakeSide: Hashable, Sendable {
    case worker, coordinator

    var label: HandshakeLabel {
        switch self {
        case .worker: .workerProof
        case .coordinator: .coordinatorProof
        }
    }
}

/// Each use of a key signs under a label of its own, so that nothing made for one use serves another.
enum HandshakeLabel: String {
    case workerKey = "advpo worker key v1"
    case coordinatorProof = "advpo coordinator proof v1"
    case workerProof = "advpo worker proof v1"
    case channel = "advpo channel v1"
    case challenge = "advpo challenge v1"

    var prefix: [UInt8] { Array(rawValue.utf8) + [0] }
}

/// Bytes that are signed: each text behind its length, so that no two lists of fields give the same bytes.
struct HandshakeText {
    private(set) var bytes: [UInt8]

    init() { bytes = [] }
    init(label: HandshakeLabel) { bytes = label.prefix }

    mutating func add(_ value: UInt32) { bytes += value.bigEndianBytes }
    mutating func add(_ text: String) { add(Array(text.utf8)) }

    mutating func add(_ content: [UInt8]) {
        add(UInt32(clamping: content.count))
        bytes += content
    }
}

/// What a hello says, as both sides sign it.
package struct HandshakeClaim: Hashable, Sendable {
    package var identity: WorkerIdentity
    package var major: UInt32
    package var minor: UInt32
    package var instance: String
    package var name: String
    package var slots: UInt32
    package var models: [String]
    /// The worker's.
    package var nonce: [UInt8]

    package init(
        identity: WorkerIdentity, major: UInt32, minor: UInt32, instance: String, name: String, slots: UInt32, models: [String], nonce: [UInt8]
    ) {
        self.identity = identity
        self.major = major
        self.minor = minor
        self.instance = instance
        self.name = name
        self.slots = slots
        self.models = models
        self.nonce = nonce
    }

    package static let nonceBytes = 32

    private var text: HandshakeText {
        var text = HandshakeText()
        text.add(major)
        text.add(minor)
        text.add(identity.name)
        text.add(identity.serial)
        text.add(instance)
        text.add(name)
        text.add(slots)
        text.add(UInt32(clamping: models.count))
        for model in models { text.add(model) }
        text.add(nonce)
        return text
    }

    /// SHA-256 of the hello alone.
    var digest: [UInt8] { Array(SHA256.hash(data: text.bytes)) }

    /// SHA-256 of the hello and the coordinator's nonce: what proofs are made over.
    package func digest(challenge: [UInt8]) -> [UInt8] {
        var text = text
        text.add(challenge)
        return Array(SHA256.hash(data: text.bytes))
    }
}

extension FixedWidthInteger {
    var bigEndianBytes: [UInt8] { withUnsafeBytes(of: bigEndian) { Array($0) } }
}
