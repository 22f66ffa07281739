package import AdvPOBedrock

/// Finds AWS credentials where AWS's own tools look for them, keeps them, and gets new ones before they expire.
///
/// The order is boto3's: keys given outright, the environment, the profile in the shared files, the container's endpoint, the instance's. A profile that was chosen
/// by a setting is looked for before the environment's keys, as in boto3. The first place where something is set decides; when what is set there cannot be used,
/// the chain ends with an error, so that nothing is signed as somebody whom the user did not mean.
///
/// The two metadata endpoints are asked only with `metadata: true`. Off is the standard: 169.254.169.254 means nothing on a laptop or in a laboratory's network, where
/// whoever answers it would choose the keys, and where the question costs a wait.
package actor AWSCredentialChain {
    /// New ones are sought this long before the end, as in boto3; until the end itself the old ones serve when none are to be had.
    private static let refreshSeconds: Int64 = 15 * 60
    /// Between two attempts while the old ones still serve.
    private static let pauseSeconds: Int64 = 60

    private let explicit: SigningCredentials?
    private let environment: [String: String]
    private let profiles: SharedProfiles
    private let metadata: Bool
    private let secondsSince1970: @Sendable () -> Int64

    private var kept: FoundCredentials?
    private var notBeforeSeconds: Int64 = .min
    private var search: Task<Result<FoundCredentials, CredentialError>, Never>?

    /// - Parameter environment: the process's variables.
    /// - Parameter homeFolder: where `.aws` is; nil for none.
    /// - Parameter profile: chosen by a setting; nil for AWS_PROFILE's, else `default`.
    /// - Parameter metadata: whether the container's and the instance's endpoint may be asked.
    package init(
        explicit: SigningCredentials? = nil, environment: [String: String], homeFolder: String?, profile: String? = nil, metadata: Bool = false,
        secondsSince1970: @escaping @Sendable () -> Int64
    ) {
        self.explicit = explicit
        self.environment = environment
        profiles = SharedProfiles(environment: environment, homeFolder: homeFolder, chosenProfile: profile)
        self.metadata = metadata
        self.secondsSince1970 = secondsSince1970
    }

    /// Credentials that hold now. Callers at the same time share one search.
    package func credentials() async throws(CredentialError) -> SigningCredentials {
        let now = secondsSince1970()
        if let kept {
            guard let expiry = kept.expirySecondsSince1970 else { return kept.credentials }
            if now < expiry - Self.refreshSeconds || (now < expiry && now < notBeforeSeconds) { return kept.credentials }
        }
        switch await found() {
        case .success(let found):
            // Some services give a new key only shortly before the old one ends: they are not asked at every request until then.
            if let expiry = found.expirySecondsSince1970, now >= expiry - Self.refreshSeconds { notBeforeSeconds = now + Self.pauseSeconds }
            return found.credentials
        case .failure(let error):
            guard let kept, let expiry = kept.expirySecondsSince1970, now < expiry else { throw error }
            notBeforeSeconds = now + Self.pauseSeconds
            return kept.credentials
        }
    }

    /// Forgets credentials that a service called expired or unknown, so that the next call looks for others; files are read anew then.
    package func forget(_ refused: SigningCredentials) {
        if kept?.credentials.accessKeyID == refused.accessKeyID, kept?.credentials.sessionToken == refused.sessionToken { kept = nil }
    }

    private func found() async -> Result<FoundCredentials, CredentialError> {
        if let search { return await search.value }
        let task = Task { await self.searched() }
        search = task
        let result = await task.value
        search = nil
        if case .success(let found) = result { kept = found }
        return result
    }

    private func searched() async -> Result<FoundCredentials, CredentialError> {
        if let explicit { return .success(FoundCredentials(credentials: explicit)) }
        var attempts: [CredentialError.Attempt] = []
        for place in places {
            switch await place() {
            case .found(let found): return .success(found)
            case .nothing(let attempt): attempts.append(attempt)
            case .unusable(let attempt): return .failure(CredentialError(attempts: attempts + [attempt]))
            }
        }
        return .failure(CredentialError(attempts: attempts))
    }

    private var places: [@Sendable () async -> CredentialFinding] {
        let client = MetadataClient()
        let container = ContainerCredentials(environment: environment, client: client)
        let instance = InstanceCredentials(environment: environment, client: client)
        let shared: @Sendable () async -> CredentialFinding = { [profiles] in profiles.find() }
        var places = profiles.chosenProfile == nil ? [fromEnvironment, shared] : [shared]
        if metadata {
            places.append { await container.find() }
            places.append { await instance.find() }
        } else {
            places.append { .nothing(.init(place: "the metadata endpoints", fault: "they are not asked; --metadata-credentials on asks them")) }
        }
        return places
    }

    private var fromEnvironment: @Sendable () async -> CredentialFinding {
        { [environment] in
            let place = "the environment"
            guard let identifier = environment.filled("AWS_ACCESS_KEY_ID") else {
                let isWebIdentity = environment.filled("AWS_WEB_IDENTITY_TOKEN_FILE") != nil && environment.filled("AWS_ROLE_ARN") != nil
                guard isWebIdentity else { return .nothing(.init(place: place, fault: "AWS_ACCESS_KEY_ID is not set")) }
                return .unusable(.init(place: place, fault: "AWS_WEB_IDENTITY_TOKEN_FILE is set, and assuming a role by a web identity is not supported here"))
            }
            guard let secret = environment.filled("AWS_SECRET_ACCESS_KEY") else {
                return .unusable(.init(place: place, fault: "AWS_ACCESS_KEY_ID is set and AWS_SECRET_ACCESS_KEY is not"))
            }
            let token = environment.filled("AWS_SESSION_TOKEN") ?? environment.filled("AWS_SECURITY_TOKEN")
            return .found(FoundCredentials(credentials: SigningCredentials(accessKeyID: identifier, secretAccessKey: secret, sessionToken: token)))
        }
    }
}

extension AWSCredentialChain {
    /// The `region` of the profile in the shared files; nil when there is none.
    package static func region(environment: [String: String], homeFolder: String?, profile: String?) -> String? {
        SharedProfiles(environment: environment, homeFolder: homeFolder, chosenProfile: profile).setting("region")
    }
}
