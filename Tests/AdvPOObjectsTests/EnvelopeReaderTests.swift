import AdvPOObjects
import Foundation
import Testing

/// The Python reader that docs/encryption.md prints, on our envelopes.
@Suite("The documented reader", .timeLimit(.minutes(1)))
struct EnvelopeReaderTests {
    private static let python = ProcessInfo.processInfo.environment["ADVPO_PYTHON"]

    @Test("opens an envelope and refuses a cut one", .enabled(if: python != nil, "ADVPO_PYTHON names the interpreter"))
    func opens() async throws {
        let python = try #require(Self.python)
        let directory = try TemporaryDirectory()
        try directory.makeFile("reader.py", try Self.reader())
        let key = Data([UInt8](repeating: 0x4B, count: 32)).base64EncodedString()
        for size in [0, 1, 65_536, 200_000] {
            let content = EnvelopeFixtures.content(size)
            let envelope = EnvelopeFixtures.seal(content)
            for (name, bytes) in [("whole", envelope), ("cut", Array(envelope.dropLast()))] {
                try Data(bytes).write(to: URL(fileURLWithPath: directory.appending(name)))
                let process = Process()
                process.executableURL = URL(fileURLWithPath: python)
                process.arguments = [directory.appending("reader.py"), directory.appending(name), EnvelopeFixtures.arn, key, directory.appending("\(name).out")]
                process.standardError = FileHandle.nullDevice
                try process.run()
                process.waitUntilExit()
                #expect((process.terminationStatus == 0) == (name == "whole"), "\(name), \(size) bytes")
            }
            #expect(FileManager.default.contents(atPath: directory.appending("whole.out")).map(Array.init) == content)
        }
    }

    /// The first Python block of the page.
    private static func reader() throws -> String {
        let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        let page = try String(contentsOf: root.appendingPathComponent("docs/encryption.md"), encoding: .utf8)
        let start = try #require(page.range(of: "```python\n"))
        let end = try #require(page.range(of: "\n```", range: start.upperBound..<page.endIndex))
        return String(page[start.upperBound..<end.lowerBound]) + "\n"
    }
}
