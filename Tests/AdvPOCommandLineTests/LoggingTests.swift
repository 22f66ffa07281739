@testable import AdvPOCommandLine
import Logging
import Synchronization
import Testing

@Suite struct LoggingTests {
    final class Lines: Sendable {
        let written = Mutex<[String]>([])
    }

    struct Capture: LogHandler {
        let lines: Lines
        var metadata: Logger.Metadata = [:]
        var logLevel = Logger.Level.trace
        subscript(metadataKey key: String) -> Logger.Metadata.Value? {
            get { metadata[key] }
            set { metadata[key] = newValue }
        }

        func log(event: LogEvent) {
            lines.written.withLock { $0.append("\(event.message) \(event.metadata ?? [:]) \(metadata)") }
        }
    }

    @Test("no control character of a message or its metadata reaches the terminal")
    func harmless() {
        let lines = Lines()
        var logger = Logger(label: "test") { _ in HarmlessLogHandler(Capture(lines: lines)) }
        logger[metadataKey: "always"] = "a\u{1B}[31mb"
        logger.warning("said \u{1B}]0;title\u{07}", metadata: ["error": "x\u{1B}[2Jy", "list": ["\u{9B}1m", .dictionary(["k": "\u{08}"])]])
        let written = lines.written.withLock { $0.joined() }
        #expect(written.contains("said") && written.contains("error"))
        #expect(!written.unicodeScalars.contains { $0.value < 0x20 || (0x7F...0x9F).contains($0.value) })
    }
}
