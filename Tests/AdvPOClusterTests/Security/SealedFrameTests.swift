import AdvPOCluster
import AdvPOModel
import AdvPOTestSupport
import Foundation
import Testing

@Suite(.longRunning) struct SealedFrameTests {
    private func key() throws -> ChannelKey {
        let claim = try SecurityFixtures.claim()
        return try SecurityFixtures.secret().key(of: claim.identity).channelKey(digest: claim.digest(challenge: [1]))
    }

    @Test("what was sealed for one place fits no other: direction, socket, channel and counter count")
    func places() throws {
        let key = try key()
        let roles: [SealedFrame.Role] = [.request(.control), .request(.work), .answer(.control), .answer(.work)]
        for role in roles {
            let bytes = key.seal([0, 1, 2, 3], as: role, channel: 7, counter: 9)
            let frame = try #require(SealedFrame(bytes))
            #expect(frame.channel == 7 && frame.counter == 9 && Array(frame.inner) == [0, 1, 2, 3])
            for other in roles { #expect(key.fits(frame, as: other) == (other == role)) }
            for index in bytes.indices.dropFirst() {
                var changed = bytes
                changed[index] ^= 0x40
                if let frame = SealedFrame(changed) { #expect(!key.fits(frame, as: role), "byte \(index)") }
            }
        }
    }

    @Test("what is no whole sealed frame is none: cut, of another tag, empty inside, one inside another")
    func malformed() throws {
        let whole = try key().seal([0], as: .request(.work), channel: 1, counter: 1)
        for count in whole.indices { #expect(SealedFrame(Array(whole[..<count])) == nil) }
        for tag in UInt8.min...UInt8.max where tag != SealedFrame.tag { #expect(SealedFrame([tag] + whole.dropFirst()) == nil) }
        #expect(SealedFrame(try key().seal(whole, as: .request(.work), channel: 1, counter: 1)) == nil)
    }

    /// `ADVPO_FUZZ_INPUTS` makes more of them.
    @Test("of frames that were changed at random, none that differs is taken")
    func fuzz() throws {
        let inputs = ProcessInfo.processInfo.environment["ADVPO_FUZZ_INPUTS"].flatMap(Int.init) ?? 10_000
        let key = try key()
        let found = SealFuzzer.firstForgery(inputs, seed: 1, key) { frame, role in key.fits(frame, as: role) }
        #expect(found == nil)
    }

    @Test("the fuzzer finds a check with a hole", arguments: SealFuzzer.Hole.allCases)
    func canary(_ hole: SealFuzzer.Hole) throws {
        let key = try key()
        let found = SealFuzzer.firstForgery(10_000, seed: 2, key) { frame, role in hole.accepts(frame, role, key) }
        #expect(found != nil, "\(hole)")
    }
}

@Suite struct ReplayWindowTests {
    @Test("against a set that forgets nothing, over random orders: each counter is taken at most once, and in time always")
    func model() {
        var generator = SeededGenerator(seed: 4)
        for size in [1, 64, 100, 1_024] {
            var window = ReplayWindow(size: size)
            var taken: Set<UInt64> = []
            var highest: UInt64 = 0
            for _ in 0..<20_000 {
                let counter =
                    Bool.random(using: &generator) ? highest + UInt64.random(in: 0...3, using: &generator) : highest - min(highest, UInt64.random(in: 0...UInt64(2 * window.size), using: &generator))
                let isNew = counter > 0 && !taken.contains(counter)
                let isInTime = counter > highest || highest - counter < UInt64(window.size)
                check(window.admit(counter) == (isNew && isInTime))
                if isNew, isInTime { taken.insert(counter) }
                if isInTime { highest = max(highest, counter) }
            }
        }
    }

    @Test("a leap to the last counter there is forgets all and loses nothing")
    func leap() {
        var window = ReplayWindow(size: 64)
        check(window.admit(3))
        check(window.admit(.max) && !window.admit(.max) && window.admit(.max - 63) && !window.admit(.max - 64) && !window.admit(3))
    }
}
