import Crypto

/// Content as an envelope, piece by piece: the header, then its chunks. Each is sealed when it is asked for, so that an envelope needs no room of its own.
struct SealedPieces: Sequence, IteratorProtocol {
    private let content: [UInt8]
    private let chunk: EnvelopeChunk
    private var header: [UInt8]?
    private var offset = 0
    private var number: UInt32 = 0
    private var isDone = false

    /// - Parameter generator: makes the data key, the nonce of its wrapping and the chunks' nonce prefix; fit for cryptography, as the system's is.
    init(_ content: [UInt8], key: KeyMaterial, arn: String, using generator: inout some RandomNumberGenerator) {
        let dataKey = generator.bytes(KeyMaterial.byteCount)
        let wrapNonce = generator.bytes(EnvelopeHeader.nonceBytes)
        let wrapped = EnvelopeChunk.sealed(dataKey, key: key.symmetricKey, nonce: wrapNonce, context: EnvelopeHeader.wrapContext(keyARN: arn))
        let header = EnvelopeHeader(keyARN: arn, wrapNonce: wrapNonce, wrappedKey: wrapped, noncePrefix: generator.bytes(EnvelopeHeader.noncePrefixBytes))
        self.content = content
        self.header = header.bytes
        chunk = EnvelopeChunk(dataKey: SymmetricKey(data: dataKey), header: header)
    }

    mutating func next() -> [UInt8]? {
        if let header {
            self.header = nil
            return header
        }
        guard !isDone else { return nil }
        let end = Swift.min(offset + EnvelopeChunk.contentBytes, content.count)
        isDone = end == content.count
        defer {
            offset = end
            number += 1
        }
        return chunk.seal(content[offset..<end], number: number, isLast: isDone)
    }
}
