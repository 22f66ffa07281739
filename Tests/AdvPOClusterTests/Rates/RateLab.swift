@testable import AdvPOCluster
import AdvPOInference
import AdvPOModel
import OrderedCollections

/// A coordinator's rate book, workers with their real pacers, and a provider, in virtual time of whole milliseconds.
struct RateLab {
    struct Worker {
        var pacer: CallPacer
        var session: SessionID
        var slots: Int
        var isPresent = true
        /// Calls by ticket, with the time at which they were sent.
        var sentAt: [UInt64: Int64] = [:]
        /// Refused ones, until they want to be sent again.
        var resting: [(ticket: UInt64, until: Int64)] = []
        var refusals: [UInt64: Int] = [:]
        var seen: UInt64 = 0
        var instructions: UInt64 = 0
        var lastBeat: Int64 = 0
        var isHeld = false
        var wantsBeat = true
        /// In milliseconds: nothing happens at this worker before.
        var wakes: Int64 = 0
    }

    var book: RateBook
    var endpoint: SimulatedEndpoint
    var workers: [Worker] = []
    var now: Int64 = 0
    var generator: SeededGenerator
    /// Of one call; each takes from half to one and a half of it.
    var latency: Int64 = 500
    var tokens: Int64 = 100
    /// On the way, each direction.
    var delay: Int64 = 2
    private var nextTicket: UInt64 = 1
    private var nextSession: UInt64 = 1
    /// Ends of calls, by time.
    private var ends: [Int64: [(worker: Int, ticket: UInt64, tokens: Int64)]] = [:]
    private var words: [Int64: [(worker: Int, sequence: UInt64, shares: [RateShare])]] = [:]
    private var beats: [Int64: [(worker: Int, usage: [ModelUsage], seen: UInt64)]] = [:]
    private(set) var longestRefusals = 0

    init(_ endpoint: SimulatedEndpoint, workers: Int, slots: Int, seed: UInt64, ceilings: RateCeiling? = nil) {
        book = RateBook(ceilings: ceilings.map { ["m": $0] } ?? [:])
        self.endpoint = endpoint
        generator = SeededGenerator(seed: seed)
        for _ in 0..<workers { join(slots: slots) }
    }

    mutating func join(slots: Int) {
        var pacer = CallPacer(model: "m", concurrency: slots, seed: generator.next())
        pacer.shared(true)
        let session = SessionID(nextSession)
        nextSession += 1
        book.join(session, models: ["m"])
        workers.append(Worker(pacer: pacer, session: session, slots: slots))
        for _ in 0..<slots { submit(workers.count - 1) }
    }

    /// The worker is gone; what it had sent goes on at the provider.
    mutating func leave(_ index: Int) {
        workers[index].isPresent = false
        book.leave(workers[index].session)
    }

    mutating func run(milliseconds: Int64) {
        let end = now + milliseconds
        while now < end {
            now += 1
            step()
        }
    }

    private mutating func submit(_ index: Int) {
        workers[index].wakes = 0
        workers[index].pacer.enter(nextTicket)
        nextTicket += 1
    }

    private mutating func step() {
        for end in ends.removeValue(forKey: now) ?? [] {
            endpoint.answered()
            guard workers[end.worker].isPresent else { continue }
            workers[end.worker].pacer.accepted(inputTokens: Int(end.tokens / 2), outputTokens: Int(end.tokens - end.tokens / 2))
            submit(end.worker)
        }
        for beat in beats.removeValue(forKey: now) ?? [] where workers[beat.worker].isPresent { hear(beat.worker, beat.usage, beat.seen) }
        if now % 100 == 0 { for session in book.tick(Tick(milliseconds: now)) { answer(Int(session.rawValue) - 1) } }
        for word in words.removeValue(forKey: now) ?? [] where workers[word.worker].isPresent {
            workers[word.worker].seen = max(workers[word.worker].seen, word.sequence)
            for share in word.shares { workers[word.worker].pacer.take(share, at: now * 1_000_000) }
            workers[word.worker].wantsBeat = true
            workers[word.worker].wakes = 0
        }
        for index in workers.indices where workers[index].isPresent && workers[index].wakes <= now { send(index) }
    }

    private mutating func send(_ index: Int) {
        let nanoseconds = now * 1_000_000
        for rested in workers[index].resting where rested.until <= now { workers[index].pacer.enter(rested.ticket) }
        workers[index].resting.removeAll { $0.until <= now }
        let (admitted, next) = workers[index].pacer.admit(at: nanoseconds)
        workers[index].wakes = next.map { ($0 + 999_999) / 1_000_000 } ?? .max
        for ticket in admitted {
            let size = tokens / 2 + Int64.random(in: 0...tokens, using: &generator)
            if endpoint.call(tokens: size, at: now) {
                ends[now + latency / 2 + Int64.random(in: 0...latency, using: &generator) + 1, default: []].append((index, ticket, size))
                workers[index].refusals.removeValue(forKey: ticket)
            } else {
                workers[index].pacer.refused(sentAt: nanoseconds, wish: endpoint.retryAfterMilliseconds.map { $0 * 1_000_000 }, at: nanoseconds)
                let count = workers[index].refusals[ticket, default: 0] + 1
                workers[index].refusals[ticket] = count
                longestRefusals = max(longestRefusals, count)
                let pause = endpoint.retryAfterMilliseconds ?? 0
                let jitter = Int64.random(in: 0...(250 << Int64(min(count - 1, 4))), using: &generator)
                workers[index].resting.append((ticket, now + 1 + pause + jitter))
                workers[index].wakes = now + 1
            }
        }
        if workers[index].pacer.takeNews() { workers[index].wantsBeat = true }
        let isDue = !workers[index].isHeld || now - workers[index].lastBeat >= 200
        if let rested = workers[index].resting.map(\.until).min() { workers[index].wakes = min(workers[index].wakes, rested) }
        if workers[index].wantsBeat, !isDue { workers[index].wakes = now + 1 }
        guard workers[index].wantsBeat, isDue else { return }
        workers[index].wantsBeat = false
        workers[index].lastBeat = now
        workers[index].isHeld = true
        beats[now + delay, default: []].append((index, [workers[index].pacer.usage(at: nanoseconds)], workers[index].seen))
    }

    private mutating func hear(_ index: Int, _ usage: [ModelUsage], _ seen: UInt64) {
        let session = workers[index].session
        book.used(session, usage, seen: seen, at: Tick(milliseconds: now))
        if book.wantsWord(session, Tick(milliseconds: now)) { answer(index) }
    }

    private mutating func answer(_ index: Int) {
        guard workers[index].isHeld else { return }
        workers[index].isHeld = false
        let shares = book.word(for: workers[index].session, counting: &workers[index].instructions, at: Tick(milliseconds: now))
        words[now + delay, default: []].append((index, workers[index].instructions, shares))
    }
}
