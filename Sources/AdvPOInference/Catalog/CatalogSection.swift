import Yams

/// One mapping of the model file under reading: its entries by name, where it stands, and where its faults go.
struct CatalogSection {
    /// Path of this mapping in the file, such as `models[2].limits`; empty at the top.
    let field: String
    let line: Int?
    private let entries: [(name: String, line: Int?, node: Node)]

    /// Reports keys that are not `known`; nil (and a fault) unless the node is a mapping.
    init?(_ node: Node, field: String, known: [String], faults: inout FaultList) {
        guard case .mapping(let mapping) = node else {
            faults.add(
                node.mark?.line, field, "is \(Self.kind(of: node)) where a mapping belongs", "write it as keys and values: \(known.joined(separator: ", "))")
            return nil
        }
        self.field = field
        line = mapping.mark?.line
        entries = mapping.map { entry in (name: entry.key.scalar?.string ?? "", line: entry.key.mark?.line, node: entry.value) }
        for entry in entries where !known.contains(entry.name) {
            reportUnknown(entry.name, line: entry.line, known: known, faults: &faults)
        }
    }

    /// The entry's value; nil when it is not there.
    func node(_ name: String) -> Node? { entries.first { $0.name == name }?.node }
    func line(_ name: String) -> Int? { entries.first { $0.name == name }?.line ?? line }
    func has(_ name: String) -> Bool { node(name) != nil }
    var names: [String] { entries.map(\.name) }

    func path(_ name: String) -> String { field.isEmpty ? name : "\(field).\(name)" }

    /// Text of a scalar that is neither empty nor null; a fault otherwise. Nil without a fault when the key is absent and not required.
    func text(_ name: String, required: String? = nil, faults: inout FaultList) -> String? {
        guard let node = node(name) else {
            if let required { faults.add(line, path(name), "is missing", required) }
            return nil
        }
        guard case .scalar(let scalar) = node else {
            faults.add(line(name), path(name), "is \(Self.kind(of: node)) where a text belongs", "write one text")
            return nil
        }
        let isNull = scalar.style == .plain && ["", "~", "null", "Null", "NULL"].contains(scalar.string)
        guard !isNull, !scalar.string.allSatisfy(\.isWhitespace) else {
            faults.add(line(name), path(name), "is empty", required ?? "give it a value or remove the line")
            return nil
        }
        return scalar.string
    }

    /// A whole number within `range`, or `standard` when absent.
    func integer(_ name: String, in range: ClosedRange<Int>, standard: Int, faults: inout FaultList) -> Int {
        integer(name, in: range, absent: "\(standard)", faults: &faults) ?? standard
    }

    /// A whole number within `range`, or nil when absent: then there is no bound.
    func integer(_ name: String, in range: ClosedRange<Int>, faults: inout FaultList) -> Int? {
        integer(name, in: range, absent: "no bound", faults: &faults)
    }

    private func integer(_ name: String, in range: ClosedRange<Int>, absent: String, faults: inout FaultList) -> Int? {
        guard has(name), let text = text(name, faults: &faults) else { return nil }
        guard let value = Int(text), range.contains(value) else {
            faults.add(
                line(name), path(name), "is \"\(text.prefix(40))\", not a whole number from \(range.lowerBound) to \(range.upperBound)",
                "write such a number or remove the line for \(absent)")
            return nil
        }
        return value
    }

    static func kind(of node: Node) -> String {
        switch node {
        case .scalar(let scalar): scalar.string.isEmpty ? "empty" : "a single value"
        case .mapping: "a mapping"
        case .sequence: "a list"
        case .alias: "an alias"
        }
    }

    private func reportUnknown(_ name: String, line: Int?, known: [String], faults: inout FaultList) {
        let shown = name.isEmpty ? "a key that is no text" : "\"\(name.prefix(60))\""
        let folded = name.lowercased().filter { $0 != "_" && $0 != "-" }
        if known.contains("apiKeyEnvironment"), ["apikey", "key", "token", "apitoken", "secret", "password"].contains(folded) {
            faults.add(
                line, path(String(name.prefix(60))), "would hold a key in this file",
                "name the environment variable that holds it with apiKeyEnvironment, or the file with apiKeyFile")
            return
        }
        let hint = NearestName.find(name, among: known).map { "did you mean \($0)? " } ?? ""
        faults.add(line, field, "has the unknown key \(shown)", "\(hint)known here: \(known.joined(separator: ", "))")
    }
}

/// The faults found so far in one file.
struct FaultList {
    let path: String
    private(set) var faults: [ModelCatalogFault] = []

    init(path: String) { self.path = path }

    mutating func add(_ line: Int?, _ field: String, _ problem: String, _ remedy: String) {
        faults.append(ModelCatalogFault(path: path, line: line, field: field, problem: problem, remedy: remedy))
    }

    /// In the order of lines; the stable order of discovery within a line.
    var sorted: [ModelCatalogFault] {
        faults.enumerated().sorted { ($0.element.line ?? 0, $0.offset) < ($1.element.line ?? 0, $1.offset) }.map(\.element)
    }
}
