import Synchronization

/// How many event streams are open: each holds a connection for as long as its job runs.
final class EventStreamQuota: Sendable {
    private struct Count {
        var total = 0
        var perPrincipal: [String: Int] = [:]
    }

    private let limits: ServerLimits
    private let count = Mutex(Count())

    init(limits: ServerLimits) { self.limits = limits }

    /// A seat for one more stream, free again when nobody holds it any more; throws when there is none.
    func seat(for principal: Principal) throws(RefusedRequest) -> Seat {
        let isFree = count.withLock { count in
            let own = count.perPrincipal[principal.key, default: 0]
            guard count.total < limits.eventStreams, own < limits.eventStreamsPerIdentity else { return false }
            count.total += 1
            count.perPrincipal[principal.key] = own + 1
            return true
        }
        guard isFree else {
            throw .throttled(
                "Too many event streams are open (\(limits.eventStreamsPerIdentity) for one identity, \(limits.eventStreams) for all). End one, or ask for the job's state.",
                seconds: 15)
        }
        return Seat(quota: self, key: principal.key)
    }

    private func free(_ key: String) {
        count.withLock { count in
            count.total -= 1
            let left = count.perPrincipal[key, default: 1] - 1
            count.perPrincipal[key] = left > 0 ? left : nil
        }
    }

    /// One stream's place. It ends with its last reference, so that an answer that is dropped before its first byte gives it back too.
    final class Seat: Sendable {
        private let quota: EventStreamQuota
        private let key: String

        init(quota: EventStreamQuota, key: String) {
            self.quota = quota
            self.key = key
        }

        deinit { quota.free(key) }
    }
}
