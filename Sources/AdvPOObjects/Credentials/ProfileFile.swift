import Glibc
import SystemPackage

/// One of the two files that AWS's tools share: sections of `key = value` lines.
///
/// Read as Python's `configparser` does, which boto3 uses: `#` and `;` begin a comment line, `:` separates as `=` does, and a line that is indented deeper than
/// the setting above continues it. Such lines are nested blocks (`s3 =` and what follows), which hold no credentials, and are passed over.
struct ProfileFile: Sendable {
    static let maximumBytes = 1 << 20

    /// By section, as written between the brackets without quotes; a section that stands twice is one.
    private(set) var sections: [String: [String: String]] = [:]

    struct Fault: Error {
        var reason: String
    }

    /// - Returns: nil when there is no such file.
    static func read(path: String) throws(Fault) -> ProfileFile? {
        var bytes: [UInt8] = []
        do {
            // Not blocking: the open of a pipe would wait for a writer.
            let file = try FileDescriptor.open(path, .readOnly, options: [.nonBlocking, .closeOnExec])
            try file.closeAfter {
                var piece = [UInt8](repeating: 0, count: 64 * 1024)
                while bytes.count <= maximumBytes {
                    let count = try piece.withUnsafeMutableBytes { try file.read(into: $0) }
                    if count == 0 { break }
                    bytes += piece[..<count]
                }
            }
        } catch Errno.noSuchFileOrDirectory, Errno.notDirectory {
            return nil
        } catch {
            throw Fault(reason: "it cannot be read: \(error)")
        }
        guard bytes.count <= maximumBytes else { throw Fault(reason: "it has more than \(maximumBytes) bytes, the most that is read") }
        guard let text = String(validating: bytes, as: UTF8.self) else { throw Fault(reason: "it is not UTF-8 text") }
        return try ProfileFile(parsing: text)
    }

    init(parsing text: String) throws(Fault) {
        var section: String?
        var settingIndent: Int?
        for (index, rawLine) in text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline).enumerated() {
            let indent = rawLine.prefix { $0 == " " || $0 == "\t" }.count
            let line = rawLine.trimmed
            if line.isEmpty || line.hasPrefix("#") || line.hasPrefix(";") { continue }
            if let settingIndent, indent > settingIndent { continue }
            if line.hasPrefix("[") {
                guard let end = line.firstIndex(of: "]") else { throw Fault(reason: "line \(index + 1) begins a section and has no ']'") }
                let name = Self.sectionName(line[line.index(after: line.startIndex)..<end])
                if sections[name] == nil { sections[name] = [:] }
                section = name
                settingIndent = nil
                continue
            }
            // The line itself may hold a secret and is not shown.
            guard let section else { throw Fault(reason: "line \(index + 1) stands before the first [section]") }
            guard let separator = line.firstIndex(where: { $0 == "=" || $0 == ":" }) else { throw Fault(reason: "line \(index + 1) has no '='") }
            sections[section]?[line[..<separator].trimmed.lowercased()] = String(line[line.index(after: separator)...].trimmed)
            settingIndent = indent
        }
    }

    /// `profile "my name"` is `profile my name`.
    private static func sectionName(_ text: Substring) -> String {
        text.split(whereSeparator: { $0 == " " || $0 == "\t" }).joined(separator: " ").filter { $0 != "\"" && $0 != "'" }
    }
}

extension Substring {
    /// Without blanks at either end.
    fileprivate var trimmed: Substring {
        var text = drop(while: \.isWhitespace)
        while let last = text.last, last.isWhitespace { text.removeLast() }
        return text
    }
}
