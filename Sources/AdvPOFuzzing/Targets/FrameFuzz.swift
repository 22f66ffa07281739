import AdvPOModel
import AdvPOTransport

/// Changed frames against the frame decoder: it never traps or gives back more than is allowed, and what it accepts comes back from a new frame.
struct FrameFuzz {
    let hasCanary: Bool
    /// Small, so that a decoder that allocates past them stands out.
    static let limits = {
        var limits = WireLimits()
        limits.messageBytes = 256 * 1024
        limits.decompressedBytes = 1024 * 1024
        return limits
    }()

    func step(_ dice: inout SeededGenerator) throws(Broken) -> String {
        let pattern = (0..<dice.number(below: 200)).map { _ in UInt8(truncatingIfNeeded: dice.next()) }
        let payload = [[UInt8]](repeating: pattern, count: dice.pick([1, 1, 4, 20, 100])).flatMap(\.self)
        var frame: [UInt8]
        do throws(TransportError) {
            frame = try Frame.encode(payload, limits: Self.limits)
        } catch {
            throw Broken("a payload of \(payload.count) bytes has no frame: \(error.message)")
        }
        // The head holds the sizes.
        if dice.oneIn(2) {
            var head = Array(frame.prefix(20))
            for _ in 0...dice.number(below: 3) { ByteMutation.blind(&head, &dice) }
            frame = head + frame.dropFirst(20)
        } else if !dice.oneIn(10) {
            for _ in 0...dice.number(below: 4) { ByteMutation.blind(&frame, &dice) }
        }
        let decoded: [UInt8]
        do throws(TransportError) {
            decoded = try self.decoded(frame)
        } catch {
            return "\(error.code) \(WireFuzz.withoutDetails(error.message))"
        }
        guard decoded.count <= Self.limits.decompressedBytes else { throw Broken("\(decoded.count) bytes came out of a frame") }
        let again: [UInt8]
        do throws(TransportError) {
            again = try Frame.decode(try Frame.encode(decoded, limits: Self.limits), limits: Self.limits)
        } catch {
            return "accepted, and too large to send again: \(error.code)"
        }
        guard again == decoded else { throw Broken("a payload of \(decoded.count) bytes does not come back from its frame") }
        return "accepted \(frame.first ?? 0) \(decoded.count.bitWidth - decoded.count.leadingZeroBitCount) \(decoded == payload)"
    }

    private func decoded(_ frame: [UInt8]) throws(TransportError) -> [UInt8] {
        // The canary: a frame that states a certain size is believed before it is checked.
        if hasCanary, frame.count > 8, frame[0] == 1, frame[6] == 0xFF {
            return [UInt8](repeating: 0, count: 2 * Self.limits.decompressedBytes)
        }
        return try Frame.decode(frame, limits: Self.limits)
    }
}
