/// Decodes a stream of server-sent events, fed in pieces of any size: the same bytes give the same events however they are cut.
///
/// Source: WHATWG HTML, 9.2.6 "Interpreting an event stream". `id` and `retry` are ignored: an answer is never resumed.
/// After a fault the decoder takes no more.
struct SSEDecoder {
    struct Event: Hashable, Sendable {
        /// Empty for an ordinary event.
        var name: String
        /// The event's data lines, joined by newlines.
        var data: String
    }

    enum Fault: Error, Hashable {
        case lineTooLong(limitBytes: Int)
        case eventTooLong(limitBytes: Int)
    }

    private let limitBytes: Int
    private var line: [UInt8] = []
    private var data: [UInt8] = []
    private var hasData = false
    private var name = ""
    private var lastWasCarriageReturn = false
    private var isFirstLine = true

    /// `limitBytes` bounds one line and one event's data.
    init(limitBytes: Int = 1024 * 1024) { self.limitBytes = limitBytes }

    /// Appends the events that these bytes complete; those before a fault are appended too.
    mutating func feed(_ bytes: some Sequence<UInt8>, into events: inout [Event]) throws(Fault) {
        for byte in bytes {
            if byte == UInt8(ascii: "\n"), lastWasCarriageReturn {
                lastWasCarriageReturn = false
                continue
            }
            lastWasCarriageReturn = byte == UInt8(ascii: "\r")
            if byte == UInt8(ascii: "\n") || byte == UInt8(ascii: "\r") {
                try endLine(&events)
            } else {
                guard line.count < limitBytes else { throw .lineTooLong(limitBytes: limitBytes) }
                line.append(byte)
            }
        }
    }

    /// The stream has ended: hands out an event that lacks only its closing blank line, as some servers leave it.
    mutating func finish(into events: inout [Event]) throws(Fault) {
        if !line.isEmpty { try endLine(&events) }
        dispatch(&events)
    }

    private mutating func endLine(_ events: inout [Event]) throws(Fault) {
        defer { line.removeAll(keepingCapacity: true) }
        if isFirstLine {
            isFirstLine = false
            if line.starts(with: [0xEF, 0xBB, 0xBF]) { line.removeFirst(3) }
        }
        guard !line.isEmpty else {
            dispatch(&events)
            return
        }
        let colon = line.firstIndex(of: UInt8(ascii: ":"))
        if colon == line.startIndex { return }
        var value = colon.map { line[($0 + 1)...] } ?? []
        if value.first == UInt8(ascii: " ") { value = value.dropFirst() }
        switch String(decoding: line[..<(colon ?? line.endIndex)], as: UTF8.self) {
        case "data":
            if hasData { data.append(UInt8(ascii: "\n")) }
            guard data.count + value.count <= limitBytes else { throw .eventTooLong(limitBytes: limitBytes) }
            data += value
            hasData = true
        case "event":
            name = String(decoding: value, as: UTF8.self)
        default:
            break
        }
    }

    private mutating func dispatch(_ events: inout [Event]) {
        if hasData { events.append(Event(name: name, data: String(decoding: data, as: UTF8.self))) }
        data.removeAll(keepingCapacity: true)
        hasData = false
        name = ""
    }
}
