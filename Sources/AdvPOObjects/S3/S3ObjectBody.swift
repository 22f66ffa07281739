import AsyncHTTPClient
import NIOCore
import NIOHTTP1

/// The content of one object as it comes, counted; what breaks off in the middle is asked for again from there.
///
/// Pieces are pulled: between two calls nothing is read from the socket beyond what the client holds, so a slow reader slows the server.
actor S3ObjectBody {
    private let client: S3Client
    private let uri: ObjectURI
    private let maximumBytes: Int
    private let byteCount: Int?
    private let etag: String?
    private var pieces: HTTPClientResponse.Body.AsyncIterator?
    private var offset = 0
    private var breaks = 0
    private var offsetOfLastBreak = 0

    init(_ response: HTTPClientResponse, byteCount: Int?, of uri: ObjectURI, maximumBytes: Int, client: S3Client) {
        self.client = client
        self.uri = uri
        self.maximumBytes = maximumBytes
        self.byteCount = byteCount
        etag = response.headers.first(name: "etag")
        pieces = response.body.makeAsyncIterator()
    }

    func next() async throws(ObjectError) -> [UInt8]? {
        while true {
            do {
                if var current = pieces {
                    pieces = nil
                    while let piece = try await current.next(isolation: self) {
                        if piece.readableBytes == 0 { continue }
                        offset += piece.readableBytes
                        guard offset <= maximumBytes else { throw ObjectError.tooLarge(uri, maximumBytes: maximumBytes) }
                        pieces = current
                        return Array(piece.readableBytesView)
                    }
                }
                guard let byteCount, offset < byteCount else { return nil }
                throw HTTPClientError.remoteConnectionClosed
            } catch let error as ObjectError {
                throw error
            } catch {
                if S3Client.isCancellation(error) || Task.isCancelled { throw .failed(uri, reason: "cancelled") }
                try await resume(after: error)
            }
        }
    }

    /// Asks for the rest, on the condition that the object is still the same.
    private func resume(after error: any Error) async throws(ObjectError) {
        breaks = offset > offsetOfLastBreak ? 1 : breaks + 1
        offsetOfLastBreak = offset
        guard let etag, byteCount != nil, breaks < S3Timing.maximumAttempts else {
            throw .unreachable(uri, endpoint: client.endpoint.description, reason: "the content broke off after \(offset) bytes: \(error)")
        }
        do { try await client.timing.sleep(client.timing.wait(afterAttempt: breaks)) } catch { throw .failed(uri, reason: "cancelled") }
        var request = S3Request(.GET, uri)
        request.headers = [("Range", "bytes=\(offset)-"), ("If-Match", etag)]
        let start = offset
        do throws(S3Failure) {
            let response = try await client.send(request) { response in
                guard response.status == .partialContent, response.headers.first(name: "content-range")?.hasPrefix("bytes \(start)-") == true else {
                    throw S3Refusal(status: Int(response.status.code), code: "", message: "the rest of the object was asked for, and the answer is not that")
                }
                return response
            }
            pieces = response.body.makeAsyncIterator()
        } catch {
            if case .refused(let refusal) = error, refusal.status == 412 { throw .failed(uri, reason: "the object was replaced while it was read; read it again") }
            throw error.objectError(uri, endpoint: client.endpoint)
        }
    }
}
