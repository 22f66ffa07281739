import Foundation
import FoundationXML

/// One element of an answer of S3: its name, its text and what is inside.
struct S3XML: Hashable, Sendable {
    static let maximumBytes = 8 << 20
    private static let maximumDepth = 12
    private static let maximumElements = 100_000
    private static let maximumTextBytes = 64 * 1024

    /// Without the namespace's prefix.
    var name: String
    var text = ""
    var children: [S3XML] = []

    struct Fault: Error {
        var reason: String
    }

    /// Reads at most `maximumBytes`; a document type, and with it every entity, is refused.
    static func parse(_ bytes: [UInt8]) throws(Fault) -> S3XML {
        guard bytes.count <= maximumBytes else { throw Fault(reason: "it has more than \(maximumBytes) bytes") }
        // S3 sends blanks while it works, and a declaration may have nothing before it.
        let content = bytes.drop { $0 == 0x20 || $0 == 0x0A || $0 == 0x0D || $0 == 0x09 }
        guard !content.contains(0), String(validating: content, as: UTF8.self) != nil else { throw Fault(reason: "it is not UTF-8 text") }
        guard Data(content).range(of: Data("<!DOCTYPE".utf8)) == nil else { throw Fault(reason: "it has a document type") }
        let parser = XMLParser(data: Data(content))
        parser.shouldResolveExternalEntities = false
        let builder = Builder()
        parser.delegate = builder
        let isWellFormed = parser.parse()
        if let reason = builder.fault { throw Fault(reason: reason) }
        guard isWellFormed, let root = builder.root else { throw Fault(reason: "it is not well-formed XML") }
        return root
    }

    subscript(_ name: String) -> String? { children.first { $0.name == name }?.text }

    /// Text as it stands between tags.
    static func escaped(_ text: String) -> String {
        text.reduce(into: "") { result, character in
            switch character {
            case "&": result += "&amp;"
            case "<": result += "&lt;"
            case ">": result += "&gt;"
            case "\"": result += "&quot;"
            default: result.append(character)
            }
        }
    }

    private final class Builder: NSObject, XMLParserDelegate {
        var root: S3XML?
        var fault: String?
        private var open: [S3XML] = []
        private var count = 0

        func parser(_ parser: XMLParser, didStartElement name: String, namespaceURI: String?, qualifiedName: String?, attributes: [String: String]) {
            guard fault == nil else { return }
            count += 1
            guard root == nil else { return end(parser, "it has more than one root") }
            guard open.count < maximumDepth else { return end(parser, "it is nested more than \(maximumDepth) deep") }
            guard count <= maximumElements else { return end(parser, "it has more than \(maximumElements) elements") }
            open.append(S3XML(name: name.split(separator: ":").last.map(String.init) ?? name))
        }

        func parser(_ parser: XMLParser, didEndElement name: String, namespaceURI: String?, qualifiedName: String?) {
            guard fault == nil, let element = open.popLast() else { return }
            if open.isEmpty { root = element } else { open[open.count - 1].children.append(element) }
        }

        func parser(_ parser: XMLParser, foundCharacters text: String) { append(parser, text) }
        func parser(_ parser: XMLParser, foundCDATA block: Data) { append(parser, String(decoding: block, as: UTF8.self)) }

        private func append(_ parser: XMLParser, _ text: String) {
            guard fault == nil, !open.isEmpty else { return }
            guard open[open.count - 1].text.utf8.count + text.utf8.count <= maximumTextBytes else { return end(parser, "an element has more than \(maximumTextBytes) bytes of text") }
            open[open.count - 1].text += text
        }

        func parser(_ parser: XMLParser, foundInternalEntityDeclarationWithName name: String, value: String?) { end(parser, "it declares an entity") }
        func parser(_ parser: XMLParser, foundExternalEntityDeclarationWithName name: String, publicID: String?, systemID: String?) { end(parser, "it declares an entity") }
        func parser(_ parser: XMLParser, foundUnparsedEntityDeclarationWithName name: String, publicID: String?, systemID: String?, notationName: String?) {
            end(parser, "it declares an entity")
        }

        private func end(_ parser: XMLParser, _ reason: String) {
            fault = fault ?? reason
            parser.abortParsing()
        }
    }
}
