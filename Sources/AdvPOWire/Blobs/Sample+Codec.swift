import AdvPOModel
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
            let kind = try Attachment.Kind(attachment.kind, "\(place).attachments[\(index)].kind")
            attachments.append(Attachment(name: attachment.name, kind: kind, uri: attachment.uri))
        }
        self.init(
            index: Int(proto.index), variables: variables, referenceResponse: proto.hasReferenceResponse ? proto.referenceResponse : nil,
            attachments: attachments)
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
            proto.kind =
                switch attachment.kind {
                case .image: .image
                case .document: .document
                }
            proto.uri = attachment.uri
            return proto
        }
    }
}
