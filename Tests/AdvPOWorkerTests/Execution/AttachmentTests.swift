import AdvPOEvaluation
import AdvPOModel
import AdvPOWire
import AdvPOWorker
import OrderedCollections
import Testing

/// Samples with files, on a worker.
@Suite(.timeLimit(.minutes(1))) struct AttachmentTests {
    private static let picture = Blob([1, 2, 3])
    private static let paper = Blob([4, 5])

    private static func file(_ blob: Blob, _ mediaType: MediaType) -> AdvPOModel.Attachment {
        AdvPOModel.Attachment(name: "f\(blob.bytes[0])", kind: mediaType.kind, uri: "s3://bucket/f", content: .init(hash: blob.hash, mediaType: mediaType))
    }

    /// Three samples: with two files, with none, with the first file again.
    private static func job(_ change: (inout [Sample]) -> Void = { _ in }) -> TaskExecutorTests.Job {
        var job = TaskExecutorTests.Job(samples: 3)
        var samples = (0..<3).map { Sample(index: $0, variables: ["text": "\($0)"], referenceResponse: "\($0)") }
        samples[0].attachments = [file(picture, .png), file(paper, .pdf)]
        samples[2].attachments = [file(picture, .png)]
        change(&samples)
        guard case .evaluate(var work) = job.order.work else { return job }
        for (index, sample) in samples.enumerated() {
            let blob = Blob(BlobCodec.encode(sample))
            job.content[blob.hash] = blob.bytes
            work.units[index].content = blob.hash
        }
        job.order.work = .evaluate(work)
        for blob in [picture, paper] { job.content[blob.hash] = blob.bytes }
        return job
    }

    private actor Log {
        var requests: [ChatRequest] = []
        var fetches: [[ContentHash]] = []
        func add(_ request: ChatRequest) { requests.append(request) }
        func add(_ fetch: [ContentHash]) { fetches.append(fetch) }
    }

    private static func run(_ job: TaskExecutorTests.Job) async throws -> (log: Log, records: [UnitRecord]) {
        let (log, reports) = (Log(), Reports())
        let models = RuleModel { request throws(InferenceFailure) in
            await log.add(request)
            return try await TaskExecutorTests.echo(request)
        }
        let executor = TaskExecutor(
            models: models, evaluator: Evaluator(models: models, python: PythonMetricSettings(), logger: TaskExecutorTests.logger), limits: WireLimits())
        let content = job.content
        try await executor.run(
            job.order, within: .unlimited,
            blobs: { hashes in
                await log.add(hashes)
                return content
            }, finished: { await reports.add($0) })
        return (log, await reports.all.map(\.record))
    }

    @Test("the files go with the last message, and are fetched when their sample's turn has come")
    func sent() async throws {
        let (log, records) = try await Self.run(Self.job())
        #expect(records.map(\.score) == [1, 1, 1])
        let files = await log.requests.map { $0.messages.last?.files.map(\.bytes) ?? [] }
        #expect(files == [[Self.picture.bytes, Self.paper.bytes], [], [Self.picture.bytes]])
        #expect(await log.requests[0].messages.last?.files.map(\.mediaType) == [.png, .pdf])
        #expect(await log.requests[0].messages.last?.text == "Say 0")
        let fetches = await log.fetches
        #expect(fetches.count == 3 && Array(fetches[1...]) == [[Self.picture.hash, Self.paper.hash], [Self.picture.hash]])
        #expect(!fetches[0].contains(Self.picture.hash), "a task's files are not fetched all at once")
    }

    @Test("a file whose content is not named fails its sample: the prompt without it would be another one")
    func unnamedContent() async throws {
        let (log, records) = try await Self.run(Self.job { $0[1].attachments = [AdvPOModel.Attachment(name: "x", kind: .image, uri: "s3://bucket/x")] })
        #expect(records.map(\.status) == [.scored, .infrastructureFailure, .infrastructureFailure])
        #expect(records[1].failureReason?.contains("Sample.attachments[0].content: is missing") == true)
        #expect(await log.requests.count == 1)
    }

    @Test("a file that the coordinator has no more gives the task back")
    func missingFile() async throws {
        var job = Self.job()
        job.content.removeValue(forKey: Self.paper.hash)
        let incomplete = job
        await #expect(throws: MissingContent(hash: Self.paper.hash)) { _ = try await Self.run(incomplete) }
    }
}
