import AdvPOBedrock
import AdvPOCluster
import AdvPOCoordinator
import AdvPOObjects
import Synchronization

/// Objects whose place does not answer the first so many writes.
final class FlakyObjects: ObjectStore {
    let inner: MemoryObjects
    private let failures: Mutex<Int>

    init(_ inner: MemoryObjects, failures: Int) {
        self.inner = inner
        self.failures = Mutex(failures)
    }

    func open(_ uri: ObjectURI, maximumBytes: Int) async throws(ObjectError) -> ByteChunks { try await inner.open(uri, maximumBytes: maximumBytes) }
    func checkWrite(_ uri: ObjectURI, encryptionKeyARN: String?) async throws(ObjectError) { try await inner.checkWrite(uri, encryptionKeyARN: encryptionKeyARN) }
    func exists(_ uri: ObjectURI) async throws(ObjectError) -> Bool { try await inner.exists(uri) }
    func list(_ folder: ObjectURI, maximumCount: Int) async throws(ObjectError) -> [ObjectURI] { try await inner.list(folder, maximumCount: maximumCount) }

    func write(_ uri: ObjectURI, bytes: [UInt8], encryptionKeyARN: String?) async throws(ObjectError) {
        let fails = failures.withLock { left in
            defer { left -= left > 0 ? 1 : 0 }
            return left > 0
        }
        if fails { throw .unreachable(uri, endpoint: "http://127.0.0.1:9", reason: "it does not answer") }
        try await inner.write(uri, bytes: bytes, encryptionKeyARN: encryptionKeyARN)
    }
}

/// The world's time, but for pauses, which are over at once.
struct QuickClock: CoordinatorClock {
    private let wall = WallClock()
    func now() -> Moment { wall.now() }
    func pause(milliseconds: Int) async { await Task.yield() }
}
