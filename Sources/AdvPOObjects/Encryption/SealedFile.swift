import Foundation

/// A file by its path, outside any bucket: plain, or an envelope that the keyring opens.
package enum SealedFile {
    /// - Parameter maximumBytes: of the content. A file that is longer than any envelope of so much is not read further.
    /// - Throws: what is wrong and how to mend it, with the path.
    package static func read(path: String, maximumBytes: Int, keyring: Keyring) throws(SealedFileFault) -> [UInt8] {
        let stored: Data
        do {
            let handle = try FileHandle(forReadingFrom: URL(fileURLWithPath: path))
            defer { handle.closeFile() }
            stored = try handle.read(upToCount: EnvelopeHeader.largestEnvelope(ofContent: maximumBytes) + 1) ?? Data()
        } catch {
            throw SealedFileFault(path, "cannot be read; check the path and its permissions")
        }
        let tooLarge = SealedFileFault(path, "has more than \(maximumBytes) bytes, the most that is allowed here")
        guard EnvelopeHeader.isEnvelope(stored) else {
            guard stored.count <= maximumBytes else { throw tooLarge }
            return Array(stored)
        }
        let content: [UInt8]
        do {
            content = try Envelope.open(Array(stored), keyring: keyring)
        } catch {
            throw SealedFileFault(path, reason(error, keyring))
        }
        guard content.count <= maximumBytes else { throw tooLarge }
        return content
    }

    private static func reason(_ fault: EnvelopeFault, _ keyring: Keyring) -> String {
        switch fault {
        case .unknownKey(let arn):
            let known = keyring.arns.isEmpty ? "no keyring was given, or it has no keys" : "the keyring has \(keyring.arns.joined(separator: ", "))"
            return "is encrypted under the key \(arn), and \(known). Name the keyring that has it: --keyring FILE"
        case .damaged(let reason):
            return "is an encrypted file that does not open: \(reason)"
        }
    }
}

package struct SealedFileFault: Error, Hashable, Sendable, CustomStringConvertible {
    package let description: String
    init(_ path: String, _ problem: String) { description = "'\(path.visible)' \(problem)" }
}
