package import AdvPOModel
package import AdvPOWire
import OrderedCollections

/// Seeded values of everything that travels, odd ones included: empty texts, absent fields, extreme numbers.
package struct RandomMessages {
    private var generator: SeededGenerator

    package init(seed: UInt64) { generator = SeededGenerator(seed: seed) }

    package mutating func number(_ range: ClosedRange<Int>) -> Int { Int.random(in: range, using: &generator) }
    package mutating func bool() -> Bool { Bool.random(using: &generator) }
    package mutating func word() -> UInt64 { generator.next() >> UInt64(number(0...63)) }
    package mutating func maybe<Value>(_ make: (inout RandomMessages) -> Value) -> Value? { bool() ? make(&self) : nil }

    package mutating func many<Value>(_ range: ClosedRange<Int>, _ make: (inout RandomMessages) -> Value) -> [Value] {
        (0..<number(range)).map { _ in make(&self) }
    }

    package mutating func text() -> String {
        let pieces = ["", "a", "{{name}}", "\n", "ünï", "漢字", "👩‍👩‍👧", "\0", "\"", "plain words ", "0"]
        return many(0...6) { pieces[$0.number(0...pieces.count - 1)] }.joined()
    }

    package mutating func bytes(_ range: ClosedRange<Int>) -> [UInt8] { many(range) { UInt8(truncatingIfNeeded: $0.generator.next()) } }
    package mutating func hash() -> ContentHash { ContentHash(of: bytes(0...8)) }
    package mutating func lease() -> Lease { Lease(task: word(), attempt: UInt32(truncatingIfNeeded: word()), epoch: word()) }
    package mutating func real() -> Double { [0, -0.0, 1, 0.1, -3.5e-300, 1e300, .leastNonzeroMagnitude][number(0...6)] }

    // MARK: Messages

    package mutating func controlRequest() -> ControlRequest {
        switch number(0...2) {
        case 0:
            let version = WireVersion(major: WireVersion.current.major, minor: UInt32(number(0...9)))
            return .hello(
                .init(version: version, instance: "i" + text(), name: text(), slots: UInt32(number(1...4_096)), models: Array(OrderedSet(many(0...5) { $0.text() })), credential: maybe { $0.credential() }))
        case 1:
            let leases = Array(OrderedSet(many(0...20) { $0.lease() })).sorted()
            let usage = (0..<number(0...3)).map { modelUsage("m\($0)") }
            return .heartbeat(.init(session: word(), leases: leases, seenInstructions: word(), usage: usage))
        default: return .goodbye(session: word())
        }
    }

    package mutating func credential() -> ControlRequest.Credential {
        .init(
            name: "n" + text(), serial: UInt32(truncatingIfNeeded: word()), nonce: bytes(1...64),
            answer: maybe { .init(challenge: $0.bytes(0...64), proof: $0.bytes(0...64)) })
    }

    package mutating func controlReply() -> ControlReply {
        switch number(0...4) {
        case 0:
            let version = WireVersion(major: UInt32(number(0...9)), minor: UInt32(number(0...9)))
            return .welcome(.init(version: version, session: word(), epoch: word(), heartbeatMilliseconds: UInt32(number(1...10_000))))
        case 1: return .refused(text())
        case 2: return .instructions(.init(sequence: word(), cancel: many(0...9) { $0.lease() }, drain: bool(), shares: many(0...3) { $0.rateShare() }))
        case 3: return .challenge(nonce: bytes(1...64), proof: bytes(1...64))
        default: return .unknownSession
        }
    }

    private mutating func quantity() -> Int64 { Int64(number(0...1 << 40)) }

    package mutating func modelUsage(_ model: String) -> ModelUsage {
        ModelUsage(
            model: model, started: quantity(), accepted: quantity(), refused: quantity(), inputTokens: quantity(), outputTokens: quantity(),
            inFlight: number(0...99), waiting: number(0...99), pauseMilliseconds: quantity(), heldByConcurrencyMilliseconds: quantity(),
            heldByRequestsMilliseconds: quantity(), heldByTokensMilliseconds: quantity())
    }

    package mutating func rateShare() -> RateShare {
        RateShare(
            model: "m" + text(), concurrency: number(0...99), milliRequestsPerMinute: maybe { $0.quantity() }, tokensPerMinute: maybe { $0.quantity() },
            pauseMilliseconds: quantity())
    }

    package mutating func workRequest() -> WorkRequest {
        switch number(0...2) {
        case 0: .pull(session: word())
        case 1:
            .report(
                session: word(), lease: lease(), units: many(0...5) { UnitReport(unit: $0.hash(), record: $0.unitRecord()) }, taskEnded: bool(),
                callsSpent: maybe { $0.number(0...1_000_000) }, andPull: bool())
        default: .fetch(session: word(), hashes: many(0...9) { $0.hash() })
        }
    }

    package mutating func workReply() -> WorkReply {
        switch number(0...6) {
        case 0: .task(taskOrder())
        case 1: .nothing
        case 2: .accepted(next: bool() ? taskOrder() : nil)
        case 3: .stale
        case 4: .blobs(many(0...4) { .init(hash: $0.hash(), bytes: $0.maybe { $0.bytes(0...50) }) })
        case 5: .unknownSession
        default: .refused(text())
        }
    }

    package mutating func taskOrder() -> TaskOrder {
        let run = RunID(job: JobID(using: &generator), template: number(0...9), model: number(0...4))
        let units = many(1...8) { TaskOrder.UnitReference(unit: $0.hash(), content: $0.hash()) }
        let work: TaskOrder.Work =
            bool()
            ? .evaluate(.init(model: modelConfiguration(), candidate: hash(), evaluation: hash(), units: units)) : .generate(.init(units: units))
        return TaskOrder(lease: lease(), run: run, iteration: number(0...1_000_000), work: work, callAllowance: maybe { $0.number(0...1_000_000) })
    }

    package mutating func unitRecord() -> UnitRecord {
        let status: UnitRecord.Status = [.scored, .modelFailure, .infrastructureFailure][number(0...2)]
        return UnitRecord(
            status: status, output: text(), score: status == .infrastructureFailure ? nil : maybe { $0.real() }, feedback: maybe { $0.text() },
            judgeOutput: maybe { $0.text() }, failureReason: maybe { $0.text() }, usage: maybe { $0.usage() }, judgeUsage: maybe { $0.usage() },
            providerCalls: number(0...50))
    }

    package mutating func usage() -> Usage {
        Usage(
            inputTokens: number(0...1_000_000), outputTokens: number(0...9), timeToFirstTokenMicroseconds: Int64(number(0...1 << 43)),
            latencyMicroseconds: Int64(number(0...1 << 43)), cost: maybe { NanoDollars(Int64($0.number(0...1 << 43))) })
    }

    // MARK: Blobs

    package mutating func promptDocument() -> PromptDocument {
        PromptDocument(
            system: maybe { $0.text() }, examples: many(0...3) { .init(user: $0.text(), assistant: $0.text()) }, user: text())
    }

    package mutating func sample() -> Sample {
        var variables: OrderedDictionary<String, String> = [:]
        for _ in 0..<number(0...5) { variables[text()] = text() }
        return Sample(
            index: number(0...99), variables: variables, referenceResponse: maybe { $0.text() },
            attachments: many(0...3) { $0.attachment() })
    }

    package mutating func attachment() -> AdvPOModel.Attachment {
        let mediaType = MediaType.allCases[number(0...MediaType.allCases.count - 1)]
        let content = maybe { AdvPOModel.Attachment.Content(hash: $0.hash(), mediaType: mediaType) }
        return AdvPOModel.Attachment(name: text(), kind: mediaType.kind, uri: text(), content: content)
    }

    package mutating func evaluationSpecification() -> EvaluationSpecification {
        let methods: [EvaluationMethod] = [
            .defaultJudge, .customJudge(prompt: text(), modelID: text()), .steering(criteria: many(0...5) { $0.text() }),
            .function(arn: text(), name: text()), .builtin(BuiltinMetric.allCases[number(0...BuiltinMetric.allCases.count - 1)]),
        ]
        let method = methods[number(0...4)]
        let bundle: ContentHash? = if case .function = method { hash() } else { nil }
        return EvaluationSpecification(
            method: method, judgeModelID: method.usesJudge ? text() : nil, functionBundle: bundle,
            judgeAttachments: method.usesJudge ? AdvPOModel.Attachment.Kind.allCases.filter { _ in bool() } : [])
    }

    package mutating func chatRequest() -> ChatRequest {
        ChatRequest(
            modelID: text(), messages: many(0...5) { ChatMessage(role: ChatMessage.Role.allCases[$0.number(0...2)], text: $0.text()) },
            inference: inference(), additionalModelRequestFields: object(depth: 3), seed: maybe { $0.number(.min ... .max) })
    }

    package mutating func functionBundle() -> FunctionBundle {
        var files: OrderedDictionary<String, [UInt8]> = [:]
        for _ in 0..<number(0...3) { files["folder/\(number(0...99)).py"] = bytes(0...40) }
        files[FunctionBundle.entryPoint] = bytes(0...40)
        return FunctionBundle(name: text(), files: files)
    }

    package mutating func modelConfiguration() -> ModelConfiguration {
        ModelConfiguration(modelID: text(), inference: inference(), additionalModelRequestFields: object(depth: 3))
    }

    package mutating func inference() -> InferenceConfiguration {
        InferenceConfiguration(
            maxTokens: maybe { $0.number(1 ... .max) }, temperature: maybe { $0.real() }, topP: maybe { $0.real() },
            stopSequences: maybe { $0.many(0...3) { $0.text() } })
    }

    package mutating func object(depth: Int) -> JSONObject {
        var object: JSONObject = [:]
        for _ in 0..<number(0...4) { object[text()] = json(depth: depth - 1) }
        return object
    }

    package mutating func json(depth: Int) -> JSONValue {
        switch number(0...(depth > 0 ? 5 : 3)) {
        case 0: .null
        case 1: .bool(bool())
        case 2: .number(JSONNumber(trusted: ["0", "-0", "1.0", "1e5", "-12.50E-7", "100000000000000000000000"][number(0...5)]))
        case 3: .string(text())
        case 4: .array(many(0...3) { $0.json(depth: depth - 1) })
        default: .object(object(depth: depth))
        }
    }
}
