import AdvPOCluster
import AdvPOModel
import Testing

@Suite struct ClusterGateTests {
    private let now = Tick(milliseconds: 0)

    private func refusal(_ body: () throws -> Void) -> GateRefusal? {
        do {
            try body()
            return nil
        } catch { return error as? GateRefusal }
    }

    @Test("a worker with the right key is let in, and both sides come to the same channel key")
    func handshake() throws {
        var gate = try SecurityFixtures.gate()
        let claim = try SecurityFixtures.claim()
        let key = try SecurityFixtures.secret().key(of: claim.identity)
        let challenge = try gate.challenge(claim, random: SecurityFixtures.random, now)
        let digest = claim.digest(challenge: challenge.nonce)
        #expect(key.isProof(challenge.proof, of: .coordinator, digest: digest))
        let admission = try gate.prove(claim, challenge: challenge.nonce, proof: key.proof(of: .worker, digest: digest), now)
        let channel = gate.open(77, for: admission, session: SessionID(5), slots: 2, now)
        let opened = try #require(channel)
        let frame = try #require(SealedFrame(key.channelKey(digest: digest).seal([0, 1], as: .request(.work), channel: 77, counter: 1)))
        #expect(opened.fits(frame, as: .request(.work)))
        check(gate.admit(1, on: 77, .work, now) == SessionID(5))
    }

    @Test("a key of another cluster, name or serial proves nothing, nor does the coordinator's own proof sent back")
    func wrongProofs() throws {
        let claim = try SecurityFixtures.claim()
        let keys = [
            try SecurityFixtures.secret(1).key(of: claim.identity), try SecurityFixtures.secret().key(of: try SecurityFixtures.identity("node7", 3)),
            try SecurityFixtures.secret().key(of: try SecurityFixtures.identity("node8")),
        ]
        for key in keys {
            var gate = try SecurityFixtures.gate()
            let challenge = try gate.challenge(claim, random: SecurityFixtures.random, now)
            let digest = claim.digest(challenge: challenge.nonce)
            #expect(!key.isProof(challenge.proof, of: .coordinator, digest: digest), "the worker sees it first")
            check(refusal { _ = try gate.prove(claim, challenge: challenge.nonce, proof: key.proof(of: .worker, digest: digest), now) } == .wrongProof)
            check(refusal { _ = try gate.prove(claim, challenge: challenge.nonce, proof: challenge.proof, now) } == .wrongProof)
            check(refusal { _ = try gate.prove(claim, challenge: challenge.nonce, proof: [], now) } == .wrongProof)
        }
    }

    @Test("a proof serves one hello alone: not a changed one, not twice, not late, not under a challenge of somebody else's making")
    func proofsAreForOneHello() throws {
        var gate = try SecurityFixtures.gate()
        let claim = try SecurityFixtures.claim()
        let key = try SecurityFixtures.secret().key(of: claim.identity)
        let challenge = try gate.challenge(claim, random: SecurityFixtures.random, now)
        let proof = key.proof(of: .worker, digest: claim.digest(challenge: challenge.nonce))
        var changed = claim
        changed.slots = 4_096
        check(refusal { _ = try gate.prove(changed, challenge: challenge.nonce, proof: proof, now) } == .staleChallenge)
        check(refusal { _ = try gate.prove(claim, challenge: challenge.nonce, proof: proof, Tick(milliseconds: 10_000)) } == .staleChallenge)
        let own = [UInt8](repeating: 1, count: challenge.nonce.count)
        check(refusal { _ = try gate.prove(claim, challenge: own, proof: key.proof(of: .worker, digest: claim.digest(challenge: own)), now) } == .staleChallenge)
        _ = try gate.prove(claim, challenge: challenge.nonce, proof: proof, now)
        for late in [0, 9_999] as [Int64] {
            check(refusal { _ = try gate.prove(claim, challenge: challenge.nonce, proof: proof, Tick(milliseconds: late)) } == .staleChallenge)
        }
    }

    @Test("a challenge that was answered is not answered again while it could be, whenever that was")
    func challengesServeOnce() throws {
        for start in stride(from: Int64(0), through: 30_000, by: 1_700) {
            var gate = try SecurityFixtures.gate()
            let claim = try SecurityFixtures.claim()
            let key = try SecurityFixtures.secret().key(of: claim.identity)
            let challenge = try gate.challenge(claim, random: SecurityFixtures.random, Tick(milliseconds: start))
            let proof = key.proof(of: .worker, digest: claim.digest(challenge: challenge.nonce))
            _ = try gate.prove(claim, challenge: challenge.nonce, proof: proof, Tick(milliseconds: start))
            // Others come and go meanwhile.
            for step in stride(from: Int64(500), through: 9_500, by: 1_500) {
                _ = try gate.enter(try SecurityFixtures.claim(try SecurityFixtures.identity("other", 1)), channel: UInt64(step), session: UInt64(step), at: start + step)
                check(refusal { _ = try gate.prove(claim, challenge: challenge.nonce, proof: proof, Tick(milliseconds: start + step)) } == .staleChallenge)
            }
        }
    }

    @Test("a revoked key is refused, its channels close at once, and a key with a higher serial works")
    func revocation() throws {
        var gate = try SecurityFixtures.gate()
        let claim = try SecurityFixtures.claim()
        _ = try gate.enter(claim, channel: 1, session: 11)
        _ = try gate.enter(try SecurityFixtures.claim(try SecurityFixtures.identity("node8", 1)), channel: 2, session: 12)
        let given = try gate.challenge(claim, random: SecurityFixtures.random, now)
        var revocations = Revocations()
        revocations.revoke(claim.identity)
        check(gate.revoke(revocations).map(\.session) == [SessionID(11)])
        check(gate.key(of: 1) == nil && gate.key(of: 2) != nil && gate.admit(1, on: 1, .work, now) == nil)
        check(refusal { _ = try gate.challenge(claim, random: SecurityFixtures.random, now) } == .revoked(claim.identity))
        let proof = try SecurityFixtures.secret().key(of: claim.identity).proof(of: .worker, digest: claim.digest(challenge: given.nonce))
        check(refusal { _ = try gate.prove(claim, challenge: given.nonce, proof: proof, now) } == .revoked(claim.identity))
        check(try gate.enter(try SecurityFixtures.claim(try SecurityFixtures.identity("node7", 3)), channel: 3, session: 13) != nil)
        check(refusal { _ = try gate.enter(try SecurityFixtures.claim(try SecurityFixtures.identity("node7", 1)), channel: 4, session: 14) } != nil)
    }

    @Test("a revocation between proof and channel is not overlooked")
    func revocationBetween() throws {
        var gate = try SecurityFixtures.gate()
        let claim = try SecurityFixtures.claim()
        let given = try gate.challenge(claim, random: SecurityFixtures.random, now)
        let key = try SecurityFixtures.secret().key(of: claim.identity)
        let admission = try gate.prove(claim, challenge: given.nonce, proof: key.proof(of: .worker, digest: claim.digest(challenge: given.nonce)), now)
        var revocations = Revocations()
        revocations.revoke(claim.identity)
        _ = gate.revoke(revocations)
        check(gate.open(1, for: admission, session: SessionID(1), slots: 1, now) == nil)
    }

    @Test("hellos without proof are limited and leave nothing behind")
    func flood() throws {
        var settings = GateSettings()
        settings.helloBurst = 10
        settings.hellosPerSecond = 2
        var gate = try SecurityFixtures.gate(settings: settings)
        let claim = try SecurityFixtures.claim()
        for _ in 0..<10 { _ = try gate.challenge(claim, random: SecurityFixtures.random, now) }
        check(refusal { _ = try gate.challenge(claim, random: SecurityFixtures.random, now) } == .busy)
        check(refusal { _ = try gate.challenge(claim, random: SecurityFixtures.random, Tick(milliseconds: 499)) } == .busy)
        _ = try gate.challenge(claim, random: SecurityFixtures.random, Tick(milliseconds: 500))
        check(gate.channelCount == 0)
    }

    @Test("a key has so many channels; when they are all taken, those without a word for long make room")
    func channelLimits() throws {
        var settings = GateSettings()
        settings.channelsPerIdentity = 2
        var gate = try SecurityFixtures.gate(settings: settings)
        let claim = try SecurityFixtures.claim()
        for channel in 1...2 as ClosedRange<UInt64> { _ = try gate.enter(claim, channel: channel, session: channel) }
        check(refusal { _ = try gate.enter(claim, channel: 3, session: 3) } == .tooManyChannels(claim.identity))
        check(gate.admit(1, on: 2, .control, Tick(milliseconds: 59_000)) != nil)
        check(try gate.enter(claim, channel: 4, session: 4, at: 60_000) != nil)
        check(gate.key(of: 1) == nil && gate.key(of: 2) != nil)
        gate.close(2)
        check(gate.channelCount == 1)
    }

    @Test("a counter serves once on each socket")
    func replays() throws {
        var gate = try SecurityFixtures.gate()
        _ = try gate.enter(try SecurityFixtures.claim(), channel: 1, session: 1)
        check(gate.admit(0, on: 1, .work, now) == nil)
        for counter in [2, 1, 5_000, 4_500] as [UInt64] {
            check(gate.admit(counter, on: 1, .work, now) != nil)
            check(gate.admit(counter, on: 1, .work, now) == nil)
            check(gate.admit(counter, on: 1, .control, now) != nil)
        }
        check(gate.admit(3, on: 1, .work, now) == nil, "too old to be told")
        check(gate.admit(3, on: 9, .work, now) == nil)
    }
}
