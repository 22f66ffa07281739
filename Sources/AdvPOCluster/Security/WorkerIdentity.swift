/// Whose key a worker holds: the name that it was issued for, and which of the keys of that name it is.
package struct WorkerIdentity: Hashable, Sendable, CustomStringConvertible {
    package let name: String
    /// From 1; each new issue for a name has the next one.
    package let serial: UInt32

    /// Nil for what is no name of a worker: 1 to 64 of letters, digits, `.`, `_` and `-`, with a letter or digit first.
    package init?(name: String, serial: UInt32) {
        guard serial >= 1, Self.isName(name) else { return nil }
        self.name = name
        self.serial = serial
    }

    package static let nameRule = "1 to 64 letters (a-z), digits, '.', '_' and '-', with a letter or digit first"

    package static func isName(_ text: String) -> Bool {
        guard let first = text.utf8.first, text.utf8.count <= 64 else { return false }
        return isAlphanumeric(first) && text.utf8.allSatisfy { isAlphanumeric($0) || ".-_".utf8.contains($0) }
    }

    private static func isAlphanumeric(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"): true
        case _: false
        }
    }

    package var description: String { "\(name)#\(serial)" }
}

/// The worker keys that are not taken any more: of each name all up to a serial.
package struct Revocations: Hashable, Sendable {
    private var lastRevoked: [String: UInt32] = [:]

    package init() {}

    package mutating func revoke(_ identity: WorkerIdentity) { lastRevoked[identity.name] = max(identity.serial, lastRevoked[identity.name] ?? 0) }

    package func contains(_ identity: WorkerIdentity) -> Bool { identity.serial <= lastRevoked[identity.name] ?? 0 }

    /// The highest serial of the name that is revoked; 0 for none.
    package func lastSerial(of name: String) -> UInt32 { lastRevoked[name] ?? 0 }

    package var count: Int { lastRevoked.count }
}
