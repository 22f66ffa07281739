import AdvPOCluster
import AdvPOTestSupport
import Testing

/// Prints what a seal costs; it judges nothing. Optimized: `swift test -c release --filter SealSpeed`.
@Suite(.longRunning) struct SealSpeedTests {
    @Test("the cost of sealing and checking a message", arguments: [(300, 20_000), (1_000_000, 20)])
    func cost(_ bytes: Int, _ rounds: Int) throws {
        let claim = try SecurityFixtures.claim()
        let key = try SecurityFixtures.secret().key(of: claim.identity).channelKey(digest: claim.digest(challenge: [1]))
        let inner = [UInt8](repeating: 0, count: bytes)
        let start = ContinuousClock.now
        for counter in 1...UInt64(rounds) {
            let frame = try #require(SealedFrame(key.seal(inner, as: .request(.work), channel: 1, counter: counter)))
            if !key.fits(frame, as: .request(.work)) { Issue.record("a seal does not fit") }
        }
        let (seconds, attoseconds) = (ContinuousClock.now - start).components
        let nanoseconds = (Double(seconds) * 1e9 + Double(attoseconds) / 1e9) / Double(rounds)
        print("sealed and checked \(bytes) bytes in \(Int(nanoseconds)) ns, \(Int(Double(bytes) * 1e3 / nanoseconds)) MB/s")
    }
}
