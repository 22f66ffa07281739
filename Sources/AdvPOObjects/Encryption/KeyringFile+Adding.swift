import Foundation
import Glibc
import SystemPackage

extension KeyringFile {
    /// Adds a key; makes the file, with mode 0600, when there is none.
    ///
    /// The new file takes the old one's place at once and whole, with the old text unchanged in it. Of several programs that add at the same time each waits
    /// for the other: a lock on the file that the path names. A key that is there is never replaced.
    /// - Parameter created: when, for people; RFC 3339.
    package static func add(_ material: KeyMaterial, arn: String, created: String, to path: String) throws(KeyringFault) {
        guard Keyring.isKeyARN(arn) else { throw KeyringFault(path, "cannot take that ARN", "write arn:aws:kms:REGION:ACCOUNT:key/UUID, with 12 digits and 36 characters at the end") }
        let place = try resolved(path)
        while true {
            guard let old = try opened(place) else {
                if try create(place, text: "# Keys of local buckets. Keep copies: without them nothing that they sealed can be read.\nkeys:\n" + entry(material, arn, created, indent: "  ")) { return }
                continue
            }
            let isCurrent: Bool
            do throws(PrivateFile.Fault) { isCurrent = try old.lock() } catch { throw KeyringFault(error) }
            guard isCurrent else { continue }
            let text = try text(of: old, path: path)
            let known = try parse(text, path: path)
            guard known.key(arn) == nil else { throw KeyringFault(path, arn: arn, "has that key already", "a key is never replaced; choose another ARN") }
            return try replace(place, with: extended(text, known: known, material, arn, created, path: path))
        }
    }

    /// Where the file is, behind links, so that a link stays one.
    private static func resolved(_ path: String) throws(KeyringFault) -> String {
        guard let real = realpath(path, nil) else {
            guard errno == ENOENT else { throw KeyringFault(path, "cannot be reached", Errno(rawValue: errno).description) }
            return path
        }
        defer { free(real) }
        return String(cString: real)
    }

    private static func entry(_ material: KeyMaterial, _ arn: String, _ created: String, indent: String) -> String {
        "\(indent)- arn: \(arn)\n\(indent)  material: \(Data(material.revealed).base64EncodedString())\n\(indent)  created: \(created)\n"
    }

    /// The text with one key more. An empty list in brackets becomes a block; any other form than a block at the end is refused.
    private static func extended(_ text: String, known: Keyring, _ material: KeyMaterial, _ arn: String, _ created: String, path: String) throws(KeyringFault) -> String {
        var lines = text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        if lines.last == "" { lines.removeLast() }
        if known.arns.isEmpty, let index = lines.lastIndex(where: { $0.filter { $0 != " " } == "keys:[]" }) { lines[index] = "keys:" }
        let indent = lines.last { $0.drop { $0 == " " }.hasPrefix("- ") }.map { String($0.prefix { $0 == " " }) } ?? "  "
        let longer = lines.joined(separator: "\n") + "\n" + entry(material, arn, created, indent: indent)
        let keyring: Keyring
        do {
            keyring = try parse(longer, path: path)
        } catch {
            throw KeyringFault(path, "has a form that cannot be added to", "write its keys as a block list, '- arn: …', at the end of the file")
        }
        guard keyring.arns == known.arns + [arn], known.arns.allSatisfy({ keyring.key($0)?.revealed == known.key($0)?.revealed }), longer.utf8.count <= largestFileBytes else {
            throw KeyringFault(path, "has a form that cannot be added to", "write its keys as a block list, '- arn: …', at the end of the file")
        }
        return longer
    }

    // MARK: Writing

    /// False when somebody else made it first.
    private static func create(_ path: String, text: String) throws(KeyringFault) -> Bool {
        let temporary = try writeBeside(path, text)
        defer { unlink(temporary) }
        guard link(temporary, path) == 0 else {
            if errno == EEXIST { return false }
            throw KeyringFault(path, "cannot be made", Errno(rawValue: errno).description)
        }
        try syncFolder(of: path)
        return true
    }

    private static func replace(_ path: String, with text: String) throws(KeyringFault) {
        let temporary = try writeBeside(path, text)
        guard rename(temporary, path) == 0 else {
            let code = errno
            unlink(temporary)
            throw KeyringFault(path, "cannot be replaced", Errno(rawValue: code).description)
        }
        try syncFolder(of: path)
    }

    private static func writeBeside(_ path: String, _ text: String) throws(KeyringFault) -> String {
        let temporary = path + "~" + String(UInt64.random(in: .min ... .max), radix: 16)
        let file = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0o600)
        guard file >= 0 else { throw KeyringFault(path, "cannot be written", "\(Errno(rawValue: errno).description); the folder must be there, and this user must be allowed to write to it") }
        defer { close(file) }
        do {
            _ = try FileDescriptor(rawValue: file).writeAll(text.utf8)
            guard fsync(file) == 0 else { throw Errno(rawValue: errno) }
        } catch {
            unlink(temporary)
            throw KeyringFault(path, "cannot be written", "\(error)")
        }
        return temporary
    }

    private static func syncFolder(of path: String) throws(KeyringFault) {
        let folder = FilePath(path).removingLastComponent().string
        let descriptor = open(folder.isEmpty ? "." : folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { throw KeyringFault(path, "may not outlive a crash", "its folder cannot be synced: \(Errno(rawValue: errno).description)") }
        defer { close(descriptor) }
        guard fsync(descriptor) == 0 else { throw KeyringFault(path, "may not outlive a crash", "its folder cannot be synced: \(Errno(rawValue: errno).description)") }
    }
}
