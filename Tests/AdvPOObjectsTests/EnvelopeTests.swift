@testable import AdvPOObjects
import Crypto
import Foundation
import OrderedCollections
import Testing

/// The envelope: what opens, and that nothing else does.
@Suite("Envelopes")
struct EnvelopeTests {
    private typealias Fixtures = EnvelopeFixtures

    private func refusal(_ envelope: [UInt8], _ keyring: Keyring = EnvelopeFixtures.keyring) -> EnvelopeFault? {
        do {
            _ = try Envelope.open(envelope, keyring: keyring)
            return nil
        } catch {
            return error
        }
    }

    private func isDamaged(_ envelope: [UInt8]) -> Bool { if case .damaged = refusal(envelope) { true } else { false } }

    @Test("open to what was sealed, and have the documented size", arguments: [0, 1, 65_535, 65_536, 65_537, 131_072, 3_000_001])
    func roundTrips(size: Int) throws {
        let content = Fixtures.content(size)
        let envelope = Fixtures.seal(content)
        #expect(try Envelope.open(envelope, keyring: Fixtures.keyring) == content)
        #expect(envelope.count == Fixtures.headerBytes + size + 16 * max(1, (size + 65_535) / 65_536))
        #expect(envelope.count <= EnvelopeHeader.largestEnvelope(ofContent: size))
    }

    /// The expected bytes were made with Python's `cryptography`, from the description alone.
    @Test("are byte for byte those of another implementation")
    func matchesOtherImplementation() throws {
        let golden = try #require(Data(base64Encoded: """
            QURWUE9FTkMBAEthcm46YXdzOmttczp1cy1lYXN0LTE6MDAwMDAwMDAwMDAwOmtleS8wMDAwMDAwMC0wMDAwLTAwMDAtMDAwMC0wMDAwMDAwMDAwMDEgISIjJCUmJygpKivSK6oE6xgjNVtG\
            6Zc6lUfXdy3xdBcjR1qS2/nhGx5Uzj3OZVM0+NVvfQQVEDlWNeIsLS4vMDEy/oyF321a5S0/XjZ7Y0fvFeMimMfjlxJo/hoQcSkaTYdbMyB/Cw==
            """))
        var generator = Counting()
        let short = Array("The moon is far away.".utf8)
        #expect(Envelope.seal(short, key: Fixtures.key, arn: Fixtures.arn, using: &generator) == Array(golden))
        #expect(try Envelope.open(Array(golden), keyring: Fixtures.keyring) == short)
        generator = Counting()
        let long = Envelope.seal(Fixtures.content(65_541), key: Fixtures.key, arn: Fixtures.arn, using: &generator)
        let digest = SHA256.hash(data: long).map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }.joined()
        #expect(digest == "8fc077c51295561a40835563fc2a7091c450ca158d66ccf189253c70f8536b36")
    }

    @Test("differ each time, though the content is the same")
    func differ() throws {
        var generator = SystemRandomNumberGenerator()
        let content = Fixtures.content(100)
        let (one, two) = (Envelope.seal(content, key: Fixtures.key, arn: Fixtures.arn, using: &generator), Envelope.seal(content, key: Fixtures.key, arn: Fixtures.arn, using: &generator))
        #expect(one[(Fixtures.headerBytes - 67)...] != two[(Fixtures.headerBytes - 67)...])
        #expect(one[Fixtures.headerBytes...] != two[Fixtures.headerBytes...])
    }

    @Test("are refused when any one byte is another: header, wrapped key, content, tags")
    func refusesEveryChangedByte() {
        for content in [[], Fixtures.content(40)] {
            let envelope = Fixtures.seal(content)
            for index in envelope.indices {
                for change in [UInt8(1), 0x80] {
                    var changed = envelope
                    changed[index] ^= change
                    #expect(refusal(changed) != nil, "byte \(index) of \(envelope.count)")
                }
            }
        }
    }

    @Test("are refused when a byte of a long one is another, in each of its regions")
    func refusesChangedRegions() {
        let envelope = Fixtures.seal(Fixtures.content(3 * 65_536 + 100))
        let chunk = Fixtures.sealedChunkBytes
        for start in (0...3).map({ Fixtures.headerBytes + $0 * chunk }) {
            for index in [start, start + 50, min(start + 65_536, envelope.count - 16), min(start + chunk, envelope.count) - 1] {
                var changed = envelope
                changed[index] ^= 0x10
                #expect(isDamaged(changed), "byte \(index)")
            }
        }
    }

    @Test("are refused when they are cut, at every chunk's border, beside it and within the header")
    func refusesTruncation() {
        let envelope = Fixtures.seal(Fixtures.content(2 * 65_536 + 100))
        for border in [1, 2, 3].map({ Fixtures.headerBytes + ($0 - 1) * Fixtures.sealedChunkBytes }) + [envelope.count] {
            for length in [border - 17, border - 16, border - 1, border, border + 1, border + 15, border + 16, border + 17] where length < envelope.count {
                #expect(isDamaged(Array(envelope.prefix(length))), "cut to \(length)")
            }
        }
        for length in 0..<Fixtures.headerBytes { #expect(isDamaged(Array(envelope.prefix(length))), "cut to \(length)") }
    }

    @Test("are refused when something follows them, or a whole chunk stands there twice")
    func refusesExtension() {
        for size in [0, 100, 65_536, 131_072] {
            let envelope = Fixtures.seal(Fixtures.content(size))
            let last = Array(envelope[(Fixtures.headerBytes + max(0, (size - 1) / 65_536) * Fixtures.sealedChunkBytes)...])
            for more in [[0], [UInt8](repeating: 0, count: 16), [UInt8](repeating: 7, count: 70_000), last] {
                #expect(isDamaged(envelope + more), "\(size) bytes and \(more.count) more")
            }
        }
    }

    @Test("are refused when chunks change places, are left out, or come from another object under the same key")
    func refusesReorderingAndSplicing() {
        let one = Fixtures.seal(Fixtures.content(4 * 65_536), seed: 1)
        let two = Fixtures.seal(Fixtures.content(4 * 65_536), seed: 2)
        func chunk(_ number: Int, of envelope: [UInt8]) -> [UInt8] {
            Array(envelope[(Fixtures.headerBytes + number * Fixtures.sealedChunkBytes)...].prefix(Fixtures.sealedChunkBytes))
        }
        func assembled(_ header: [UInt8], _ chunks: [[UInt8]]) -> [UInt8] { Array(header.prefix(Fixtures.headerBytes)) + chunks.flatMap { $0 } }
        let mine = (0..<4).map { chunk($0, of: one) }
        #expect(refusal(assembled(one, mine)) == nil)
        #expect(isDamaged(assembled(one, [mine[1], mine[0], mine[2], mine[3]])))
        #expect(isDamaged(assembled(one, [mine[0], mine[1], mine[3], mine[2]])))
        #expect(isDamaged(assembled(one, [mine[0], mine[2], mine[3]])))
        #expect(isDamaged(assembled(one, [mine[0], mine[1], chunk(2, of: two), mine[3]])))
        #expect(isDamaged(assembled(one, [mine[0], mine[1], mine[2], chunk(3, of: two)])))
        #expect(isDamaged(assembled(two, mine)))
        // The other's data key, with this one's nonces and content.
        let wrapped = (Fixtures.headerBytes - 67)..<(Fixtures.headerBytes - 7)
        var mixed = one
        mixed.replaceSubrange(wrapped, with: two[wrapped])
        #expect(isDamaged(mixed))
    }

    @Test("have one form for one content: an empty chunk at the end is refused, though its writer had the key")
    func refusesSecondForm() throws {
        let dataKey = Fixtures.material(9)
        let nonce = [UInt8](repeating: 1, count: 12)
        let wrapped = EnvelopeChunk.sealed(dataKey.revealed, key: Fixtures.key.symmetricKey, nonce: nonce, context: EnvelopeHeader.wrapContext(keyARN: Fixtures.arn))
        let header = EnvelopeHeader(keyARN: Fixtures.arn, wrapNonce: nonce, wrappedKey: wrapped, noncePrefix: [UInt8](repeating: 2, count: 7))
        let chunk = EnvelopeChunk(dataKey: dataKey.symmetricKey, header: header)
        let content = Fixtures.content(65_536)[...]
        #expect(refusal(header.bytes + chunk.seal(content, number: 0, isLast: true)) == nil)
        let second = header.bytes + chunk.seal(content, number: 0, isLast: false) + chunk.seal([], number: 1, isLast: true)
        #expect(refusal(second) == .damaged("its end is missing"))
        #expect(throws: EnvelopeFault.damaged("its end is missing")) { try header.contentBytes(ofEnvelope: second.count) }
    }

    @Test("say which key they need, and which is the wrong one")
    func namesTheKey() {
        let envelope = Fixtures.seal([1])
        #expect(refusal(envelope, .empty) == .unknownKey(Fixtures.arn))
        #expect(refusal(envelope, Keyring([Fixtures.otherARN: Fixtures.key])) == .unknownKey(Fixtures.arn))
        guard case .damaged(let reason) = refusal(envelope, Keyring([Fixtures.arn: Fixtures.material(1)])) else { return #expect(Bool(false)) }
        #expect(reason.contains("does not open with the key \(Fixtures.arn)"))
        // The same material under another name: the name is sealed too.
        var renamed = envelope
        renamed.replaceSubrange(11..<(11 + Fixtures.arn.utf8.count), with: Fixtures.otherARN.utf8)
        guard case .damaged = refusal(renamed, Keyring([Fixtures.otherARN: Fixtures.key])) else { return #expect(Bool(false)) }
    }

    @Test("of another version are refused by its number")
    func refusesOtherVersions() {
        var envelope = Fixtures.seal([1])
        envelope[8] = 2
        #expect(refusal(envelope) == .damaged("it is of version 2, and this program reads version 1; use a newer one"))
    }

    @Test("open the same however their bytes are cut, and give nothing of a damaged chunk", arguments: [1 as UInt64, 2, 3])
    func opensInPieces(seed: UInt64) throws {
        var generator = SplitMix(state: seed)
        let content = Fixtures.content(5 * 65_536 + 77)
        var envelope = Fixtures.seal(content)
        let header = try EnvelopeHeader(parsing: envelope)
        func opened() throws(EnvelopeFault) -> (content: [UInt8], fault: EnvelopeFault?) {
            var opener = try EnvelopeOpener(header, keyring: Fixtures.keyring)
            var (offset, result) = (header.byteCount, [UInt8]())
            do throws(EnvelopeFault) {
                while offset < envelope.count {
                    let end = min(envelope.count, offset + Int.random(in: 1...150_000, using: &generator))
                    result += try opener.open(Array(envelope[offset..<end]))
                    offset = end
                }
                return (try result + opener.finish(), nil)
            } catch {
                // Whoever goes on nevertheless gets the same answer.
                #expect(throws: error) { try opener.open([UInt8](repeating: 0, count: 200_000)) }
                #expect(throws: EnvelopeFault.self) { try opener.finish() }
                return (result, error)
            }
        }
        let whole = try opened()
        #expect(whole.content == content && whole.fault == nil)
        envelope[header.byteCount + 2 * Fixtures.sealedChunkBytes + 9] ^= 1
        let part = try opened()
        #expect(part.fault == .damaged("its content from byte 131072 on is damaged"))
        #expect(part.content.count <= 131_072 && content.starts(with: part.content))
    }

    @Test("never trap the reader, whatever the bytes are", arguments: 0..<8 as Range<UInt64>)
    func withstandsAnyBytes(seed: UInt64) {
        var generator = SplitMix(state: seed)
        let good = Fixtures.seal(Fixtures.content(300), seed: seed)
        for _ in 0..<1_500 {
            var bytes = good
            switch Int.random(in: 0..<5, using: &generator) {
            case 0: bytes = Array(good.prefix(8)) + generator.bytes(Int.random(in: 0...400, using: &generator))
            case 1: bytes.removeSubrange(Int.random(in: 0..<good.count, using: &generator)...)
            case 2: bytes.insert(contentsOf: generator.bytes(Int.random(in: 1...40, using: &generator)), at: Int.random(in: 0...good.count, using: &generator))
            case 3: for _ in 0...Int.random(in: 0...8, using: &generator) { bytes[Int.random(in: 0..<good.count, using: &generator)] = UInt8.random(in: .min ... .max, using: &generator) }
            default: bytes = generator.bytes(Int.random(in: 0...300, using: &generator))
            }
            if bytes != good { #expect(refusal(bytes) != nil) }
        }
    }
}
