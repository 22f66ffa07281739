package import AdvPOCluster
package import AdvPOModel
package import AdvPOTransport
import AdvPOWire

/// A replier through which only workers with a key of the cluster reach the coordinator.
///
/// Hellos lead through the handshake; everything else must be sealed under a channel. Answers are sealed as their requests were.
package struct GuardedReplier: Replier {
    private let replier: any Replier
    private let socket: ClusterSocket
    private let gatekeeper: Gatekeeper
    private let limits: WireLimits
    /// Of hellos, the only thing that strangers may say: not a whole blob's, since nobody knows yet who they are.
    private let greetingLimits: WireLimits
    private let unknownSession: [UInt8]

    /// - Parameter replier: one that leaves frames to its caller.
    package init(_ replier: any Replier, socket: ClusterSocket, gatekeeper: Gatekeeper, limits: WireLimits) {
        self.replier = replier
        self.socket = socket
        self.gatekeeper = gatekeeper
        self.limits = limits
        var greetingLimits = limits
        greetingLimits.messageBytes = min(limits.messageBytes, Self.greetingBytes)
        greetingLimits.decompressedBytes = min(limits.decompressedBytes, Self.greetingBytes)
        self.greetingLimits = greetingLimits
        unknownSession =
            switch socket {
            case .control: ControlReply.unknownSession.encoded()
            case .work: WorkReply.unknownSession.encoded()
            }
    }

    /// As many models as a worker may have, with names of the greatest length, and what else a hello says.
    private static let greetingBytes = 2 * 1024 * 1024

    package var address: String { replier.address }
    package var peerEvents: AsyncStream<PeerEvent> { replier.peerEvents }
    package func close() async { await replier.close() }

    package func serve(_ handler: @escaping @Sendable (IncomingRequest) async -> [UInt8]) async throws(TransportError) {
        try await replier.serve { request in await answer(request, handler) }
    }

    private typealias Handler = @Sendable (IncomingRequest) async -> [UInt8]

    private func answer(_ request: IncomingRequest, _ handler: Handler) async -> [UInt8] {
        if let frame = SealedFrame(request.message) { return await answer(frame, of: request.peer, handler) }
        switch socket {
        case .control:
            do {
                return await greet(try Frame.decode(request.message, limits: greetingLimits), of: request.peer, handler)
            } catch {
                gatekeeper.sayRefused(error.message, "peer \(request.peer.rawValue)")
                return Frame.failure(error.message)
            }
        case .work:
            gatekeeper.sayRefused(GateRefusal.keyNeeded, "peer \(request.peer.rawValue)")
            return coded(WorkReply.refused(GateRefusal.keyNeeded).encoded())
        }
    }

    // MARK: Sealed requests

    private func answer(_ frame: SealedFrame, of peer: PeerID, _ handler: Handler) async -> [UInt8] {
        // A channel of an earlier life of the coordinator: there is no key to seal the answer with. It makes the worker say hello.
        guard let key = gatekeeper.key(of: frame.channel) else { return coded(unknownSession) }
        guard key.fits(frame, as: .request(socket)) else {
            gatekeeper.sayRefused("its seal does not fit", "peer \(peer.rawValue)")
            return Frame.failure("the seal does not fit: the message was changed on its way, or belongs to another session")
        }
        guard let session = gatekeeper.admit(frame, socket) else {
            gatekeeper.sayRefused("a sealed message came again", "peer \(peer.rawValue)")
            return Frame.failure("the message came again, or too late; it was not looked at")
        }
        let reply: [UInt8]
        do throws(TransportError) {
            let payload = try frame.inner.withUnsafeBytes { bytes in Result { () throws(TransportError) in try Frame.decode(bytes, limits: limits) } }.get()
            let answer = await handler(IncomingRequest(peer: peer, message: payload, provenSession: session.rawValue))
            if answer == unknownSession { gatekeeper.close(frame.channel) }
            reply = try Frame.encode(answer, limits: limits)
        } catch {
            reply = Frame.failure(error.message)
        }
        return key.seal(reply, as: .answer(socket), channel: frame.channel, counter: frame.counter)
    }

    // MARK: Hellos

    private func greet(_ payload: [UInt8], of peer: PeerID, _ handler: Handler) async -> [UInt8] {
        let request: ControlRequest
        do {
            request = try ControlRequest(decoding: payload, limits: limits)
        } catch {
            return refuse("the coordinator did not understand the message: \(error)", "peer \(peer.rawValue)")
        }
        guard case .hello(let hello) = request else { return refuse(GateRefusal.keyNeeded, "peer \(peer.rawValue)") }
        // Of another major version nothing else can be told; the coordinator refuses it with what to upgrade.
        guard hello.version.major == WireVersion.current.major else { return coded(await handler(IncomingRequest(peer: peer, message: payload))) }
        guard let credential = hello.credential else { return refuse(GateRefusal.keyNeeded, hello.name) }
        guard let claim = HandshakeClaim(hello, credential) else { return refuse(GateRefusal.nameNeeded, hello.name) }
        guard let answer = credential.answer else {
            switch gatekeeper.challenge(claim) {
            case .success(let challenge): return coded(ControlReply.challenge(nonce: challenge.nonce, proof: challenge.proof).encoded())
            case .failure(let refusal): return refuse(refusal, "\(claim.identity)")
            }
        }
        switch gatekeeper.prove(claim, answer) {
        case .success(let admission): return await welcome(hello, admission, of: peer, handler)
        case .failure(let refusal): return refuse(refusal, "\(claim.identity)")
        }
    }

    private func welcome(_ hello: ControlRequest.Hello, _ admission: ClusterGate.Admission, of peer: PeerID, _ handler: Handler) async -> [UInt8] {
        var proven = hello
        proven.credential = nil
        // Under its identity: nobody can end another's session by its instance, and people see who it proved to be.
        proven.instance = "\(admission.identity)/\(hello.instance)"
        proven.name = "\(admission.identity) \(hello.name)"
        let reply = await handler(IncomingRequest(peer: peer, message: ControlRequest.hello(proven).encoded()))
        // A coordinator that is closing says nothing.
        guard case .success(.welcome(let welcome)) = Result(catching: { try ControlReply(decoding: reply, limits: limits) }) else { return coded(reply) }
        guard let (channel, key) = gatekeeper.open(admission, session: SessionID(welcome.session), slots: Int(hello.slots)) else {
            let goodbye = ControlRequest.goodbye(session: welcome.session).encoded()
            _ = await handler(IncomingRequest(peer: peer, message: goodbye, provenSession: welcome.session))
            return refuse(.revoked(admission.identity), "\(admission.identity)")
        }
        return key.seal(coded(reply), as: .answer(.control), channel: channel, counter: 0)
    }

    private func refuse(_ refusal: GateRefusal, _ who: String) -> [UInt8] {
        guard !refusal.mayPass else {
            gatekeeper.sayRefused(refusal.reason, who)
            return Frame.failure(refusal.reason)
        }
        return refuse(refusal.reason, who)
    }

    private func refuse(_ reason: String, _ who: String) -> [UInt8] {
        gatekeeper.sayRefused(reason, who)
        return coded(ControlReply.refused(reason).encoded())
    }

    private func coded(_ payload: [UInt8]) -> [UInt8] {
        do {
            return try Frame.encode(payload, limits: limits)
        } catch {
            return Frame.failure(error.message)
        }
    }
}

extension GateRefusal {
    static let keyNeeded =
        "this coordinator admits only workers with a key of its cluster: have one made with 'advpo-coord cluster issue-certificate DIR NAME' on its host, copy "
        + "DIR/workers/NAME to this host, and start the worker with --identity"
    static let nameNeeded = "the worker's identity is no name of a worker, or its texts are too long"

    /// Whether a later try may do.
    var mayPass: Bool {
        switch self {
        case .staleChallenge, .busy: true
        case .notAName, .revoked, .wrongProof, .tooManyChannels: false
        }
    }

    var reason: String {
        switch self {
        case .notAName: Self.nameNeeded
        case .revoked(let identity):
            "the key of worker \(identity.name) with serial \(identity.serial) was revoked; 'advpo-coord cluster issue-certificate' makes a new one"
        case .wrongProof: "the worker's proof does not fit: its key is of another cluster, or the cluster was made anew; have a new one issued"
        case .tooManyChannels(let identity): "the key of worker \(identity.name) is in use by too many processes; have one issued for each host"
        case .staleChallenge: "the challenge is too old, or was answered before; try again"
        case .busy: "too many workers say hello at the moment; try again"
        }
    }
}

extension HandshakeClaim {
    /// Nil for what is no identity, or texts that would leave no room for it.
    init?(_ hello: ControlRequest.Hello, _ credential: ControlRequest.Credential) {
        guard let identity = WorkerIdentity(name: credential.name, serial: credential.serial), hello.instance.utf8.count <= 512, hello.name.utf8.count <= 512 else { return nil }
        self.init(
            identity: identity, major: hello.version.major, minor: hello.version.minor, instance: hello.instance, name: hello.name, slots: hello.slots, models: hello.models,
            nonce: credential.nonce)
    }
}
