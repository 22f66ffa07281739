/// An access key with its secret. No description of it shows the secret or the session token.
package struct SigningCredentials: Sendable, Equatable, CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    package let accessKeyID: String
    package let secretAccessKey: String
    /// Of credentials that are valid for a time only; sent along in `x-amz-security-token`.
    package let sessionToken: String?

    package init(accessKeyID: String, secretAccessKey: String, sessionToken: String? = nil) {
        self.accessKeyID = accessKeyID
        self.secretAccessKey = secretAccessKey
        self.sessionToken = sessionToken
    }

    package var description: String {
        "SigningCredentials(access key \(accessKeyID), secret not shown\(sessionToken == nil ? "" : ", session token not shown"))"
    }
    package var debugDescription: String { description }
    /// `dump` and string interpolation of what holds this go through the mirror.
    package var customMirror: Mirror { Mirror(self, children: ["accessKeyID": accessKeyID], displayStyle: .struct) }
}
