/// Colours and weights, or none of them.
package struct Style: Hashable, Sendable {
    package let isColoured: Bool

    package static let plain = Style(isColoured: false)
    package static let coloured = Style(isColoured: true)

    func bold(_ text: String) -> String { wrap(text, "1") }
    func dim(_ text: String) -> String { wrap(text, "2") }
    func good(_ text: String) -> String { wrap(text, "32") }
    func bad(_ text: String) -> String { wrap(text, "31") }

    private func wrap(_ text: String, _ code: String) -> String { isColoured ? "\u{1B}[\(code)m\(text)\u{1B}[0m" : text }
}
