import Glibc
import Synchronization

/// The right to use a data directory, held by one open store of one process at a time.
///
/// `flock` on a file inside: the kernel lets go of it when the process ends, however it ends, so a lock is never stale and nobody ever has to delete
/// the file. It holds between stores of one process too, because it belongs to the open file and not to the process. The file keeps the holder's
/// process id for the error message alone; it stays where it is, since removing it would let two processes lock two files of one name.
final class DirectoryLock: Sendable {
    static let fileName = "coordinator.lock"
    private let descriptor: Mutex<Int32?>

    /// - Throws: `directoryInUse`, or `notWritable` when the file cannot be opened.
    init(directory: String) throws(StoreError) {
        let path = directory + "/" + Self.fileName
        // Close on exec: a child that outlived this process would keep the lock.
        let file = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard file >= 0 else { throw .notWritable(directory: directory, reason: "\(Self.fileName): \(Self.reason(errno))") }
        guard flock(file, LOCK_EX | LOCK_NB) == 0 else {
            let code = errno
            let holder = Self.holder(file)
            _ = Glibc.close(file)
            if code == EWOULDBLOCK { throw .directoryInUse(directory: directory, holder: holder) }
            throw .notWritable(directory: directory, reason: "cannot lock \(Self.fileName): \(Self.reason(code))")
        }
        // The id only serves an error message: a full disk that refuses it does not stop the store from opening.
        let holder = Array("\(getpid())\n".utf8)
        if ftruncate(file, 0) == 0 { _ = holder.withUnsafeBytes { pwrite(file, $0.baseAddress, $0.count, 0) } }
        descriptor = Mutex(file)
    }

    deinit { release() }

    func release() {
        descriptor.withLock { descriptor in
            if let file = descriptor {
                // Closing alone would leave it to a child that was forked and has not yet begun its program: it shares the open file until then.
                _ = flock(file, LOCK_UN)
                _ = Glibc.close(file)
            }
            descriptor = nil
        }
    }

    private static func holder(_ file: Int32) -> Int32? {
        var bytes = [UInt8](repeating: 0, count: 32)
        let count = bytes.withUnsafeMutableBytes { pread(file, $0.baseAddress, $0.count, 0) }
        guard count > 0 else { return nil }
        return Int32(String(decoding: bytes.prefix(count).prefix { $0 != UInt8(ascii: "\n") }, as: UTF8.self))
    }

    private static func reason(_ code: Int32) -> String { String(cString: strerror(code)) }
}
