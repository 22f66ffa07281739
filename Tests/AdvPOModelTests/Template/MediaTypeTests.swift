import AdvPOModel
import Testing

@Suite struct MediaTypeTests {
    static let signatures: [(MediaType, [UInt8])] = [
        (.png, [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]), (.jpeg, [0xFF, 0xD8, 0xFF]), (.gif, Array("GIF87a".utf8)), (.gif, Array("GIF89a".utf8)),
        (.webp, Array("RIFF".utf8) + [1, 2, 3, 4] + Array("WEBP".utf8)), (.pdf, Array("%PDF-".utf8)),
    ]

    @Test("a file's format is known by its first bytes, all of them and no fewer", arguments: signatures)
    func recognised(type: MediaType, signature: [UInt8]) {
        #expect(MediaType(signatureOf: signature) == type)
        #expect(MediaType(signatureOf: signature + [9, 9, 9, 9, 9, 9, 9, 9, 9, 9]) == type)
        for length in signature.indices { #expect(MediaType(signatureOf: signature.prefix(length)) == nil) }
        #expect(MediaType(signatureOf: [0x20] + signature) == nil)
    }

    @Test("other files are none of them", arguments: ["", "BM", "<svg>", "RIFF1234WAVE", "II*\0", "GIF88a", "hello"])
    func others(text: String) { #expect(MediaType(signatureOf: text.utf8) == nil) }

    @Test("only PDF is a document, and every name is read back")
    func kinds() {
        #expect(MediaType.allCases.filter { $0.kind == .document } == [.pdf])
        #expect(MediaType.allCases.allSatisfy { MediaType(rawValue: $0.rawValue) == $0 })
    }
}
