package import AdvPOCluster
package import AdvPOModel
import AdvPOStore
package import AdvPOTransport
import AdvPOWire
import Logging

/// The edge to the workers: decodes, asks the brain, encodes. An empty answer stands for none: the coordinator is closing.
extension Coordinator {
    /// One request on the control socket. What only reads and writes bytes runs beside the mailbox, not in it.
    package nonisolated func answerControl(_ request: IncomingRequest, limits: WireLimits) async -> [UInt8] {
        let decoded: ControlRequest
        do {
            decoded = try ControlRequest(decoding: request.message, limits: limits)
        } catch {
            logger.warning("a control message was not understood", metadata: ["error": "\(error)"])
            return ControlReply.refused("the coordinator did not understand the message: \(error)").encoded()
        }
        // Who has proved to be one session speaks for no other.
        if let session = decoded.session, !request.isAllowed(for: session) { return ControlReply.unknownSession.encoded() }
        return await answer(decoded, of: request.peer)?.encoded() ?? []
    }

    private func answer(_ request: ControlRequest, of peer: PeerID) async -> ControlReply? {
        // A worker that reconnected has a new peer; the session is what counts.
        if case .heartbeat(let beat) = request { sessionsByPeer[peer] = SessionID(beat.session) }
        let token = takeToken()
        switch WireEdge.event(for: request, token: token) {
        case .failure(let refusal): return .refused(refusal.reason)
        case .success(let event):
            guard let effect = await exchange(event, token) else { return nil }
            switch effect {
            case .welcome(_, let session): sessionsByPeer[peer] = session
            case .unknownSession: sessionsByPeer.removeValue(forKey: peer)
            case .accepted, .refuse, .instruct, .task, .nothing, .reportAccepted, .reportStale, .workerJoined, .workerLost: break
            }
            return WireEdge.controlReply(to: effect, epoch: epoch, settings: settings)
        }
    }

    /// One request on the work socket.
    package nonisolated func answerWork(_ request: IncomingRequest, limits: WireLimits) async -> [UInt8] {
        let decoded: WorkRequest
        do {
            decoded = try WorkRequest(decoding: request.message, limits: limits)
        } catch {
            logger.warning("a work message was not understood", metadata: ["error": "\(error)"])
            return WorkReply.refused("the coordinator did not understand the message: \(error)").encoded()
        }
        if let session = decoded.session, !request.isAllowed(for: session) { return WorkReply.unknownSession.encoded() }
        if case .fetch(_, let hashes) = decoded { return WorkReply.blobs(await fetch(hashes, limits: limits)).encoded() }
        guard let effect = await decide(decoded) else { return [] }
        return WireEdge.workReply(to: effect).encoded()
    }

    private func decide(_ request: WorkRequest) async -> ClusterEffect? {
        let token = takeToken()
        guard let event = WireEdge.event(for: request, token: token) else { return nil }
        return await exchange(event, token)
    }

    /// As many as fit; at least one, so that a worker always gets on.
    private func fetch(_ hashes: [ContentHash], limits: WireLimits) async -> [WorkReply.BlobAnswer] {
        var answers: [WorkReply.BlobAnswer] = []
        var bytes = 0
        for hash in hashes {
            let content = await content(hash)
            bytes += (content?.count ?? 0) + 64
            if bytes > limits.messageBytes - 65_536, !answers.isEmpty { break }
            answers.append(WorkReply.BlobAnswer(hash: hash, bytes: content))
        }
        return answers
    }

    /// Nil for what no running job has, and for what cannot be read now: the worker gives the task back.
    private func content(_ hash: ContentHash) async -> [UInt8]? {
        switch blobs[hash] {
        case .memory(let bytes): return bytes
        case .store:
            do {
                return try await store.blob(hash)
            } catch {
                logger.error("a blob cannot be read", metadata: ["blob": "\(hash)", "error": "\(error)"])
                return nil
            }
        case nil: return nil
        }
    }

    /// Ends a worker's session now: what it holds goes to others, and what it asks next is answered with "unknown session".
    package func dismiss(_ session: SessionID) async {
        let token = takeToken()
        _ = await exchange(.goodbye(token, session), token)
    }

    package func peerLost(_ peer: PeerID) {
        guard let session = sessionsByPeer.removeValue(forKey: peer), !sessionsByPeer.values.contains(session) else { return }
        postWithoutWaiting(.cluster(.connectionLost(session)))
    }
}

extension IncomingRequest {
    fileprivate func isAllowed(for session: UInt64) -> Bool { provenSession.map { $0 == session } ?? true }
}

extension ControlRequest {
    /// The session that it is about; a hello has none yet.
    fileprivate var session: UInt64? {
        switch self {
        case .hello: nil
        case .heartbeat(let beat): beat.session
        case .goodbye(let session): session
        }
    }
}

extension WorkRequest {
    /// The session that it is about; what a fetch gives does not depend on it.
    fileprivate var session: UInt64? {
        switch self {
        case .pull(let session): session
        case .report(let session, _, _, _, _, _): session
        case .fetch: nil
        }
    }
}
