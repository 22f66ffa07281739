import Configuration
import SystemPackage

/// Where a command's values come from: its flag, else the environment, else a YAML file, else a default.
package struct Settings: Sendable {
    private let reader: ConfigReader

    /// - Parameters:
    ///   - configFile: a YAML file of `key: value` with the names of `SettingKey`; nil for none.
    ///   - environment: replaces the process's own; for tests.
    package init(configFile: String? = nil, environment: [String: String]? = nil) async throws(SettingsError) {
        let variables = environment.map { EnvironmentVariablesProvider(environmentVariables: $0) } ?? EnvironmentVariablesProvider()
        var providers: [any ConfigProvider] = [variables.prefixKeys(with: "advpo")]
        if let configFile {
            do {
                providers.append(try await FileProvider<YAMLSnapshot>(filePath: FilePath(configFile)))
            } catch {
                throw SettingsError(message: "the configuration file '\(configFile)' cannot be used: \(error). It must be YAML with one 'key: value' per line.")
            }
        }
        reader = ConfigReader(providers: providers)
    }

    package func string(_ key: SettingKey, flag: String?) -> String? {
        flag ?? reader.string(forKey: ConfigKey([key.rawValue]))
    }

    package func string(_ key: SettingKey, flag: String?, default value: String) -> String {
        string(key, flag: flag) ?? value
    }

    package func required(_ key: SettingKey, flag: String?, _ meaning: String) throws(SettingsError) -> String {
        guard let value = string(key, flag: flag) else {
            throw SettingsError(message: "missing \(key.places): \(meaning)")
        }
        return value
    }

    package func int(_ key: SettingKey, flag: Int?, in range: ClosedRange<Int> = Int.min...Int.max) throws(SettingsError) -> Int? {
        guard let text = string(key, flag: flag.map(String.init)) else { return nil }
        guard let value = Int(text), range.contains(value) else {
            let bounds = range == Int.min...Int.max ? "an integer" : range.upperBound == Int.max ? "an integer of \(range.lowerBound) or more" : "an integer from \(range.lowerBound) to \(range.upperBound)"
            throw SettingsError(message: "\(key.places) must be \(bounds), found '\(text.prefix(100))'")
        }
        return value
    }

    package func int(_ key: SettingKey, flag: Int?, in range: ClosedRange<Int> = Int.min...Int.max, default value: Int) throws(SettingsError) -> Int {
        try int(key, flag: flag, in: range) ?? value
    }

    package func unsigned(_ key: SettingKey, flag: UInt64?) throws(SettingsError) -> UInt64? {
        guard let text = string(key, flag: flag.map(String.init)) else { return nil }
        guard let value = UInt64(text) else {
            throw SettingsError(message: "\(key.places) must be an integer of 0 or more, found '\(text.prefix(100))'")
        }
        return value
    }

    /// One of an enumeration's raw values.
    package func choice<Value: RawRepresentable<String> & CaseIterable>(
        _ key: SettingKey, flag: String?, of type: Value.Type = Value.self
    ) throws(SettingsError) -> Value? {
        guard let text = string(key, flag: flag) else { return nil }
        guard let value = Value(rawValue: text) else {
            let names = Value.allCases.map(\.rawValue).joined(separator: ", ")
            throw SettingsError(message: "\(key.places) must be one of \(names), found '\(text.prefix(100))'")
        }
        return value
    }

    /// Repeated flags; else a variable with commas between; else a list, or one value, of the file.
    package func list(_ key: SettingKey, flags: [String]) -> [String] {
        if !flags.isEmpty { return flags }
        let configKey = ConfigKey([key.rawValue])
        return reader.stringArray(forKey: configKey) ?? reader.string(forKey: configKey).map { [$0] } ?? []
    }

    /// `NAME=DIR` pairs: buckets that are local folders, in the order given.
    package func buckets(flags: [String]) throws(SettingsError) -> [BucketMount] {
        var mounts: [BucketMount] = []
        for text in list(.bucket, flags: flags) {
            let mount = try BucketMount(parsing: text)
            guard !mounts.contains(where: { $0.name == mount.name }) else {
                throw SettingsError(message: "\(SettingKey.bucket.places) names the bucket '\(mount.name)' twice")
            }
            mounts.append(mount)
        }
        return mounts
    }
}

/// A local folder under a bucket's name.
package struct BucketMount: Hashable, Sendable {
    package let name: String
    package let directory: String

    package init(parsing text: String) throws(SettingsError) {
        let parts = text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
        guard parts.count == 2, !parts[1].isEmpty, Self.isBucketName(parts[0]) else {
            throw SettingsError(
                message: "\(SettingKey.bucket.places) must be NAME=DIR with a name of 3 to 63 of a-z, 0-9, '.' and '-', found '\(text.prefix(200))'")
        }
        name = parts[0]
        directory = parts[1]
    }

    private static func isBucketName(_ name: String) -> Bool {
        let isAlphanumeric: (UInt8) -> Bool = { (UInt8(ascii: "a")...UInt8(ascii: "z")).contains($0) || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
        guard (3...63).contains(name.utf8.count), let first = name.utf8.first, let last = name.utf8.last else { return false }
        return isAlphanumeric(first) && isAlphanumeric(last) && name.utf8.allSatisfy { isAlphanumeric($0) || $0 == UInt8(ascii: ".") || $0 == UInt8(ascii: "-") }
    }
}

/// A setting that is missing or ill-formed: bad usage.
package struct SettingsError: Error, Hashable, Sendable, CustomStringConvertible {
    package let message: String
    package init(message: String) { self.message = message }
    package var description: String { message }
}
