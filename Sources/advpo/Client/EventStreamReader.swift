import AdvPOCommandLine

/// Takes server-sent events apart, however their bytes arrive. Only `data` is of interest here.
struct EventStreamReader {
    private var line: [UInt8] = []
    private var data: [UInt8] = []

    private static let maximumEventBytes = 4 * 1024 * 1024

    /// The data of each event that `bytes` complete.
    mutating func append(_ bytes: some Sequence<UInt8>) throws(CommandFailure) -> [[UInt8]] {
        var events: [[UInt8]] = []
        for byte in bytes {
            guard byte == UInt8(ascii: "\n") else {
                line.append(byte)
                if line.count + data.count > Self.maximumEventBytes { throw CommandFailure(.failed, "the server sent an event of over \(Self.maximumEventBytes) bytes") }
                continue
            }
            if line.last == UInt8(ascii: "\r") { line.removeLast() }
            if line.isEmpty {
                if !data.isEmpty { events.append(data) }
                data = []
            } else if line.starts(with: "data:".utf8) {
                let value = line.dropFirst(5)
                if !data.isEmpty { data.append(UInt8(ascii: "\n")) }
                data += value.first == UInt8(ascii: " ") ? value.dropFirst() : value
            }
            line = []
        }
        return events
    }
}
