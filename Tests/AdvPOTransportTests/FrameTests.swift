import AdvPOModel
import AdvPOTestSupport
import AdvPOTransport
import Testing

@Suite(.longRunning) struct FrameTests {
    private let limits = WireLimits()

    private func refusal(_ frame: [UInt8], _ limits: WireLimits = WireLimits()) -> TransportError? {
        #expect(throws: TransportError.self) { _ = try Frame.decode(frame, limits: limits) }
    }

    @Test("payloads of every size come back as they were")
    func roundTrip() throws {
        var generator = SeededGenerator(seed: 3)
        for size in [0, 1, 2, 100, 511, 512, 513, 5_000, 100_000, 1_000_000] {
            let noise = (0..<size).map { _ in UInt8.random(in: .min ... .max, using: &generator) }
            let text = (0..<size).map { UInt8(65 + $0 % 20) }
            for payload in [noise, text] {
                let frame = try Frame.encode(payload, limits: limits)
                #expect(try Frame.decode(frame, limits: limits) == payload)
                #expect(frame.count <= payload.count + 1, "compression never makes it larger")
            }
        }
    }

    @Test("only payloads from the threshold on are compressed")
    func threshold() throws {
        let text = [UInt8](repeating: 65, count: limits.compressionThresholdBytes)
        #expect(try Frame.encode(text, limits: limits).first == 1)
        #expect(try Frame.encode(Array(text.dropLast()), limits: limits).first == 0)
    }

    @Test("an empty frame, an unknown codec and a told failure are refused with their reason")
    func malformedTags() {
        #expect(refusal([])?.message.contains("empty") == true)
        #expect(refusal([9, 1, 2])?.message.contains("codec tag is 9") == true)
        let told = refusal([2] + bytes("too large for me"))
        #expect(told?.code == .corruptMessage)
        #expect(told?.message.contains("too large for me") == true)
    }

    @Test("no prefix of a compressed frame is accepted")
    func truncated() throws {
        let frame = try Frame.encode([UInt8](repeating: 66, count: 4_000) + Array(0...255), limits: limits)
        for length in 1..<frame.count { #expect(refusal(Array(frame.prefix(length)))?.code == .corruptMessage) }
    }

    @Test("what follows a compressed frame is refused, another frame too")
    func trailing() throws {
        let frame = try Frame.encode([UInt8](repeating: 66, count: 4_000), limits: limits)
        #expect(refusal(frame + [0])?.message.contains("follow") == true)
        #expect(refusal(frame + frame.dropFirst())?.message.contains("follow") == true)
    }

    @Test("a frame without a content size, and a skippable one, are refused")
    func sizeNotStated() {
        // A frame header whose descriptor says: no content size, window of 1 KiB; then an empty last block.
        let unstated: [UInt8] = [1, 0x28, 0xB5, 0x2F, 0xFD, 0x00, 0x00, 0x01, 0x00, 0x00]
        #expect(refusal(unstated)?.message.contains("content size") == true)
        let skippable: [UInt8] = [1, 0x50, 0x2A, 0x4D, 0x18, 0x01, 0x00, 0x00, 0x00, 0xFF]
        #expect(refusal(skippable)?.message.contains("content size") == true)
        #expect(refusal([1, 1, 2, 3, 4, 5, 6])?.code == .corruptMessage)
    }

    @Test("a stated size above the limit is refused before decompression")
    func bomb() throws {
        var small = limits
        small.decompressedBytes = 10_000
        let frame = try Frame.encode([UInt8](repeating: 0, count: 10_001), limits: limits)
        #expect(refusal(frame, small)?.code == .messageTooLarge)
        // An 8-byte content size of 2^62: nothing of that size may be allocated.
        let huge: [UInt8] = [1, 0x28, 0xB5, 0x2F, 0xFD, 0xE0, 0, 0, 0, 0, 0, 0, 0, 0x40, 0x01, 0x00, 0x00]
        #expect(refusal(huge)?.code == .messageTooLarge)
    }

    @Test("a frame above the message limit is refused on both sides")
    func tooLarge() throws {
        var small = limits
        small.messageBytes = 100
        #expect(refusal([UInt8](repeating: 0, count: 101), small)?.code == .messageTooLarge)
        #expect(throws: TransportError.self) { _ = try Frame.encode([UInt8](repeating: 0, count: 100), limits: small) }
        #expect(try Frame.encode([UInt8](repeating: 0, count: 99), limits: small).count == 100)
    }

    @Test("flipped bits and noise never trap")
    func noise() throws {
        var generator = SeededGenerator(seed: 4)
        let payload = (0..<2_000).map { UInt8(truncatingIfNeeded: $0 / 7) }
        let frame = try Frame.encode(payload, limits: limits)
        for _ in 0..<3_000 {
            var damaged = frame
            let position = Int.random(in: 0..<frame.count, using: &generator)
            damaged[position] ^= 1 << UInt8.random(in: 0...7, using: &generator)
            if let decoded = try? Frame.decode(damaged, limits: limits) { #expect(decoded.count <= limits.decompressedBytes) }
            let noise = [UInt8(1)] + (0..<50).map { _ in UInt8.random(in: .min ... .max, using: &generator) }
            _ = try? Frame.decode(noise, limits: limits)
        }
    }
}
