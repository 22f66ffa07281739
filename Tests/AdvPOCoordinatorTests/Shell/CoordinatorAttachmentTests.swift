import AdvPOBedrock
import AdvPOCluster
import AdvPOCoordinator
import AdvPOModel
import AdvPOObjects
import AdvPOStore
import AdvPOWire
import OrderedCollections
import Synchronization
import Testing

/// Jobs whose samples have files, with real workers in memory.
@Suite(.timeLimit(.minutes(1))) struct CoordinatorAttachmentTests {
    /// 24 samples with equal texts: only their pictures tell them apart, and every third has a PDF beside it.
    private static let input: [UInt8] = {
        let samples = (0..<24).map { number -> JSONValue in
            var files: [JSONValue] = [["picture": ["type": "image", "s3Uri": .string("s3://bucket/in/\(number).png")]]]
            if number.isMultiple(of: 3) { files.append(["paper": ["type": "PDF", "s3Uri": "s3://bucket/in/paper.pdf"]]) }
            return [
                "inputVariables": [["text": "the same"]], "referenceResponse": .string(["sports", "business", "health"][number % 3]),
                "inputVariablesMultimodal": .array(files),
            ]
        }
        let line: JSONValue = [
            "version": "bedrock-2026-05-14", "templateId": "t", "promptTemplate": "Which label? {{text}}", "evaluationMetricLambdaArn": "builtin:exact_match",
            "evaluationSamples": .array(samples),
        ]
        return line.encoded()
    }()

    private static func picture(_ number: Int) -> [UInt8] { TinyFile.png + [UInt8(number)] }

    private static func objects() async throws -> MemoryObjects {
        let objects = MemoryObjects(buckets: ["bucket"])
        try await Cluster.putInput(objects, input)
        for number in 0..<24 { try await objects.write(try ObjectURI("s3://bucket/in/\(number).png"), bytes: picture(number)) }
        try await objects.write(try ObjectURI("s3://bucket/in/paper.pdf"), bytes: TinyFile.pdf)
        return objects
    }

    private static let admission = JobAdmissionTests.admission(JobAdmissionTests.catalog(inputs: ["m": [.text, .image, .pdf]]))

    /// Right by the picture's last byte, where there are a PDF and its bytes when there must be.
    private static let reader = RuleModel { request throws(InferenceFailure) in
        guard let files = request.messages.last?.files, let number = files.first?.bytes.last.map(Int.init), files[0].bytes == picture(number),
            files.dropFirst().map(\.bytes) == (number.isMultiple(of: 3) ? [TinyFile.pdf] : [])
        else { return "not the files" }
        return ["sports", "business", "health"][number % 3]
    }

    @Test("a job's samples reach the model with their files, each with its own, and the results echo them as AWS does")
    func wholeJob() async throws {
        let store = MemoryStore()
        let cluster = try await Cluster(store: store, objects: try await Self.objects(), admission: Self.admission)
        try await cluster.serve(workers: 2, models: Self.reader) { coordinator in
            let job = try await coordinator.job(try await coordinator.create(Cluster.request()))
            #expect(try await coordinator.untilEnded(job)?.status == .completed)
            let units = try await store.units(of: RunID(job: job, template: 0, model: 0))
            #expect(units.count >= 24 && units.allSatisfy { $0.record.score == 1 }, "equal texts with other pictures are other units")
            let bytes = try await coordinator.resultFile(Coordinator.resultsFileName, of: job).collected()
            let rows = try JSONValue(parsing: Array(bytes.dropLast()))["promptOptimizationResults"]?[0]?["dataset"]
            #expect(rows?[3]?["inputVariablesMultimodal"]?.text == #"[{"picture":{"type":"IMAGE","s3Uri":"s3://bucket/in/3.png"}},{"paper":{"type":"DOCUMENT","s3Uri":"s3://bucket/in/paper.pdf"}}]"#)
            #expect(rows?[3]?["originalPromptDetails"]?["originalPromptMetrics"]?["score"] == 1.0)
        }
    }

    @Test("a job taken up after a restart has its files though their objects are gone, and pays for nothing twice")
    func restart() async throws {
        let objects = try await Self.objects()
        let disk = MemoryStore()
        let first = try await Cluster(store: disk, objects: objects, admission: Self.admission)
        // The first life answers ten units and then hangs.
        let answered = Mutex(0)
        let (tenth, reached) = AsyncStream<Void>.makeStream()
        let slow = RuleModel { request throws(InferenceFailure) in
            let number = answered.withLock { count in
                count += 1
                return count
            }
            guard number > 10 else { return try await Self.reader.rule(request) }
            reached.yield()
            await untilCancelled()
            throw InferenceFailure(kind: .cancelled, message: "cancelled", attempts: 1)
        }
        let job = try await first.serve(models: slow) { coordinator in
            let job = try await coordinator.job(try await coordinator.create(Cluster.request()))
            for await _ in tenth { break }
            return job
        }
        let run = RunID(job: job, template: 0, model: 0)
        let kept = try await disk.units(of: run)
        #expect(!kept.isEmpty)
        // Another life, other objects: a bucket with nothing in it.
        let second = try await Cluster(store: disk, objects: MemoryObjects(buckets: ["bucket"]), admission: JobAdmissionTests.admission())
        let last = try await second.serve(models: Self.reader) { coordinator in try await coordinator.untilEnded(job) }
        #expect(last?.status == .completed)
        let units = try await disk.units(of: run)
        #expect(Array(units.prefix(kept.count)) == kept)
        #expect(units.allSatisfy { $0.record.score == 1 })
    }

    @Test("files that cannot be sent refuse the job, and nothing of it is kept")
    func refused() async throws {
        let objects = try await Self.objects()
        try await objects.write(try ObjectURI("s3://bucket/in/7.png"), bytes: TinyFile.pdf)
        let store = MemoryStore()
        let cluster = try await Cluster(store: store, objects: objects, admission: Self.admission)
        let refusal = await #expect(throws: APIError.self) { try await cluster.coordinator.create(Cluster.request(token: "t")) }
        #expect(refusal?.code == .validation)
        #expect(refusal?.message.contains("evaluationSamples[7].inputVariablesMultimodal.picture.s3Uri: s3://bucket/in/7.png is a PDF file") == true)
        #expect(try await store.load().jobs.isEmpty)
        #expect(try await store.blob(ContentHash(of: TinyFile.pdf)) == nil)
        // The file is mended, and the same request goes through.
        try await objects.write(try ObjectURI("s3://bucket/in/7.png"), bytes: Self.picture(7))
        await #expect(throws: Never.self) { try await cluster.coordinator.create(Cluster.request(token: "t")) }
    }

    @Test("only so many submissions read files at a time; another is told to try again, and goes through when they are done")
    func throttled() async throws {
        let objects = HeldObjects(try await Self.objects())
        let coordinator = try await Coordinator.open(
            store: MemoryStore(), objects: objects, admission: Self.admission, clock: StillClock(), logger: Cluster.logger)
        try await withThrowingTaskGroup(of: CreateJobResponse.self) { group in
            for number in 0..<4 { group.addTask { try await coordinator.create(Cluster.request(name: "j\(number)")) } }
            // Each of the four has its eight reads under way.
            await objects.untilHeld(4 * 8)
            let refusal = await #expect(throws: APIError.self) { try await coordinator.create(Cluster.request()) }
            #expect(refusal?.code == .throttling)
            await objects.release()
            for try await _ in group {}
        }
        await #expect(throws: Never.self) { try await coordinator.create(Cluster.request()) }
    }

    @Test("a worker that speaks 1.0 is not given such a task, and a watcher is told why it waits")
    func olderWorker() async throws {
        var brain = HandDrivenBrain()
        var template = Plans.template()
        template.samples[0].attachments = [AdvPOModel.Attachment(name: "a", kind: .image, uri: "s3://bucket/a", content: .init(hash: ContentHash(of: [1]), mediaType: .png))]
        brain.admit(Plans.job(templates: [template]))
        let hello = ControlRequest.Hello(version: WireVersion(major: 1, minor: 0), instance: "old", name: "old", slots: 1, models: ["m"])
        brain.send(.cluster(try WireEdge.event(for: .hello(hello), token: RequestToken(900)).get()))
        #expect(brain.brain.progress(of: Plans.id)?.runs.first?.explanation == "waiting for a worker that serves m and sends images and documents: those that are here are too old, upgrade them")
        #expect(brain.effects.contains { if case .publishStored(_, ContentHash(of: [1])) = $0 { true } else { false } })
        brain.work()
        #expect(!brain.handedOut.isEmpty && brain.reports.count == 1, "a worker of this version does all of it")
    }
}

/// Objects whose pictures are not read before they are released.
actor HeldObjects: ObjectStore {
    private let inner: MemoryObjects
    private var isReleased = false
    private var held: [CheckedContinuation<Void, Never>] = []
    private var awaited: (count: Int, continuation: CheckedContinuation<Void, Never>)?

    init(_ inner: MemoryObjects) { self.inner = inner }

    func untilHeld(_ count: Int) async {
        guard held.count < count else { return }
        await withCheckedContinuation { awaited = (count, $0) }
    }

    func release() {
        isReleased = true
        for continuation in held { continuation.resume() }
        held = []
    }

    func open(_ uri: ObjectURI, maximumBytes: Int) async throws(ObjectError) -> ByteChunks {
        if !isReleased, uri.key.hasPrefix("in/") {
            await withCheckedContinuation { continuation in
                held.append(continuation)
                if let awaited, held.count >= awaited.count {
                    awaited.continuation.resume()
                    self.awaited = nil
                }
            }
        }
        return try await inner.open(uri, maximumBytes: maximumBytes)
    }
    func write(_ uri: ObjectURI, bytes: [UInt8], encryptionKeyARN: String?) async throws(ObjectError) {
        try await inner.write(uri, bytes: bytes, encryptionKeyARN: encryptionKeyARN)
    }
    func checkWrite(_ uri: ObjectURI, encryptionKeyARN: String?) async throws(ObjectError) { try await inner.checkWrite(uri, encryptionKeyARN: encryptionKeyARN) }
    func exists(_ uri: ObjectURI) async throws(ObjectError) -> Bool { try await inner.exists(uri) }
    func list(_ folder: ObjectURI, maximumCount: Int) async throws(ObjectError) -> [ObjectURI] { try await inner.list(folder, maximumCount: maximumCount) }
}
