import Foundation
import Glibc
import SystemPackage

/// A file that holds secrets: small, regular, and readable by nobody but its owner.
package enum PrivateFile {
    /// Its bytes. What is checked is what is read: the file is opened once and asked through its descriptor.
    ///
    /// - Parameter isPrivate: false for a file that goes with a secret one and is none itself, such as a certificate.
    package static func read(_ path: String, maximumBytes: Int, isPrivate: Bool = true) throws(Fault) -> [UInt8] {
        let descriptor: FileDescriptor
        do {
            // Not blocking: the open of a pipe would wait for a writer.
            descriptor = try FileDescriptor.open(FilePath(path), .readOnly, options: [.nonBlocking, .closeOnExec])
        } catch {
            throw Fault(path: path, problem: "cannot be opened: \(reason(error))", remedy: "check that it exists and that this user may read it")
        }
        defer {
            // Nothing was written, so that nothing can be lost.
            _ = Glibc.close(descriptor.rawValue)
        }
        var info = stat()
        guard fstat(descriptor.rawValue, &info) == 0 else {
            throw Fault(path: path, problem: "cannot be examined: \(String(cString: strerror(errno)))", remedy: "check the file system that it is on")
        }
        guard info.st_mode & S_IFMT == S_IFREG else { throw Fault(path: path, problem: "is not a regular file", remedy: "name a file") }
        if isPrivate, let fault = fault(path: path, mode: info.st_mode, owner: info.st_uid, user: geteuid()) { throw fault }
        do {
            return try bytes(of: descriptor, path: path, maximumBytes: maximumBytes)
        } catch let fault as Fault {
            throw fault
        } catch {
            throw Fault(path: path, problem: "cannot be read: \(reason(error))", remedy: "check the file system that it is on")
        }
    }

    /// What is wrong with a secret file's mode and owner. The owner must be the user who runs this process, or root, who may read everything anyway.
    package static func fault(path: String, mode: UInt32, owner: UInt32, user: UInt32) -> Fault? {
        guard owner == user || owner == 0 else {
            return Fault(path: path, problem: "belongs to user \(owner), and this process runs as user \(user)", remedy: "chown it to the user who runs the server")
        }
        guard mode & 0o077 == 0 else {
            let octal = String(mode & 0o777, radix: 8)
            return Fault(path: path, problem: "holds secrets and has mode \(octal), which lets its group or others use it", remedy: "run: chmod 600 \(path)")
        }
        return nil
    }

    private static func bytes(of descriptor: FileDescriptor, path: String, maximumBytes: Int) throws -> [UInt8] {
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 64 * 1024)
        while true {
            let count = try chunk.withUnsafeMutableBytes { try descriptor.read(into: $0) }
            if count == 0 { return bytes }
            bytes += chunk[..<count]
            guard bytes.count <= maximumBytes else {
                throw Fault(path: path, problem: "is larger than \(maximumBytes) bytes", remedy: "name the right file")
            }
        }
    }

    private static func reason(_ error: any Error) -> String { (error as? Errno)?.description ?? "\(error)" }

    /// Why a file is not used. It holds nothing of the file's content.
    package struct Fault: Error, Hashable, Sendable, CustomStringConvertible {
        package let path: String
        package let problem: String
        package let remedy: String

        package var description: String { "\(path) \(problem); \(remedy)" }
    }
}
