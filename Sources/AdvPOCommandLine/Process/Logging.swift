package import Logging

/// How a program writes its log.
package enum LogFormat: String, Hashable, Sendable, CaseIterable {
    /// For people.
    case text
    /// For programs: one JSON object a line.
    case json
}

/// Logs of a command go to stderr; stdout is for results.
package enum CommandLogging {
    /// Once per process, before the first logger is made.
    package static func bootstrap(level: Logger.Level, format: LogFormat = .text) {
        LoggingSystem.bootstrap { label in
            var handler: any LogHandler =
                switch format {
                case .text: HarmlessLogHandler(StreamLogHandler.standardError(label: label))
                case .json: JSONLogHandler(label: label)
                }
            handler.logLevel = level
            return handler
        }
    }

    /// From `--log-level` and its like; `standard` when none is set.
    package static func bootstrap(_ settings: Settings, flag: String?, format: String? = nil, standard: Logger.Level) throws(SettingsError) {
        bootstrap(
            level: try settings.choice(.logLevel, flag: flag, of: Logger.Level.self) ?? standard,
            format: try settings.choice(.logFormat, flag: format, of: LogFormat.self) ?? .text)
    }
}

/// Makes control characters harmless before they are written: what a server or a model said may be part of any message.
struct HarmlessLogHandler<Inner: LogHandler>: LogHandler {
    private var inner: Inner

    init(_ inner: Inner) { self.inner = inner }

    var metadata: Logger.Metadata {
        get { inner.metadata }
        set { inner.metadata = newValue.mapValues(Self.harmless) }
    }

    var logLevel: Logger.Level {
        get { inner.logLevel }
        set { inner.logLevel = newValue }
    }

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { inner[metadataKey: key] }
        set { inner[metadataKey: key] = newValue.map(Self.harmless) }
    }

    func log(event: LogEvent) {
        var event = event
        event.message = "\(TerminalText.harmless(event.message.description, keepingLines: false))"
        event.metadata = event.metadata?.mapValues(Self.harmless)
        inner.log(event: event)
    }

    private static func harmless(_ value: Logger.Metadata.Value) -> Logger.Metadata.Value {
        switch value {
        case .string(let text): .string(TerminalText.harmless(text, keepingLines: false))
        case .stringConvertible(let value): .string(TerminalText.harmless(value.description, keepingLines: false))
        case .array(let values): .array(values.map(harmless))
        case .dictionary(let values): .dictionary(values.mapValues(harmless))
        }
    }
}
