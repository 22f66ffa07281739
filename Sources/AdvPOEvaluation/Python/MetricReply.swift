import Foundation

/// One line to the host program.
struct MetricRequest: Encodable {
    var id: Int
    var prediction: String
    var reference: String

    func line() throws(EvaluationFailure) -> [UInt8] {
        do { return Array(try JSONEncoder().encode(self)) } catch {
            throw .metric(message: "the answer cannot be handed to the metric: \(error.localizedDescription)")
        }
    }
}

/// One line from it; see the head of `metric_host.py`.
struct MetricReply: Decodable, Hashable {
    var ready: Bool?
    var id: Int?
    var score: Double?
    var diagnostics: String?
    var failure: String?
    /// Processor seconds since the process started.
    var cpu: Double

    /// Nil when it is none of ours.
    static func parse(_ line: [UInt8]) -> MetricReply? {
        do { return try JSONDecoder().decode(MetricReply.self, from: Data(line)) } catch { return nil }
    }
}
