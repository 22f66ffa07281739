package import AdvPOModel

/// Where the coordinator's jobs live in the naming of AWS: what stands in an ARN before the job's id.
package struct JobNamespace: Hashable, Sendable {
    /// `aws`, or `aws-` and more.
    package let partition: String
    /// 1 to 20 of `a-z0-9-`.
    package let region: String
    /// 12 digits.
    package let account: String

    /// What ARNs say when nothing else is configured.
    package static let standard = JobNamespace(uncheckedPartition: "aws", region: "us-east-1", account: "000000000000")

    /// Throws a message that names the part at fault and its form.
    package init(partition: String, region: String, account: String) throws(InvalidNamespace) {
        guard PatternScanner.matches(partition, { $0.partition() }) else {
            throw InvalidNamespace(message: "the partition '\(partition.prefix(64))' is neither 'aws' nor 'aws-' and more, without ':'")
        }
        guard PatternScanner.matches(region, { $0.run(of: .lowerDigitsHyphen, 1...20) }) else {
            throw InvalidNamespace(message: "the region '\(region.prefix(64))' is not 1 to 20 of a-z, 0-9 and '-'")
        }
        guard PatternScanner.matches(account, { $0.run(of: .digits, 12...12) }) else {
            throw InvalidNamespace(message: "the account '\(account.prefix(64))' is not 12 digits")
        }
        self.init(uncheckedPartition: partition, region: region, account: account)
    }

    fileprivate init(uncheckedPartition partition: String, region: String, account: String) {
        self.partition = partition
        self.region = region
        self.account = account
    }

    package struct InvalidNamespace: Error, Hashable, Sendable, CustomStringConvertible {
        package let message: String
        package var description: String { message }
    }
}

/// The full name of one job: `arn:aws:bedrock:us-east-1:000000000000:advanced-prompt-optimization-job/abc123def456`.
package struct JobARN: Hashable, Sendable, CustomStringConvertible {
    package static let resourceType = "advanced-prompt-optimization-job"
    /// The published limit, in characters.
    package static let maximumLength = 1011

    package var namespace: JobNamespace
    package var job: JobID

    package init(namespace: JobNamespace, job: JobID) {
        self.namespace = namespace
        self.job = job
    }

    /// Nil unless the text is a whole job ARN of the published pattern.
    package init?(parsing text: String) {
        guard text.unicodeScalars.count <= Self.maximumLength, ShapePattern.jobARN.matches(text) else { return nil }
        let parts = text.split(separator: ":", omittingEmptySubsequences: false).map(String.init)
        guard parts.count == 6, let slash = parts[5].firstIndex(of: "/"), let job = JobID(String(parts[5][parts[5].index(after: slash)...]))
        else { return nil }
        // The pattern has checked all three.
        self.init(namespace: JobNamespace(uncheckedPartition: parts[1], region: parts[3], account: parts[4]), job: job)
    }

    package var description: String {
        "arn:\(namespace.partition):bedrock:\(namespace.region):\(namespace.account):\(Self.resourceType)/\(job)"
    }
}

extension JobNamespace {
    /// The job that a `jobIdentifier` (an ARN, or the id alone) names here.
    ///
    /// Throws `ValidationException` for another form, `ResourceNotFoundException` for an ARN of another partition, region or account.
    package func job(identifiedBy identifier: String, member: String = "jobIdentifier") throws(APIError) -> JobID {
        if let job = JobID(identifier) { return job }
        guard let arn = JobARN(parsing: identifier) else {
            var violations = Violations()
            violations.check(identifier, at: member, length: 0...JobARN.maximumLength, pattern: .jobIdentifier)
            throw violations.error ?? APIError(code: .validation, message: "'\(member)' is neither a job's ARN nor its id")
        }
        guard arn.namespace == self else {
            throw APIError(
                code: .resourceNotFound,
                message: "No job \(arn): this server's jobs are in partition \(partition), region \(region), account \(account).")
        }
        return arn.job
    }
}
