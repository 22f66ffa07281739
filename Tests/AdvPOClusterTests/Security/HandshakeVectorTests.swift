import AdvPOCluster
import Foundation
import Testing

/// The numbers of docs/wire-protocol.md, which another implementation (Python's hmac and hashlib) computed.
@Suite struct HandshakeVectorTests {
    private static let vectors = [
        "worker key": "feb51764c6abbeb1fd2739a3c4002afa808fd45744b961d28832903f32bb0fb2",
        "digest": "773584ac30fc84429feef75516f1535c3a5b1e109a0ea5dcb0316e20a094dd85",
        "coordinator's proof": "51445e52bdcd35d49f12ccfa34f69d53a959a23deaf3c8bbf1cf3a5313c7b46b",
        "worker's proof": "ca047164dc22eb43b42ee0e9d3dc72509a0407a48447a49243533cb2b522f546",
        "sealed pull": "0301020304050607080000000000000005e166a240071bb9be98d44739c2a691b2000a020809",
        "sealed answer": "0301020304050607080000000000000005e0b84059237715c3c1ae13b6f75c77ff001200",
    ]

    private func hex(_ bytes: [UInt8]) -> String { bytes.map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }.joined() }

    @Test("keys, proofs and seals are those that the document gives")
    func vectors() throws {
        let key = try SecurityFixtures.secret().key(of: try SecurityFixtures.identity())
        let digest = try SecurityFixtures.claim().digest(challenge: Array(0x40..<0x68))
        let channel = key.channelKey(digest: digest)
        let number: UInt64 = 0x0102_0304_0506_0708
        let found = [
            "worker key": key.revealed, "digest": digest, "coordinator's proof": key.proof(of: .coordinator, digest: digest),
            "worker's proof": key.proof(of: .worker, digest: digest),
            "sealed pull": channel.seal([0, 0x0A, 2, 8, 9], as: .request(.work), channel: number, counter: 5),
            "sealed answer": channel.seal([0, 0x12, 0], as: .answer(.work), channel: number, counter: 5),
        ]
        for (name, expected) in Self.vectors { #expect(found[name].map(hex) == expected, "\(name)") }
    }

    @Test("the document has the same numbers")
    func document() throws {
        let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        let text = try String(contentsOf: root.appendingPathComponent("docs/wire-protocol.md"), encoding: .utf8)
        for (name, value) in Self.vectors { #expect(text.contains(value), "\(name)") }
    }
}
