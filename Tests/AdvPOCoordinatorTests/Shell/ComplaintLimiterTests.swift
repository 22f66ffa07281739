@testable import AdvPOCoordinator
import Testing

@Suite struct ComplaintLimiterTests {
    @Test("one complaint a second is said, with how many were not")
    func limited() {
        let limiter = ComplaintLimiter()
        let start = ContinuousClock.now
        #expect(limiter.unsaidBeforeNext(start) == 0)
        for _ in 0..<1_000 { #expect(limiter.unsaidBeforeNext(start + .milliseconds(999)) == nil) }
        #expect(limiter.unsaidBeforeNext(start + .seconds(1)) == 1_000)
        #expect(limiter.unsaidBeforeNext(start + .seconds(2)) == 0)
    }
}
