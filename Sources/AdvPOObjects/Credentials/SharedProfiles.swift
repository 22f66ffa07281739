import AdvPOBedrock

/// The profiles of `~/.aws/credentials` and `~/.aws/config`, or of the files that the environment names instead.
struct SharedProfiles: Sendable {
    let environment: [String: String]
    /// Nil when there is none: then only files named by the environment are read.
    let homeFolder: String?
    /// Chosen by a setting; wins over the environment's.
    let chosenProfile: String?

    private var profile: String { chosenProfile ?? environment.filled("AWS_PROFILE") ?? environment.filled("AWS_DEFAULT_PROFILE") ?? "default" }
    private var isProfileNamed: Bool { chosenProfile != nil || environment.filled("AWS_PROFILE") != nil || environment.filled("AWS_DEFAULT_PROFILE") != nil }

    /// What a profile may ask for that this program cannot do, and what that is.
    private static let unsupported = [
        ("role_arn", "assuming a role"), ("web_identity_token_file", "assuming a role by a web identity"), ("sso_session", "IAM Identity Center (SSO)"),
        ("sso_start_url", "IAM Identity Center (SSO)"), ("login_session", "'aws login'"),
    ]

    func find() -> CredentialFinding {
        let credentialsPath = path("AWS_SHARED_CREDENTIALS_FILE", standard: "credentials")
        let configPath = path("AWS_CONFIG_FILE", standard: "config")
        let place = "profile '\(profile)' of \([credentialsPath, configPath].compactMap { $0 }.joined(separator: " and "))"
        guard credentialsPath != nil || configPath != nil else {
            return .nothing(.init(place: "the shared files", fault: "there is no home folder to look for .aws in"))
        }
        let config: [String: String]?
        let credentials: [String: String]?
        do {
            credentials = try section(profile, in: credentialsPath)
            config = try section(profile == "default" ? "default" : "profile \(profile)", in: configPath)
        } catch {
            return .unusable(error)
        }
        guard credentials != nil || config != nil else {
            let attempt = CredentialError.Attempt(place: place, fault: "there is no such profile")
            return isProfileNamed ? .unusable(attempt) : .nothing(attempt)
        }
        for (key, meaning) in Self.unsupported where credentials?[key] != nil || config?[key] != nil {
            return .unusable(.init(
                place: place, fault: "it has \(key), and \(meaning) is not supported here; get temporary keys with 'aws configure export-credentials' and pass them on"))
        }
        for values in [credentials, config].compactMap({ $0 }) {
            switch keys(in: values, place: place) {
            case .nothing: continue
            case let finding: return finding
            }
        }
        if config?["credential_process"] != nil || credentials?["credential_process"] != nil {
            return .unusable(.init(place: place, fault: "it has credential_process, which is not supported here: no program is started for keys"))
        }
        let attempt = CredentialError.Attempt(place: place, fault: "the profile has no aws_access_key_id")
        return isProfileNamed ? .unusable(attempt) : .nothing(attempt)
    }

    /// A setting of the profile other than its keys, such as `region`; nil also when a file cannot be read, which `find` reports.
    func setting(_ key: String) -> String? {
        let places = [(path("AWS_CONFIG_FILE", standard: "config"), profile == "default" ? "default" : "profile \(profile)"), (path("AWS_SHARED_CREDENTIALS_FILE", standard: "credentials"), profile)]
        for (path, name) in places {
            do {
                if let value = try section(name, in: path)?[key], !value.isEmpty { return value }
            } catch {
                continue
            }
        }
        return nil
    }

    private func keys(in values: [String: String], place: String) -> CredentialFinding {
        guard let identifier = values.filled("aws_access_key_id") else {
            return .nothing(.init(place: place, fault: "no aws_access_key_id"))
        }
        guard let secret = values.filled("aws_secret_access_key") else {
            return .unusable(.init(place: place, fault: "it has aws_access_key_id and no aws_secret_access_key"))
        }
        let token = values.filled("aws_session_token") ?? values.filled("aws_security_token")
        return .found(FoundCredentials(credentials: SigningCredentials(accessKeyID: identifier, secretAccessKey: secret, sessionToken: token)))
    }

    private func section(_ name: String, in path: String?) throws(CredentialError.Attempt) -> [String: String]? {
        guard let path else { return nil }
        do throws(ProfileFile.Fault) {
            return try ProfileFile.read(path: path)?.sections[name]
        } catch {
            throw CredentialError.Attempt(place: path, fault: error.reason)
        }
    }

    private func path(_ variable: String, standard name: String) -> String? {
        guard let named = environment.filled(variable) else { return homeFolder.map { "\($0)/.aws/\(name)" } }
        guard named.hasPrefix("~/"), let homeFolder else { return named }
        return homeFolder + named.dropFirst()
    }
}

extension CredentialError.Attempt: Error {}

extension [String: String] {
    /// A value that is set and not empty: to AWS's tools an empty variable is none.
    func filled(_ key: String) -> String? {
        guard let value = self[key], !value.isEmpty else { return nil }
        return value
    }
}
