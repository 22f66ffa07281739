import Foundation

/// Takes keys out of texts that others wrote: a server may repeat the key in its error.
package struct Redactor: Sendable {
    package static let mark = "[redacted]"
    /// Longest first, so that a key which begins another one does not leave the rest behind.
    private let spellings: [Secret]

    package init(_ secrets: [Secret]) {
        let texts = secrets.flatMap { Self.spellings(of: $0.revealed()) }.filter { !$0.isEmpty }
        spellings = Set(texts).sorted { ($1.utf8.count, $0) < ($0.utf8.count, $1) }.map(Secret.init)
    }

    /// The text with every key in it replaced, as written, as in JSON and as in a URL.
    package func redact(_ text: String) -> String {
        spellings.reduce(text) { $0.replacingOccurrences(of: $1.revealed(), with: Self.mark) }
    }

    /// Redacts first and cuts then, so that no cut leaves half a key.
    package func excerpt(_ text: String, characters: Int) -> String {
        let whole = redact(text).trimmingCharacters(in: .whitespacesAndNewlines)
        return whole.count <= characters ? whole : "\(whole.prefix(characters))…"
    }

    private static func spellings(of key: String) -> [String] {
        let inURL = key.addingPercentEncoding(withAllowedCharacters: .alphanumerics.union(CharacterSet(charactersIn: "-._~")))
        return [key, key.replacingOccurrences(of: "/", with: "\\/")] + (inURL.map { [$0] } ?? [])
    }
}
