import Glibc
import SystemPackage

/// A file of secrets, opened: regular, its owner's own, and closed to everybody else.
///
/// What is checked is what is read: the file is opened once and asked through its descriptor, so that no rename comes between. The path itself may run over links.
package struct PrivateFile: ~Copyable {
    private let path: String
    private let descriptor: Int32

    private init(path: String, descriptor: Int32) {
        self.path = path
        self.descriptor = descriptor
    }

    deinit { close(descriptor) }

    /// All bytes of the file at `path`.
    ///
    /// - Parameter isPrivate: false for a file that goes with a secret one and is none itself, such as a certificate.
    package static func read(_ path: String, maximumBytes: Int, isPrivate: Bool = true) throws(Fault) -> [UInt8] {
        guard let file = try open(path, isPrivate: isPrivate) else {
            throw Fault(path: path, problem: "is not there", remedy: "check the path")
        }
        return try file.bytes(maximumBytes: maximumBytes)
    }

    /// Nil when there is none.
    package static func open(_ path: String, isPrivate: Bool = true) throws(Fault) -> PrivateFile? {
        // Not blocking: the open of a pipe would wait for a writer.
        let descriptor = Glibc.open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC)
        let code = errno
        if descriptor < 0, code == ENOENT { return nil }
        guard descriptor >= 0 else {
            throw Fault(path: path, problem: "cannot be opened: \(Errno(rawValue: code).description)", remedy: "check that this user may read it")
        }
        let file = PrivateFile(path: path, descriptor: descriptor)
        try file.check(isPrivate: isPrivate)
        return file
    }

    private func check(isPrivate: Bool) throws(Fault) {
        var info = stat()
        guard fstat(descriptor, &info) == 0 else { throw unusable("read") }
        guard info.st_mode & S_IFMT == S_IFREG else { throw Fault(path: path, problem: "is not a regular file", remedy: "name a file") }
        if isPrivate, let fault = Self.fault(path: path, mode: info.st_mode, owner: info.st_uid, user: geteuid()) { throw fault }
    }

    /// What is wrong with a secret file's mode and owner. The owner must be the user who runs this process, or root, who may read everything anyway.
    package static func fault(path: String, mode: UInt32, owner: UInt32, user: UInt32) -> Fault? {
        guard owner == user || owner == 0 else {
            return Fault(path: path, problem: "belongs to another user (uid \(owner))", remedy: "use a file of the user that runs this program (uid \(user))")
        }
        guard mode & 0o077 == 0 else {
            let octal = String(mode & 0o7777, radix: 8)
            return Fault(path: path, problem: "holds secrets and is open to others (mode 0\(octal))", remedy: "run chmod 600 on it, and replace what others may have read")
        }
        return nil
    }

    /// All of it.
    package func bytes(maximumBytes: Int) throws(Fault) -> [UInt8] {
        var bytes: [UInt8] = []
        var piece = [UInt8](repeating: 0, count: 64 * 1024)
        while true {
            let count = pread(descriptor, &piece, piece.count, off_t(bytes.count))
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { throw unusable("read") }
            if count == 0 { return bytes }
            bytes += piece[..<count]
            guard bytes.count <= maximumBytes else { throw Fault(path: path, problem: "has more than \(maximumBytes) bytes", remedy: "name the right file") }
        }
    }

    /// Waits until nobody else holds the lock; it ends with this value. False when the path names another file by now.
    package func lock() throws(Fault) -> Bool {
        while flock(descriptor, LOCK_EX) != 0 {
            guard errno == EINTR else { throw unusable("locked") }
        }
        var (mine, there) = (stat(), stat())
        return fstat(descriptor, &mine) == 0 && stat(path, &there) == 0 && mine.st_ino == there.st_ino && mine.st_dev == there.st_dev
    }

    private func unusable(_ verb: String) -> Fault {
        Fault(path: path, problem: "cannot be \(verb): \(Errno(rawValue: errno).description)", remedy: "check the file system that it is on")
    }

    /// Why a file is not used. It holds nothing of the file's content.
    package struct Fault: Error, Hashable, Sendable, CustomStringConvertible {
        package let path: String
        package let problem: String
        package let remedy: String

        package init(path: String, problem: String, remedy: String) {
            self.path = path
            self.problem = problem
            self.remedy = remedy
        }

        package var description: String { "\(path.visible) \(problem); \(remedy)" }
    }
}
