import AdvPOModel

/// What may stand in a message before it is parsed: how often each field may come, how long it may be, and what is inside.
///
/// Checked by `WireScanner` on the raw bytes, because the parser allocates many times the size of a message that is all empty entries.
enum WireShape {
    case controlRequest, hello, workerIdentity, heartbeat
    case controlReply, welcome, refused, instructions, challenge
    case modelUsage, rateShare
    case workRequest, report, unitReport, unitRecord, fetch
    case workReply, accepted, blobs, blobAnswer, taskOrder, run, evaluateWork, generateWork, unitReference
    case promptDocument, exampleTurn
    case sample, variable, attachment
    case evaluationSpecification, customJudge, steering, function, builtin
    case chatRequest, chatMessage, modelConfiguration, inferenceConfiguration, stopSequences
    case jsonObject, jsonMember, jsonValue, jsonArray
    case functionBundle, file
    /// Nothing inside it needs a rule: fixed fields alone.
    case flat

    struct Rule {
        let name: String
        let maximumCount: Int
        let maximumBytes: Int
        let shape: WireShape?
    }

    /// Nil for a field without a rule: numbers, and fields of a newer minor version, which are skipped.
    func rule(for field: UInt64, _ limits: WireLimits) -> Rule? {
        switch self {
        case .controlRequest, .hello, .workerIdentity, .heartbeat, .controlReply, .welcome, .refused, .instructions, .challenge, .modelUsage, .rateShare:
            controlRule(field, limits)
        case .workRequest, .report, .unitReport, .unitRecord, .fetch: workRequestRule(field, limits)
        case .workReply, .accepted, .blobs, .blobAnswer, .taskOrder, .run, .evaluateWork, .generateWork, .unitReference: workReplyRule(field, limits)
        case .promptDocument, .exampleTurn, .sample, .variable, .attachment, .evaluationSpecification, .customJudge, .steering, .function,
            .builtin, .functionBundle, .file:
            contentRule(field, limits)
        case .chatRequest, .chatMessage, .modelConfiguration, .inferenceConfiguration, .stopSequences, .jsonObject, .jsonMember, .jsonValue,
            .jsonArray:
            chatRule(field, limits)
        case .flat: nil
        }
    }

    private func controlRule(_ field: UInt64, _ limits: WireLimits) -> Rule? {
        switch (self, field) {
        case (.controlRequest, 1): .one("hello", .hello)
        case (.controlRequest, 2): .one("heartbeat", .heartbeat)
        case (.controlRequest, 3): .one("goodbye", .flat)
        case (.hello, 1), (.welcome, 1): .one("version", .flat)
        case (.hello, 2): .text("instance", limits.nameBytes)
        case (.hello, 3): .text("name", limits.nameBytes)
        case (.hello, 5): .texts("models", limits.modelsPerWorker, limits.nameBytes)
        case (.hello, 6): .one("identity", .workerIdentity)
        case (.hello, 7), (.challenge, 1): .text("nonce", limits.nonceBytes)
        case (.hello, 8): .text("challenge", limits.nonceBytes)
        case (.hello, 9), (.challenge, 2): .text("proof", limits.nonceBytes)
        case (.workerIdentity, 1): .text("name", limits.nameBytes)
        case (.heartbeat, 2): .many("leases", limits.leasesPerMessage, .flat)
        case (.heartbeat, 4): .many("usage", limits.modelsPerWorker, .modelUsage)
        case (.modelUsage, 1), (.rateShare, 1): .text("model", limits.nameBytes)
        case (.controlReply, 1): .one("welcome", .welcome)
        case (.controlReply, 2): .one("refused", .refused)
        case (.controlReply, 3): .one("instructions", .instructions)
        case (.controlReply, 4): .one("unknown_session", .flat)
        case (.controlReply, 5): .one("challenge", .challenge)
        case (.refused, 1): .text("reason", limits.textBytes)
        case (.instructions, 2): .many("cancel", limits.leasesPerMessage, .flat)
        case (.instructions, 4): .many("shares", limits.modelsPerWorker, .rateShare)
        default: nil
        }
    }

    private func workRequestRule(_ field: UInt64, _ limits: WireLimits) -> Rule? {
        switch (self, field) {
        case (.workRequest, 1): .one("pull", .flat)
        case (.workRequest, 2): .one("report", .report)
        case (.workRequest, 3): .one("fetch", .fetch)
        case (.report, 2): .one("lease", .flat)
        case (.report, 3): .many("units", limits.unitsPerTask, .unitReport)
        case (.unitReport, 1): .text("unit", ContentHash.byteCount)
        case (.unitReport, 2): .one("record", .unitRecord)
        case (.unitRecord, 2): .text("output", limits.textBytes)
        case (.unitRecord, 4): .text("feedback", limits.textBytes)
        case (.unitRecord, 5): .text("judge_output", limits.textBytes)
        case (.unitRecord, 6): .text("failure_reason", limits.textBytes)
        case (.unitRecord, 7): .one("usage", .flat)
        case (.unitRecord, 8): .one("judge_usage", .flat)
        case (.fetch, 2): .texts("hashes", limits.blobsPerFetch, ContentHash.byteCount)
        default: nil
        }
    }

    private func workReplyRule(_ field: UInt64, _ limits: WireLimits) -> Rule? {
        switch (self, field) {
        case (.workReply, 1): .one("task", .taskOrder)
        case (.workReply, 2): .one("nothing", .flat)
        case (.workReply, 3): .one("accepted", .accepted)
        case (.accepted, 1): .one("next", .taskOrder)
        case (.workReply, 4): .one("stale", .flat)
        case (.workReply, 5): .one("blobs", .blobs)
        case (.workReply, 6): .one("unknown_session", .flat)
        case (.workReply, 7): .one("refused", .refused)
        case (.blobs, 1): .many("answers", limits.blobsPerFetch, .blobAnswer)
        case (.blobAnswer, 1): .text("hash", ContentHash.byteCount)
        case (.blobAnswer, 2): .text("content", limits.blobBytes)
        case (.taskOrder, 1): .one("lease", .flat)
        case (.taskOrder, 2): .one("run", .run)
        case (.taskOrder, 4): .one("evaluate", .evaluateWork)
        case (.taskOrder, 5): .one("generate", .generateWork)
        case (.run, 1): .text("job", JobID.length)
        case (.evaluateWork, 1): .one("model", .modelConfiguration)
        case (.evaluateWork, 2): .text("candidate", ContentHash.byteCount)
        case (.evaluateWork, 3): .text("evaluation", ContentHash.byteCount)
        case (.evaluateWork, 4), (.generateWork, 1): .many("units", limits.unitsPerTask, .unitReference)
        case (.unitReference, 1): .text("unit", ContentHash.byteCount)
        case (.unitReference, 2): .text("content", ContentHash.byteCount)
        default: nil
        }
    }

    private func contentRule(_ field: UInt64, _ limits: WireLimits) -> Rule? {
        switch (self, field) {
        case (.promptDocument, 2): .many("examples", limits.entriesPerBlob, .exampleTurn)
        case (.sample, 2): .many("variables", limits.entriesPerBlob, .variable)
        case (.sample, 4): .many("attachments", limits.entriesPerBlob, .attachment)
        case (.attachment, 4): .text("content", ContentHash.byteCount)
        case (.attachment, 5): .text("media_type", limits.nameBytes)
        case (.variable, 1), (.attachment, 1), (.function, 2), (.functionBundle, 1): .text("name", limits.nameBytes)
        case (.evaluationSpecification, 1): .one("default_judge", .flat)
        case (.evaluationSpecification, 2): .one("custom_judge", .customJudge)
        case (.evaluationSpecification, 3): .one("steering", .steering)
        case (.evaluationSpecification, 4): .one("function", .function)
        case (.evaluationSpecification, 5): .one("builtin", .builtin)
        case (.evaluationSpecification, 6): .text("judge_model_id", limits.nameBytes)
        case (.evaluationSpecification, 7): .text("function_bundle", ContentHash.byteCount)
        case (.evaluationSpecification, 8): .text("judge_attachments", limits.nameBytes)
        case (.customJudge, 2): .text("model_id", limits.nameBytes)
        case (.steering, 1): .texts("criteria", limits.entriesPerBlob, limits.textBytes)
        case (.function, 1): .text("arn", limits.nameBytes)
        case (.builtin, 1): .text("metric", limits.nameBytes)
        case (.functionBundle, 2): .many("files", limits.entriesPerBlob, .file)
        case (.file, 1): .text("path", limits.nameBytes)
        default: nil
        }
    }

    private func chatRule(_ field: UInt64, _ limits: WireLimits) -> Rule? {
        switch (self, field) {
        case (.chatRequest, 1), (.modelConfiguration, 1): .text("model_id", limits.nameBytes)
        case (.chatRequest, 2): .many("messages", limits.entriesPerBlob, .chatMessage)
        case (.chatRequest, 3), (.modelConfiguration, 2): .one("inference", .inferenceConfiguration)
        case (.chatRequest, 4), (.modelConfiguration, 3): .one("additional_model_request_fields", .jsonObject)
        case (.inferenceConfiguration, 4): .one("stop_sequences", .stopSequences)
        case (.stopSequences, 1): .texts("texts", limits.entriesPerBlob, limits.textBytes)
        case (.jsonObject, 1): .many("members", limits.jsonValues, .jsonMember)
        case (.jsonMember, 2): .one("value", .jsonValue)
        case (.jsonValue, 1): .one("null", .flat)
        case (.jsonValue, 3): .text("number", limits.nameBytes)
        case (.jsonValue, 5): .one("array", .jsonArray)
        case (.jsonValue, 6): .one("object", .jsonObject)
        case (.jsonArray, 1): .many("items", limits.jsonValues, .jsonValue)
        default: nil
        }
    }
}

extension WireShape.Rule {
    /// A message inside a message. Twice would be merged by the parser, past the limits: our encoders never do that.
    static func one(_ name: String, _ shape: WireShape) -> Self { Self(name: name, maximumCount: 1, maximumBytes: .max, shape: shape) }
    static func many(_ name: String, _ count: Int, _ shape: WireShape) -> Self {
        Self(name: name, maximumCount: count, maximumBytes: .max, shape: shape)
    }
    static func text(_ name: String, _ bytes: Int) -> Self { Self(name: name, maximumCount: .max, maximumBytes: bytes, shape: nil) }
    static func texts(_ name: String, _ count: Int, _ bytes: Int) -> Self { Self(name: name, maximumCount: count, maximumBytes: bytes, shape: nil) }
}
