import AsyncHTTPClient
import NIOHTTP1

extension S3Buckets {
    /// Up to here one request carries the whole object.
    static let smallestPartBytes = 8 << 20
    private static let maximumParts = 10_000
    private static let partsAtOnce = 4
    private static let maximumTagBytes = 256

    /// Above 8 MiB in parts, four at once; each part is tried again by itself, and what cannot be finished is given up and removed.
    package func write(_ uri: ObjectURI, bytes: [UInt8], encryptionKeyARN: String?) async throws(ObjectError) {
        if uri.isFolder { throw .namesFolder(uri) }
        guard bytes.count <= Self.smallestPartBytes else { return try await writeInParts(uri, bytes, encryptionKeyARN: encryptionKeyARN) }
        var request = S3Request(.PUT, uri)
        request.headers = try Self.headers(uri, encryptionKeyARN: encryptionKeyARN)
        request.attach(S3Body(bytes))
        try await send(request, uri, encryptionKeyARN: encryptionKeyARN) { try await Self.drain($0) }
    }

    private func writeInParts(_ uri: ObjectURI, _ bytes: [UInt8], encryptionKeyARN: String?) async throws(ObjectError) {
        let upload = try await beginUpload(uri, encryptionKeyARN: encryptionKeyARN, isPatient: true)
        let failure: ObjectError
        do throws(ObjectError) {
            let tags = try await sendParts(of: bytes, upload, uri)
            return try await complete(upload, uri, tags: tags, byteCount: bytes.count)
        } catch {
            failure = error
        }
        // In a task of its own: what is removed must be removed although the writer was cancelled.
        let cleaning = Task { () -> ObjectError? in
            do throws(ObjectError) { try await abandon(upload, uri) } catch { return error }
            return nil
        }
        if await cleaning.value != nil {
            throw .failed(uri, reason: "\(failure). Its unfinished parts could not be removed and may cost storage: abort upload \(upload.prefix(200).description.visible)")
        }
        throw failure
    }

    // MARK: The steps of an upload

    /// - Parameter isPatient: whether to ask again when the connection breaks. What was begun before a lost answer then stays behind, empty, and costs nothing.
    /// - Returns: the upload's id.
    func beginUpload(_ uri: ObjectURI, encryptionKeyARN: String?, isPatient: Bool) async throws(ObjectError) -> String {
        var request = S3Request(.POST, uri)
        request.query = [("uploads", "")]
        request.headers = try Self.headers(uri, encryptionKeyARN: encryptionKeyARN)
        request.isRepeatable = isPatient
        return try await send(request, uri, encryptionKeyARN: encryptionKeyARN) { response in
            let document = try await Self.document(response)
            guard let id = document["UploadId"], !id.isEmpty, id.utf8.count <= 2_048 else {
                throw S3Refusal(status: Int(response.status.code), code: "", message: "the answer to a new upload has no UploadId")
            }
            return id
        }
    }

    /// Of each part but the last, so that S3's 10,000 are enough.
    static func partBytes(of count: Int) -> Int { max(smallestPartBytes, (count + maximumParts - 1) / maximumParts) }

    private func sendParts(of bytes: [UInt8], _ upload: String, _ uri: ObjectURI) async throws(ObjectError) -> [String] {
        let partBytes = Self.partBytes(of: bytes.count)
        let count = (bytes.count + partBytes - 1) / partBytes
        var tags = [String](repeating: "", count: count)
        do {
            try await withThrowingTaskGroup(of: (Int, String).self) { group in
                var next = 0
                func start() {
                    let index = next
                    next += 1
                    group.addTask {
                        let part = S3Body(Array(bytes[(index * partBytes)..<min((index + 1) * partBytes, bytes.count)]))
                        return (index, try await sendPart(index + 1, part, upload, uri))
                    }
                }
                while next < min(Self.partsAtOnce, count) { start() }
                while let (index, tag) = try await group.next() {
                    tags[index] = tag
                    if next < count { start() }
                }
            }
        } catch let error as ObjectError {
            throw error
        } catch {
            throw .failed(uri, reason: "cancelled")
        }
        return tags
    }

    private func sendPart(_ number: Int, _ body: S3Body, _ upload: String, _ uri: ObjectURI) async throws(ObjectError) -> String {
        var request = S3Request(.PUT, uri)
        request.query = [("partNumber", String(number)), ("uploadId", upload)]
        request.attach(body)
        return try await send(request, uri) { response in
            try await Self.drain(response)
            guard let tag = response.headers.first(name: "etag"), (1...Self.maximumTagBytes).contains(tag.utf8.count) else {
                throw S3Refusal(status: Int(response.status.code), code: "", message: "the answer to a part has no ETag")
            }
            return tag
        }
    }

    private func complete(_ upload: String, _ uri: ObjectURI, tags: [String], byteCount: Int) async throws(ObjectError) {
        let parts = tags.enumerated().map { "<Part><PartNumber>\($0.offset + 1)</PartNumber><ETag>\(S3XML.escaped($0.element))</ETag></Part>" }.joined()
        let document = "<CompleteMultipartUpload xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">\(parts)</CompleteMultipartUpload>"
        var request = S3Request(.POST, uri)
        request.query = [("uploadId", upload)]
        request.headers = [("Content-Type", "application/xml")]
        request.attach(S3Body(Array(document.utf8)))
        do throws(S3Failure) {
            try await client.send(request) { response in
                // S3 begins to answer before it is done: an error may stand in an answer of success.
                let document = try await Self.document(response)
                if document.name == "Error" { throw S3Refusal(status: Int(response.status.code), document: document, region: nil) }
                guard document.name == "CompleteMultipartUploadResult" else {
                    throw S3Refusal(status: Int(response.status.code), code: "", message: "the answer to the end of an upload is a <\(document.name.prefix(40))>")
                }
            }
        } catch {
            // Nobody but this writer knows the upload: when it is gone, an earlier try, whose answer was lost, has ended it.
            if case .refused(let refusal) = error, refusal.code == "NoSuchUpload", try await self.byteCount(uri) == byteCount { return }
            throw error.objectError(uri, endpoint: client.endpoint)
        }
    }

    private func byteCount(_ uri: ObjectURI) async throws(ObjectError) -> Int? {
        try await send(S3Request(.HEAD, uri), uri) { $0.headers.first(name: "content-length").flatMap { Int($0) } }
    }

    /// Removes an upload and its parts; one that is gone already is no error.
    func abandon(_ upload: String, _ uri: ObjectURI) async throws(ObjectError) {
        var request = S3Request(.DELETE, uri)
        request.query = [("uploadId", upload)]
        do throws(S3Failure) {
            try await client.send(request) { _ in }
        } catch {
            if case .refused(let refusal) = error, refusal.code == "NoSuchUpload" || refusal.status == 404 { return }
            throw error.objectError(uri, endpoint: client.endpoint)
        }
    }

    // MARK: Small things

    /// The key travels in a header, so its text must be fit for one.
    private static func headers(_ uri: ObjectURI, encryptionKeyARN: String?) throws(ObjectError) -> [(String, String)] {
        guard let key = encryptionKeyARN else { return [] }
        guard (1...2_048).contains(key.utf8.count), key.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }) else {
            throw .encryptionKeyRefused(uri, key: String(key.prefix(200)).visible, reason: "it is no ARN, id or alias of a key")
        }
        return [("x-amz-server-side-encryption", "aws:kms"), ("x-amz-server-side-encryption-aws-kms-key-id", key)]
    }

    /// Reads what little an answer says, so that its connection can serve again.
    private static func drain(_ response: HTTPClientResponse) async throws {
        _ = try await response.body.collect(upTo: 64 * 1024)
    }
}
