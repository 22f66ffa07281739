/// Coded as one string that holds the compact JSON text.
///
/// No general coder keeps the order of keys and the spelling of numbers, so a tree of containers would lose both. Documents from outside
/// are read with `init(parsing:)`, never through a decoder.
extension JSONValue: Codable {
    package init(from decoder: any Decoder) throws {
        let text = try decoder.singleValueContainer().decode(String.self)
        do {
            self = try JSONValue(parsing: text, maximumDepth: 512)
        } catch {
            throw DecodingError.dataCorrupted(.init(codingPath: decoder.codingPath, debugDescription: "not the text of a JSON value: \(error)"))
        }
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(text)
    }
}
