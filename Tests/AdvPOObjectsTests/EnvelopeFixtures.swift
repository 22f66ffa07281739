import AdvPOObjects
import Foundation
import OrderedCollections

/// Keys and randomness that every run of the tests has alike.
enum EnvelopeFixtures {
    static let arn = "arn:aws:kms:us-east-1:000000000000:key/00000000-0000-0000-0000-000000000001"
    static let otherARN = "arn:aws:kms:us-east-1:000000000000:key/00000000-0000-0000-0000-000000000002"
    /// Before the first chunk of an envelope under `arn`.
    static let headerBytes = 11 + arn.utf8.count + 12 + 48 + 7
    static let sealedChunkBytes = 65_536 + 16

    static func material(_ byte: UInt8) -> KeyMaterial {
        guard let material = KeyMaterial([UInt8](repeating: byte, count: 32)) else { preconditionFailure("32 bytes are a key") }
        return material
    }

    static let key = material(0x4B)
    static let keyring = Keyring([arn: key])
    static let bothKeys = Keyring([arn: key, otherARN: material(0x4C)])

    static func seal(_ content: [UInt8], seed: UInt64 = 1) -> [UInt8] {
        var generator = SplitMix(state: seed)
        return Envelope.seal(content, key: key, arn: arn, using: &generator)
    }

    static func content(_ count: Int) -> [UInt8] { (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 31) } }
}

/// SplitMix64: the same numbers for the same seed.
struct SplitMix: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }
}

/// 0, 1, 2, …: what another implementation can be given by hand.
struct Counting: RandomNumberGenerator {
    private var value: UInt64 = 0

    mutating func next() -> UInt64 {
        defer { value += 1 }
        return value
    }
}
