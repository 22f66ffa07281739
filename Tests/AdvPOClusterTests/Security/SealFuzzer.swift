import AdvPOCluster
import AdvPOModel

/// Changes sealed frames at random and looks for one that is taken though it is none that was sealed. Seeded: one seed, the same inputs.
enum SealFuzzer {
    /// A check that overlooks something.
    enum Hole: CaseIterable {
        case counter, channel, role, seal, tail

        func accepts(_ frame: SealedFrame, _ role: SealedFrame.Role, _ key: ChannelKey) -> Bool {
            switch self {
            case .counter: (0..<4).contains { counter in reread(frame, key, role, frame.channel, UInt64(counter), frame.inner) }
            case .channel: (0..<4).contains { channel in reread(frame, key, role, UInt64(channel), frame.counter, frame.inner) }
            case .role: SealFuzzer.roles.contains { key.fits(frame, as: $0) }
            // A seal that is compared by its first byte alone.
            case .seal: key.seal(Array(frame.inner), as: role, channel: frame.channel, counter: frame.counter)[17] == frame.seal.first
            case .tail: (1...frame.inner.count).contains { reread(frame, key, role, frame.channel, frame.counter, frame.inner.prefix($0)) }
            }
        }

        private func reread(_ frame: SealedFrame, _ key: ChannelKey, _ role: SealedFrame.Role, _ channel: UInt64, _ counter: UInt64, _ inner: ArraySlice<UInt8>) -> Bool {
            Array(key.seal(Array(inner), as: role, channel: channel, counter: counter)[17..<33]) == Array(frame.seal)
        }
    }

    fileprivate static let roles: [SealedFrame.Role] = [.request(.control), .request(.work), .answer(.control), .answer(.work)]

    /// The first input that `accepts` takes in a role in which those bytes were never sealed.
    static func firstForgery(_ inputs: Int, seed: UInt64, _ key: ChannelKey, accepts: (SealedFrame, SealedFrame.Role) -> Bool) -> [UInt8]? {
        var generator = SeededGenerator(seed: seed)
        for _ in 0..<inputs {
            let sealedAs = roles.randomElement(using: &generator) ?? .request(.work)
            let inner = [0] + (0..<Int.random(in: 0...40, using: &generator)).map { _ in UInt8.random(in: 0...3, using: &generator) }
            let original = key.seal(inner, as: sealedAs, channel: UInt64.random(in: 0...3, using: &generator), counter: UInt64.random(in: 0...3, using: &generator))
            var changed = original
            for _ in 0..<Int.random(in: 0...2, using: &generator) { change(&changed, &generator) }
            let readAs = roles.randomElement(using: &generator) ?? .request(.work)
            guard let frame = SealedFrame(changed), accepts(frame, readAs) else { continue }
            if changed != original || readAs != sealedAs { return changed }
        }
        return nil
    }

    private static func change(_ bytes: inout [UInt8], _ generator: inout SeededGenerator) {
        let index = Int.random(in: bytes.indices, using: &generator)
        switch Int.random(in: 0...4, using: &generator) {
        case 0: bytes[index] ^= 1 << UInt8.random(in: 0...7, using: &generator)
        case 1: bytes[[8, 16].randomElement(using: &generator) ?? 8] = UInt8.random(in: 0...3, using: &generator)
        case 2: bytes.append(UInt8.random(in: 0...3, using: &generator))
        case 3: if bytes.count > 1 { bytes.removeLast() }
        case _: bytes[index] = .random(in: .min ... .max, using: &generator)
        }
    }
}
