/// One thing that is wrong with an input file.
package struct InputFault: Hashable, Sendable, CustomStringConvertible {
    /// The 1-based line; 0 when the fault is the whole file's.
    package var line: Int
    /// Nil when the line has none that can be read.
    package var templateID: String?
    /// The path of the field within the line, list positions counted from 0; empty when it is the whole line's.
    package var field: String
    package var problem: String
    package var remedy: String

    package init(line: Int, templateID: String?, field: String, problem: String, remedy: String) {
        self.line = line
        self.templateID = templateID
        self.field = field
        self.problem = problem
        self.remedy = remedy
    }

    package var description: String {
        var place: [String] = []
        if line > 0 { place.append("line \(line)") }
        if let templateID { place.append("template \(JSONValue.string(templateID).excerpt)") }
        if !field.isEmpty { place.append("field \(field)") }
        let message = "\(problem); \(remedy)"
        return place.isEmpty ? message : "\(place.joined(separator: ", ")): \(message)"
    }
}

/// Everything that is wrong with an input file, in the file's order.
package struct InputFaults: Error, Hashable, Sendable, CustomStringConvertible {
    /// How many faults are kept; the others are counted.
    package static let maximumReported = 200

    /// Never empty.
    package private(set) var faults: [InputFault]
    /// Faults beyond those kept.
    package private(set) var unreportedCount: Int

    package init(faults: [InputFault], unreportedCount: Int = 0) {
        self.faults = faults
        self.unreportedCount = unreportedCount
    }

    /// Kept and counted faults.
    package var count: Int { faults.count + unreportedCount }

    var isFull: Bool { faults.count >= Self.maximumReported }

    mutating func append(_ fault: InputFault) {
        if isFull { unreportedCount += 1 } else { faults.append(fault) }
    }

    /// Adds a fault that must be shown, however many there are.
    mutating func prepend(_ fault: InputFault) { faults.insert(fault, at: 0) }

    /// One fault a line, and how many more there are.
    package var description: String {
        let more = unreportedCount == 0 ? [] : ["and \(unreportedCount) more"]
        return (faults.map(\.description) + more).joined(separator: "\n")
    }
}
