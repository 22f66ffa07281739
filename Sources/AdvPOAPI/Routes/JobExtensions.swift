import AdvPOBedrock
import AdvPOModel
import HTTPTypes
import Hummingbird
import NIOCore
import ServiceLifecycle

/// What AWS does not have: progress as it happens, result files without a bucket, and a health check.
struct JobExtensions: Sendable {
    let service: any JobService
    let namespace: JobNamespace
    let streams: EventStreamQuota

    /// The files that may be fetched; no other name reaches the service.
    static let fileNames = ["advanced_prompt_optimization_results.jsonl", "history.jsonl"]

    /// Server-sent events: a snapshot at once, then one per change, ending with the job.
    @Sendable func events(_ request: Request, _ context: APIRequestContext) async throws -> Response {
        let job = try context.job(in: namespace)
        let seat = try streams.seat(for: context.principal ?? .everyone)
        let changes = try await service.progress(of: job)
        return Response(
            status: .ok, headers: [.contentType: "text/event-stream", .cacheControl: "no-store"],
            body: ResponseBody { [seat] writer in
                defer { withExtendedLifetime(seat) {} }
                for await message in ProgressEvents.messages(of: changes).cancelOnGracefulShutdown() { try await writer.write(message) }
                try await writer.finish(nil)
            })
    }

    @Sendable func file(_ request: Request, _ context: APIRequestContext) async throws -> Response {
        let job = try context.job(in: namespace)
        let name = try context.label("name")
        guard Self.fileNames.contains(name) else {
            throw APIError(code: .resourceNotFound, message: "There is no file '\(name.prefix(100))'; a job's files are \(Self.fileNames.joined(separator: " and ")).")
        }
        let content = try await service.resultFile(name, of: job)
        return Response(status: .ok, headers: [.contentType: "application/x-ndjson"], body: ResponseBody(contentLength: content.byteCount) { writer in
            for try await chunk in content { try await writer.write(ByteBuffer(bytes: chunk)) }
            try await writer.finish(nil)
        })
    }

    @Sendable func health(_ request: Request, _ context: APIRequestContext) async throws -> Response {
        .json(["status": "ok"])
    }
}

/// The wire form of progress.
enum ProgressEvents {
    /// A comment every so often, so that a server notices a reader that has gone and proxies keep the connection.
    private static let keepAliveInterval = Duration.seconds(15)
    /// A reader that falls this far behind loses the oldest snapshots: only the newest matters.
    private static let buffered = 16

    static func messages(of changes: AsyncStream<JobProgress>) -> AsyncStream<ByteBuffer> {
        AsyncStream(bufferingPolicy: .bufferingNewest(buffered)) { continuation in
            let task = Task {
                await withTaskGroup(of: Void.self) { group in
                    group.addTask {
                        for await progress in changes {
                            continuation.yield(message(progress))
                            if progress.status.isTerminal { break }
                        }
                    }
                    group.addTask {
                        // Sleeping throws only when the group is cancelled, which is its end.
                        while (try? await Task.sleep(for: keepAliveInterval)) != nil { continuation.yield(ByteBuffer(string: ": still here\n\n")) }
                    }
                    await group.next()
                    group.cancelAll()
                }
                continuation.finish()
            }
            continuation.onTermination = { _ in task.cancel() }
        }
    }

    private static func message(_ progress: JobProgress) -> ByteBuffer {
        var buffer = ByteBuffer(string: "event: progress\ndata: ")
        buffer.writeBytes(progress.json.encoded())
        buffer.writeString("\n\n")
        return buffer
    }
}
