import AdvPOCluster
import AdvPOModel
import AdvPOWire

/// A request under way, as its worker remembers it.
struct PendingRequest {
    var worker: Int
    var incarnation: Int
    var kind: Kind

    enum Kind {
        case hello
        case heartbeat(SessionID)
        case pull(SessionID, slot: Int)
        case report(SessionID, Lease, ended: Bool)
        /// A last word on what an abandoned lease sent; its answer changes nothing.
        case settlement
        case goodbye

        var isControl: Bool {
            switch self {
            case .hello, .heartbeat, .goodbye: true
            case .pull, .report, .settlement: false
            }
        }

        /// As the real worker's.
        var timeoutMilliseconds: Int64 {
            switch self {
            case .hello, .heartbeat: 12_000
            case .goodbye: 2_000
            case .pull, .report, .settlement: 30_000
            }
        }
    }
}

/// Between the worker machine and the wire: the one place where the machine's effects become messages, and answers its events.
enum WorkerEdge {
    struct Identity {
        var version: WireVersion
        var instance: String
        var name: String
        var slots: Int
        var models: [String]

        /// As a worker before 1.2, which knows no allowances and pulls in messages of their own.
        var isPlain: Bool { !version.hasAllowances }
    }

    /// The request that an effect sends; nil for one that sends none.
    ///
    /// `callsSpent`: for a report, what its lease has sent so far.
    static func request(for effect: WorkerEffect, from worker: Identity, callsSpent: Int = 0) -> (kind: PendingRequest.Kind, bytes: [UInt8])? {
        switch effect {
        case .hello:
            let hello = ControlRequest.Hello(
                version: worker.version, instance: worker.instance, name: worker.name, slots: UInt32(worker.slots), models: worker.models)
            return (.hello, ControlRequest.hello(hello).encoded())
        case .heartbeat(let session, let leases, let seen):
            return (.heartbeat(session), ControlRequest.heartbeat(.init(session: session.rawValue, leases: leases, seenInstructions: seen)).encoded())
        case .goodbye(let session): return (.goodbye, ControlRequest.goodbye(session: session.rawValue).encoded())
        case .pull(let session, let slot): return (.pull(session, slot: slot), WorkRequest.pull(session: session.rawValue).encoded())
        case .report(let session, let lease, let units, let ended, let andPull):
            let report = WorkRequest.report(
                session: session.rawValue, lease: lease, units: units, taskEnded: ended, callsSpent: worker.isPlain ? nil : callsSpent,
                andPull: andPull && !worker.isPlain)
            return (.report(session, lease, ended: ended), report.encoded())
        case .setShares, .run, .abort, .pause, .exit: return nil
        }
    }

    /// Says of an abandoned lease how many calls it sent after all.
    static func settlement(of lease: Lease, in session: SessionID, callsSpent: Int) -> (kind: PendingRequest.Kind, bytes: [UInt8]) {
        let report = WorkRequest.report(session: session.rawValue, lease: lease, units: [], taskEnded: true, callsSpent: callsSpent)
        return (.settlement, report.encoded())
    }

    /// Nil for an answer that nobody waits for.
    static func event(for kind: PendingRequest.Kind, answer bytes: [UInt8]) throws -> WorkerEvent? {
        switch kind {
        case .hello:
            switch try ControlReply(decoding: bytes, limits: WireLimits()) {
            case .welcome(let welcome): return .welcomed(SessionID(welcome.session), epoch: welcome.epoch)
            case .refused(let reason): return .refused(reason)
            case .instructions, .unknownSession, .challenge: return .greetingFailed
            }
        case .heartbeat(let session):
            switch try ControlReply(decoding: bytes, limits: WireLimits()) {
            case .instructions(let said): return .instructed(session, sequence: said.sequence, cancel: said.cancel, drain: said.drain, shares: said.shares)
            case .unknownSession: return .sessionLost(session)
            case .welcome, .refused, .challenge: return .heartbeatFailed(session)
            }
        case .pull(let session, let slot):
            switch try WorkReply(decoding: bytes, limits: WireLimits()) {
            case .task(let order): return .pulled(session, slot: slot, order)
            case .nothing: return .pulled(session, slot: slot, nil)
            case .unknownSession: return .sessionLost(session)
            case .accepted, .stale, .blobs, .refused: return .pullFailed(session, slot: slot)
            }
        case .settlement:
            _ = try WorkReply(decoding: bytes, limits: WireLimits())
            return nil
        case .report(let session, let lease, _):
            switch try WorkReply(decoding: bytes, limits: WireLimits()) {
            case .accepted(let next): return .reported(session, lease, stale: false, next: next)
            case .stale: return .reported(session, lease, stale: true)
            case .unknownSession: return .sessionLost(session)
            case .refused(let reason): return .reportRefused(session, lease, reason)
            case .task, .nothing, .blobs: return .reportFailed(session, lease)
            }
        case .goodbye: return .goodbyeAnswered
        }
    }

    /// What a request without an answer means.
    static func failure(of kind: PendingRequest.Kind) -> WorkerEvent? {
        switch kind {
        case .hello: .greetingFailed
        case .heartbeat(let session): .heartbeatFailed(session)
        case .pull(let session, let slot): .pullFailed(session, slot: slot)
        case .report(let session, let lease, _): .reportFailed(session, lease)
        case .settlement: nil
        case .goodbye: .goodbyeAnswered
        }
    }
}
