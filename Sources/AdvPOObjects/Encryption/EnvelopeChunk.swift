import Crypto
import Foundation

/// One chunk of an envelope under its data key: sealing and opening.
///
/// The construction is STREAM: Hoang, Reyhanitabar, Rogaway and Vizár, "Online Authenticated-Encryption and its Nonce-Reuse Misuse-Resistance", CRYPTO 2015.
/// The nonce holds the chunk's number and whether it is the last, so that a chunk opens only in its own place, and an end only where the content ended.
struct EnvelopeChunk {
    static let contentBytes = 64 * 1024
    static let sealedBytes = contentBytes + EnvelopeHeader.tagBytes

    private let dataKey: SymmetricKey
    private let noncePrefix: [UInt8]
    private let context: [UInt8]

    init(dataKey: SymmetricKey, header: EnvelopeHeader) {
        self.dataKey = dataKey
        noncePrefix = header.noncePrefix
        context = header.bytes
    }

    func seal(_ content: ArraySlice<UInt8>, number: UInt32, isLast: Bool) -> [UInt8] {
        Self.sealed(content, key: dataKey, nonce: nonce(number, isLast), context: context)
    }

    /// Nil unless it is this very chunk, whole.
    func open(_ sealed: ArraySlice<UInt8>, number: UInt32, isLast: Bool) -> [UInt8]? {
        Self.opened(sealed, key: dataKey, nonce: nonce(number, isLast), context: context)
    }

    private func nonce(_ number: UInt32, _ isLast: Bool) -> [UInt8] {
        noncePrefix + (0..<4).map { UInt8(truncatingIfNeeded: number >> (24 - 8 * $0)) } + [isLast ? 1 : 0]
    }

    /// AES-256-GCM: the ciphertext, then the tag.
    static func sealed(_ content: some DataProtocol, key: SymmetricKey, nonce: [UInt8], context: [UInt8]) -> [UInt8] {
        do {
            let box = try AES.GCM.seal(content, using: key, nonce: AES.GCM.Nonce(data: nonce), authenticating: context)
            return Array(box.ciphertext) + Array(box.tag)
        } catch {
            preconditionFailure("a key of 32 bytes and a nonce of 12 are what AES-256-GCM takes: \(error)")
        }
    }

    static func opened(_ sealed: ArraySlice<UInt8>, key: SymmetricKey, nonce: [UInt8], context: [UInt8]) -> [UInt8]? {
        guard sealed.count >= EnvelopeHeader.tagBytes else { return nil }
        do {
            let box = try AES.GCM.SealedBox(
                nonce: AES.GCM.Nonce(data: nonce), ciphertext: sealed.dropLast(EnvelopeHeader.tagBytes), tag: sealed.suffix(EnvelopeHeader.tagBytes))
            return Array(try AES.GCM.open(box, using: key, authenticating: context))
        } catch {
            return nil
        }
    }
}
