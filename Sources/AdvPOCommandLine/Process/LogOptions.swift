package import ArgumentParser
package import Logging

/// What the long-running programs take for their logs.
package struct LogOptions: ParsableArguments {
    @Option(help: "trace, debug, info, notice, warning, error or critical (default notice).") package var logLevel: String?
    @Option(help: "text, or json: one object a line (default text).") package var logFormat: String?

    package init() {}

    /// Once per process, before the first logger is made.
    package func bootstrap(_ settings: Settings, standard: Logger.Level) throws(SettingsError) {
        try CommandLogging.bootstrap(settings, flag: logLevel, format: logFormat, standard: standard)
    }
}
