import AdvPOCluster
import AdvPOModel
import Testing

/// A cluster's secret and a worker of it, for tests of the gate.
enum SecurityFixtures {
    static func secret(_ first: UInt8 = 0) throws -> ClusterSecret { try #require(ClusterSecret((0..<32).map { first &+ $0 })) }
    static func identity(_ name: String = "node7", _ serial: UInt32 = 2) throws -> WorkerIdentity { try #require(WorkerIdentity(name: name, serial: serial)) }

    /// The hello of docs/wire-protocol.md's example.
    static func claim(_ identity: WorkerIdentity? = nil) throws -> HandshakeClaim {
        HandshakeClaim(
            identity: try identity ?? Self.identity(), major: 1, minor: 2, instance: "f3", name: "node7/811", slots: 2, models: ["a.model"], nonce: Array(0x20..<0x40))
    }

    static func gate(revocations: Revocations = Revocations(), settings: GateSettings = GateSettings()) throws -> ClusterGate {
        ClusterGate(
            secret: try secret(), challengeKey: Array(repeating: 7, count: 32), revocations: revocations, settings: settings, now: Tick(milliseconds: 0))
    }

    static let random = [UInt8](repeating: 9, count: ClusterGate.randomBytes)
}

extension ClusterGate {
    /// A handshake by a worker that does all right, up to the channel.
    mutating func enter(_ claim: HandshakeClaim, channel: UInt64, session: UInt64, at milliseconds: Int64 = 0) throws -> ChannelKey? {
        let now = Tick(milliseconds: milliseconds)
        let given = try challenge(claim, random: Array(repeating: UInt8(truncatingIfNeeded: channel), count: ClusterGate.randomBytes), now)
        let key = try SecurityFixtures.secret().key(of: claim.identity)
        let admission = try prove(claim, challenge: given.nonce, proof: key.proof(of: .worker, digest: claim.digest(challenge: given.nonce)), now)
        return open(channel, for: admission, session: SessionID(session), slots: 2, now)
    }
}

/// What `#expect` takes with a call in it that changes something.
func check(_ condition: Bool, _ comment: Comment? = nil, sourceLocation: SourceLocation = #_sourceLocation) {
    #expect(condition, comment, sourceLocation: sourceLocation)
}
