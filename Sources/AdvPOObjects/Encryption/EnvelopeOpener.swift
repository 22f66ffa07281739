import Crypto

/// Opens an envelope's chunks as its bytes come in, however they are cut. What it gives is authentic; that it is all comes with `finish`.
struct EnvelopeOpener {
    private let chunk: EnvelopeChunk
    private var waiting: [UInt8] = []
    private var number: UInt32 = 0
    private var fault: EnvelopeFault?

    /// - Throws: `unknownKey`; `damaged` when the data key does not come out.
    init(_ header: EnvelopeHeader, keyring: Keyring) throws(EnvelopeFault) {
        guard let key = keyring.key(header.keyARN) else { throw .unknownKey(header.keyARN) }
        let dataKey = EnvelopeChunk.opened(
            header.wrappedKey[...], key: key.symmetricKey, nonce: header.wrapNonce, context: EnvelopeHeader.wrapContext(keyARN: header.keyARN))
        guard let dataKey else { throw .damaged("its data key does not open with the key \(header.keyARN): its header is damaged, or the keyring has other material under that ARN") }
        chunk = EnvelopeChunk(dataKey: SymmetricKey(data: dataKey), header: header)
    }

    /// The next bytes after the header, as many as there are.
    mutating func open(_ piece: [UInt8]) throws(EnvelopeFault) -> [UInt8] {
        waiting += piece
        var content: [UInt8] = []
        var offset = 0
        // A chunk is not the last when something follows it.
        while waiting.count - offset > EnvelopeChunk.sealedBytes {
            content += try opened(waiting[offset..<(offset + EnvelopeChunk.sealedBytes)], isLast: false)
            offset += EnvelopeChunk.sealedBytes
        }
        waiting.removeFirst(offset)
        return content
    }

    /// Nothing follows: the last of the content.
    mutating func finish() throws(EnvelopeFault) -> [UInt8] {
        let last = waiting
        waiting = []
        // Only an empty object has an empty chunk; it would let content end in two ways.
        guard number == 0 || last.count > EnvelopeHeader.tagBytes else { throw fail("its end is missing") }
        return try opened(last[...], isLast: true)
    }

    private mutating func opened(_ sealed: ArraySlice<UInt8>, isLast: Bool) throws(EnvelopeFault) -> [UInt8] {
        if let fault { throw fault }
        guard number < .max, let content = chunk.open(sealed, number: number, isLast: isLast) else {
            let place = "its content from byte \(Int(number) * EnvelopeChunk.contentBytes) on"
            throw fail(isLast ? "\(place) is damaged, or its end is missing" : "\(place) is damaged")
        }
        number += 1
        return content
    }

    private mutating func fail(_ reason: String) -> EnvelopeFault {
        let fault = EnvelopeFault.damaged(reason)
        self.fault = fault
        return fault
    }
}
