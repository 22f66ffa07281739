import AdvPOFuzzing
import AdvPOModel
import AdvPOTestSupport
import AdvPOWire
import OrderedCollections
import Testing

@Suite(.longRunning)
struct HostileBytesTests {
    private let limits = WireLimits()

    @Test("no prefix of a message traps its decoder", arguments: MessageKind.allCases)
    func truncated(_ kind: MessageKind) {
        var random = RandomMessages(seed: 20)
        for _ in 0..<40 {
            let bytes = kind.bytes(from: &random)
            for length in 0..<bytes.count { _ = try? kind.recoded(Array(bytes.prefix(length)), limits: limits) }
        }
    }

    @Test("flipped bits do not trap a decoder, and what passes encodes again", arguments: MessageKind.allCases)
    func flippedBits(_ kind: MessageKind) {
        var random = RandomMessages(seed: 21)
        for _ in 0..<300 {
            var bytes = kind.bytes(from: &random)
            if bytes.isEmpty { continue }
            for _ in 0...random.number(0...3) { bytes[random.number(0...bytes.count - 1)] ^= 1 << UInt8(random.number(0...7)) }
            guard let recoded = try? kind.recoded(bytes, limits: limits) else { continue }
            #expect((try? kind.recoded(recoded, limits: limits)) == recoded, "what a decoder accepts, it accepts again")
        }
    }

    @Test("noise does not trap a decoder", arguments: MessageKind.allCases)
    func noise(_ kind: MessageKind) {
        var random = RandomMessages(seed: 22)
        for _ in 0..<2_000 { _ = try? kind.recoded(random.bytes(0...60), limits: limits) }
    }

    @Test("fields of a newer minor version are passed over", arguments: MessageKind.allCases)
    func unknownFields(_ kind: MessageKind) throws {
        var random = RandomMessages(seed: 23)
        // Field 100 as a number, as text, as 8 and as 4 bytes.
        let unknown: [[UInt8]] = [
            [0xA0, 0x06, 0x2A], [0xA2, 0x06, 2, 1, 2], [0xA1, 0x06, 1, 2, 3, 4, 5, 6, 7, 8], [0xA5, 0x06, 1, 2, 3, 4],
        ]
        for _ in 0..<20 {
            let bytes = kind.bytes(from: &random)
            for field in unknown {
                #expect(try kind.recoded(bytes + field, limits: limits) == bytes)
                #expect(try kind.recoded(field + bytes, limits: limits) == bytes)
            }
        }
    }

    @Test("a message of many empty entries is refused by its count, not parsed")
    func emptyEntries() {
        // report { units {} units {} … }: two bytes each, hundreds once parsed.
        let units = [UInt8](repeating: 0, count: 4_000_000).enumerated().map { $0.offset.isMultiple(of: 2) ? 0x1A : $0.element }
        let bytes: [UInt8] = [0x12] + varint(units.count) + units
        let error = #expect(throws: WireError.self) { _ = try WorkRequest(decoding: bytes, limits: limits) }
        #expect(error?.message == "WorkRequest.report.units: there are more than 256")
    }

    @Test("JSON nested without end is refused before it is parsed")
    func deepJSON() {
        var value = JSONValue.null
        for _ in 0..<63 { value = .array([value]) }
        var configuration = ModelConfiguration(modelID: "m", additionalModelRequestFields: ["k": value])
        #expect(throws: Never.self) { try BlobCodec.decodeModelConfiguration(BlobCodec.encode(configuration), limits: limits) }
        configuration.additionalModelRequestFields = ["k": .array([value])]
        let error = #expect(throws: WireError.self) {
            _ = try BlobCodec.decodeModelConfiguration(BlobCodec.encode(configuration), limits: limits)
        }
        #expect(error?.problem == "JSON values are nested more than 64 deep")
        // The same in objects, which nest three messages for each value.
        var object = JSONValue.null
        for _ in 0..<63 { object = .object(["k": object]) }
        configuration.additionalModelRequestFields = ["k": object]
        #expect(throws: Never.self) { try BlobCodec.decodeModelConfiguration(BlobCodec.encode(configuration), limits: limits) }
        // Raw bytes, nested 2,000 deep: array { items { … } }.
        var raw: [UInt8] = []
        for _ in 0..<2_000 { raw = [0x2A] + varint(raw.count + 1 + varint(raw.count).count) + [0x0A] + varint(raw.count) + raw }
        let member = [0x12] + varint(raw.count) + raw
        let fields = [0x0A] + varint(member.count) + member
        #expect(throws: WireError.self) {
            _ = try BlobCodec.decodeModelConfiguration([0x1A] + varint(fields.count) + fields, limits: limits)
        }
    }

    private func varint(_ value: Int) -> [UInt8] {
        var rest = value
        var bytes: [UInt8] = []
        while rest >= 0x80 {
            bytes.append(UInt8(rest & 0x7F) | 0x80)
            rest >>= 7
        }
        return bytes + [UInt8(rest)]
    }
}
