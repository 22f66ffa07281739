/// How long the units of one kind of task took of late, and whether anything was paid for them.
struct Durations: Sendable {
    /// Of the last so many units.
    private static let window = 64
    private static let fewest = 20

    private var milliseconds: [Int64] = []
    private var next = 0
    var isPriced = false

    mutating func add(_ duration: Int64) {
        if milliseconds.count < Self.window { milliseconds.append(duration) } else { milliseconds[next] = duration }
        next = (next + 1) % Self.window
    }

    /// What 19 of 20 stayed under; nil while too few are known.
    var p95: Int64? {
        guard milliseconds.count >= Self.fewest else { return nil }
        return milliseconds.sorted()[(milliseconds.count * 95 - 1) / 100]
    }
}
