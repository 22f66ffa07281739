package import AdvPOCluster
import AdvPOModel
import AdvPOWire
package import Logging
import Synchronization

/// The gate's shell: its time, its random numbers and its log. Both sockets of a coordinator share one.
package final class Gatekeeper: Sendable {
    private struct State {
        var gate: ClusterGate
        var generator = SystemRandomNumberGenerator()
    }

    private let complaints = ComplaintLimiter()
    private let state: Mutex<State>
    private let start: ContinuousClock.Instant
    private let logger: Logger

    package init(secret: ClusterSecret, revocations: Revocations, settings: GateSettings = GateSettings(), logger: Logger) {
        start = ContinuousClock.now
        self.logger = logger
        var generator = SystemRandomNumberGenerator()
        let gate = ClusterGate(
            secret: secret, challengeKey: generator.bytes(32), revocations: revocations, settings: settings, now: Tick(milliseconds: 0))
        state = Mutex(State(gate: gate))
    }

    private var now: Tick {
        let (seconds, attoseconds) = (ContinuousClock.now - start).components
        return Tick(milliseconds: seconds * 1_000 + attoseconds / 1_000_000_000_000_000)
    }

    // MARK: Handshake

    /// Whether a hello may be looked at; with its bytes once they are known, whether so long a one may.
    func allowsHello(further bytes: Int? = nil) -> Bool {
        let now = now
        return state.withLock { state in
            do throws(GateRefusal) {
                try state.gate.takeHello(further: bytes, now)
                return true
            } catch { return false }
        }
    }

    func challenge(_ claim: HandshakeClaim) -> Result<ClusterGate.Challenge, GateRefusal> {
        let (now, claim) = (now, claim.digested)
        return state.withLock { state in
            let random = state.generator.bytes(ClusterGate.randomBytes)
            return Result { () throws(GateRefusal) in try state.gate.challenge(claim, random: random, now) }
        }
    }

    func prove(_ claim: HandshakeClaim, _ answer: ControlRequest.Credential.Answer) -> Result<ClusterGate.Admission, GateRefusal> {
        let (now, claim) = (now, claim.digested)
        return state.withLock { state in
            Result { () throws(GateRefusal) in try state.gate.prove(claim, challenge: answer.challenge, proof: answer.proof, now) }
        }
    }

    /// Nil when the worker was revoked meanwhile.
    func open(_ admission: ClusterGate.Admission, session: SessionID, slots: Int) -> (channel: UInt64, key: ChannelKey)? {
        let now = now
        return state.withLock { state in
            let channel = UInt64.random(in: .min ... .max, using: &state.generator)
            return state.gate.open(channel, for: admission, session: session, slots: slots, now).map { (channel, $0) }
        }
    }

    // MARK: Channels

    func key(of channel: UInt64) -> ChannelKey? { state.withLock { $0.gate.key(of: channel) } }

    func admit(_ frame: SealedFrame, _ socket: ClusterSocket) -> SessionID? {
        let now = now
        return state.withLock { $0.gate.admit(frame.counter, on: frame.channel, socket, now) }
    }

    func close(_ channel: UInt64) { state.withLock { $0.gate.close(channel) } }

    /// Takes a new list of keys that count no more, and ends the sessions of those who are on it.
    package func revoke(_ revocations: Revocations, in coordinator: Coordinator) async {
        let (readmitted, ended) = state.withLock { ($0.gate.readmitted(by: revocations), $0.gate.revoke(revocations)) }
        if !readmitted.isEmpty {
            logger.warning(
                "the new list of revoked keys lacks workers of the one before: their keys are taken again. If nobody meant that, restore revoked.yaml and send SIGHUP",
                metadata: ["workers": .string(readmitted.prefix(20).joined(separator: ", ")), "count": "\(readmitted.count)"])
        }
        for (identity, session) in ended {
            logger.notice("a worker's key was revoked, its session ends", metadata: ["worker": "\(identity)", "session": "\(session.rawValue)"])
            await coordinator.dismiss(session)
        }
    }

    // MARK: Log

    /// Says who was refused and why, at most once a second: whoever can reach the port can be refused.
    func sayRefused(_ reason: String, _ who: String) {
        guard let unsaid = complaints.unsaidBeforeNext() else { return }
        logger.warning("a worker was refused", metadata: ["who": "\(who.prefix(200))", "reason": "\(reason)", "unreported": "\(unsaid)"])
    }
}

extension RandomNumberGenerator {
    fileprivate mutating func bytes(_ count: Int) -> [UInt8] { (0..<count).map { _ in UInt8.random(in: .min ... .max, using: &self) } }
}
