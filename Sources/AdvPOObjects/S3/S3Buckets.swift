package import AdvPOBedrock
import AsyncHTTPClient
import NIOCore
import NIOHTTP1

/// Buckets of any server that speaks S3: Amazon's, MinIO, Ceph, and others.
///
/// Other than a folder, S3 lets `a` and `a/b` both be objects, and its names have no length but the key's 1,024 bytes. Keys that no `ObjectURI` can name, such as those with
/// blanks, are left out of lists. An object is there for all readers when `write` returns, and never in part: S3 replaces at once, and a multipart upload is nothing until its last request.
package struct S3Buckets: ObjectStore {
    let client: S3Client

    package init(settings: S3Settings, credentials: AWSCredentialChain, timing: S3Timing) {
        client = S3Client(settings: settings, credentials: credentials, timing: timing)
    }

    package func open(_ uri: ObjectURI, maximumBytes: Int) async throws(ObjectError) -> ByteChunks {
        if uri.isFolder { throw .namesFolder(uri) }
        let response = try await send(S3Request(.GET, uri), uri) { $0 }
        let byteCount = response.headers.first(name: "content-length").flatMap { Int($0) }
        if let byteCount, byteCount > maximumBytes { throw .tooLarge(uri, maximumBytes: maximumBytes) }
        let body = S3ObjectBody(response, byteCount: byteCount, of: uri, maximumBytes: maximumBytes, client: client)
        return ByteChunks(byteCount: byteCount) { try await body.next() }
    }

    package func exists(_ uri: ObjectURI) async throws(ObjectError) -> Bool {
        if uri.isFolder { throw .namesFolder(uri) }
        do throws(ObjectError) {
            try await send(S3Request(.HEAD, uri), uri) { _ in }
            return true
        } catch .missing {
            // An answer to HEAD has no body to tell a missing object from a missing bucket.
            try await checkBucket(uri)
            return false
        }
    }

    /// Refuses a bucket that is not there. One that may not be looked at counts as there: the right to its objects may exist without it.
    private func checkBucket(_ uri: ObjectURI) async throws(ObjectError) {
        do throws(ObjectError) {
            try await send(S3Request(.HEAD, bucket: uri.bucket), uri) { _ in }
        } catch .missing {
            throw .noSuchBucket(uri, endpoint: client.endpoint.description)
        } catch .accessDenied {
            return
        }
    }

    /// Begins a multipart upload and gives it up: that needs the same rights, the same key and the same bucket as a write, and leaves no object.
    ///
    /// HEAD would not do: whoever may write need not have the right to look, and the other way round.
    package func checkWrite(_ uri: ObjectURI, encryptionKeyARN: String?) async throws(ObjectError) {
        if uri.isFolder { throw .namesFolder(uri) }
        let upload = try await beginUpload(uri, encryptionKeyARN: encryptionKeyARN, isPatient: false)
        try await abandon(upload, uri)
    }

    func send<Value: Sendable>(
        _ request: S3Request, _ uri: ObjectURI, encryptionKeyARN: String? = nil, _ read: @Sendable (HTTPClientResponse) async throws -> Value
    ) async throws(ObjectError) -> Value {
        do throws(S3Failure) {
            return try await client.send(request, read)
        } catch {
            throw error.objectError(uri, endpoint: client.endpoint, encryptionKeyARN: encryptionKeyARN)
        }
    }

    /// The document of an answer, read whole.
    static func document(_ response: HTTPClientResponse) async throws -> S3XML {
        let bytes = Array(try await response.body.collect(upTo: S3XML.maximumBytes).readableBytesView)
        do throws(S3XML.Fault) {
            return try S3XML.parse(bytes)
        } catch {
            throw S3Refusal(status: Int(response.status.code), code: "", message: "the answer cannot be read: \(error.reason). Does an S3 server answer at the endpoint?")
        }
    }
}
