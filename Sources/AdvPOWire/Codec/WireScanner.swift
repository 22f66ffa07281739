import AdvPOModel

/// Walks the raw bytes of a message along its shape and refuses what is above a limit, before anything is allocated for it.
struct WireScanner {
    private let bytes: [UInt8]
    private let limits: WireLimits
    private var jsonValues = 0
    private var jsonDepth = 0

    /// - Throws: `WireError` whose place begins with `name`.
    static func check(_ bytes: [UInt8], as shape: WireShape, named name: String, limits: WireLimits) throws(WireError) {
        var scanner = WireScanner(bytes: bytes, limits: limits)
        do throws(WireError) {
            try scanner.scan(0..<bytes.count, as: shape)
        } catch {
            throw WireError(place: name + error.place, problem: error.problem)
        }
    }

    private init(bytes: [UInt8], limits: WireLimits) {
        self.bytes = bytes
        self.limits = limits
    }

    private mutating func scan(_ range: Range<Int>, as shape: WireShape) throws(WireError) {
        try enter(shape)
        var counts = InlineArray<16, Int>(repeating: 0)
        var position = range.lowerBound
        while position < range.upperBound {
            let tag = try varint(&position, before: range.upperBound)
            let field = tag >> 3
            switch tag & 7 {
            case 0: _ = try varint(&position, before: range.upperBound)
            case 1: try skip(8, &position, before: range.upperBound)
            case 5: try skip(4, &position, before: range.upperBound)
            case 2:
                let length = try varint(&position, before: range.upperBound)
                guard length <= UInt64(range.upperBound - position) else { throw malformed("a field is longer than what holds it") }
                let content = position..<position + Int(length)
                position = content.upperBound
                // Every field with a rule has a number below 16.
                if field < 16, let rule = shape.rule(for: field, limits) {
                    counts[Int(field)] += 1
                    try check(content, rule, count: counts[Int(field)])
                }
            default: throw malformed("a field has wire type \(tag & 7), which is not in use")
            }
        }
        if case .jsonValue = shape { jsonDepth -= 1 }
    }

    private mutating func check(_ content: Range<Int>, _ rule: WireShape.Rule, count: Int) throws(WireError) {
        let index = rule.maximumCount == 1 ? "" : rule.maximumCount == .max ? "" : "[\(count - 1)]"
        guard count <= rule.maximumCount else {
            let problem = rule.maximumCount == 1 ? "comes twice" : "there are more than \(rule.maximumCount)"
            throw WireError(place: ".\(rule.name)", problem: problem)
        }
        guard content.count <= rule.maximumBytes else {
            throw WireError(place: ".\(rule.name)\(index)", problem: "has \(content.count) bytes, more than the \(rule.maximumBytes) allowed")
        }
        guard let shape = rule.shape else { return }
        do throws(WireError) {
            try scan(content, as: shape)
        } catch {
            throw WireError(place: ".\(rule.name)\(index)\(error.place)", problem: error.problem)
        }
    }

    private mutating func enter(_ shape: WireShape) throws(WireError) {
        guard case .jsonValue = shape else { return }
        jsonValues += 1
        jsonDepth += 1
        guard jsonValues <= limits.jsonValues else { throw malformed("there are more than \(limits.jsonValues) JSON values") }
        guard jsonDepth <= limits.jsonDepth else { throw malformed("JSON values are nested more than \(limits.jsonDepth) deep") }
    }

    private func varint(_ position: inout Int, before end: Int) throws(WireError) -> UInt64 {
        var value: UInt64 = 0
        for shift in stride(from: UInt64(0), to: 70, by: 7) {
            guard position < end else { throw malformed("the bytes are cut off") }
            let byte = bytes[position]
            position += 1
            value |= UInt64(byte & 0x7F) << shift
            if byte < 0x80 { return value }
        }
        throw malformed("a number is longer than 10 bytes")
    }

    private func skip(_ count: Int, _ position: inout Int, before end: Int) throws(WireError) {
        guard count <= end - position else { throw malformed("the bytes are cut off") }
        position += count
    }

    private func malformed(_ problem: String) -> WireError { WireError(place: "", problem: problem) }
}
