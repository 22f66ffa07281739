import OrderedCollections

extension JSONValue {
    /// The same value with the keys of all its objects in the order of their bytes: to compare what has no order of its own.
    package var sortedByKey: JSONValue {
        switch self {
        case .null, .bool, .number, .string: self
        case .array(let elements): .array(elements.map(\.sortedByKey))
        case .object(let members):
            .object(
                JSONObject(
                    uniqueKeysWithValues: members.elements.sorted { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }.map { ($0.key, $0.value.sortedByKey) }))
        }
    }
}
