/// Whole envelopes in memory, for content that is known to be small enough.
package enum Envelope {
    package static func isEnvelope(_ bytes: [UInt8]) -> Bool { EnvelopeHeader.isEnvelope(bytes) }

    /// - Parameter generator: fit for cryptography, as the system's is.
    package static func seal(_ content: [UInt8], key: KeyMaterial, arn: String, using generator: inout some RandomNumberGenerator) -> [UInt8] {
        SealedPieces(content, key: key, arn: arn, using: &generator).reduce(into: []) { $0 += $1 }
    }

    package static func open(_ envelope: [UInt8], keyring: Keyring) throws(EnvelopeFault) -> [UInt8] {
        let header = try EnvelopeHeader(parsing: Array(envelope.prefix(EnvelopeHeader.largestBytes)))
        var opener = try EnvelopeOpener(header, keyring: keyring)
        let content = try opener.open(Array(envelope.dropFirst(header.byteCount)))
        return try content + opener.finish()
    }
}
