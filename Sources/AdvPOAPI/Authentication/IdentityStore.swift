import Synchronization

/// The identities that count at the moment, read again from their file when somebody asks for it.
package final class IdentityStore: Sendable {
    private let path: String?
    private let current: Mutex<Identities>

    /// Reads the file at `path`.
    package init(path: String) throws(CredentialsFile.Faults) {
        self.path = path
        current = Mutex(try CredentialsFile.load(path: path))
    }

    /// Identities without a file, which stay as they are.
    package init(_ identities: Identities) {
        path = nil
        current = Mutex(identities)
    }

    package var identities: Identities { current.withLock { $0 } }

    /// Reads the file again. When it has a fault, all stays as it was. Requests under way end with the identities that they began with.
    package func reload() throws(CredentialsFile.Faults) {
        guard let path else { return }
        let identities = try CredentialsFile.load(path: path)
        current.withLock { $0 = identities }
    }
}
