import AdvPOModel

/// Changes of bytes, some blind, some that know how protobuf is laid out.
enum ByteMutation {
    static let interesting: [UInt8] = [0, 1, 0x7F, 0x80, 0xFF, 0x0A, 0x12, 0x2A]

    static func mutate(_ bytes: inout [UInt8], _ dice: inout SeededGenerator) {
        for _ in 0...dice.number(below: 3) {
            if dice.oneIn(2) { bytes = structured(bytes, &dice, depth: 0) } else { blind(&bytes, &dice) }
        }
    }

    static func blind(_ bytes: inout [UInt8], _ dice: inout SeededGenerator) {
        guard !bytes.isEmpty else {
            bytes = (0..<dice.number(below: 20)).map { _ in UInt8(truncatingIfNeeded: dice.next()) }
            return
        }
        let place = dice.number(below: bytes.count)
        switch dice.number(below: 7) {
        case 0: bytes[place] ^= 1 << UInt8(dice.number(below: 8))
        case 1: bytes[place] = dice.pick(interesting)
        case 2: bytes.insert(UInt8(truncatingIfNeeded: dice.next()), at: place)
        case 3: bytes.remove(at: place)
        case 4: bytes.removeLast(dice.number(below: bytes.count))
        case 5:
            let end = min(bytes.count, place + 1 + dice.number(below: 40))
            bytes.insert(contentsOf: bytes[place..<end], at: dice.number(below: bytes.count))
        default: bytes.insert(contentsOf: [0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x01], at: place)
        }
    }

    /// Changes one field, at any depth, and keeps the lengths around it right.
    private static func structured(_ bytes: [UInt8], _ dice: inout SeededGenerator, depth: Int) -> [UInt8] {
        guard var fields = fields(bytes), !fields.isEmpty else {
            var changed = bytes
            blind(&changed, &dice)
            return changed
        }
        let place = dice.number(below: fields.count)
        switch dice.number(below: 8) {
        case 0: fields.remove(at: place)
        case 1: fields.insert(fields[place], at: dice.number(below: fields.count + 1))
        case 2: fields.swapAt(place, dice.number(below: fields.count))
        case 3: fields[place].tag = fields[place].tag & 7 | UInt64(dice.number(below: 20)) << 3
        case 4 where !fields[place].isMessage: fields[place].value = varint(dice.pick([0, 1, 127, 128, 255, 1 << 31, 1 << 32, 1 << 43, 1 << 63, .max]))
        case 5: for _ in 0..<dice.pick([2, 17, 300]) { fields.append(fields[place]) }
        default:
            if fields[place].isMessage, depth < 12 { fields[place].value = structured(fields[place].value, &dice, depth: depth + 1) }
        }
        return fields.flatMap(\.bytes)
    }

    private struct Field {
        var tag: UInt64
        var value: [UInt8]
        /// Or text: both are a length and as many bytes.
        var isMessage: Bool { tag & 7 == 2 }
        var bytes: [UInt8] { varint(tag) + (isMessage ? varint(UInt64(value.count)) : []) + value }
    }

    /// Nil for what is no message.
    private static func fields(_ bytes: [UInt8]) -> [Field]? {
        var fields: [Field] = []
        var position = 0
        while position < bytes.count {
            guard let tag = readVarint(bytes, &position) else { return nil }
            let start = position
            switch tag & 7 {
            case 0:
                guard readVarint(bytes, &position) != nil else { return nil }
                fields.append(Field(tag: tag, value: Array(bytes[start..<position])))
            case 1, 5:
                position += tag & 7 == 1 ? 8 : 4
                guard position <= bytes.count else { return nil }
                fields.append(Field(tag: tag, value: Array(bytes[start..<position])))
            case 2:
                guard let length = readVarint(bytes, &position), length <= UInt64(bytes.count - position) else { return nil }
                fields.append(Field(tag: tag, value: Array(bytes[position..<position + Int(length)])))
                position += Int(length)
            default: return nil
            }
        }
        return fields
    }

    private static func readVarint(_ bytes: [UInt8], _ position: inout Int) -> UInt64? {
        var value: UInt64 = 0
        for shift in stride(from: UInt64(0), to: 64, by: 7) {
            guard position < bytes.count else { return nil }
            let byte = bytes[position]
            position += 1
            value |= UInt64(byte & 0x7F) << shift
            if byte < 0x80 { return value }
        }
        return nil
    }

    private static func varint(_ value: UInt64) -> [UInt8] {
        var rest = value
        var bytes: [UInt8] = []
        while rest >= 0x80 {
            bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        return bytes + [UInt8(rest)]
    }
}
