import AdvPOBedrock

/// An object's content as its reader asks for it: the stored bytes, or what is in them when they are an envelope.
///
/// An envelope is told by its first eight bytes. So content that is written plain and begins with them is opened too when it is read: that is how an envelope can be
/// copied as it is.
actor StoredContent {
    /// The stored bytes from an offset on, at most so many; fewer where they end.
    typealias Reading = @Sendable (_ offset: Int, _ count: Int) async throws(ObjectError) -> [UInt8]

    private static let pieceBytes = 256 * 1024

    private let uri: ObjectURI
    private let keyring: Keyring
    private let size: Int
    private let read: Reading
    private var offset: Int
    private var opener: EnvelopeOpener?
    /// Read ahead, so that what is wrong from the start is known before the first byte is passed on.
    private var ahead: [UInt8]?
    /// After which nothing more is given, whoever asks again.
    private var failure: ObjectError?

    private init(_ uri: ObjectURI, size: Int, offset: Int, keyring: Keyring, opener: EnvelopeOpener?, read: @escaping Reading) {
        self.uri = uri
        self.size = size
        self.offset = offset
        self.keyring = keyring
        self.opener = opener
        self.read = read
    }

    /// - Parameters:
    ///   - size: of the stored bytes; what is added to them while they are read is left out.
    ///   - maximumBytes: of the content, not of the envelope.
    /// - Throws: `tooLarge`, `unknownKey`, `damagedEnvelope`; the same while reading, and `failed` when the stored bytes became fewer.
    static func chunks(of uri: ObjectURI, size: Int, maximumBytes: Int, keyring: Keyring, read: @escaping Reading) async throws(ObjectError) -> ByteChunks {
        guard EnvelopeHeader.isEnvelope(try await read(0, min(size, EnvelopeHeader.magic.count))) else {
            guard size <= maximumBytes else { throw .tooLarge(uri, maximumBytes: maximumBytes) }
            let content = StoredContent(uri, size: size, offset: 0, keyring: keyring, opener: nil, read: read)
            return ByteChunks(byteCount: size) { try await content.next() }
        }
        let (header, count, opener) = try start(of: try await read(0, min(size, EnvelopeHeader.largestBytes)), size: size, uri, keyring)
        guard count <= maximumBytes else { throw .tooLarge(uri, maximumBytes: maximumBytes) }
        let content = StoredContent(uri, size: size, offset: header.byteCount, keyring: keyring, opener: opener, read: read)
        try await content.readAhead()
        return ByteChunks(byteCount: count) { try await content.next() }
    }

    private static func start(of bytes: [UInt8], size: Int, _ uri: ObjectURI, _ keyring: Keyring) throws(ObjectError) -> (EnvelopeHeader, count: Int, EnvelopeOpener) {
        do throws(EnvelopeFault) {
            let header = try EnvelopeHeader(parsing: bytes)
            return (header, try header.contentBytes(ofEnvelope: size), try EnvelopeOpener(header, keyring: keyring))
        } catch {
            throw ObjectError(error, uri, keyring)
        }
    }

    private func readAhead() async throws(ObjectError) { ahead = try await next() }

    private func next() async throws(ObjectError) -> [UInt8]? {
        if let ahead {
            self.ahead = nil
            return ahead
        }
        if let failure { throw failure }
        do throws(ObjectError) {
            return try await nextPiece()
        } catch {
            failure = error
            throw error
        }
    }

    private func nextPiece() async throws(ObjectError) -> [UInt8]? {
        while offset < size {
            let piece = try await read(offset, min(Self.pieceBytes, size - offset))
            guard !piece.isEmpty else { throw .failed(uri, reason: "it became shorter while it was read; read it again") }
            offset += piece.count
            guard opener != nil else { return piece }
            let content = try open(piece)
            if !content.isEmpty { return content }
        }
        return nil
    }

    private func open(_ piece: [UInt8]) throws(ObjectError) -> [UInt8] {
        guard var opener else { return piece }
        // One copy of what waits, and not two.
        self.opener = nil
        do throws(EnvelopeFault) {
            var content = try opener.open(piece)
            if offset == size { content += try opener.finish() }
            self.opener = opener
            return content
        } catch {
            self.opener = opener
            throw ObjectError(error, uri, keyring)
        }
    }
}
