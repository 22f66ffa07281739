import Crypto
package import AdvPOModel
import OrderedCollections

/// Times and counts of the way in.
package struct GateSettings: Hashable, Sendable {
    /// How long a challenge may be answered.
    package var challengeMilliseconds: Int64 = 10_000
    /// Hellos without a proof that are answered, in the long run and at once. A coordinator's restart brings all its workers together.
    package var hellosPerSecond: Int64 = 2_000
    package var helloBurst: Int64 = 20_000
    /// Proven challenges that are remembered, so that none is answered twice.
    package var provenChallenges = 65_536
    package var channels = 20_000
    /// Processes that may use one key at a time: several workers on a host share theirs.
    package var channelsPerIdentity = 1_024
    /// A channel without a word for this long is closed when there is need: a worker speaks every few seconds.
    package var idleMilliseconds: Int64 = 60_000
    package init() {}
}

/// Why somebody is not let in.
package enum GateRefusal: Error, Hashable, Sendable {
    case notAName
    case revoked(WorkerIdentity)
    /// The key is not the one that the secret gives for the identity.
    case wrongProof
    case tooManyChannels(WorkerIdentity)
    /// The challenge is not ours, is too old or was answered before: a new hello gets a new one.
    case staleChallenge
    /// Too many hellos at the moment.
    case busy
}

/// Who may speak to a coordinator that has a secret, without I/O or clock.
///
/// A worker is **claimed** (it said hello), **challenged**, **proven**, then has a **channel**, under which everything it says is sealed, until
/// its session ends, it is revoked, or the channel is given up. For who has proved nothing the gate keeps nothing: a challenge carries all that is
/// needed to recognise it, so that no number of hellos fills any memory.
///
/// Invalid events are all the peer's, and refused; a channel that is opened for a revoked identity is one too, since a revocation may come between.
package struct ClusterGate: Sendable {
    private let secret: ClusterSecret
    /// Known to this life of the coordinator alone.
    private let challengeKey: SymmetricKey
    private let settings: GateSettings
    private var revocations: Revocations
    private var channels: OrderedDictionary<UInt64, Channel> = [:]
    private var channelCounts: [WorkerIdentity: Int] = [:]
    /// Challenges that were answered with a good proof, of this period and the one before: older ones have expired.
    private var proven: (now: Set<[UInt8]>, before: Set<[UInt8]>, since: Tick)
    private var hellos: (allowance: Int64, at: Tick)

    private struct Channel {
        let identity: WorkerIdentity
        let session: SessionID
        let key: ChannelKey
        var windows: [ReplayWindow]
        var lastHeard: Tick
    }

    /// - Parameter challengeKey: 32 random bytes, new for each start.
    package init(secret: ClusterSecret, challengeKey: [UInt8], revocations: Revocations, settings: GateSettings = GateSettings(), now: Tick) {
        self.secret = secret
        self.challengeKey = SymmetricKey(data: challengeKey)
        self.revocations = revocations
        self.settings = settings
        proven = ([], [], now)
        hellos = (settings.helloBurst * 1_000, now)
    }

    package var channelCount: Int { channels.count }

    // MARK: Handshake

    package struct Challenge: Hashable, Sendable {
        package var nonce: [UInt8]
        package var proof: [UInt8]
    }

    /// What a proven worker's channel is sealed with.
    package struct Admission: Sendable {
        package let identity: WorkerIdentity
        let key: ChannelKey
    }

    package static let randomBytes = 16

    /// The answer to a hello without a proof.
    ///
    /// - Parameter random: 16 bytes, new for each call.
    package mutating func challenge(_ claim: HandshakeClaim, random: [UInt8], _ now: Tick) throws(GateRefusal) -> Challenge {
        guard takeHello(now) else { throw .busy }
        guard !revocations.contains(claim.identity) else { throw .revoked(claim.identity) }
        let stamp = random + now.milliseconds.bigEndianBytes
        let nonce = stamp + mark(stamp, claim)
        return Challenge(nonce: nonce, proof: secret.key(of: claim.identity).proof(of: .coordinator, digest: claim.digest(challenge: nonce)))
    }

    /// Checks a hello with a proof. Each challenge serves once.
    package mutating func prove(_ claim: HandshakeClaim, challenge: [UInt8], proof: [UInt8], _ now: Tick) throws(GateRefusal) -> Admission {
        guard isOurs(challenge, claim, now) else { throw .staleChallenge }
        rotateProven(now)
        guard !proven.now.contains(challenge), !proven.before.contains(challenge) else { throw .staleChallenge }
        let key = secret.key(of: claim.identity)
        let digest = claim.digest(challenge: challenge)
        guard key.isProof(proof, of: .worker, digest: digest) else { throw .wrongProof }
        guard proven.now.count < settings.provenChallenges else { throw .busy }
        proven.now.insert(challenge)
        guard !revocations.contains(claim.identity) else { throw .revoked(claim.identity) }
        if channelCounts[claim.identity, default: 0] >= settings.channelsPerIdentity || channels.count >= settings.channels { closeIdle(now) }
        guard channelCounts[claim.identity, default: 0] < settings.channelsPerIdentity else { throw .tooManyChannels(claim.identity) }
        guard channels.count < settings.channels else { throw .busy }
        return Admission(identity: claim.identity, key: key.channelKey(digest: digest))
    }

    private func mark(_ stamp: [UInt8], _ claim: HandshakeClaim) -> [UInt8] {
        Array(HMAC<SHA256>.authenticationCode(for: HandshakeLabel.challenge.prefix + stamp + claim.digest, using: challengeKey).prefix(16))
    }

    /// Whether the challenge was given for this claim, and not too long ago.
    private func isOurs(_ challenge: [UInt8], _ claim: HandshakeClaim, _ now: Tick) -> Bool {
        let stampBytes = Self.randomBytes + 8
        guard challenge.count == stampBytes + 16 else { return false }
        let stamp = Array(challenge.prefix(stampBytes))
        guard zip(mark(stamp, claim), challenge.suffix(16)).reduce(0, { $0 | ($1.0 ^ $1.1) }) == 0 else { return false }
        let given = Int64(bitPattern: stamp.suffix(8).reduce(UInt64(0)) { $0 << 8 | UInt64($1) })
        return now.milliseconds - given < settings.challengeMilliseconds
    }

    private mutating func rotateProven(_ now: Tick) {
        guard now.milliseconds - proven.since.milliseconds >= settings.challengeMilliseconds else { return }
        proven = ([], proven.now, now)
    }

    private mutating func takeHello(_ now: Tick) -> Bool {
        // Thousandths of a hello, so that a short time counts too.
        let gained = (now.milliseconds - hellos.at.milliseconds) * settings.hellosPerSecond
        hellos = (min(settings.helloBurst * 1_000, hellos.allowance + max(0, gained)), now)
        guard hellos.allowance >= 1_000 else { return false }
        hellos.allowance -= 1_000
        return true
    }

    // MARK: Channels

    /// Opens the channel of a proven worker once it has a session, and gives its key.
    ///
    /// - Parameters:
    ///   - channel: random. No secret: guessing it opens nothing.
    ///   - slots: of the worker, by which the window for requests that overtake each other is measured.
    /// - Returns: nil when the identity was revoked meanwhile.
    package mutating func open(_ channel: UInt64, for admission: Admission, session: SessionID, slots: Int, _ now: Tick) -> ChannelKey? {
        guard !revocations.contains(admission.identity), channels[channel] == nil else { return nil }
        let window = ReplayWindow(size: max(1_024, 4 * slots))
        channels[channel] = Channel(
            identity: admission.identity, session: session, key: admission.key, windows: ClusterSocket.allCases.map { _ in window }, lastHeard: now)
        channelCounts[admission.identity, default: 0] += 1
        return admission.key
    }

    /// Nil when there is no such channel.
    package func key(of channel: UInt64) -> ChannelKey? { channels[channel]?.key }

    /// Takes a frame whose seal fits, and gives the session that may be meant in it: nil when it was seen before.
    package mutating func admit(_ counter: UInt64, on channel: UInt64, _ socket: ClusterSocket, _ now: Tick) -> SessionID? {
        // In place: a window is up to 2 KiB.
        guard channels[channel]?.windows[Int(socket.rawValue) - 1].admit(counter) == true else { return nil }
        channels[channel]?.lastHeard = now
        return channels[channel]?.session
    }

    package mutating func close(_ channel: UInt64) {
        guard let closed = channels.removeValue(forKey: channel) else { return }
        channelCounts[closed.identity, default: 1] -= 1
        if channelCounts[closed.identity] == 0 { channelCounts.removeValue(forKey: closed.identity) }
    }

    private mutating func closeIdle(_ now: Tick) {
        for channel in channels.filter({ now.milliseconds - $0.value.lastHeard.milliseconds >= settings.idleMilliseconds }).keys { close(channel) }
    }

    /// Takes a new list; closes the channels of those who are on it and gives their sessions, to be ended.
    package mutating func revoke(_ revocations: Revocations) -> [(identity: WorkerIdentity, session: SessionID)] {
        self.revocations = revocations
        let ended = channels.filter { revocations.contains($0.value.identity) }
        for channel in ended.keys { close(channel) }
        return ended.values.map { ($0.identity, $0.session) }
    }
}
