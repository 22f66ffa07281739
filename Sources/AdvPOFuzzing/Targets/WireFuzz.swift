import AdvPOModel
import AdvPOWire

/// Changed messages against every decoder: none traps, what one accepts it accepts again with the same bytes, and every error says where.
struct WireFuzz {
    let hasCanary: Bool
    private let limits = WireLimits()

    init(hasCanary: Bool) { self.hasCanary = hasCanary }

    mutating func step(_ dice: inout SeededGenerator) throws(Broken) -> String {
        let kind = dice.pick(MessageKind.allCases)
        var bytes: [UInt8]
        if dice.oneIn(20) {
            bytes = (0..<dice.number(below: 80)).map { _ in UInt8(truncatingIfNeeded: dice.next()) }
        } else {
            var random = RandomMessages(seed: dice.next())
            bytes = kind.bytes(from: &random)
            if !dice.oneIn(10) { ByteMutation.mutate(&bytes, &dice) }
        }
        let recoded: [UInt8]
        do throws(WireError) {
            recoded = try decoded(bytes, kind)
        } catch {
            guard error.message.utf8.count <= 4_096 else { throw Broken("the error of a damaged \(kind) has \(error.message.utf8.count) bytes") }
            guard error.place.lowercased().hasPrefix(kind.rawValue.lowercased()) else { throw Broken("the error of a \(kind) names \(error.place)") }
            return "\(kind) \(Self.withoutDetails(error.place)) \(Self.withoutDetails(error.problem))"
        }
        let again: [UInt8]
        do throws(WireError) { again = try decoded(recoded, kind) } catch { throw Broken("a \(kind) was accepted, and its own encoding was not: \(error.message)") }
        guard again == recoded else { throw Broken("a \(kind) changes each time it is decoded and encoded") }
        return "\(kind) accepted \(recoded.count.bitWidth - recoded.count.leadingZeroBitCount)"
    }

    private func decoded(_ bytes: [UInt8], _ kind: MessageKind) throws(WireError) -> [UInt8] {
        let recoded = try kind.recoded(bytes, limits: limits)
        // The canary: of one kind, one accepted message of twenty loses its last byte.
        if hasCanary, kind == .workRequest, recoded.count > 60, recoded.reduce(0, { ($0 &* 31 &+ Int($1)) & 0xFFFF }) % 20 == 7 { return recoded.dropLast() }
        return recoded
    }

    /// Numbers and quoted text differ from input to input; the kind of error does not.
    static func withoutDetails(_ text: String) -> String {
        var kept: [UInt8] = []
        var isQuoted = false
        for byte in text.utf8.prefix(200) {
            if byte == UInt8(ascii: "\"") { isQuoted.toggle() }
            if !isQuoted, !(UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) { kept.append(byte) }
        }
        return String(decoding: kept, as: UTF8.self)
    }
}
