/// Why an envelope does not open.
package enum EnvelopeFault: Error, Hashable, Sendable {
    /// The keyring lacks the key that the envelope names.
    case unknownKey(String)
    /// It is not what was sealed, or the keyring has other bits under that ARN.
    case damaged(String)
}

extension ObjectError {
    init(_ fault: EnvelopeFault, _ uri: ObjectURI, _ keyring: Keyring) {
        self =
            switch fault {
            case .unknownKey(let arn): .unknownKey(uri, key: arn, known: keyring.arns.sorted())
            case .damaged(let reason): .damagedEnvelope(uri, reason: reason)
            }
    }
}

extension Keyring {
    /// The key under which an object is to rest.
    func key(_ arn: String, for uri: ObjectURI) throws(ObjectError) -> KeyMaterial {
        guard let key = key(arn) else { throw ObjectError(.unknownKey(arn), uri, self) }
        return key
    }
}
