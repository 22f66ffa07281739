import AdvPOFuzzing
import AdvPOModel
import AdvPOWire
import OrderedCollections
import Testing

@Suite struct RoundTripTests {
    private let limits = WireLimits()

    @Test("messages come back as they were")
    func messages() throws {
        var random = RandomMessages(seed: 10)
        for _ in 0..<300 {
            let controlRequest = random.controlRequest()
            #expect(try ControlRequest(decoding: controlRequest.encoded(), limits: limits) == controlRequest)
            let controlReply = random.controlReply()
            #expect(try ControlReply(decoding: controlReply.encoded(), limits: limits) == controlReply)
            let workRequest = random.workRequest()
            #expect(try WorkRequest(decoding: workRequest.encoded(), limits: limits) == workRequest)
            let workReply = random.workReply()
            #expect(try WorkReply(decoding: workReply.encoded(), limits: limits) == workReply)
            let record = random.unitRecord()
            #expect(try UnitRecord(decoding: record.encoded(), limits: limits) == record)
        }
    }

    @Test("blobs come back as they were, in order")
    func blobs() throws {
        var random = RandomMessages(seed: 11)
        for _ in 0..<300 {
            let document = random.promptDocument()
            #expect(try BlobCodec.decodePromptDocument(BlobCodec.encode(document), limits: limits) == document)
            let sample = random.sample()
            let decoded = try BlobCodec.decodeSample(BlobCodec.encode(sample), limits: limits)
            #expect(decoded == sample)
            #expect(Array(decoded.variables.keys) == Array(sample.variables.keys))
            let specification = random.evaluationSpecification()
            #expect(try BlobCodec.decodeEvaluationSpecification(BlobCodec.encode(specification), limits: limits) == specification)
            let request = random.chatRequest()
            #expect(try BlobCodec.decodeChatRequest(BlobCodec.encode(request), limits: limits) == request)
            let bundle = random.functionBundle()
            #expect(try BlobCodec.decodeFunctionBundle(BlobCodec.encode(bundle), limits: limits) == bundle)
            let configuration = random.modelConfiguration()
            #expect(try BlobCodec.decodeModelConfiguration(BlobCodec.encode(configuration), limits: limits) == configuration)
        }
    }

    @Test("what is decoded encodes to the same bytes again", arguments: MessageKind.allCases)
    func canonical(_ kind: MessageKind) throws {
        var random = RandomMessages(seed: 12)
        for _ in 0..<200 {
            let bytes = kind.bytes(from: &random)
            #expect(try kind.recoded(bytes, limits: limits) == bytes)
        }
    }

    @Test("the canonical bytes of a blob never change: they are its name")
    func knownBytes() {
        let document = PromptDocument(system: "S", examples: [.init(user: "q", assistant: "a")], user: "{{x}}")
        #expect(BlobCodec.encode(document) == [0x0A, 1, 0x53, 0x12, 6, 0x0A, 1, 0x71, 0x12, 1, 0x61, 0x1A, 5, 0x7B, 0x7B, 0x78, 0x7D, 0x7D])
        let sample = Sample(index: 3, variables: ["b": "1", "a": "2"], referenceResponse: "r")
        #expect(BlobCodec.encode(sample) == [8, 3, 0x12, 6, 0x0A, 1, 0x62, 0x12, 1, 0x31, 0x12, 6, 0x0A, 1, 0x61, 0x12, 1, 0x32, 0x1A, 1, 0x72])
        #expect(ContentHash(of: BlobCodec.encode(PromptDocument(user: ""))) == ContentHash(of: []))
        // attachments { name "f" kind 2 uri "u" content … media_type … }
        let hash = ContentHash(of: [7])
        let file = AdvPOModel.Attachment(name: "f", kind: .document, uri: "u", content: .init(hash: hash, mediaType: .pdf))
        let fields: [UInt8] = [0x0A, 1, 0x66, 0x10, 2, 0x1A, 1, 0x75, 0x22, 32] + hash.bytes + [0x2A, 15] + Array("application/pdf".utf8)
        #expect(BlobCodec.encode(Sample(index: 0, variables: [:], referenceResponse: nil, attachments: [file])) == [0x22, UInt8(fields.count)] + fields)
        // Without files a method is named as it was before there could be any.
        let judged = EvaluationSpecification(method: .defaultJudge, judgeModelID: "j", functionBundle: nil)
        #expect(BlobCodec.encode(judged) == [0x0A, 0, 0x32, 1, 0x6A])
        let seeing = EvaluationSpecification(method: .defaultJudge, judgeModelID: "j", functionBundle: nil, judgeAttachments: [.image, .document])
        #expect(BlobCodec.encode(seeing) == [0x0A, 0, 0x32, 1, 0x6A, 0x42, 2, 1, 2])
        let configuration = ModelConfiguration(modelID: "m", additionalModelRequestFields: ["k": [1.5, nil]])
        // members { key "k" value { array { items { number "1.5" } items { null {} } } } }
        let items: [UInt8] = [0x0A, 5, 0x1A, 3, 0x31, 0x2E, 0x35, 0x0A, 2, 0x0A, 0]
        let value: [UInt8] = [0x2A, UInt8(items.count)] + items
        let member: [UInt8] = [0x0A, 1, 0x6B, 0x12, UInt8(value.count)] + value
        let object: [UInt8] = [0x0A, UInt8(member.count)] + member
        #expect(BlobCodec.encode(configuration) == [0x0A, 1, 0x6D, 0x12, 0, 0x1A, UInt8(object.count)] + object)
    }

    @Test("absent and empty stay apart")
    func absentAndEmpty() throws {
        let absent = BlobCodec.encode(PromptDocument(system: nil, user: "u"))
        let empty = BlobCodec.encode(PromptDocument(system: "", user: "u"))
        #expect(absent != empty)
        #expect(try BlobCodec.decodePromptDocument(empty, limits: limits).system == "")
        var inference = InferenceConfiguration(stopSequences: [])
        #expect(
            try BlobCodec.decodeModelConfiguration(BlobCodec.encode(ModelConfiguration(modelID: "m", inference: inference)), limits: limits)
                .inference.stopSequences == [])
        inference.stopSequences = nil
        #expect(
            try BlobCodec.decodeModelConfiguration(BlobCodec.encode(ModelConfiguration(modelID: "m", inference: inference)), limits: limits)
                .inference.stopSequences == nil)
        let reply = WorkReply.blobs([.init(hash: ContentHash(of: []), bytes: []), .init(hash: ContentHash(of: [1]), bytes: nil)])
        #expect(try WorkReply(decoding: reply.encoded(), limits: limits) == reply)
    }

    @Test("a typical task is a few hundred bytes")
    func size() {
        let units = (0..<4).map { TaskOrder.UnitReference(unit: ContentHash(of: [UInt8($0)]), content: ContentHash(of: [9, UInt8($0)])) }
        var random = RandomMessages(seed: 13)
        var order = random.taskOrder()
        order.work = .evaluate(
            .init(model: ModelConfiguration(modelID: "openai/gpt"), candidate: ContentHash(of: []), evaluation: ContentHash(of: [1]), units: units))
        #expect(WorkReply.task(order).encoded().count < 500)
    }
}
