/// Where S3 is and how it is spoken to, from settings and AWS's own variables.
package struct S3Settings: Sendable, Hashable {
    package let endpoint: S3Endpoint
    /// In which requests are signed.
    package let region: String

    /// Of S3-compatible servers that know no regions.
    package static let standardRegion = "us-east-1"

    /// - Parameters:
    ///   - endpoint, region: settings; they win over the environment.
    ///   - profileRegion: the `region` of the profile in AWS's shared files.
    ///   - environment: AWS_ENDPOINT_URL_S3, AWS_ENDPOINT_URL, AWS_REGION and AWS_DEFAULT_REGION count.
    package init(
        endpoint: String?, region: String?, style: S3Endpoint.Style, environment: [String: String], profileRegion: String?
    ) throws(S3SettingsError) {
        let region = region ?? Self.region(in: environment) ?? profileRegion
        if let region, !S3Endpoint.isRegion(region) { throw .region(String(region.prefix(60)).visible) }
        if let address = endpoint ?? Self.endpoint(in: environment) {
            self.endpoint = try S3Endpoint(parsing: address, style: style)
            self.region = region ?? Self.standardRegion
        } else {
            guard let region else { throw .noRegion }
            self.endpoint = S3Endpoint(region: region, style: style)
            self.region = region
        }
    }

    package static func endpoint(in environment: [String: String]) -> String? { environment.filled("AWS_ENDPOINT_URL_S3") ?? environment.filled("AWS_ENDPOINT_URL") }
    package static func region(in environment: [String: String]) -> String? { environment.filled("AWS_REGION") ?? environment.filled("AWS_DEFAULT_REGION") }
}

/// A setting for S3 that cannot be used.
package enum S3SettingsError: Error, Hashable, Sendable, CustomStringConvertible {
    case endpoint(String, reason: String)
    case region(String)
    case noRegion

    package var description: String {
        switch self {
        case .endpoint(let text, let reason):
            "the S3 endpoint '\(text)' cannot be used: \(reason). Write --s3-endpoint http://127.0.0.1:9000, or leave it out for Amazon's own (AWS_ENDPOINT_URL_S3 and AWS_ENDPOINT_URL count too)"
        case .region(let text):
            "the S3 region '\(text)' is none: a-z, 0-9 and '-' are allowed. Write --s3-region us-east-1 (AWS_REGION counts too)"
        case .noRegion:
            "S3 is on, and no region is set: give --s3-region or AWS_REGION, or --s3-endpoint for a server of your own"
        }
    }
}
