/// Why bytes from a peer or a blob were not accepted.
package struct WireError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The message and the path of fields inside it, such as `WorkRequest.report.units[3].record.score`.
    package var place: String
    /// What is wrong there.
    package var problem: String

    package init(place: String, problem: String) {
        self.place = place
        self.problem = problem
    }

    package var message: String { "\(place): \(problem)" }
    package var description: String { message }
}
