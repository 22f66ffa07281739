package import AdvPOCluster
package import AdvPOWire

/// Between the wire's messages and the cluster's events: the same translation for the real coordinator and the simulated one.
package enum WireEdge {
    /// What a control message asks of the cluster, or the refusal it gets at once.
    package static func event(for request: ControlRequest, token: RequestToken) -> Result<ClusterEvent, Refusal> {
        switch request {
        case .hello(let hello):
            guard hello.version.major == WireVersion.current.major else {
                let older = hello.version.major < WireVersion.current.major ? "worker" : "coordinator"
                return .failure(Refusal(reason: "the worker speaks protocol \(hello.version), the coordinator \(WireVersion.current): upgrade the \(older)"))
            }
            return .success(.hello(
                token,
                WorkerIntroduction(
                    instance: hello.instance, name: hello.name, slots: Int(hello.slots), models: hello.models,
                    sendsAttachments: hello.version.hasAttachments, keepsAllowances: hello.version.hasAllowances, sharesRates: hello.version.hasRates,
                    protocolVersion: hello.version.description)))
        case .heartbeat(let beat):
            return .success(.heartbeat(
                token, SessionID(beat.session), leases: beat.leases, seenInstructions: beat.seenInstructions, usage: beat.usage))
        case .goodbye(let session): return .success(.goodbye(token, SessionID(session)))
        }
    }

    /// What a work message asks of the cluster; nil for a fetch, which needs no decision.
    package static func event(for request: WorkRequest, token: RequestToken) -> ClusterEvent? {
        switch request {
        case .pull(let session): .pull(token, SessionID(session))
        case .report(let session, let lease, let units, let ended, let calls, let andPull):
            .report(token, SessionID(session), lease, units: units, taskEnded: ended, callsSpent: calls, andPull: andPull)
        case .fetch: nil
        }
    }

    /// Precondition: the effect answers a control message.
    package static func controlReply(to effect: ClusterEffect, epoch: UInt64, settings: ClusterSettings) -> ControlReply {
        switch effect {
        case .welcome(_, let session):
            .welcome(.init(
                version: .current, session: session.rawValue, epoch: epoch, heartbeatMilliseconds: UInt32(clamping: settings.heartbeatMilliseconds)))
        case .instruct(_, let sequence, let cancel, let drain, let shares):
            .instructions(.init(sequence: sequence, cancel: cancel, drain: drain, shares: shares))
        case .unknownSession: .unknownSession
        case .refuse(_, let reason): .refused(reason)
        case .accepted, .task, .nothing, .reportAccepted, .reportStale, .workerJoined, .workerLost:
            preconditionFailure("not an answer to a control message")
        }
    }

    /// Precondition: the effect answers a work message.
    package static func workReply(to effect: ClusterEffect) -> WorkReply {
        switch effect {
        case .task(_, let order): .task(order)
        case .nothing: .nothing
        case .reportAccepted(_, let next): .accepted(next: next)
        case .reportStale: .stale
        case .unknownSession: .unknownSession
        case .refuse(_, let reason): .refused(reason)
        case .accepted, .welcome, .instruct, .workerJoined, .workerLost: preconditionFailure("not an answer to a work message")
        }
    }

    package struct Refusal: Error, Hashable, Sendable {
        package var reason: String
    }
}

extension ClusterEffect {
    /// The request that the effect answers; nil for one that answers none.
    package var answeredToken: RequestToken? {
        switch self {
        case .welcome(let token, _), .unknownSession(let token), .refuse(let token, _), .instruct(let token, _, _, _, _), .task(let token, _), .nothing(let token),
            .reportAccepted(let token, _), .reportStale(let token):
            token
        case .accepted, .workerJoined, .workerLost: nil
        }
    }
}
