@testable import AdvPOInference
import AdvPOModel
import Testing

@Suite("Server-sent events")
struct SSEDecoderTests {
    private typealias Event = SSEDecoder.Event

    /// The events, and whether the stream was at fault.
    private func decode(_ pieces: [[UInt8]], limitBytes: Int = 1024 * 1024) -> (events: [SSEDecoder.Event], fault: SSEDecoder.Fault?) {
        var decoder = SSEDecoder(limitBytes: limitBytes)
        var events: [Event] = []
        do throws(SSEDecoder.Fault) {
            for piece in pieces { try decoder.feed(piece, into: &events) }
            try decoder.finish(into: &events)
            return (events, nil)
        } catch {
            return (events, error)
        }
    }

    private func data(_ text: String) -> [String] { decode([Array(text.utf8)]).events.map(\.data) }

    @Test("line ends of all three kinds separate lines")
    func lineEnds() {
        #expect(data("data: a\n\ndata: b\r\n\r\ndata: c\r\rdata: d\r\n\n") == ["a", "b", "c", "d"])
    }

    @Test("comments, unknown fields, ids and events without data are passed over")
    func passedOver() {
        #expect(data(": hello\n\n:\nid: 1\nretry: 5\nfoo\n\nevent: ping\n\ndata: x\n\n") == ["x"])
    }

    @Test("data over several lines is joined by newlines, one space after the colon is dropped")
    func multiLine() {
        #expect(data("data: a\ndata:b\ndata:  c\ndata\ndata: e\n\n") == ["a\nb\n c\n\ne"])
    }

    @Test("an event's name belongs to that event alone")
    func names() {
        let events = decode([Array("event: error\ndata: 1\n\ndata: 2\n\n".utf8)]).events
        #expect(events == [Event(name: "error", data: "1"), Event(name: "", data: "2")])
    }

    @Test("a byte order mark at the start is no part of the first line")
    func byteOrderMark() {
        #expect(data("\u{FEFF}data: a\n\n") == ["a"])
    }

    @Test("an event that lacks only its closing lines counts when the stream ends")
    func unfinished() {
        #expect(data("data: a\n\ndata: [DONE]") == ["a", "[DONE]"])
    }

    @Test("a line and an event may be as long as the limit, and no longer")
    func limits() {
        #expect(decode([Array("data: 1234\n\n".utf8)], limitBytes: 10).events.map(\.data) == ["1234"])
        #expect(decode([Array("data: 12345\n\n".utf8)], limitBytes: 10).fault == .lineTooLong(limitBytes: 10))
        #expect(decode([Array("data:12345\ndata:12345\n\n".utf8)], limitBytes: 10).fault == .eventTooLong(limitBytes: 10))
    }

    static let streams = [
        "data: a\n\ndata: b\r\n\r\n: c\r\revent: x\rdata: é🙂\r\ndata: \r\n\n\ndata: [DONE]\n\n",
        "\u{FEFF}data: one\r\ndata: two\r\n\r\ndata",
        "\r\n\r\n\n\rdata:x\r\r\ndata:y\n\rdata:z",
        "data: ok\n\ndata: this line is much too long for the limit of forty bytes\n\ndata: never\n\n",
        "data: 123456789012345678901234567890\ndata: 12345678901234567890\n\n",
    ]

    @Test("the same bytes give the same events however they are cut", arguments: streams)
    func splitInvariance(stream: String) {
        let bytes = Array(stream.utf8)
        let whole = decode([bytes], limitBytes: 40)
        let single = decode(bytes.map { [$0] }, limitBytes: 40)
        #expect(single.events == whole.events)
        #expect(single.fault == whole.fault)
        var generator = SeededGenerator(seed: 7)
        for _ in 0..<200 {
            var pieces: [[UInt8]] = []
            var rest = bytes[...]
            while !rest.isEmpty {
                let count = Int.random(in: 0...min(9, rest.count), using: &generator)
                pieces.append(Array(rest.prefix(count)))
                rest = rest.dropFirst(count)
            }
            let cut = decode(pieces, limitBytes: 40)
            #expect(cut.events == whole.events)
            #expect(cut.fault == whole.fault)
        }
    }
}
