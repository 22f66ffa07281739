import AdvPOModel
import DequeModule

/// Pulls that wait for a task, by arrival; those of workers of one kind in a line of their own.
///
/// A pull that is answered stays in its lines until they are tidied: when its turn comes, or when more than half of a line is such pulls.
struct WaitingPulls: Sendable {
    struct Pull: Sendable {
        var token: RequestToken
        var session: SessionID
        /// The line it stands in; nil for one that is held without being served.
        var kind: Int?
        var since: Tick
        /// Counts arrivals; a pull that changes its line arrives anew.
        var arrival: UInt64
    }

    private struct Place: Sendable {
        var arrival: UInt64
        var token: RequestToken
    }

    private struct Line: Sendable {
        var places: Deque<Place> = []
        var count = 0
    }

    private var pulls: [RequestToken: Pull] = [:]
    private var lines: [Line] = []
    private var byTime: Deque<Place> = []
    private var nextArrival: UInt64 = 1
    var count: Int { pulls.count }

    mutating func add(_ token: RequestToken, of session: SessionID, kind: Int?, since: Tick) {
        precondition(pulls[token] == nil, "a request token is used once")
        let place = Place(arrival: nextArrival, token: token)
        pulls[token] = Pull(token: token, session: session, kind: kind, since: since, arrival: nextArrival)
        nextArrival += 1
        byTime.append(place)
        if byTime.count > 2 * pulls.count + 64 { byTime.removeAll { pulls[$0.token]?.arrival != $0.arrival } }
        guard let kind else { return }
        while lines.count <= kind { lines.append(Line()) }
        lines[kind].places.append(place)
        lines[kind].count += 1
    }

    @discardableResult
    mutating func remove(_ token: RequestToken) -> Pull? {
        guard let pull = pulls.removeValue(forKey: token) else { return nil }
        guard let kind = pull.kind else { return pull }
        lines[kind].count -= 1
        if lines[kind].places.count > 2 * lines[kind].count + 64 { lines[kind].places.removeAll { pulls[$0.token]?.arrival != $0.arrival } }
        return pull
    }

    /// How many of a kind wait.
    func count(of kind: Int) -> Int { kind < lines.count ? lines[kind].count : 0 }

    /// The oldest of a kind, with up to `count` that came after it.
    mutating func oldest(of kind: Int, _ count: Int = 1) -> [Pull] {
        guard self.count(of: kind) > 0 else { return [] }
        while let place = lines[kind].places.first, pulls[place.token]?.arrival != place.arrival { lines[kind].places.removeFirst() }
        // Places that are no longer taken count as looked at: a look costs the same whatever the line is like.
        return lines[kind].places.prefix(count).compactMap { place in
            pulls[place.token].flatMap { $0.arrival == place.arrival ? $0 : nil }
        }
    }

    /// The pulls that came before `time` or at it, removed.
    mutating func takeThose(until time: Tick) -> [Pull] {
        var taken: [Pull] = []
        while let place = byTime.first {
            guard let pull = pulls[place.token], pull.arrival == place.arrival else {
                byTime.removeFirst()
                continue
            }
            guard pull.since <= time else { break }
            byTime.removeFirst()
            remove(place.token)
            taken.append(pull)
        }
        return taken
    }
}
