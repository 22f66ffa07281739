import AdvPOModel
import Glibc
import OrderedCollections

/// One JSON object a line on standard output, written whole and at once: a program reads along.
enum Output {
    static func event(_ name: String, _ groups: JSONObject...) {
        var object: JSONObject = ["event": .string(name), "atMilliseconds": .number(JSONNumber(wallMilliseconds))]
        for group in groups { object.merge(group) { _, last in last } }
        let line = JSONValue.object(object).encoded() + [UInt8(ascii: "\n")]
        _ = line.withUnsafeBytes { write(STDOUT_FILENO, $0.baseAddress, $0.count) }
    }

    private static var wallMilliseconds: Double {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return Double(time.tv_sec) * 1_000 + Double(time.tv_nsec) / 1_000_000
    }
}

extension JSONValue {
    static func count(_ value: Int) -> JSONValue { .number(JSONNumber(value)) }
    /// With enough digits for a measurement.
    static func measured(_ value: Double) -> JSONValue { .number(JSONNumber((value * 1_000).rounded() / 1_000)) }
}
