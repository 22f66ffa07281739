import AdvPOBedrock
import AdvPOModel
import Foundation
import Logging
import OrderedCollections

/// Writes each event as one JSON object on one line: `time`, `level`, `label`, `message`, then the metadata under its own keys.
///
/// JSON escapes every control character, so that what a server or a model said can neither end a line nor be obeyed by a terminal.
struct JSONLogHandler: LogHandler {
    private let label: String
    private let write: @Sendable (String) -> Void
    private let now: @Sendable () -> Int64
    var metadata: Logger.Metadata = [:]
    var logLevel = Logger.Level.info

    /// - Parameters:
    ///   - now: milliseconds since 1970.
    ///   - write: takes one whole line at a time.
    init(
        label: String, now: @escaping @Sendable () -> Int64 = { Int64((Date().timeIntervalSince1970 * 1_000).rounded(.down)) },
        write: @escaping @Sendable (String) -> Void = { TerminalOutput.standardError.write($0) }
    ) {
        self.label = label
        self.now = now
        self.write = write
    }

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
        var object: JSONObject = [
            "time": .string(Timestamp.iso8601(millisecondsSince1970: now())), "level": .string(event.level.rawValue), "label": .string(label),
            "message": .string(TerminalText.harmless(event.message.description)),
        ]
        let all = metadata.merging(event.metadata ?? [:]) { _, new in new }
        for key in all.keys.sorted() where object[key] == nil {
            if let value = all[key] { object[TerminalText.harmless(key, keepingLines: false)] = Self.json(value) }
        }
        write(JSONValue.object(object).text + "\n")
    }

    private static func json(_ value: Logger.Metadata.Value) -> JSONValue {
        switch value {
        case .string(let text): .string(TerminalText.harmless(text))
        case .stringConvertible(let value): .string(TerminalText.harmless(value.description))
        case .array(let values): .array(values.map(json))
        case .dictionary(let values): .object(OrderedDictionary(uniqueKeysWithValues: values.keys.sorted().map { ($0, values[$0].map(json) ?? .null) }))
        }
    }
}
