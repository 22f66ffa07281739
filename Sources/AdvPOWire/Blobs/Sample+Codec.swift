import AdvPOModel
// Protocol Buffers hand out byte fields as Foundation's Data.
import Foundation
import OrderedCollections

extension Sample {
    init(_ proto: ProtoSample, _ place: String) throws(WireError) {
        var variables: OrderedDictionary<String, String> = [:]
        for (index, variable) in proto.variables.enumerated() {
            guard variables.updateValue(variable.value, forKey: variable.name) == nil else {
                throw WireError(place: "\(place).variables[\(index)].name", problem: "\"\(variable.name.prefix(80))\" comes twice")
            }
        }
        var attachments: [Attachment] = []
        for (index, attachment) in proto.attachments.enumerated() {
            attachments.append(try Attachment(attachment, "\(place).attachments[\(index)]"))
        }
        self.init(
            index: Int(proto.index), variables: variables, referenceResponse: proto.hasReferenceResponse ? proto.referenceResponse : nil,
            attachments: attachments)
    }
}

extension Attachment {
    fileprivate init(_ proto: ProtoAttachment, _ place: String) throws(WireError) {
        self.init(name: proto.name, kind: try Kind(proto.kind, "\(place).kind"), uri: proto.uri)
        guard proto.hasContent else {
            if proto.hasMediaType { throw WireError(place: "\(place).media_type", problem: "is set, but there is no content") }
            return
        }
        guard proto.hasMediaType else { throw WireCheck.missing("\(place).media_type") }
        guard let mediaType = MediaType(rawValue: proto.mediaType) else {
            throw WireError(place: "\(place).media_type", problem: "\"\(proto.mediaType.prefix(80))\" is not known here")
        }
        guard mediaType.kind == kind else {
            throw WireError(place: "\(place).media_type", problem: "\"\(mediaType.rawValue)\" is not of the attachment's kind")
        }
        content = Content(hash: try WireCheck.hash(proto.content, "\(place).content"), mediaType: mediaType)
    }
}

extension Attachment.Kind {
    init(_ proto: ProtoAttachment.Kind, _ place: String) throws(WireError) {
        switch proto {
        case .image: self = .image
        case .document: self = .document
        case .unspecified: throw WireCheck.missing(place)
        case .UNRECOGNIZED(let value): throw WireError(place: place, problem: "is \(value), which is not known here")
        }
    }
}

extension ProtoSample {
    init(_ sample: Sample) {
        self.init()
        index = UInt32(sample.index)
        variables = sample.variables.map { name, value in
            var proto = ProtoVariable()
            proto.name = name
            proto.value = value
            return proto
        }
        if let reference = sample.referenceResponse { referenceResponse = reference }
        attachments = sample.attachments.map { attachment in
            var proto = ProtoAttachment()
            proto.name = attachment.name
            proto.kind = ProtoAttachment.Kind(attachment.kind)
            proto.uri = attachment.uri
            if let content = attachment.content {
                proto.content = Data(content.hash.bytes)
                proto.mediaType = content.mediaType.rawValue
            }
            return proto
        }
    }
}

extension ProtoAttachment.Kind {
    init(_ kind: Attachment.Kind) {
        switch kind {
        case .image: self = .image
        case .document: self = .document
        }
    }
}
