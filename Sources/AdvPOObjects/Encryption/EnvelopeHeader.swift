/// The beginning of an envelope: which key opens it, and what the key wraps. Big-endian; docs/encryption.md has the table.
struct EnvelopeHeader: Hashable, Sendable {
    static let magic = Array("ADVPOENC".utf8)
    static let version: UInt8 = 1
    static let largestARNBytes = 2048
    static let nonceBytes = 12
    static let tagBytes = 16
    /// A chunk's nonce is this many bytes of the header, then its number (4 bytes), then 1 for the last chunk and 0 for any other.
    static let noncePrefixBytes = 7
    static let wrappedKeyBytes = KeyMaterial.byteCount + tagBytes
    static let fixedBytes = magic.count + 1 + 2 + nonceBytes + wrappedKeyBytes + noncePrefixBytes
    static let largestBytes = fixedBytes + largestARNBytes

    let keyARN: String
    let wrapNonce: [UInt8]
    /// The data key under the keyring's key, then the tag.
    let wrappedKey: [UInt8]
    let noncePrefix: [UInt8]

    /// The most that an envelope of so much content takes; `count` is far below the largest integer.
    static func largestEnvelope(ofContent count: Int) -> Int { largestBytes + count + (count / EnvelopeChunk.contentBytes + 1) * tagBytes }

    var byteCount: Int { Self.fixedBytes + keyARN.utf8.count }

    /// What the wrapping authenticates beside the data key: magic, version and ARN.
    static func wrapContext(keyARN: String) -> [UInt8] {
        let count = UInt16(keyARN.utf8.count)
        return magic + [version, UInt8(count >> 8), UInt8(count & 0xFF)] + Array(keyARN.utf8)
    }

    /// All of it as it stands in the envelope: what every chunk authenticates beside its content.
    var bytes: [UInt8] { Self.wrapContext(keyARN: keyARN) + wrapNonce + wrappedKey + noncePrefix }

    static func isEnvelope(_ start: some Collection<UInt8>) -> Bool { start.starts(with: magic) }
}

extension EnvelopeHeader {
    /// Reads the header that `start` begins with. The version comes first: another one may have another form from there on.
    init(parsing start: [UInt8]) throws(EnvelopeFault) {
        let afterVersion = Self.magic.count + 1
        guard Self.isEnvelope(start) else { throw .damaged("it does not begin as an envelope does") }
        guard start.count >= afterVersion + 2 else { throw .damaged("it ends within its header") }
        guard start[Self.magic.count] == Self.version else {
            throw .damaged("it is of version \(start[Self.magic.count]), and this program reads version \(Self.version); use a newer one")
        }
        let count = Int(start[afterVersion]) << 8 | Int(start[afterVersion + 1])
        guard count <= Self.largestARNBytes else { throw .damaged("its header is damaged: an ARN of \(count) bytes") }
        guard start.count >= Self.fixedBytes + count else { throw .damaged("it ends within its header") }
        var rest = start[(afterVersion + 2)...]
        func take(_ count: Int) -> [UInt8] {
            defer { rest = rest.dropFirst(count) }
            return Array(rest.prefix(count))
        }
        guard let arn = String(validating: take(count), as: UTF8.self), Keyring.isKeyARN(arn) else { throw .damaged("its header is damaged: what stands there is no key's ARN") }
        keyARN = arn
        wrapNonce = take(Self.nonceBytes)
        wrappedKey = take(Self.wrappedKeyBytes)
        noncePrefix = take(Self.noncePrefixBytes)
    }

    /// The bytes of content in an envelope of `size` bytes with this header.
    func contentBytes(ofEnvelope size: Int) throws(EnvelopeFault) -> Int {
        let body = size - byteCount
        let rest = body % EnvelopeChunk.sealedBytes
        let chunks = body / EnvelopeChunk.sealedBytes + (rest > 0 ? 1 : 0)
        // Only an empty object has an empty chunk.
        guard chunks > 0, rest == 0 || rest > Self.tagBytes || (rest == Self.tagBytes && chunks == 1) else { throw .damaged("its end is missing") }
        return body - chunks * Self.tagBytes
    }
}
