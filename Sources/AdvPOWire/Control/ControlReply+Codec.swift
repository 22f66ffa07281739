package import AdvPOModel
// Protocol Buffers hand out byte fields as Foundation's Data.
import Foundation

extension ControlReply {
    package func encoded() -> [UInt8] {
        var proto = ProtoControlReply()
        switch self {
        case .welcome(let welcome):
            proto.welcome.version = ProtoVersion(welcome.version)
            proto.welcome.session = welcome.session
            proto.welcome.epoch = welcome.epoch
            proto.welcome.heartbeatMilliseconds = welcome.heartbeatMilliseconds
        case .refused(let reason):
            proto.refused.reason = reason
        case .instructions(let instructions):
            proto.instructions.sequence = instructions.sequence
            proto.instructions.cancel = instructions.cancel.map { ProtoLease($0) }
            proto.instructions.drain = instructions.drain
            proto.instructions.shares = instructions.shares.map { ProtoRateShare($0) }
        case .unknownSession:
            proto.unknownSession = ProtoUnknownSession()
        case .challenge(let nonce, let proof):
            proto.challenge.nonce = Data(nonce)
            proto.challenge.proof = Data(proof)
        }
        return proto.canonicalBytes()
    }

    package init(decoding bytes: [UInt8], limits: WireLimits) throws(WireError) {
        let name = "ControlReply"
        let proto = try ProtoControlReply(checking: bytes, as: .controlReply, named: name, limits: limits)
        switch proto.kind {
        case .welcome(let welcome):
            guard welcome.hasVersion else { throw WireCheck.missing("\(name).welcome.version") }
            guard welcome.heartbeatMilliseconds > 0 else { throw WireCheck.missing("\(name).welcome.heartbeat_milliseconds") }
            self = .welcome(
                Welcome(
                    version: WireVersion(welcome.version), session: welcome.session, epoch: welcome.epoch,
                    heartbeatMilliseconds: welcome.heartbeatMilliseconds))
        case .refused(let refused):
            self = .refused(refused.reason)
        case .instructions(let instructions):
            var shares: [RateShare] = []
            for (index, share) in instructions.shares.enumerated() { shares.append(try RateShare(share, "\(name).instructions.shares[\(index)]")) }
            self = .instructions(
                Instructions(
                    sequence: instructions.sequence, cancel: instructions.cancel.map { Lease($0) }, drain: instructions.drain, shares: shares))
        case .unknownSession:
            self = .unknownSession
        case .challenge(let challenge):
            guard !challenge.nonce.isEmpty else { throw WireCheck.missing("\(name).challenge.nonce") }
            guard !challenge.proof.isEmpty else { throw WireCheck.missing("\(name).challenge.proof") }
            self = .challenge(nonce: Array(challenge.nonce), proof: Array(challenge.proof))
        case nil:
            throw WireCheck.unknownKind(name)
        }
    }
}
