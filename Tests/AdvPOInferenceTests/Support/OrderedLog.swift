import Synchronization

/// Numbers in the order in which tasks wrote them.
final class OrderedLog: Sendable {
    private let numbers = Mutex<[Int]>([])
    var entries: [Int] { numbers.withLock { $0 } }
    func append(_ number: Int) { numbers.withLock { $0.append(number) } }
}
