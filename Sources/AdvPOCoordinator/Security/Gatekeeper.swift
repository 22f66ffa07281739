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
        /// Refusals that the log was not told of one by one.
        var unsaid = 0
        var lastSaid: ContinuousClock.Instant?
    }

    private static let sayingPause = Duration.seconds(1)

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

    func challenge(_ claim: HandshakeClaim) -> Result<ClusterGate.Challenge, GateRefusal> {
        let now = now
        return state.withLock { state in
            let random = state.generator.bytes(ClusterGate.randomBytes)
            return Result { () throws(GateRefusal) in try state.gate.challenge(claim, random: random, now) }
        }
    }

    func prove(_ claim: HandshakeClaim, _ answer: ControlRequest.Credential.Answer) -> Result<ClusterGate.Admission, GateRefusal> {
        let now = now
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
        for (identity, session) in state.withLock({ $0.gate.revoke(revocations) }) {
            logger.notice("a worker's key was revoked, its session ends", metadata: ["worker": "\(identity)", "session": "\(session.rawValue)"])
            await coordinator.dismiss(session)
        }
    }

    // MARK: Log

    /// Says who was refused and why, at most once a second: whoever can reach the port can be refused.
    func sayRefused(_ reason: String, _ who: String) {
        let unsaid: Int? = state.withLock { state in
            let now = ContinuousClock.now
            if let last = state.lastSaid, now - last < Self.sayingPause {
                state.unsaid += 1
                return nil
            }
            state.lastSaid = now
            defer { state.unsaid = 0 }
            return state.unsaid
        }
        guard let unsaid else { return }
        logger.warning("a worker was refused", metadata: ["who": "\(who.prefix(200))", "reason": "\(reason)", "unreported": "\(unsaid)"])
    }
}

extension RandomNumberGenerator {
    fileprivate mutating func bytes(_ count: Int) -> [UInt8] { (0..<count).map { _ in UInt8.random(in: .min ... .max, using: &self) } }
}
