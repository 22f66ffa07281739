import AdvPOCommandLine
import AdvPOModel
import Foundation
import Testing

@Suite struct SettingsTests {
    /// Settings over a configuration file of the given text.
    private func settings(_ yaml: String?, _ environment: [String: String] = [:]) async throws -> Settings {
        guard let yaml else { return try await Settings(environment: environment) }
        let file = FileManager.default.temporaryDirectory.appendingPathComponent("settings-\(UUID().uuidString).yaml")
        try Data(yaml.utf8).write(to: file)
        defer { try? FileManager.default.removeItem(at: file) }
        return try await Settings(configFile: file.path, environment: environment)
    }

    @Test("a flag goes before the environment, the environment before the file, the file before the default")
    func precedence() async throws {
        let yaml = "prompt-format: file\nslots: 3\n"
        #expect(try await settings(yaml, ["ADVPO_PROMPT_FORMAT": "environment"]).string(.promptFormat, flag: "flag", default: "default") == "flag")
        #expect(try await settings(yaml, ["ADVPO_PROMPT_FORMAT": "environment"]).string(.promptFormat, flag: nil, default: "default") == "environment")
        #expect(try await settings(yaml).string(.promptFormat, flag: nil, default: "default") == "file")
        #expect(try await settings(nil).string(.promptFormat, flag: nil, default: "default") == "default")
        #expect(try await settings(yaml).int(.slots, flag: nil, default: 1) == 3)
    }

    @Test("the variable of every key is the one that is read", arguments: SettingKey.allCases)
    func variables(_ key: SettingKey) async throws {
        #expect(try await settings(nil, [key.variable: "value"]).string(key, flag: nil) == "value")
    }

    @Test("dollars and shares are read exactly from every place, and a bad one names its flag")
    func decimals() async throws {
        let yaml = try await settings("budget-dollars: 2.50\nholdout: 0.3\n")
        #expect(try yaml.budgetDollars(flag: nil)?.amount == NanoDollars(2_500_000_000))
        #expect(try yaml.holdout(flag: nil)?.thousandths == 300)
        let none = try await settings(nil)
        #expect(try none.budgetDollars(flag: "0.000000001")?.amount == NanoDollars(1))
        #expect(try none.budgetDollars(flag: nil) == nil)
        for bad in ["$1", "0", "-1", "1e2"] {
            let error = #expect(throws: SettingsError.self) { try none.budgetDollars(flag: bad) }
            #expect(error?.message.contains("--budget-dollars") == true && error?.message.contains("'\(bad)'") == true)
        }
        let error = #expect(throws: SettingsError.self) { try none.holdout(flag: "0.7") }
        #expect(error?.message.contains("--holdout") == true && error?.message.contains("0.1 to 0.5") == true)
    }

    @Test("lists come from repeated flags, commas or YAML")
    func lists() async throws {
        #expect(try await settings("model: [a, b]").list(.model, flags: []) == ["a", "b"])
        #expect(try await settings("model: a").list(.model, flags: []) == ["a"])
        #expect(try await settings("model: a", ["ADVPO_MODEL": "b,c"]).list(.model, flags: []) == ["b", "c"])
        #expect(try await settings("model: a").list(.model, flags: ["x"]) == ["x"])
        #expect(try await settings(nil).list(.model, flags: []).isEmpty)
    }

    @Test("an error names the flag, the variable and the key")
    func errors() async throws {
        let settings = try await settings("slots: many", ["ADVPO_SEED": "-1", "ADVPO_PROMPT_FORMAT": "xml"])
        let slots = #expect(throws: SettingsError.self) { try settings.int(.slots, flag: nil, in: 1...8) }
        #expect(slots?.message == "--slots (or ADVPO_SLOTS, or 'slots' in the configuration file) must be an integer from 1 to 8, found 'many'")
        #expect(throws: SettingsError.self) { try settings.unsigned(.seed, flag: nil) }
        #expect(throws: SettingsError.self) { try settings.choice(.promptFormat, flag: nil, of: JobOptions.PromptFormat.self) }
        let missing = #expect(throws: SettingsError.self) { try settings.required(.data, flag: nil, "the folder for state") }
        #expect(missing?.message.contains("ADVPO_DATA") == true)
    }

    @Test("a range is held at both ends", arguments: [(1, true), (8, true), (0, false), (9, false)])
    func ranges(_ value: Int, _ isTaken: Bool) async throws {
        let settings = try await settings(nil)
        #expect(((try? settings.int(.slots, flag: value, in: 1...8)) == value) == isTaken)
    }

    @Test("a configuration file that is missing or no mapping is named")
    func badFiles() async throws {
        let missing = await #expect(throws: SettingsError.self) { try await Settings(configFile: "/nonexistent/advpo.yaml", environment: [:]) }
        #expect(missing?.message.contains("/nonexistent/advpo.yaml") == true)
        await #expect(throws: SettingsError.self) { try await settings("- a\n- b\n") }
    }

    @Test("buckets are NAME=DIR, each name once")
    func buckets() async throws {
        let settings = try await settings(nil)
        let mounts = try settings.buckets(flags: ["data=/srv/a=b", "more.data-1=dir"])
        #expect(mounts.map(\.name) == ["data", "more.data-1"])
        #expect(mounts.first?.directory == "/srv/a=b")
        for bad in [["data"], ["=dir"], ["data="], ["Da=dir"], ["da=dir"], ["-ab=dir"], ["data=a", "data=b"]] {
            #expect(throws: SettingsError.self) { try settings.buckets(flags: bad) }
        }
    }
}
