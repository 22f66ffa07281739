import AdvPOBedrock
import AdvPOCoordinator
import AdvPOModel
import AdvPOObjects
import OrderedCollections
import Synchronization
import Testing

/// Tiny files that are what they say.
enum TinyFile {
    static let png: [UInt8] = [
        0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A, 0, 0, 0, 0x0D, 0x49, 0x48, 0x44, 0x52, 0, 0, 0, 1, 0, 0, 0, 1, 8, 6, 0, 0, 0, 0x1F, 0x15, 0xC4, 0x89,
        0, 0, 0, 0x0D, 0x49, 0x44, 0x41, 0x54, 0x78, 0x9C, 0x63, 0, 1, 0, 0, 5, 0, 1, 0x0D, 0x0A, 0x2D, 0xB4, 0, 0, 0, 0, 0x49, 0x45, 0x4E, 0x44, 0xAE, 0x42,
        0x60, 0x82,
    ]
    static let pdf = Array("%PDF-1.4\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n".utf8)
}

/// Objects that note what is read of them.
final class CountedObjects: ObjectStore {
    private let inner: MemoryObjects
    private struct State {
        var reads: [ObjectURI] = []
        var underWay = 0
        var mostUnderWay = 0
    }
    private let state = Mutex(State())
    var reads: [ObjectURI] { state.withLock { $0.reads } }
    var mostUnderWay: Int { state.withLock { $0.mostUnderWay } }

    init(_ inner: MemoryObjects) { self.inner = inner }

    func open(_ uri: ObjectURI, maximumBytes: Int) async throws(ObjectError) -> ByteChunks {
        state.withLock { state in
            state.reads.append(uri)
            state.underWay += 1
            state.mostUnderWay = max(state.mostUnderWay, state.underWay)
        }
        for _ in 0..<20 { await Task.yield() }
        defer { state.withLock { $0.underWay -= 1 } }
        return try await inner.open(uri, maximumBytes: maximumBytes)
    }
    func write(_ uri: ObjectURI, bytes: [UInt8], encryptionKeyARN: String?) async throws(ObjectError) {
        try await inner.write(uri, bytes: bytes, encryptionKeyARN: encryptionKeyARN)
    }
    func checkWrite(_ uri: ObjectURI, encryptionKeyARN: String?) async throws(ObjectError) { try await inner.checkWrite(uri, encryptionKeyARN: encryptionKeyARN) }
    func exists(_ uri: ObjectURI) async throws(ObjectError) -> Bool { try await inner.exists(uri) }
    func list(_ folder: ObjectURI, maximumCount: Int) async throws(ObjectError) -> [ObjectURI] { try await inner.list(folder, maximumCount: maximumCount) }
}

@Suite(.timeLimit(.minutes(1))) struct AttachmentReaderTests {
    private static func objects(_ files: [String: [UInt8]]) async throws -> CountedObjects {
        let objects = MemoryObjects(buckets: ["bucket"])
        for (name, bytes) in files { try await objects.write(try ObjectURI("s3://bucket/\(name)"), bytes: bytes) }
        return CountedObjects(objects)
    }

    /// A template with one sample for each list of files.
    private static func template(_ id: String = "t", line: Int = 1, _ samples: [[(String, AdvPOModel.Attachment.Kind)]]) -> Template {
        var template = Plans.template(id, samples: samples.count)
        template.line = line
        for (index, files) in samples.enumerated() {
            template.samples[index].attachments = files.enumerated().map { number, file in
                AdvPOModel.Attachment(name: "f\(number)", kind: file.1, uri: "s3://bucket/\(file.0)")
            }
        }
        return template
    }

    private static func limits(_ change: (inout InputLimits) -> Void = { _ in }) -> InputLimits {
        var limits = InputLimits()
        change(&limits)
        return limits
    }

    @Test("every file is read once, however many samples name it; equal files are one blob")
    func once() async throws {
        let objects = try await Self.objects(["a.png": TinyFile.png, "again.png": TinyFile.png, "d.pdf": TinyFile.pdf])
        let templates = [
            Self.template("t", [[("a.png", .image), ("d.pdf", .document)], [("a.png", .image)]]), Self.template("u", line: 2, [[("again.png", .image)], []]),
        ]
        let (filled, blobs) = try await AttachmentReader(objects: objects, limits: InputLimits()).read(templates)
        #expect(objects.reads.map(\.key).sorted() == ["a.png", "again.png", "d.pdf"])
        #expect(Set(blobs) == [Blob(TinyFile.png), Blob(TinyFile.pdf)] && blobs.count == 2)
        let contents = filled.flatMap(\.samples).map { $0.attachments.map(\.content) }
        let (image, document) = (
            AdvPOModel.Attachment.Content(hash: ContentHash(of: TinyFile.png), mediaType: .png), AdvPOModel.Attachment.Content(hash: ContentHash(of: TinyFile.pdf), mediaType: .pdf)
        )
        #expect(contents == [[image, document], [image], [image], []])
    }

    @Test("without files nothing is read")
    func none() async throws {
        let objects = try await Self.objects([:])
        let (filled, blobs) = try await AttachmentReader(objects: objects, limits: InputLimits()).read([Plans.template()])
        #expect(filled == [Plans.template()] && blobs.isEmpty && objects.reads.isEmpty)
    }

    @Test("all that is wrong is told at once, by line, template, sample, file and address")
    func faults() async throws {
        let objects = try await Self.objects([
            "a.png": TinyFile.png, "d.pdf": TinyFile.pdf, "empty": [], "text": Array("hello".utf8), "big.png": TinyFile.png + [UInt8](repeating: 0, count: 100),
        ])
        let templates = [
            Self.template("t", [[("a.png", .image), ("gone.png", .image)], [("a.png", .document), ("text", .image)]]),
            Self.template("u", line: 3, [[("d.pdf", .image)], [("empty", .document), ("big.png", .image), ("a b.png", .image)]]),
        ]
        let limits = Self.limits { $0.imageBytes = 100 }
        let fault = await #expect(throws: AdmissionFault.self) { _ = try await AttachmentReader(objects: objects, limits: limits).read(templates) }
        let lines = (fault?.message ?? "").split(separator: "\n").map(String.init)
        let places = [
            "line 1, template \"t\", field evaluationSamples[0].inputVariablesMultimodal.f1.s3Uri: the file cannot be read: s3://bucket/gone.png: there is no such object",
            "line 1, template \"t\", field evaluationSamples[1].inputVariablesMultimodal.f0.s3Uri: s3://bucket/a.png is a PNG file, and its type says \"PDF\"; write \"type\": \"IMAGE\"",
            "line 1, template \"t\", field evaluationSamples[1].inputVariablesMultimodal.f1.s3Uri: s3://bucket/text is no PNG, JPEG, GIF or WebP image by its first bytes",
            "line 3, template \"u\", field evaluationSamples[0].inputVariablesMultimodal.f0.s3Uri: s3://bucket/d.pdf is a PDF file, and its type says \"IMAGE\"; write \"type\": \"PDF\"",
            "line 3, template \"u\", field evaluationSamples[1].inputVariablesMultimodal.f0.s3Uri: s3://bucket/empty is empty",
            "line 3, template \"u\", field evaluationSamples[1].inputVariablesMultimodal.f1.s3Uri: s3://bucket/big.png has more than 100 bytes, the limit of one image",
            "line 3, template \"u\", field evaluationSamples[1].inputVariablesMultimodal.f2.s3Uri: the file cannot be read: 's3://bucket/a b.png' is not an S3 URI",
        ]
        #expect(lines.count == places.count, "\(lines)")
        for (line, place) in zip(lines, places) { #expect(line.hasPrefix(place)) }
    }

    @Test("the files of one sample, and of one job, have a bound; beyond a job's nothing more is read")
    func totals() async throws {
        var files: [String: [UInt8]] = [:]
        for number in 0..<40 { files["f\(number)"] = TinyFile.pdf + [UInt8(number)] }
        let objects = try await Self.objects(files)
        let size = TinyFile.pdf.count + 1
        let template = Self.template("t", (0..<20).map { [("f\($0)", .document), ("f\($0 + 20)", .document)] })
        let perSample = Self.limits { $0.sampleAttachmentBytes = 2 * size - 1 }
        let fault = await #expect(throws: AdmissionFault.self) { _ = try await AttachmentReader(objects: objects, limits: perSample).read([template]) }
        #expect(fault?.message.split(separator: "\n").count == 20)
        #expect(fault?.message.hasPrefix("line 1, template \"t\", field evaluationSamples[0].inputVariablesMultimodal: the sample's files have together \(2 * size) bytes") == true)
        let readBefore = objects.reads.count
        let perJob = Self.limits { $0.jobAttachmentBytes = 2 * size }
        let total = await #expect(throws: AdmissionFault.self) { _ = try await AttachmentReader(objects: objects, limits: perJob).read([template]) }
        #expect(total?.message.hasPrefix("the files of all samples have together more than \(2 * size) bytes") == true)
        #expect(objects.reads.count - readBefore <= 3 + 8)
        #expect(objects.mostUnderWay <= 8)
    }
}
