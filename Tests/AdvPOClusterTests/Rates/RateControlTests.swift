@testable import AdvPOCluster
import AdvPOModel
import OrderedCollections
import Testing

/// Real pacers and the real rate book against a provider with a hidden limit, in virtual time: a minute or two to find it, then five minutes that count.
@Suite("Rate control")
struct RateControlTests {
    struct Measured {
        /// Of the limit, in thousandths.
        var throughput: Int
        /// Of all tries, in thousandths.
        var refused: Int
    }

    static let latency: Int64 = 500

    /// - Parameter limitPerMinute: calls, or tokens.
    static func measure(_ lab: inout RateLab, warmUpMinutes: Int64 = 2, minutes: Int64 = 5, limitPerMinute: Int64, tokens: Bool = false) -> Measured {
        lab.run(milliseconds: warmUpMinutes * 60_000)
        lab.endpoint.reset()
        lab.run(milliseconds: minutes * 60_000)
        let (accepted, refused) = (Int64(lab.endpoint.accepted), Int64(lab.endpoint.refused))
        let done = tokens ? lab.endpoint.acceptedTokens : accepted
        return Measured(throughput: Int(done * 1_000 / (limitPerMinute * minutes)), refused: Int(refused * 1_000 / max(1, accepted + refused)))
    }

    @Test("requests per minute: 95% of a hidden limit, under 2% refused", .timeLimit(.minutes(5)), arguments: [1, 4, 16], [10, 600] as [Int64])
    func requestsPerMinute(workers: Int, burst: Int64) {
        var lab = RateLab(SimulatedEndpoint([.requests(perMinute: 600, burst: burst)]), workers: workers, slots: max(1, 64 / workers), seed: 1)
        let measured = Self.measure(&lab, limitPerMinute: 600)
        #expect(measured.throughput >= 950 && measured.refused < 20, "\(measured)")
    }

    @Test("requests per minute, with Retry-After: obeyed, and still 95%", .timeLimit(.minutes(5)), arguments: [1, 4])
    func retryAfter(workers: Int) {
        var lab = RateLab(
            SimulatedEndpoint([.requests(perMinute: 600, burst: 20)], retryAfterMilliseconds: 1_000), workers: workers, slots: max(1, 64 / workers), seed: 2)
        let measured = Self.measure(&lab, limitPerMinute: 600)
        #expect(measured.throughput >= 950 && measured.refused < 20, "\(measured)")
    }

    @Test("tokens per minute, calls of different sizes: 95%, under 2%", .timeLimit(.minutes(5)), arguments: [1, 4, 16])
    func tokensPerMinute(workers: Int) {
        var lab = RateLab(SimulatedEndpoint([.tokens(perMinute: 60_000, burst: 3_000)]), workers: workers, slots: max(1, 64 / workers), seed: 3)
        let measured = Self.measure(&lab, limitPerMinute: 60_000, tokens: true)
        #expect(measured.throughput >= 950 && measured.refused < 20, "\(measured)")
    }

    @Test("concurrency, more and fewer workers than places: 95%, under 2%", .timeLimit(.minutes(5)), arguments: [1, 4, 16])
    func concurrency(workers: Int) {
        var lab = RateLab(SimulatedEndpoint([.concurrency(32)]), workers: workers, slots: max(1, 64 / workers), seed: 4)
        let measured = Self.measure(&lab, limitPerMinute: 32 * 60_000 / (Self.latency + 1))
        #expect(measured.throughput >= 950 && measured.refused < 20, "\(measured)")
    }

    @Test("workers come and go: 95% of the limit all the same", .timeLimit(.minutes(5)))
    func comingAndGoing() {
        var lab = RateLab(SimulatedEndpoint([.requests(perMinute: 600, burst: 10)]), workers: 4, slots: 16, seed: 5)
        lab.run(milliseconds: 60_000)
        lab.endpoint.reset()
        for minute in 0..<10 {
            lab.run(milliseconds: 60_000)
            if minute.isMultiple(of: 2) { lab.leave(minute / 2) } else { lab.join(slots: 16) }
        }
        #expect(lab.endpoint.accepted >= 5_700)
        #expect(lab.endpoint.refused * 50 < lab.endpoint.accepted)
    }

    @Test("a provider that fails for two minutes is used in full soon after", .timeLimit(.minutes(5)))
    func outage() {
        var lab = RateLab(
            SimulatedEndpoint([.requests(perMinute: 600, burst: 10), .outage(from: 120_000, to: 240_000)]), workers: 4, slots: 16, seed: 6)
        lab.run(milliseconds: 300_000)
        let measured = Self.measure(&lab, warmUpMinutes: 1, minutes: 5, limitPerMinute: 600)
        #expect(measured.throughput >= 950 && measured.refused < 20, "\(measured)")
    }

    @Test("a user's bound is never passed", .timeLimit(.minutes(5)))
    func ceiling() {
        var lab = RateLab(SimulatedEndpoint([]), workers: 4, slots: 16, seed: 7, ceilings: RateCeiling(requestsPerMinute: 300, concurrency: 20))
        lab.run(milliseconds: 60_000)
        lab.endpoint.reset()
        lab.run(milliseconds: 300_000)
        #expect((1_425...1_505).contains(lab.endpoint.accepted), "\(lab.endpoint.accepted)")
    }

    @Test("shares never add up to more than the whole", .timeLimit(.minutes(5)), arguments: [3, 40])
    func sums(workers: Int) throws {
        var lab = RateLab(SimulatedEndpoint([.requests(perMinute: 600, burst: 10), .concurrency(16)]), workers: workers, slots: 4, seed: 8)
        for round in 0..<120 {
            lab.run(milliseconds: 1_000)
            if round == 50 { lab.leave(0) }
            if round == 70 { lab.join(slots: 4) }
            let entry = try #require(lab.book.models["m"])
            #expect(entry.members.values.reduce(0) { $0 + $1.share.concurrency } <= Int(entry.controller.concurrency.value))
            if let requests = entry.controller.requests {
                #expect(entry.members.values.reduce(0) { $0 + ($1.share.milliRequestsPerMinute ?? 0) } <= requests.value)
            }
        }
    }
}
