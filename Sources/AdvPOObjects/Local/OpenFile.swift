import Glibc
import SystemPackage

/// An object's file, opened to be read piece by piece. A file of that name that comes later is another one; closed with its last reader.
final class OpenFile: Sendable {
    /// When it was opened.
    let byteCount: Int
    private let descriptor: FileDescriptor
    private let uri: ObjectURI

    /// Takes the descriptor over.
    init(_ descriptor: FileDescriptor, byteCount: Int, uri: ObjectURI) {
        self.descriptor = descriptor
        self.byteCount = byteCount
        self.uri = uri
    }

    deinit { _ = Glibc.close(descriptor.rawValue) }

    /// So many bytes, fewer where it ends.
    func read(at offset: Int, count: Int) throws(ObjectError) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: count)
        var filled = 0
        while filled < count {
            let read: Int
            do {
                read = try bytes.withUnsafeMutableBytes { try descriptor.read(fromAbsoluteOffset: Int64(offset + filled), into: UnsafeMutableRawBufferPointer(rebasing: $0[filled...])) }
            } catch {
                throw OpenFolder.failure(error, uri: uri)
            }
            if read == 0 { break }
            filled += read
        }
        if filled < count { bytes.removeLast(count - filled) }
        return bytes
    }
}
