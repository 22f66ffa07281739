/// The published patterns of request members. Each is matched by hand: they are few, small and free of backtracking.
package enum ShapePattern: String, Hashable, Sendable, CaseIterable {
    case jobName = "[a-zA-Z0-9][a-zA-Z0-9.+-]*"
    case clientToken = "[a-zA-Z0-9]([-a-zA-Z0-9]{0,254}[a-zA-Z0-9])?"
    case jobARN = "arn:aws(-[^:]+)?:bedrock:[a-z0-9-]{1,20}:[0-9]{12}:advanced-prompt-optimization-job/[a-z0-9]{12}"
    case jobIdentifier = "((arn:aws(-[^:]+)?:bedrock:[a-z0-9-]{1,20}:[0-9]{12}:advanced-prompt-optimization-job/)?[a-z0-9]{12})"
    case s3URI = "s3://[a-z0-9][-.a-z0-9]{1,61}[a-z0-9](?:/[-!_*'().a-z0-9A-Z]+(?:/[-!_*'().a-z0-9A-Z]+)*)?/?"
    case s3FolderURI = "s3://[a-z0-9][-.a-z0-9]{1,61}[a-z0-9](?:/[-!_*'().a-z0-9A-Z]+(?:/[-!_*'().a-z0-9A-Z]+)*)?/"
    case kmsKeyARN = "arn:aws(-[^:]+)?:kms:[a-zA-Z0-9-]*:[0-9]{12}:key/[a-zA-Z0-9-]{36}"
    case tag = "[a-zA-Z0-9\\s._:/=+@-]*"
    case paginationToken = "\\S*"
    /// A foundation model's or inference profile's id, or the ARN of a foundation model, an inference profile or an application inference profile.
    case modelIdentifier =
        "(([a-z0-9-]{1,63}[.]{1}[a-z0-9-]{1,63}([a-z0-9-]{1,63}[.]){0,2}[a-z0-9-]{1,63}([:][a-z0-9-]{1,63}){0,2}(/[a-z0-9]{12}|))|(arn:aws(|-us-gov|-cn|-iso|-iso-b|-iso-f):bedrock:[a-z0-9-]{1,20}:[0-9]{12}:application-inference-profile/[a-zA-Z0-9-:.]+)|(arn:aws(|-us-gov|-cn|-iso|-iso-b|-iso-f):bedrock:[a-z0-9-]{1,20}:([0-9]{12})?:inference-profile/[a-zA-Z0-9-:.]+)|(arn:aws(-[^:]+)?:bedrock:[a-z0-9-]{1,20}::foundation-model/[a-z0-9-]{1,63}[.]{1}[a-z0-9-]{1,63}([.:]?[a-z0-9-]{1,63})))"

    /// The constraint in a message: the pattern itself, but for the one that nobody can read.
    package var constraint: String {
        switch self {
        case .modelIdentifier:
            "Member must be a model id like vendor.name-1 (a-z, 0-9 and '-', one '.' at least, 2 characters or more after the first, "
                + "then maybe ':version'), or the ARN of a foundation model, an inference profile or an application inference profile"
        case .jobName, .clientToken, .jobARN, .jobIdentifier, .s3URI, .s3FolderURI, .kmsKeyARN, .tag, .paginationToken:
            "Member must satisfy regular expression pattern: \(rawValue)"
        }
    }

    /// Whether the whole text has the form.
    package func matches(_ text: String) -> Bool {
        switch self {
        case .jobName: PatternScanner.matches(text) { $0.run(of: .alphanumerics, 1...1) && $0.run(of: .jobName, 0...Int.max) }
        case .clientToken: Self.isClientToken(text)
        case .jobARN: PatternScanner.matches(text, Self.jobARN)
        case .jobIdentifier:
            PatternScanner.matches(text, Self.jobARN) || PatternScanner.matches(text) { $0.run(of: .lowerDigits, 12...12) }
        case .s3URI: Self.isS3URI(text)
        case .s3FolderURI: text.utf8.last == UInt8(ascii: "/") && Self.isS3URI(text)
        case .kmsKeyARN:
            PatternScanner.matches(text) {
                $0.literal("arn:") && $0.partition() && $0.literal(":kms:") && $0.run(of: .alphanumericsHyphen, 0...Int.max) && $0.literal(":")
                    && $0.run(of: .digits, 12...12) && $0.literal(":key/") && $0.run(of: .alphanumericsHyphen, 36...36)
            }
        case .tag: PatternScanner.matches(text) { $0.run(of: .tag, 0...Int.max) }
        case .paginationToken: !text.unicodeScalars.contains { $0.properties.isWhitespace }
        case .modelIdentifier: Self.isModelID(text) || Self.isModelARN(text)
        }
    }

    private static func isClientToken(_ text: String) -> Bool {
        text.utf8.count <= 256 && text.utf8.last != UInt8(ascii: "-")
            && PatternScanner.matches(text) { $0.run(of: .alphanumerics, 1...1) && $0.run(of: .alphanumericsHyphen, 0...255) }
    }

    private static func jobARN(_ scanner: inout PatternScanner) -> Bool {
        scanner.literal("arn:") && scanner.partition() && scanner.literal(":bedrock:") && scanner.run(of: .lowerDigitsHyphen, 1...20) && scanner.literal(":")
            && scanner.run(of: .digits, 12...12) && scanner.literal(":advanced-prompt-optimization-job/") && scanner.run(of: .lowerDigits, 12...12)
    }

    /// A bucket of 3 to 63 characters with a letter or digit at both ends; no empty path segment; a final slash may be there.
    private static func isS3URI(_ text: String) -> Bool {
        guard text.hasPrefix("s3://") else { return false }
        var segments = text.dropFirst("s3://".count).split(separator: "/", omittingEmptySubsequences: false).map(String.init)
        let bucket = segments.removeFirst()
        if segments.last?.isEmpty == true { segments.removeLast() }
        return isBucket(bucket) && segments.allSatisfy { segment in PatternScanner.matches(segment) { $0.run(of: .objectKey, 1...Int.max) } }
    }

    private static func isBucket(_ name: String) -> Bool {
        guard let first = name.utf8.first, let last = name.utf8.last, (3...63).contains(name.utf8.count) else { return false }
        let ends = PatternScanner.CharacterClass.lowerDigits
        return ends.contains(first) && ends.contains(last) && PatternScanner.matches(name) { $0.run(of: .bucket, 1...63) }
    }

    /// `vendor.name`, up to two further dotted parts, up to two `:version` parts, and maybe `/` and 12 characters.
    ///
    /// The pattern's second part is two or more runs in a row, so that the first part after the first dot has 2 to 126 characters.
    private static func isModelID(_ text: String) -> Bool {
        PatternScanner.matches(text) {
            guard $0.run(of: .lowerDigitsHyphen, 1...63), $0.literal("."), $0.run(of: .lowerDigitsHyphen, 2...126) else { return false }
            for _ in 0..<2 where $0.next == UInt8(ascii: ".") {
                guard $0.literal("."), $0.run(of: .lowerDigitsHyphen, 1...63) else { return false }
            }
            for _ in 0..<2 where $0.next == UInt8(ascii: ":") {
                guard $0.literal(":"), $0.run(of: .lowerDigitsHyphen, 1...63) else { return false }
            }
            guard $0.next == UInt8(ascii: "/") else { return true }
            return $0.literal("/") && $0.run(of: .lowerDigits, 12...12)
        }
    }

    private static let profilePartitions = ["aws", "aws-us-gov", "aws-cn", "aws-iso", "aws-iso-b", "aws-iso-f"]

    private static func isModelARN(_ text: String) -> Bool {
        let parts = text.split(separator: ":", maxSplits: 5, omittingEmptySubsequences: false).map(String.init)
        guard parts.count == 6, parts[0] == "arn", parts[2] == "bedrock", PatternScanner.matches(parts[3], { $0.run(of: .lowerDigitsHyphen, 1...20) }),
            let slash = parts[5].firstIndex(of: "/")
        else { return false }
        let partition = parts[1]
        let account = parts[4]
        let name = String(parts[5][parts[5].index(after: slash)...])
        let isAccount = PatternScanner.matches(account) { $0.run(of: .digits, 12...12) }
        let isProfileName = PatternScanner.matches(name) { $0.run(of: .profileName, 1...Int.max) }
        switch parts[5][..<slash] {
        case "application-inference-profile": return profilePartitions.contains(partition) && isAccount && isProfileName
        case "inference-profile": return profilePartitions.contains(partition) && (isAccount || account.isEmpty) && isProfileName
        case "foundation-model": return PatternScanner.matches(partition) { $0.partition() } && account.isEmpty && isFoundationModel(name)
        default: return false
        }
    }

    /// `vendor.name` and one further part, which a dot, a colon or nothing joins.
    private static func isFoundationModel(_ name: String) -> Bool {
        PatternScanner.matches(name) {
            guard $0.run(of: .lowerDigitsHyphen, 1...63), $0.literal(".") else { return false }
            let start = $0.position
            guard $0.run(of: .lowerDigitsHyphen, 1...126) else { return false }
            let length = $0.position - start
            guard let separator = $0.next else { return length >= 2 }
            guard length <= 63, separator == UInt8(ascii: ".") || separator == UInt8(ascii: ":") else { return false }
            return ($0.literal(".") || $0.literal(":")) && $0.run(of: .lowerDigitsHyphen, 1...63)
        }
    }
}
