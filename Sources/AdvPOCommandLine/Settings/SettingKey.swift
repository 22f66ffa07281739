/// Every setting of the three commands, each under one name: the flag `--name`, the variable `ADVPO_NAME` and the key `name` of a configuration file.
package enum SettingKey: String, Hashable, Sendable, CaseIterable {
    // Where things are.
    case endpoint
    case caFile = "ca-file"
    case profile
    case work
    case control
    case http
    case data
    case models
    case bucket
    case output
    case keyring
    case cluster
    case identity
    case upload
    // Objects in S3.
    case s3
    case s3Endpoint = "s3-endpoint"
    case s3Region = "s3-region"
    case s3Style = "s3-style"
    case s3Profile = "s3-profile"
    case metadataCredentials = "metadata-credentials"
    // How the coordinator hands out tasks.
    case speculate
    // What a job asks for.
    case model
    case name
    case promptFormat = "prompt-format"
    case preset
    case budgetCalls = "budget-calls"
    case budgetDollars = "budget-dollars"
    case holdout
    case seed
    case rewriter
    case judge
    case encryptionKey = "encryption-key"
    case maxSamples = "max-samples"
    case maxTemplates = "max-templates"
    case maxJobs = "max-jobs"
    // How names are written.
    case partition
    case region
    case account
    // Who may use the API, and how much.
    case credentials
    case tlsCertificate = "tls-certificate"
    case tlsKey = "tls-key"
    case maxRequestsPerSecond = "max-requests-per-second"
    case maxConnections = "max-connections"
    // How a process behaves.
    case slots
    case python
    case logLevel = "log-level"
    case logFormat = "log-format"
    case metrics

    package var flag: String { "--\(rawValue)" }
    package var variable: String { "ADVPO_" + rawValue.uppercased().map { $0 == "-" ? "_" : String($0) }.joined() }

    /// For messages: each place where the value may have come from.
    package var places: String { "\(flag) (or \(variable), or '\(rawValue)' in the configuration file)" }
}
