package import AdvPOModel
// Protocol Buffers hand out byte fields as Foundation's Data.
import Foundation
import SwiftProtobuf

extension ControlRequest {
    package func encoded() -> [UInt8] {
        var proto = ProtoControlRequest()
        switch self {
        case .hello(let hello):
            proto.hello.version = ProtoVersion(hello.version)
            proto.hello.instance = hello.instance
            proto.hello.name = hello.name
            proto.hello.slots = hello.slots
            proto.hello.models = hello.models
            if let credential = hello.credential { proto.hello.set(credential) }
        case .heartbeat(let heartbeat):
            proto.heartbeat.session = heartbeat.session
            proto.heartbeat.leases = heartbeat.leases.map { ProtoLease($0) }
            proto.heartbeat.seenInstructions = heartbeat.seenInstructions
            proto.heartbeat.usage = heartbeat.usage.map { ProtoModelUsage($0) }
        case .goodbye(let session):
            proto.goodbye.session = session
        }
        return proto.canonicalBytes()
    }

    /// Decodes and validates. Of a hello of another major version only the version is read, so that it can be refused with words.
    package init(decoding bytes: [UInt8], limits: WireLimits) throws(WireError) {
        let name = "ControlRequest"
        if let version = Self.foreignVersion(bytes) {
            self = .hello(Hello(version: version, instance: "", name: "", slots: 0, models: []))
            return
        }
        let proto = try ProtoControlRequest(checking: bytes, as: .controlRequest, named: name, limits: limits)
        switch proto.kind {
        case .hello(let hello): self = .hello(try Hello(hello, limits, "\(name).hello"))
        case .heartbeat(let heartbeat): self = .heartbeat(try Heartbeat(heartbeat, "\(name).heartbeat"))
        case .goodbye(let goodbye): self = .goodbye(session: goodbye.session)
        case nil: throw WireCheck.unknownKind(name)
        }
    }

    /// The version of a hello of another major one. Reads nothing else: what follows may have another meaning there.
    private static func foreignVersion(_ bytes: [UInt8]) -> WireVersion? {
        var options = BinaryDecodingOptions()
        options.discardUnknownFields = true
        // Bytes that are not even this much are reported by the whole decoding.
        guard case .success(let probe) = Result(catching: { try ProtoVersionProbe(serializedBytes: bytes, options: options) }) else { return nil }
        guard probe.hasHello, probe.hello.hasVersion, probe.hello.version.major != WireVersion.current.major else { return nil }
        return WireVersion(probe.hello.version)
    }
}

extension ControlRequest.Hello {
    init(_ proto: ProtoHello, _ limits: WireLimits, _ place: String) throws(WireError) {
        guard proto.hasVersion else { throw WireCheck.missing("\(place).version") }
        guard !proto.instance.isEmpty else { throw WireCheck.missing("\(place).instance") }
        guard proto.slots >= 1, proto.slots <= limits.slotsPerWorker else {
            throw WireError(place: "\(place).slots", problem: "is \(proto.slots), not between 1 and \(limits.slotsPerWorker)")
        }
        self.init(
            version: WireVersion(proto.version), instance: proto.instance, name: proto.name, slots: proto.slots, models: proto.models,
            credential: try ControlRequest.Credential(proto, place))
    }
}

extension ControlRequest.Credential {
    /// Nil when there is none.
    init?(_ proto: ProtoHello, _ place: String) throws(WireError) {
        guard proto.hasIdentity else { return nil }
        guard !proto.identity.name.isEmpty else { throw WireCheck.missing("\(place).identity.name") }
        guard !proto.nonce.isEmpty else { throw WireCheck.missing("\(place).nonce") }
        guard proto.hasChallenge == proto.hasProof else { throw WireCheck.missing(proto.hasProof ? "\(place).challenge" : "\(place).proof") }
        self.init(
            name: proto.identity.name, serial: proto.identity.serial, nonce: Array(proto.nonce),
            answer: proto.hasProof ? Answer(challenge: Array(proto.challenge), proof: Array(proto.proof)) : nil)
    }
}

extension ProtoHello {
    fileprivate mutating func set(_ credential: ControlRequest.Credential) {
        identity.name = credential.name
        identity.serial = credential.serial
        nonce = Data(credential.nonce)
        guard let answer = credential.answer else { return }
        challenge = Data(answer.challenge)
        proof = Data(answer.proof)
    }
}

extension ControlRequest.Heartbeat {
    init(_ proto: ProtoHeartbeat, _ place: String) throws(WireError) {
        let leases = proto.leases.map { Lease($0) }
        for (previous, next) in zip(leases, leases.dropFirst()) where previous >= next {
            throw WireError(place: "\(place).leases", problem: "\(next) comes after \(previous); they must ascend, each once")
        }
        var usage: [ModelUsage] = []
        var models: Set<String> = []
        for (index, model) in proto.usage.enumerated() {
            let place = "\(place).usage[\(index)]"
            guard models.insert(model.model).inserted else { throw WireError(place: "\(place).model", problem: "was named before; each model comes once") }
            usage.append(try ModelUsage(model, place))
        }
        self.init(session: proto.session, leases: leases, seenInstructions: proto.seenInstructions, usage: usage)
    }
}

extension WireVersion {
    init(_ proto: ProtoVersion) { self.init(major: proto.major, minor: proto.minor) }
}

extension ProtoVersion {
    init(_ version: WireVersion) {
        self.init()
        major = version.major
        minor = version.minor
    }
}

extension Lease {
    init(_ proto: ProtoLease) { self.init(task: proto.task, attempt: proto.attempt, epoch: proto.epoch) }
}

extension ProtoLease {
    init(_ lease: Lease) {
        self.init()
        task = lease.task
        attempt = lease.attempt
        epoch = lease.epoch
    }
}
