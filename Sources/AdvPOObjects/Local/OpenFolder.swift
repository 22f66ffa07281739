import Glibc
import SystemPackage

/// An opened folder inside a bucket, reached one part at a time.
///
/// Each part is opened with `openat` on its parent's descriptor with `O_NOFOLLOW`. Checking a resolved path (`realpath`) and opening it afterwards would
/// leave a moment in which a part can become a link; here the check and the use are the same call, and a folder that is moved away meanwhile is
/// still the folder that was opened.
struct OpenFolder: ~Copyable {
    private let descriptor: FileDescriptor

    private init(_ descriptor: Int32) { self.descriptor = FileDescriptor(rawValue: descriptor) }

    deinit { _ = Glibc.close(descriptor.rawValue) }

    // MARK: Reaching it

    /// The folder that holds `uri`'s object. Nil when a part of the way is not there, or is an object, and `creating` is false.
    static func parent(of uri: ObjectURI, in folder: String, creating: Bool) throws(ObjectError) -> OpenFolder? {
        try reach(Array(uri.segments.dropLast()), of: uri, in: folder, creating: creating)
    }

    static func reach(_ parts: [String], of uri: ObjectURI, in folder: String, creating: Bool) throws(ObjectError) -> OpenFolder? {
        var current = try root(bucket: uri.bucket, folder: folder)
        for part in parts {
            guard let next = try current.child(part, of: uri, creating: creating) else { return nil }
            current = next
        }
        return current
    }

    private static func root(bucket: String, folder: String) throws(ObjectError) -> OpenFolder {
        let descriptor = Glibc.open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { throw .bucketFolder(bucket: bucket, folder: folder, reason: Errno(rawValue: errno).description) }
        return OpenFolder(descriptor)
    }

    /// Refuses a bucket's folder that is not there or no folder; makes it, parents included, when `creating`.
    static func check(bucket: String, folder: String, creating: Bool) throws(ObjectError) {
        if creating {
            var path = FilePath(folder)
            var missing: [FilePath] = []
            while !path.isEmpty, access(path.string, F_OK) != 0, errno == ENOENT {
                missing.append(path)
                if !path.removeLastComponent() { break }
            }
            for path in missing.reversed() where mkdir(path.string, 0o777) != 0 && errno != EEXIST {
                throw .bucketFolder(bucket: bucket, folder: folder, reason: Errno(rawValue: errno).description)
            }
        }
        _ = try root(bucket: bucket, folder: folder)
    }

    private func child(_ name: String, of uri: ObjectURI, creating: Bool) throws(ObjectError) -> OpenFolder? {
        let flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC
        var next = openat(descriptor.rawValue, name, flags)
        var code = errno
        if next < 0, code == ENOENT, creating {
            // Another writer may make it at the same moment; the open below decides.
            guard mkdirat(descriptor.rawValue, name, 0o777) == 0 || errno == EEXIST else { throw fault(errno, uri: uri, part: name) }
            try sync(uri)
            next = openat(descriptor.rawValue, name, flags)
            code = errno
        }
        if next >= 0 { return OpenFolder(next) }
        // Asked once: what stands there may be another thing a moment later.
        if code == ENOTDIR, isLink(name) { throw .symbolicLink(uri, part: name) }
        if !creating, code == ENOENT || code == ENAMETOOLONG || code == ENOTDIR { return nil }
        throw fault(code, uri: uri, part: name)
    }

    // MARK: Objects in it

    /// Whether `uri`, whose parent this is, is an object; a folder of that name is none.
    func holds(_ uri: ObjectURI) throws(ObjectError) -> Bool {
        let name = Self.name(of: uri)
        var info = stat()
        guard fstatat(descriptor.rawValue, name, &info, AT_SYMLINK_NOFOLLOW) == 0 else {
            if errno == ENOENT || errno == ENAMETOOLONG { return false }
            throw fault(errno, uri: uri, part: name)
        }
        return try isObject(info, uri: uri)
    }

    func open(_ uri: ObjectURI) throws(ObjectError) -> OpenFile {
        let name = Self.name(of: uri)
        // Not blocking: the open of a pipe would wait for a writer.
        let file = openat(descriptor.rawValue, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC)
        guard file >= 0 else {
            if errno == ENOENT || errno == ENAMETOOLONG { throw .missing(uri) }
            if errno == ENXIO { throw .notAFile(uri) }
            throw fault(errno, uri: uri, part: name)
        }
        do throws(ObjectError) {
            var info = stat()
            guard fstat(file, &info) == 0 else { throw fault(errno, uri: uri, part: name) }
            guard try isObject(info, uri: uri) else { throw .missing(uri) }
            return OpenFile(FileDescriptor(rawValue: file), byteCount: Int(info.st_size), uri: uri)
        } catch {
            _ = Glibc.close(file)
            throw error
        }
    }

    /// Writes a new file beside the old, syncs it, and gives it the old one's name: whoever reads sees the one or the other.
    ///
    /// After a crash the file beside may be left: `.advpo~` and digits, a name that no URI can have. It may be removed at any time.
    func replace(_ uri: ObjectURI, with pieces: some Sequence<[UInt8]>) throws(ObjectError) {
        let name = Self.name(of: uri)
        var info = stat()
        if fstatat(descriptor.rawValue, name, &info, AT_SYMLINK_NOFOLLOW) == 0 {
            guard try isObject(info, uri: uri) else { throw .blocked(uri, part: name) }
        } else if errno != ENOENT {
            throw fault(errno, uri: uri, part: name)
        }
        let temporary = ".advpo~" + String(UInt64.random(in: .min ... .max), radix: 16)
        let file = openat(descriptor.rawValue, temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0o666)
        guard file >= 0 else { throw fault(errno, uri: uri, part: name) }
        do throws(ObjectError) {
            defer { _ = Glibc.close(file) }
            for piece in pieces { try writeAll(piece, to: FileDescriptor(rawValue: file), uri: uri) }
            guard fsync(file) == 0 else { throw fault(errno, uri: uri, part: name) }
            guard renameat(descriptor.rawValue, temporary, descriptor.rawValue, name) == 0 else { throw fault(errno, uri: uri, part: name) }
        } catch {
            _ = unlinkat(descriptor.rawValue, temporary, 0)
            throw error
        }
        try sync(uri)
    }

    // MARK: Its entries

    enum Entry {
        case object(String)
        case folder(String)
    }

    /// Files and folders in no order; links, devices and what no URI can name are left out.
    func entries(of uri: ObjectURI) throws(ObjectError) -> [Entry] {
        // The stream takes its descriptor with it when it closes.
        let copy = openat(descriptor.rawValue, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard copy >= 0 else { throw fault(errno, uri: uri, part: ".") }
        guard let stream = fdopendir(copy) else {
            let code = errno
            _ = Glibc.close(copy)
            throw fault(code, uri: uri, part: ".")
        }
        defer { closedir(stream) }
        var entries: [Entry] = []
        while true {
            errno = 0
            guard let entry = readdir(stream) else { break }
            let name = withUnsafeBytes(of: &entry.pointee.d_name) { String(validating: $0.prefix { $0 != 0 }, as: UTF8.self) }
            var info = stat()
            guard let name, name != ".", name != "..", fstatat(descriptor.rawValue, name, &info, AT_SYMLINK_NOFOLLOW) == 0 else { continue }
            switch info.st_mode & S_IFMT {
            case S_IFREG: entries.append(.object(name))
            case S_IFDIR: entries.append(.folder(name))
            default: continue
            }
        }
        guard errno == 0 else { throw fault(errno, uri: uri, part: ".") }
        return entries
    }
}

extension OpenFolder {
    private static func name(of uri: ObjectURI) -> String {
        guard let name = uri.segments.last else { preconditionFailure("a bucket is no object") }
        return name
    }

    private func isObject(_ info: stat, uri: ObjectURI) throws(ObjectError) -> Bool {
        switch info.st_mode & S_IFMT {
        case S_IFREG: return true
        case S_IFDIR: return false
        case S_IFLNK: throw .symbolicLink(uri, part: Self.name(of: uri))
        default: throw .notAFile(uri)
        }
    }

    private func isLink(_ name: String) -> Bool {
        var info = stat()
        return fstatat(descriptor.rawValue, name, &info, AT_SYMLINK_NOFOLLOW) == 0 && info.st_mode & S_IFMT == S_IFLNK
    }

    private func writeAll(_ bytes: [UInt8], to file: FileDescriptor, uri: ObjectURI) throws(ObjectError) {
        do { _ = try file.writeAll(bytes) } catch { throw Self.failure(error, uri: uri) }
    }

    private func sync(_ uri: ObjectURI) throws(ObjectError) {
        guard fsync(descriptor.rawValue) == 0 else { throw .failed(uri, reason: "cannot sync its folder: \(Errno(rawValue: errno).description)") }
    }

    private func fault(_ code: Int32, uri: ObjectURI, part: String) -> ObjectError {
        switch code {
        case ELOOP: .symbolicLink(uri, part: part)
        case ENOTDIR, EISDIR, EEXIST: isLink(part) ? .symbolicLink(uri, part: part) : .blocked(uri, part: part)
        case ENAMETOOLONG: .nameTooLong(uri, part: part)
        default: Self.failure(Errno(rawValue: code), uri: uri)
        }
    }

    static func failure(_ error: any Error, uri: ObjectURI) -> ObjectError {
        switch error as? Errno {
        case .permissionDenied, .notPermitted, .readOnlyFileSystem: .permission(uri)
        case .noSpace, .diskQuotaExceeded: .diskFull(uri)
        case let other: .failed(uri, reason: other?.description ?? "\(error)")
        }
    }
}
