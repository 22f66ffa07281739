package import AdvPOModel
package import AdvPOWire

/// Every decoder with a source of valid bytes for it.
package enum MessageKind: String, CaseIterable, Sendable {
    case controlRequest, controlReply, workRequest, workReply, unitRecord
    case promptDocument, sample, evaluationSpecification, chatRequest, functionBundle, modelConfiguration

    package func bytes(from random: inout RandomMessages) -> [UInt8] {
        switch self {
        case .controlRequest: random.controlRequest().encoded()
        case .controlReply: random.controlReply().encoded()
        case .workRequest: random.workRequest().encoded()
        case .workReply: random.workReply().encoded()
        case .unitRecord: random.unitRecord().encoded()
        case .promptDocument: BlobCodec.encode(random.promptDocument())
        case .sample: BlobCodec.encode(random.sample())
        case .evaluationSpecification: BlobCodec.encode(random.evaluationSpecification())
        case .chatRequest: BlobCodec.encode(random.chatRequest())
        case .functionBundle: BlobCodec.encode(random.functionBundle())
        case .modelConfiguration: BlobCodec.encode(random.modelConfiguration())
        }
    }

    /// Decodes and encodes again.
    package func recoded(_ bytes: [UInt8], limits: WireLimits) throws(WireError) -> [UInt8] {
        switch self {
        case .controlRequest: try ControlRequest(decoding: bytes, limits: limits).encoded()
        case .controlReply: try ControlReply(decoding: bytes, limits: limits).encoded()
        case .workRequest: try WorkRequest(decoding: bytes, limits: limits).encoded()
        case .workReply: try WorkReply(decoding: bytes, limits: limits).encoded()
        case .unitRecord: try UnitRecord(decoding: bytes, limits: limits).encoded()
        case .promptDocument: BlobCodec.encode(try BlobCodec.decodePromptDocument(bytes, limits: limits))
        case .sample: BlobCodec.encode(try BlobCodec.decodeSample(bytes, limits: limits))
        case .evaluationSpecification: BlobCodec.encode(try BlobCodec.decodeEvaluationSpecification(bytes, limits: limits))
        case .chatRequest: BlobCodec.encode(try BlobCodec.decodeChatRequest(bytes, limits: limits))
        case .functionBundle: BlobCodec.encode(try BlobCodec.decodeFunctionBundle(bytes, limits: limits))
        case .modelConfiguration: BlobCodec.encode(try BlobCodec.decodeModelConfiguration(bytes, limits: limits))
        }
    }
}
