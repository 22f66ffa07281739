package import AdvPOModel
import SwiftProtobuf

/// The canonical bytes of everything that travels by hash: equal values give equal bytes, on every machine.
///
/// A blob's name is the SHA-256 of these bytes, so their layout never changes within a major version.
package enum BlobCodec {
    package static func encode(_ document: PromptDocument) -> [UInt8] { ProtoPromptDocument(document).canonicalBytes() }
    package static func encode(_ sample: Sample) -> [UInt8] { ProtoSample(sample).canonicalBytes() }
    package static func encode(_ specification: EvaluationSpecification) -> [UInt8] {
        ProtoEvaluationSpecification(specification).canonicalBytes()
    }
    package static func encode(_ request: ChatRequest) -> [UInt8] { ProtoChatRequest(request).canonicalBytes() }
    package static func encode(_ bundle: FunctionBundle) -> [UInt8] { ProtoFunctionBundle(bundle).canonicalBytes() }
    package static func encode(_ configuration: ModelConfiguration) -> [UInt8] { ProtoModelConfiguration(configuration).canonicalBytes() }

    package static func decodePromptDocument(_ bytes: [UInt8], limits: WireLimits) throws(WireError) -> PromptDocument {
        PromptDocument(try parse(bytes, .promptDocument, "PromptDocument", limits))
    }

    package static func decodeSample(_ bytes: [UInt8], limits: WireLimits) throws(WireError) -> Sample {
        try Sample(try parse(bytes, .sample, "Sample", limits), "Sample")
    }

    package static func decodeEvaluationSpecification(_ bytes: [UInt8], limits: WireLimits) throws(WireError) -> EvaluationSpecification {
        let name = "EvaluationSpecification"
        return try EvaluationSpecification(try parse(bytes, .evaluationSpecification, name, limits), name)
    }

    package static func decodeChatRequest(_ bytes: [UInt8], limits: WireLimits) throws(WireError) -> ChatRequest {
        try ChatRequest(try parse(bytes, .chatRequest, "ChatRequest", limits), "ChatRequest")
    }

    /// The paths are safe to write below a folder: relative, without `..`, each once.
    package static func decodeFunctionBundle(_ bytes: [UInt8], limits: WireLimits) throws(WireError) -> FunctionBundle {
        try FunctionBundle(try parse(bytes, .functionBundle, "FunctionBundle", limits), "FunctionBundle")
    }

    package static func decodeModelConfiguration(_ bytes: [UInt8], limits: WireLimits) throws(WireError) -> ModelConfiguration {
        try ModelConfiguration(try parse(bytes, .modelConfiguration, "ModelConfiguration", limits), "ModelConfiguration")
    }

    private static func parse<Proto: Message>(
        _ bytes: [UInt8], _ shape: WireShape, _ name: String, _ limits: WireLimits
    ) throws(WireError) -> Proto {
        guard bytes.count <= limits.blobBytes else {
            throw WireError(place: name, problem: "has \(bytes.count) bytes, more than the \(limits.blobBytes) allowed")
        }
        return try Proto(checking: bytes, as: shape, named: name, limits: limits)
    }
}
