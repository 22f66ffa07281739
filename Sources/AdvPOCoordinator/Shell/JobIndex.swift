package import AdvPOModel

/// Jobs in the order of listings: by creation, then by id. A page costs its own length and a binary search.
package struct JobIndex: Sendable {
    package struct Position: Hashable, Sendable, Comparable {
        package var createdMillisecondsSince1970: Int64
        package var job: JobID

        package init(createdMillisecondsSince1970: Int64, job: JobID) {
            self.createdMillisecondsSince1970 = createdMillisecondsSince1970
            self.job = job
        }

        package static func < (lhs: Position, rhs: Position) -> Bool {
            (lhs.createdMillisecondsSince1970, lhs.job) < (rhs.createdMillisecondsSince1970, rhs.job)
        }
    }

    private var positions: [Position] = []

    package init() {}

    package mutating func insert(_ position: Position) {
        let index = firstIndex { $0 < position }
        guard index == positions.count || positions[index] != position else { return }
        positions.insert(position, at: index)
    }

    package mutating func remove(_ position: Position) {
        let index = firstIndex { $0 < position }
        guard index < positions.count, positions[index] == position else { return }
        positions.remove(at: index)
    }

    /// Up to `count` positions behind `position` in the given direction, or from the beginning, and whether there are more. `position` may be gone by now.
    package func page(after position: Position?, ascending: Bool, count: Int) -> (page: [Position], hasMore: Bool) {
        if ascending {
            let start = position.map { position in firstIndex { $0 <= position } } ?? 0
            let end = min(positions.count, start + count)
            return (Array(positions[start..<end]), end < positions.count)
        }
        let end = position.map { position in firstIndex { $0 < position } } ?? positions.count
        let start = max(0, end - count)
        return (positions[start..<end].reversed(), start > 0)
    }

    /// The first index whose position no longer satisfies `isBefore`.
    private func firstIndex(_ isBefore: (Position) -> Bool) -> Int {
        var low = 0
        var high = positions.count
        while low < high {
            let middle = (low + high) / 2
            if isBefore(positions[middle]) { low = middle + 1 } else { high = middle }
        }
        return low
    }
}
