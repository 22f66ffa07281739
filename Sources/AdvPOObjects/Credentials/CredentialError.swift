import AdvPOBedrock

/// No AWS credentials were found: every place that was looked at, in order, and what was wrong there.
///
/// Names of places, variables, profiles and roles stand in it, never a key, secret or token.
package struct CredentialError: Error, Hashable, Sendable {
    package struct Attempt: Hashable, Sendable {
        /// As a user knows it: "the environment", a file's path, an address.
        package let place: String
        package let fault: String
    }

    package let attempts: [Attempt]
}

extension CredentialError: CustomStringConvertible {
    package var description: String {
        "no AWS credentials were found. " + attempts.map { "\($0.place): \($0.fault)" }.joined(separator: "; ")
            + ". Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or name a profile of the shared files in AWS_PROFILE"
    }
}

/// What one place of the chain has to say.
enum CredentialFinding: Sendable {
    case found(FoundCredentials)
    /// Nothing is set there: the next place is looked at.
    case nothing(CredentialError.Attempt)
    /// Something is set there and cannot be used: the chain ends, since going on would sign as somebody whom the user did not mean.
    case unusable(CredentialError.Attempt)
}

/// Credentials and how long they hold.
struct FoundCredentials: Sendable {
    var credentials: SigningCredentials
    /// Nil when they do not expire by themselves.
    var expirySecondsSince1970: Int64?
}
