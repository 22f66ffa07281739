import AdvPOCluster
package import AdvPOModel
package import AdvPOTransport
import AdvPOWire

/// The edge to the workers: decodes, asks the brain, encodes.
extension Coordinator {
    /// One request on the control socket.
    package func answerControl(_ request: IncomingRequest, limits: WireLimits) async -> [UInt8] {
        let decoded: ControlRequest
        do {
            decoded = try ControlRequest(decoding: request.message, limits: limits)
        } catch {
            logger.warning("a control message was not understood", metadata: ["error": "\(error)"])
            return ControlReply.refused("the coordinator did not understand the message: \(error)").encoded()
        }
        switch decoded {
        case .hello(let hello):
            guard hello.version.major == WireVersion.current.major else {
                let older = hello.version.major < WireVersion.current.major ? "worker" : "coordinator"
                return ControlReply.refused(
                    "the worker speaks protocol \(hello.version), the coordinator \(WireVersion.current): upgrade the \(older)").encoded()
            }
            let introduction = WorkerIntroduction(instance: hello.instance, name: hello.name, slots: Int(hello.slots), models: hello.models)
            let reply = await exchange { .hello($0, introduction) }
            if case .welcome(_, let session) = reply { sessionsByPeer[request.peer] = session }
            return encodeControl(reply)
        case .heartbeat(let beat):
            // A worker that reconnected has a new peer; the session is what counts.
            sessionsByPeer[request.peer] = SessionID(beat.session)
            return encodeControl(await exchange { .heartbeat($0, SessionID(beat.session), leases: beat.leases, seenInstructions: beat.seenInstructions) })
        case .goodbye(let session):
            return encodeControl(await exchange { .goodbye($0, SessionID(session)) })
        }
    }

    /// One request on the work socket.
    package func answerWork(_ request: IncomingRequest, limits: WireLimits) async -> [UInt8] {
        let decoded: WorkRequest
        do {
            decoded = try WorkRequest(decoding: request.message, limits: limits)
        } catch {
            logger.warning("a work message was not understood", metadata: ["error": "\(error)"])
            return WorkReply.refused("the coordinator did not understand the message: \(error)").encoded()
        }
        switch decoded {
        case .pull(let session):
            return encodeWork(await exchange { .pull($0, SessionID(session)) })
        case .report(let session, let lease, let units, let ended):
            return encodeWork(await exchange { .report($0, SessionID(session), lease, units: units, taskEnded: ended) })
        case .fetch(_, let hashes):
            return WorkReply.blobs(fetch(hashes, limits: limits)).encoded()
        }
    }

    /// As many as fit; at least one, so that a worker always gets on.
    private func fetch(_ hashes: [ContentHash], limits: WireLimits) -> [WorkReply.BlobAnswer] {
        var answers: [WorkReply.BlobAnswer] = []
        var bytes = 0
        for hash in hashes {
            let content = blobs[hash]
            bytes += (content?.count ?? 0) + 64
            if bytes > limits.messageBytes - 65_536, !answers.isEmpty { break }
            answers.append(WorkReply.BlobAnswer(hash: hash, bytes: content))
        }
        return answers
    }

    package func peerLost(_ peer: PeerID) {
        guard let session = sessionsByPeer.removeValue(forKey: peer), !sessionsByPeer.values.contains(session) else { return }
        postWithoutWaiting(.cluster(.connectionLost(session)))
    }

    package func tick() { postWithoutWaiting(.cluster(.tick)) }

    /// An empty message stands for no answer: the coordinator is closing and the connection is about to end.
    private func encodeControl(_ effect: ClusterEffect?) -> [UInt8] {
        switch effect {
        case nil: []
        case .welcome(_, let session):
            ControlReply.welcome(.init(
                version: .current, session: session.rawValue, epoch: epoch, heartbeatMilliseconds: UInt32(clamping: settings.heartbeatMilliseconds))).encoded()
        case .instruct(_, let sequence, let cancel): ControlReply.instructions(.init(sequence: sequence, cancel: cancel, drain: false)).encoded()
        case .unknownSession: ControlReply.unknownSession.encoded()
        case .refuse(_, let reason): ControlReply.refused(reason).encoded()
        case .accepted, .task, .nothing, .reportAccepted, .reportStale, .workerJoined, .workerLost:
            preconditionFailure("not an answer to a control message")
        }
    }

    private func encodeWork(_ effect: ClusterEffect?) -> [UInt8] {
        switch effect {
        case nil: []
        case .task(_, let order): WorkReply.task(order).encoded()
        case .nothing: WorkReply.nothing.encoded()
        case .reportAccepted: WorkReply.accepted.encoded()
        case .reportStale: WorkReply.stale.encoded()
        case .unknownSession: WorkReply.unknownSession.encoded()
        case .refuse(_, let reason): WorkReply.refused(reason).encoded()
        case .accepted, .welcome, .instruct, .workerJoined, .workerLost: preconditionFailure("not an answer to a work message")
        }
    }
}
