import AdvPOFuzzing
import AdvPOModel
import AdvPOWire
import OrderedCollections
import Testing

private struct NoHello: Error {}

@Suite struct ValidationTests {
    private let limits = WireLimits()
    private let hash = ContentHash(of: [])
    private let lease = Lease(task: 1, attempt: 2, epoch: 3)

    private func problem(_ body: () throws -> some Any) -> String? { #expect(throws: WireError.self) { _ = try body() }?.message }

    private func hello(version: WireVersion = .current, instance: String = "i", name: String = "n", slots: UInt32 = 1, models: [String] = []) -> [UInt8] {
        ControlRequest.hello(.init(version: version, instance: instance, name: name, slots: slots, models: models)).encoded()
    }

    private func reported(_ change: (inout UnitRecord) -> Void) -> [UInt8] {
        var record = UnitRecord(status: .scored, output: "o", score: 1, usage: nil, providerCalls: 1)
        change(&record)
        return WorkRequest.report(session: 1, lease: lease, units: [UnitReport(unit: hash, record: record)], taskEnded: false).encoded()
    }

    @Test("a hello of another major version is read as far as its version")
    func foreignVersion() throws {
        let bytes = hello(version: WireVersion(major: 2, minor: 7), slots: 0, models: [String](repeating: "m", count: 5_000))
        guard case .hello(let hello) = try ControlRequest(decoding: bytes, limits: limits) else { throw NoHello() }
        #expect(hello.version == WireVersion(major: 2, minor: 7))
        // Version 2 may have made its name a number.
        let changed: [UInt8] = [0x0A, 6, 0x0A, 2, 8, 2, 0x18, 9]
        guard case .hello(let other) = try ControlRequest(decoding: changed, limits: limits) else { throw NoHello() }
        #expect(other.version.major == 2)
    }

    @Test("a newer minor version passes")
    func minorVersion() throws {
        let version = WireVersion(major: WireVersion.current.major, minor: 99)
        guard case .hello(let hello) = try ControlRequest(decoding: hello(version: version), limits: limits) else { throw NoHello() }
        #expect(hello.version == version)
    }

    @Test("a hello is held to its limits")
    func helloLimits() {
        func decode(_ bytes: [UInt8]) -> String? { problem { try ControlRequest(decoding: bytes, limits: limits) } }
        let long = String(repeating: "x", count: 1_025)
        #expect(decode(hello(slots: 0)) == "ControlRequest.hello.slots: is 0, not between 1 and 4096")
        #expect(decode(hello(slots: 4_097)) == "ControlRequest.hello.slots: is 4097, not between 1 and 4096")
        #expect(decode(hello(instance: "")) == "ControlRequest.hello.instance: is missing")
        #expect(decode(hello(instance: long)) == "ControlRequest.hello.instance: has 1025 bytes, more than the 1024 allowed")
        #expect(decode(hello(name: long)) == "ControlRequest.hello.name: has 1025 bytes, more than the 1024 allowed")
        #expect(decode(hello(models: ["a", long])) == "ControlRequest.hello.models[1]: has 1025 bytes, more than the 1024 allowed")
        #expect(decode(hello(models: [String](repeating: "m", count: 1_001))) == "ControlRequest.hello.models: there are more than 1000")
        #expect(decode([0x0A, 2, 0x12, 0]) == "ControlRequest.hello.version: is missing")
    }

    @Test("a heartbeat's leases ascend, and are not too many")
    func heartbeatLimits() {
        func decode(_ leases: [Lease]) -> String? {
            problem {
                try ControlRequest(decoding: ControlRequest.heartbeat(.init(session: 1, leases: leases, seenInstructions: 0)).encoded(), limits: limits)
            }
        }
        #expect(decode([lease, lease]) == "ControlRequest.heartbeat.leases: 3.1.2 comes after 3.1.2; they must ascend, each once")
        let many = (0..<8_193).map { Lease(task: UInt64($0), attempt: 1, epoch: 1) }
        #expect(decode(many) == "ControlRequest.heartbeat.leases: there are more than 8192")
    }

    @Test("a hello names each model once")
    func modelsOnce() {
        func decode(_ models: [String]) -> String? {
            let hello = ControlRequest.Hello(version: .current, instance: "i", name: "n", slots: 1, models: models)
            return problem { try ControlRequest(decoding: ControlRequest.hello(hello).encoded(), limits: limits) }
        }
        #expect(decode(["a", "b", "a"]) == "ControlRequest.hello.models: name a model twice; each comes once")
    }

    @Test("what a handshake says is whole and within its limits")
    func handshake() throws {
        func check(_ expected: String, name: String = "n", nonce: [UInt8] = [1], answer: ControlRequest.Credential.Answer? = nil) {
            let credential = ControlRequest.Credential(name: name, serial: 1, nonce: nonce, answer: answer)
            let bytes = ControlRequest.hello(.init(version: .current, instance: "i", name: "n", slots: 1, models: [], credential: credential)).encoded()
            #expect(problem { try ControlRequest(decoding: bytes, limits: limits) } == "ControlRequest.hello.\(expected)")
        }
        check("identity.name: is missing", name: "")
        check("identity.name: has 1025 bytes, more than the 1024 allowed", name: String(repeating: "n", count: 1_025))
        check("nonce: is missing", nonce: [])
        let long = [UInt8](repeating: 0, count: 65)
        check("nonce: has 65 bytes, more than the 64 allowed", nonce: long)
        check("challenge: has 65 bytes, more than the 64 allowed", answer: .init(challenge: long, proof: []))
        check("proof: has 65 bytes, more than the 64 allowed", answer: .init(challenge: [], proof: long))
        func reply(_ nonce: [UInt8], _ proof: [UInt8]) -> String? {
            problem { try ControlReply(decoding: ControlReply.challenge(nonce: nonce, proof: proof).encoded(), limits: limits) }
        }
        #expect(reply([], [1]) == "ControlReply.challenge.nonce: is missing")
        #expect(reply([1], []) == "ControlReply.challenge.proof: is missing")
        #expect(reply([1], long) == "ControlReply.challenge.proof: has 65 bytes, more than the 64 allowed")
    }

    @Test("replies are held to their limits")
    func replyLimits() {
        func control(_ reply: ControlReply) -> String? { problem { try ControlReply(decoding: reply.encoded(), limits: limits) } }
        let text = String(repeating: "x", count: 1_048_577)
        #expect(control(.refused(text)) == "ControlReply.refused.reason: has 1048577 bytes, more than the 1048576 allowed")
        let cancel = [Lease](repeating: lease, count: 8_193)
        #expect(
            control(.instructions(.init(sequence: 1, cancel: cancel, drain: false))) == "ControlReply.instructions.cancel: there are more than 8192")
        #expect(
            control(.welcome(.init(version: .current, session: 1, epoch: 1, heartbeatMilliseconds: 0)))
                == "ControlReply.welcome.heartbeat_milliseconds: is missing")
        func work(_ reply: WorkReply, _ limits: WireLimits = WireLimits()) -> String? {
            problem { try WorkReply(decoding: reply.encoded(), limits: limits) }
        }
        #expect(work(.refused(text)) == "WorkReply.refused.reason: has 1048577 bytes, more than the 1048576 allowed")
        let answers = [WorkReply.BlobAnswer](repeating: .init(hash: hash, bytes: nil), count: 1_025)
        #expect(work(.blobs(answers)) == "WorkReply.blobs.answers: there are more than 1024")
        var small = limits
        small.blobBytes = 10
        #expect(
            work(.blobs([.init(hash: hash, bytes: [UInt8](repeating: 0, count: 11))]), small)
                == "WorkReply.blobs.answers[0].content: has 11 bytes, more than the 10 allowed")
    }

    @Test("a report's records are checked")
    func records() {
        func check(_ expected: String, _ change: (inout UnitRecord) -> Void) {
            #expect(problem { try WorkRequest(decoding: reported(change), limits: limits) } == "WorkRequest.report.units[0].record.\(expected)")
        }
        check("score: is inf, not a finite number") { $0.score = .infinity }
        check("score: is nan, not a finite number") { $0.score = .nan }
        check("score: is set, but an infrastructure failure has no score") { $0.status = .infrastructureFailure }
        check("provider_calls: is negative (-1)") { $0.providerCalls = -1 }
        check("provider_calls: is 9223372036854775807, more than the 8796093022208 allowed") { $0.providerCalls = .max }
        check("usage.input_tokens: is negative (-5)") { $0.usage = Self.usage(inputTokens: -5) }
        check("judge_usage.output_tokens: is negative (-7)") { $0.judgeUsage = Self.usage(outputTokens: -7) }
        check("usage.latency_microseconds: is negative (-1)") { $0.usage = Self.usage(latency: -1) }
        check("usage.time_to_first_token_microseconds: is negative (-1)") { $0.usage = Self.usage(first: -1) }
        check("usage.cost_nano_dollars: is negative (-1)") { $0.usage = Self.usage(cost: -1) }
        check("output: has 1048577 bytes, more than the 1048576 allowed") { $0.output = Self.longText }
        check("feedback: has 1048577 bytes, more than the 1048576 allowed") { $0.feedback = Self.longText }
        check("judge_output: has 1048577 bytes, more than the 1048576 allowed") { $0.judgeOutput = Self.longText }
        check("failure_reason: has 1048577 bytes, more than the 1048576 allowed") { $0.failureReason = Self.longText }
    }

    private static let longText = String(repeating: "x", count: 1_048_577)

    private static func usage(inputTokens: Int = 0, outputTokens: Int = 0, first: Int64 = 0, latency: Int64 = 0, cost: Int64 = 0) -> Usage {
        Usage(
            inputTokens: inputTokens, outputTokens: outputTokens, timeToFirstTokenMicroseconds: first, latencyMicroseconds: latency,
            cost: NanoDollars(cost))
    }

    @Test("an unknown or missing status is refused")
    func status() {
        #expect(problem { try UnitRecord(decoding: [], limits: limits) } == "UnitRecord.status: is missing")
        #expect(problem { try UnitRecord(decoding: [8, 9], limits: limits) } == "UnitRecord.status: is 9, which is not known here")
    }

    @Test("a hash is 32 bytes")
    func hashes() {
        let short: [UInt8] = [0x1A, 4, 0x12, 2, 1, 2]
        #expect(problem { try WorkRequest(decoding: short, limits: limits) } == "WorkRequest.fetch.hashes[0]: has 2 bytes; a SHA-256 has 32")
        let long: [UInt8] = [0x1A, 35, 0x12, 33] + [UInt8](repeating: 1, count: 33)
        #expect(problem { try WorkRequest(decoding: long, limits: limits) } == "WorkRequest.fetch.hashes[0]: has 33 bytes, more than the 32 allowed")
        let many = WorkRequest.fetch(session: 1, hashes: [ContentHash](repeating: hash, count: 1_025)).encoded()
        #expect(problem { try WorkRequest(decoding: many, limits: limits) } == "WorkRequest.fetch.hashes: there are more than 1024")
    }

    @Test("what has no kind, two of one, or no protobuf in it is refused")
    func kinds() {
        #expect(problem { try ControlRequest(decoding: [], limits: limits) }?.hasPrefix("ControlRequest: is of no kind") == true)
        #expect(problem { try WorkReply(decoding: [0x7A, 0], limits: limits) }?.hasPrefix("WorkReply: is of no kind") == true)
        #expect(problem { try WorkRequest(decoding: [0x0A, 0, 0x0A, 0], limits: limits) } == "WorkRequest.pull: comes twice")
        #expect(problem { try WorkRequest(decoding: [0x0B], limits: limits) } == "WorkRequest: a field has wire type 3, which is not in use")
        #expect(problem { try WorkRequest(decoding: [0x0A, 5, 1], limits: limits) } == "WorkRequest: a field is longer than what holds it")
        #expect(problem { try WorkRequest(decoding: [0x80], limits: limits) } == "WorkRequest: the bytes are cut off")
        #expect(problem { try ControlReply(decoding: [0x12, 3, 0x0A, 1, 0xFF], limits: limits) }?.contains("not a valid protobuf message") == true)
    }

    @Test("a task is whole")
    func tasks() {
        var random = RandomMessages(seed: 30)
        var order = random.taskOrder()
        order.work = .generate(.init(units: []))
        func decode(_ order: TaskOrder) -> String? { problem { try WorkReply(decoding: WorkReply.task(order).encoded(), limits: limits) } }
        #expect(decode(order) == "WorkReply.task.generate.units: is empty; a task has at least one unit")
        order.work = .generate(.init(units: [TaskOrder.UnitReference](repeating: .init(unit: hash, content: hash), count: 257)))
        #expect(decode(order) == "WorkReply.task.generate.units: there are more than 256")
        #expect(problem { try WorkReply(decoding: [0x0A, 0], limits: limits) } == "WorkReply.task.lease: is missing")
        #expect(problem { try WorkReply(decoding: [0x0A, 2, 0x0A, 0], limits: limits) } == "WorkReply.task.run: is missing")
        #expect(
            problem { try WorkReply(decoding: [0x0A, 4, 0x0A, 0, 0x12, 0], limits: limits) }
                == "WorkReply.task.run.job: is not 12 lower-case letters and digits")
    }

    @Test("blobs are checked")
    func blobs() {
        var small = limits
        small.blobBytes = 10
        let large = BlobCodec.encode(PromptDocument(user: "eleven bytes"))
        #expect(problem { try BlobCodec.decodePromptDocument(large, limits: small) } == "PromptDocument: has 14 bytes, more than the 10 allowed")
        // variables { name "a" } variables { name "a" }
        let twice: [UInt8] = [0x12, 3, 0x0A, 1, 0x61, 0x12, 3, 0x0A, 1, 0x61]
        #expect(problem { try BlobCodec.decodeSample(twice, limits: limits) } == "Sample.variables[1].name: \"a\" comes twice")
        let request = ChatRequest(modelID: "m", messages: [], inference: InferenceConfiguration(temperature: .infinity))
        #expect(
            problem { try BlobCodec.decodeChatRequest(BlobCodec.encode(request), limits: limits) }
                == "ChatRequest.inference.temperature: is inf, not a finite number")
        let tokens = ModelConfiguration(modelID: "m", inference: InferenceConfiguration(maxTokens: 0))
        #expect(
            problem { try BlobCodec.decodeModelConfiguration(BlobCodec.encode(tokens), limits: limits) }
                == "ModelConfiguration.inference.max_tokens: is 0; it is at least 1")
        for literal in ["", "01", "1.", ".5", "+1", "1e", "NaN", "0x1", "1 "] {
            let fields: JSONObject = ["k": .number(JSONNumber(trusted: literal))]
            let bytes = BlobCodec.encode(ModelConfiguration(modelID: "m", additionalModelRequestFields: fields))
            #expect(
                problem { try BlobCodec.decodeModelConfiguration(bytes, limits: limits) }
                    == "ModelConfiguration.additional_model_request_fields.k.number: \"\(literal)\" is not a JSON number")
        }
    }

    @Test("a file has its hash and a media type of its kind, or neither")
    func attachments() {
        func decode(_ fields: [UInt8]) -> String? { problem { try BlobCodec.decodeSample([0x22, UInt8(fields.count)] + fields, limits: limits) } }
        let content: [UInt8] = [0x22, 32] + hash.bytes
        func mediaType(_ text: String) -> [UInt8] { [0x2A, UInt8(text.utf8.count)] + Array(text.utf8) }
        #expect(decode([0x10, 1] + content) == "Sample.attachments[0].media_type: is missing")
        #expect(decode([0x10, 1] + mediaType("image/png")) == "Sample.attachments[0].media_type: is set, but there is no content")
        #expect(decode([0x10, 1] + content + mediaType("image/tiff")) == "Sample.attachments[0].media_type: \"image/tiff\" is not known here")
        #expect(decode([0x10, 2] + content + mediaType("image/png")) == "Sample.attachments[0].media_type: \"image/png\" is not of the attachment's kind")
        #expect(decode([0x10, 1, 0x22, 1, 7] + mediaType("image/png")) == "Sample.attachments[0].content: has 1 bytes; a SHA-256 has 32")
        #expect(decode([0x10, 1, 0x22, 33] + hash.bytes + [0]) == "Sample.attachments[0].content: has 33 bytes, more than the 32 allowed")
        #expect(decode([0x22, 0]) == "Sample.attachments[0].kind: is missing")
        // judge_attachments, packed: twice the same, an unknown one, and some where no judge is.
        func specification(_ bytes: [UInt8]) -> String? { problem { try BlobCodec.decodeEvaluationSpecification(bytes, limits: limits) } }
        let judged: [UInt8] = [0x0A, 0, 0x32, 1, 0x6A]
        #expect(specification(judged + [0x42, 2, 1, 1]) == "EvaluationSpecification.judge_attachments: does not ascend; each kind comes once, images first")
        #expect(specification(judged + [0x42, 1, 9]) == "EvaluationSpecification.judge_attachments[0]: is 9, which is not known here")
        #expect(specification([0x2A, 10, 0x0A, 8] + Array("contains".utf8) + [0x42, 1, 1]) == "EvaluationSpecification.judge_attachments: is set, but the method has no judge")
    }

    @Test("a method has the judge or the code it needs, and no other")
    func methods() {
        func decode(_ specification: EvaluationSpecification) -> String? {
            problem { try BlobCodec.decodeEvaluationSpecification(BlobCodec.encode(specification), limits: limits) }
        }
        #expect(
            decode(.init(method: .defaultJudge, judgeModelID: nil, functionBundle: nil)) == "EvaluationSpecification.judge_model_id: is missing")
        #expect(
            decode(.init(method: .builtin(.contains), judgeModelID: "j", functionBundle: nil))
                == "EvaluationSpecification.judge_model_id: is set, but the method has no judge")
        #expect(
            decode(.init(method: .function(arn: "a", name: "n"), judgeModelID: nil, functionBundle: nil))
                == "EvaluationSpecification.function_bundle: is missing")
        #expect(
            decode(.init(method: .builtin(.contains), judgeModelID: nil, functionBundle: hash))
                == "EvaluationSpecification.function_bundle: is set, but the method is no function")
    }

    @Test("a bundle's paths cannot leave its folder", arguments: ["../x", "/etc/x", "a//b", "a/../b", "", "a\\b", "./a", "a/", "a\0b"])
    func paths(_ path: String) {
        let bundle = FunctionBundle(name: "f", files: [FunctionBundle.entryPoint: [], path: [1]])
        #expect(
            problem { try BlobCodec.decodeFunctionBundle(BlobCodec.encode(bundle), limits: limits) }
                == "FunctionBundle.files[1].path: \"\(path)\" is not a relative path without \"..\" and empty parts")
    }

    @Test("a bundle has its entry point")
    func entryPoint() {
        let bytes = BlobCodec.encode(FunctionBundle(name: "f", files: ["other.py": []]))
        #expect(problem { try BlobCodec.decodeFunctionBundle(bytes, limits: limits) } == "FunctionBundle.files: holds no lambda_function.py")
    }
}
