package import AdvPOModel
// Protocol Buffers hand out byte fields as Foundation's Data.
import Foundation

extension WorkReply {
    package func encoded() -> [UInt8] {
        var proto = ProtoWorkReply()
        switch self {
        case .task(let order): proto.task = ProtoTaskOrder(order)
        case .nothing: proto.nothing = ProtoNothing()
        case .accepted(let next):
            proto.accepted = ProtoAccepted()
            if let next { proto.accepted.next = ProtoTaskOrder(next) }
        case .stale: proto.stale = ProtoStale()
        case .blobs(let answers):
            proto.blobs.answers = answers.map { answer in
                var proto = ProtoBlobAnswer()
                proto.hash = Data(answer.hash.bytes)
                if let bytes = answer.bytes { proto.content = Data(bytes) }
                return proto
            }
        case .unknownSession: proto.unknownSession = ProtoUnknownSession()
        case .refused(let reason): proto.refused.reason = reason
        }
        return proto.canonicalBytes()
    }

    /// Decodes and validates. Whether a blob's bytes have the hash they are named by is the receiver's to check.
    package init(decoding bytes: [UInt8], limits: WireLimits) throws(WireError) {
        let name = "WorkReply"
        let proto = try ProtoWorkReply(checking: bytes, as: .workReply, named: name, limits: limits)
        switch proto.kind {
        case .task(let order): self = .task(try TaskOrder(order, limits, "\(name).task"))
        case .nothing: self = .nothing
        case .accepted(let accepted): self = .accepted(next: accepted.hasNext ? try TaskOrder(accepted.next, limits, "\(name).accepted.next") : nil)
        case .stale: self = .stale
        case .blobs(let blobs):
            var answers: [BlobAnswer] = []
            for (index, answer) in blobs.answers.enumerated() {
                answers.append(
                    BlobAnswer(
                        hash: try WireCheck.hash(answer.hash, "\(name).blobs.answers[\(index)].hash"),
                        bytes: answer.hasContent ? Array(answer.content) : nil))
            }
            self = .blobs(answers)
        case .unknownSession: self = .unknownSession
        case .refused(let refused): self = .refused(refused.reason)
        case nil: throw WireCheck.unknownKind(name)
        }
    }
}
