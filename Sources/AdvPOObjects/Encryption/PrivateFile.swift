import Glibc
import SystemPackage

/// A file of secrets, opened: regular, its user's own, and closed to everybody else. The checks are on the opened descriptor, so that no rename comes between
/// them and the reading. The path itself may run over links.
struct PrivateFile: ~Copyable {
    let path: String
    private let descriptor: Int32

    private init(path: String, descriptor: Int32) {
        self.path = path
        self.descriptor = descriptor
    }

    /// Nil when there is none.
    static func open(_ path: String) throws(KeyringFault) -> PrivateFile? {
        // Not blocking: the open of a pipe would wait for a writer.
        let descriptor = Glibc.open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC)
        let code = errno
        if descriptor < 0, code == ENOENT { return nil }
        guard descriptor >= 0 else {
            throw KeyringFault(path, "cannot be opened", "\(Errno(rawValue: code).description); check the path and its permissions")
        }
        let file = PrivateFile(path: path, descriptor: descriptor)
        try file.check()
        return file
    }

    private func check() throws(KeyringFault) {
        var info = stat()
        guard fstat(descriptor, &info) == 0 else { throw KeyringFault(path, "cannot be read", Errno(rawValue: errno).description) }
        guard info.st_mode & S_IFMT == S_IFREG else { throw KeyringFault(path, "is not a regular file", "name a YAML file") }
        guard info.st_uid == geteuid() else {
            throw KeyringFault(path, "belongs to another user (uid \(info.st_uid))", "use a file of the user that runs this program (uid \(geteuid()))")
        }
        guard info.st_mode & 0o077 == 0 else {
            throw KeyringFault(path, "is open to others (mode 0\(String(info.st_mode & 0o7777, radix: 8)))", "run chmod 600 on it, and replace keys that others may have read")
        }
    }

    deinit { close(descriptor) }

    /// All of it as text.
    func text(maximumBytes: Int) throws(KeyringFault) -> String {
        var bytes: [UInt8] = []
        var piece = [UInt8](repeating: 0, count: 64 * 1024)
        while true {
            let count = pread(descriptor, &piece, piece.count, off_t(bytes.count))
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { throw KeyringFault(path, "cannot be read", Errno(rawValue: errno).description) }
            if count == 0 { break }
            bytes += piece[..<count]
            guard bytes.count <= maximumBytes else { throw KeyringFault(path, "has more than \(maximumBytes) bytes", "keep only keys that are in use") }
        }
        guard let text = String(validating: bytes, as: UTF8.self) else { throw KeyringFault(path, "is not UTF-8", "save it as UTF-8") }
        return text
    }

    /// Waits until nobody else holds the lock; it ends with this value. False when the path names another file by now.
    func lock() throws(KeyringFault) -> Bool {
        while flock(descriptor, LOCK_EX) != 0 {
            guard errno == EINTR else { throw KeyringFault(path, "cannot be locked", Errno(rawValue: errno).description) }
        }
        var (mine, there) = (stat(), stat())
        return fstat(descriptor, &mine) == 0 && stat(path, &there) == 0 && mine.st_ino == there.st_ino && mine.st_dev == there.st_dev
    }
}
