@testable import AdvPOAPI
import AdvPOBedrock
import AdvPOModel
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import Synchronization
import Testing

@Suite(.timeLimit(.minutes(1)))
struct ThrottlingTests {
    private static let second: Int64 = 1_000_000_000

    @Test("a bucket gives its burst at once, then its rate, and says how long to wait")
    func bucket() {
        var bucket = TokenBucket(perSecond: 10, burst: 5)
        for _ in 0..<5 { #expect(bucket.take(at: 100) == nil) }
        #expect(bucket.take(at: 100) == Self.second / 10)
        #expect(bucket.take(at: 100 + Self.second / 10 - 1) == 1)
        #expect(bucket.take(at: 100 + Self.second / 10) == nil)
        #expect(bucket.take(at: 100 + Self.second / 10) != nil)
        // A pause fills it again, and to no more than its burst.
        for _ in 0..<5 { #expect(bucket.take(at: 3600 * Self.second) == nil) }
        #expect(bucket.take(at: 3600 * Self.second) != nil)
    }

    @Test("over any time a bucket gives no more than its burst and its rate", arguments: 1...20)
    func rate(_ seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        let rate = Int.random(in: 1...1000, using: &generator)
        let burst = Int.random(in: 1...100, using: &generator)
        var bucket = TokenBucket(perSecond: rate, burst: burst)
        var now: Int64 = 0
        var given = 0
        for _ in 0..<5_000 {
            now += Int64.random(in: 0...2_000_000, using: &generator)
            if bucket.take(at: now) == nil { given += 1 }
        }
        #expect(given <= burst + Int(now / (Self.second / Int64(rate))) + 1)
        #expect(given >= min(5_000, burst))
    }

    @Test("who asks too often is throttled, alone, until time has passed")
    func identities() async throws {
        let clock = Mutex<Int64>(0)
        let throttle = RequestThrottle(perSecond: 1) { clock.withLock { $0 } }
        let admin = Identity(name: "admin", keyPair: nil, tokenDigest: nil, allowed: [])
        for _ in 0..<5 { try throttle.check(.identity(admin)) }
        let refusal = #expect(throws: RefusedRequest.self) { try throttle.check(.identity(admin)) }
        #expect(refusal?.retryAfterSeconds == 2)
        try throttle.check(.everyone)
        try throttle.check(.identity(Identity(name: "other", keyPair: nil, tokenDigest: nil, allowed: [])))
        clock.withLock { $0 += 2 * Self.second }
        try throttle.check(.identity(admin))
    }

    @Test("a throttled request says so in AWS's way, and the health check is never throttled")
    func response() async throws {
        let router = makeRouter(service: MemoryJobService(), throttle: RequestThrottle(perSecond: 1) { 0 })
        try await Application(router: router).test(.router) { client in
            for _ in 0..<5 { #expect(try await client.send(.get, "/advanced-prompt-optimization-jobs").status == .ok) }
            let refused = try await client.send(.get, "/advanced-prompt-optimization-jobs")
            #expect((refused.status, refused.errorType) == (.tooManyRequests, "ThrottlingException"))
            #expect(refused.headers[.retryAfter] == "2")
            #expect(try await client.send(.get, "/healthz").status == .ok)
        }
    }

    @Test("boto3 raises its ThrottlingException")
    func boto3() async throws {
        let server = LiveServer(throttle: RequestThrottle(perSecond: 1) { 0 })
        try await server.run { url in _ = try await LiveServer.drive("drive_connections.py", "throttled", url) }
    }

    @Test("event streams have an end in number, and each gives its place back")
    func streams() throws {
        var limits = ServerLimits()
        limits.eventStreams = 3
        limits.eventStreamsPerIdentity = 2
        let quota = EventStreamQuota(limits: limits)
        let other = Principal.identity(Identity(name: "other", keyPair: nil, tokenDigest: nil, allowed: []))
        var seats = [try quota.seat(for: .everyone), try quota.seat(for: .everyone)]
        #expect(throws: RefusedRequest.self) { try quota.seat(for: .everyone) }
        seats.append(try quota.seat(for: other))
        #expect(throws: RefusedRequest.self) { try quota.seat(for: other) }
        seats.removeFirst()
        let again = try quota.seat(for: .everyone)
        withExtendedLifetime((seats, again)) {}
    }
}
