import AdvPOModel
import OrderedCollections

extension RateBook {
    /// Shares a model out anew, and notes which workers have to hear of it.
    mutating func share(_ model: String, _ now: Tick) {
        guard var entry = models[model] else { return }
        models[model] = nil
        let isUrgent = entry.controller.urgency != entry.saidUrgency
        entry.saidUrgency = entry.controller.urgency
        entry.isStale = false
        let targets = places(entry, now)
        grant(targets, &entry, now)
        shareRates(targets, &entry)
        for (session, member) in entry.members {
            guard member.said != member.share || isUrgent else { continue }
            let matters = member.said.map { member.share.differs(from: $0) } ?? true
            if isUrgent || matters && member.said == nil { sessions[session]?.isUrgent = true }
            if matters { sessions[session]?.hasNews = true }
        }
        models[model] = entry
    }

    /// How many places each worker should have, in the members' order.
    private func places(_ entry: Entry, _ now: Tick) -> [Int] {
        let total = Int(clamping: entry.controller.concurrency.value)
        let members = Array(entry.members.values)
        let busy = members.indices.filter { members[$0].usage.demand > 0 }
        var targets = Array(repeating: 0, count: members.count)
        // Those without calls keep a place when a quarter of all is enough for that.
        let idle = members.count - busy.count
        let starters = idle * 4 <= total && busy.count + idle <= total ? idle : 0
        if starters > 0 { for index in members.indices where members[index].usage.demand == 0 { targets[index] = 1 } }
        let left = total - starters
        guard !busy.isEmpty else { return targets }
        let count = min(left, busy.count, mostSharing(entry))
        let sharing = count < busy.count ? turns(busy, members, count, now) : busy[...]
        let spread = Proportion(of: left - count, weights: sharing.map { Int64(members[$0].demand) })
        for (position, index) in sharing.enumerated() { targets[index] = 1 + Int(spread[position]) }
        return targets
    }

    /// How many workers a model's requests per minute are enough for. Each sends evenly, but they know nothing of each other: many slow ones would now
    /// and then send all at once.
    private func mostSharing(_ entry: Entry) -> Int {
        entry.controller.requests.map { max(1, Int(clamping: $0.value / settings.leastMilliRequestsPerMinute)) } ?? .max
    }

    /// Which of the busy workers get the few places: who has one keeps it for its turn, then it goes to who waited longest.
    private func turns(_ busy: [Int], _ members: [Member], _ count: Int, _ now: Tick) -> ArraySlice<Int> {
        // One at a time gives its place up: those who come together would send together.
        let last = busy.filter { members[$0].share.concurrency > 0 && now.milliseconds - members[$0].turnSince.milliseconds >= settings.turnMilliseconds }
            .min { (members[$0].turnSince, $0) < (members[$1].turnSince, $1) }
        let order = busy.sorted { first, second in
            func rank(_ index: Int) -> (Int, Int64, Int) {
                let member = members[index]
                let has = member.share.concurrency > 0
                return (!has ? 1 : index == last ? 2 : 0, member.turnSince.milliseconds, index)
            }
            return rank(first) < rank(second)
        }
        return order.prefix(count)
    }

    /// Takes places away at once, and gives only those that nobody can be using any more.
    private func grant(_ targets: [Int], _ entry: inout Entry, _ now: Tick) {
        for (position, session) in entry.members.keys.enumerated() {
            guard let share = entry.members[session]?.share, targets[position] < share.concurrency else { continue }
            entry.members[session]?.share.concurrency = targets[position]
            if targets[position] == 0 { entry.members[session]?.turnSince = now }
        }
        var room = Int(clamping: entry.controller.concurrency.value) - entry.members.values.reduce(0) { $0 + max($1.share.concurrency, $1.places) }
        for (position, session) in entry.members.keys.enumerated() {
            guard let member = entry.members[session], targets[position] > member.share.concurrency else { continue }
            let free = max(0, member.places - member.share.concurrency)
            let more = min(targets[position] - member.share.concurrency, free + max(0, room))
            guard more > 0 else { continue }
            room -= max(0, more - free)
            if member.share.concurrency == 0 { entry.members[session]?.turnSince = now }
            entry.members[session]?.share.concurrency += more
            entry.members[session]?.places = max(member.places, member.share.concurrency + more)
        }
    }

    /// Requests and tokens per minute, by demand among those with a place.
    private func shareRates(_ targets: [Int], _ entry: inout Entry) {
        let members = Array(entry.members.values)
        let isIdle = members.map { $0.usage.demand == 0 }
        let idle = isIdle.count { $0 }
        // By its places rather than its queue: a worker cannot send more.
        let weights = members.indices.map { isIdle[$0] || targets[$0] == 0 || members[$0].share.concurrency == 0 ? 0 : Int64(members[$0].demand) }
        let hasBusy = weights.contains { $0 > 0 }
        func parts(_ total: Int64) -> [Int64] {
            let kept = idle == 0 ? 0 : hasBusy ? total / 100 : total
            let spread = Proportion(of: Int(clamping: total - kept), weights: weights)
            return members.indices.map { isIdle[$0] ? kept / Int64(idle) : spread[$0] }
        }
        let requests = entry.controller.requests.map { parts($0.value) }
        let tokens = entry.controller.tokens.map { parts($0.value) }
        for (position, session) in entry.members.keys.enumerated() {
            entry.members[session]?.share.milliRequestsPerMinute = requests?[position]
            entry.members[session]?.share.tokensPerMinute = tokens?[position]
        }
    }
}

/// A whole number in parts by weight; the parts add up to it.
private struct Proportion {
    private var parts: [Int64] = []

    init(of total: Int, weights: [Int64]) {
        let sum = weights.reduce(Int128(0)) { $0 + Int128($1) }
        var before = Int128(0)
        for weight in weights {
            let after = before + Int128(weight)
            parts.append(sum == 0 ? 0 : Int64(Int128(total) * after / sum - Int128(total) * before / sum))
            before = after
        }
    }

    subscript(position: Int) -> Int64 { parts[position] }
}

extension RateShare {
    /// By enough to be worth a word of its own.
    fileprivate func differs(from said: RateShare) -> Bool {
        (concurrency == 0) != (said.concurrency == 0) || Self.differs(Int64(concurrency), Int64(said.concurrency))
            || Self.differs(milliRequestsPerMinute, said.milliRequestsPerMinute) || Self.differs(tokensPerMinute, said.tokensPerMinute)
    }

    private static func differs(_ new: Int64?, _ old: Int64?) -> Bool {
        guard let new, let old else { return (new == nil) != (old == nil) }
        return abs(new - old) * 20 > old
    }
}
