package import AdvPOModel

/// Somebody who may use the API: a name, the proofs of it, and what is allowed. Its description never shows a secret.
package struct Identity: Sendable {
    package let name: String
    /// For signatures; nil when the identity has a bearer token alone.
    package let keyPair: KeyPair?
    /// The SHA-256 of the bearer token; the token itself is not kept.
    package let tokenDigest: ContentHash?
    package let allowed: Set<IAMAction>

    package init(name: String, keyPair: KeyPair?, tokenDigest: ContentHash?, allowed: Set<IAMAction>) {
        self.name = name
        self.keyPair = keyPair
        self.tokenDigest = tokenDigest
        self.allowed = allowed
    }

    /// An access key with its secret, which verifying a signature needs in the clear.
    package struct KeyPair: Sendable {
        package let accessKeyID: String
        package let secretAccessKey: String

        package init(accessKeyID: String, secretAccessKey: String) {
            self.accessKeyID = accessKeyID
            self.secretAccessKey = secretAccessKey
        }
    }
}

extension Identity: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    package var description: String { "identity '\(name)'" }
    package var debugDescription: String { description }
    package var customMirror: Mirror { Mirror(self, children: ["name": name]) }
}

extension Identity.KeyPair: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    package var description: String { "access key \(accessKeyID)" }
    package var debugDescription: String { description }
    package var customMirror: Mirror { Mirror(self, children: ["accessKeyID": accessKeyID]) }
}

/// All identities of a credentials file, by what a request shows of them.
package struct Identities: Sendable {
    package let all: [Identity]
    private let byAccessKey: [String: Int]

    /// Names, access keys and tokens are taken to be unique; the reader of the file has checked it.
    package init(_ identities: [Identity]) {
        all = identities
        byAccessKey = Dictionary(identities.enumerated().compactMap { index, identity in identity.keyPair.map { ($0.accessKeyID, index) } }) { first, _ in first }
    }

    /// The identity that signs with this key. Access keys are no secrets: their lookup takes the time it takes.
    package func identity(accessKeyID: String) -> Identity? { byAccessKey[accessKeyID].map { all[$0] } }

    /// The identity with this bearer token, in a time that tells nothing of the tokens: all digests are compared, and each to its end.
    package func identity(bearerToken token: some Sequence<UInt8>) -> Identity? {
        let presented = ContentHash(of: token)
        var found: Identity?
        for identity in all {
            guard let digest = identity.tokenDigest else { continue }
            var difference: UInt8 = 0
            for (one, other) in zip(digest.bytes, presented.bytes) { difference |= one ^ other }
            if difference == 0 { found = identity }
        }
        return found
    }
}
