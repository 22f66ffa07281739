package import Logging

/// Logs of a command go to stderr; stdout is for results.
package enum CommandLogging {
    /// Once per process, before the first logger is made.
    package static func bootstrap(level: Logger.Level) {
        LoggingSystem.bootstrap { label in
            var handler = StreamLogHandler.standardError(label: label)
            handler.logLevel = level
            return handler
        }
    }

    /// From `--log-level` and its like; `standard` when none is set.
    package static func bootstrap(_ settings: Settings, flag: String?, standard: Logger.Level) throws(SettingsError) {
        bootstrap(level: try settings.choice(.logLevel, flag: flag, of: Logger.Level.self) ?? standard)
    }
}
