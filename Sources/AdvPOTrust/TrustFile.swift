import AdvPOObjects
import Glibc
import SystemPackage

/// Writes the files of a cluster: each whole or not at all, closed to others from its first moment on.
enum TrustFile {
    static let secretMode: mode_t = 0o600
    static let openMode: mode_t = 0o644

    /// - Throws: when there is a file already.
    static func create(_ path: String, _ text: String, mode: mode_t = secretMode) throws(PrivateFile.Fault) {
        let temporary = try writeBeside(path, text, mode)
        defer { unlink(temporary) }
        guard link(temporary, path) == 0 else {
            let code = errno
            guard code != EEXIST else { throw PrivateFile.Fault(path: path, problem: "is there already", remedy: "nothing was changed; name another folder, or move the file away") }
            throw fault(path, "cannot be made", code)
        }
        try syncFolder(of: path)
    }

    /// Puts the text in the place of what may be there.
    static func replace(_ path: String, _ text: String, mode: mode_t = secretMode) throws(PrivateFile.Fault) {
        let temporary = try writeBeside(path, text, mode)
        guard rename(temporary, path) == 0 else {
            let code = errno
            unlink(temporary)
            throw fault(path, "cannot be replaced", code)
        }
        try syncFolder(of: path)
    }

    /// A folder of mode 0700. One that is there stays, and must be closed to others.
    static func makeFolder(_ path: String) throws(PrivateFile.Fault) {
        if mkdir(path, 0o700) == 0 { return }
        guard errno == EEXIST else { throw fault(path, "cannot be made", errno) }
        var info = stat()
        guard stat(path, &info) == 0 else { throw fault(path, "cannot be read", errno) }
        guard info.st_mode & S_IFMT == S_IFDIR else { throw PrivateFile.Fault(path: path, problem: "is not a folder", remedy: "name a folder, or one that is not there yet") }
        if let fault = PrivateFile.fault(path: path, mode: info.st_mode, owner: info.st_uid, user: geteuid()) {
            throw PrivateFile.Fault(path: path, problem: fault.problem, remedy: "run chmod 700 on it, or name a folder that is not there yet")
        }
    }

    private static func writeBeside(_ path: String, _ text: String, _ mode: mode_t) throws(PrivateFile.Fault) -> String {
        let temporary = path + "~" + String(UInt64.random(in: .min ... .max), radix: 16)
        let file = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, secretMode)
        guard file >= 0 else { throw fault(path, "cannot be written", errno) }
        defer { close(file) }
        do {
            _ = try FileDescriptor(rawValue: file).writeAll(text.utf8)
            guard fchmod(file, mode) == 0, fsync(file) == 0 else { throw Errno(rawValue: errno) }
        } catch {
            unlink(temporary)
            throw PrivateFile.Fault(path: path, problem: "cannot be written: \(error)", remedy: "check the file system that it is on")
        }
        return temporary
    }

    private static func syncFolder(of path: String) throws(PrivateFile.Fault) {
        let folder = FilePath(path).removingLastComponent().string
        let descriptor = open(folder.isEmpty ? "." : folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { throw fault(path, "may not outlive a crash: its folder cannot be synced", errno) }
        defer { close(descriptor) }
        guard fsync(descriptor) == 0 else { throw fault(path, "may not outlive a crash: its folder cannot be synced", errno) }
    }

    private static func fault(_ path: String, _ problem: String, _ code: Int32) -> PrivateFile.Fault {
        PrivateFile.Fault(
            path: path, problem: "\(problem): \(Errno(rawValue: code).description)", remedy: "the folder must be there, and this user must be allowed to write to it")
    }
}
