import Foundation

/// Rules on documents and scripts: links resolve, the index is whole, scripts can be run and say what they do.
enum DocumentRules {
    struct Link: Hashable {
        var line: Int
        var target: String
    }

    /// The links and images of a Markdown file, without those in code.
    static func links(in file: Repository.File) -> [Link] {
        var inCode = false
        var found: [Link] = []
        for (index, line) in file.lines.enumerated() {
            if line.drop(while: { $0 == " " }).hasPrefix("```") { inCode.toggle() }
            guard !inCode else { continue }
            var rest = withoutCode(line)[...]
            while let start = rest.range(of: "]("), let end = rest[start.upperBound...].firstIndex(of: ")") {
                found.append(Link(line: index + 1, target: String(rest[start.upperBound..<end])))
                rest = rest[end...]
            }
        }
        return found
    }

    /// Links to files or headings that are not there. `exists` takes a path from the top, `headings` gives the anchors of a file.
    static func brokenLinks(in file: Repository.File, exists: (String) -> Bool, headings: (String) -> Set<String>) -> [Violation] {
        links(in: file).compactMap { link in
            guard !link.target.contains("://"), !link.target.hasPrefix("mailto:") else { return nil }
            let parts = link.target.split(separator: "#", maxSplits: 1, omittingEmptySubsequences: false)
            let path = parts[0].isEmpty ? file.path : resolve(String(parts[0]), from: file.path)
            guard exists(path) else { return Violation(path: file.path, line: link.line, message: "the link to '\(link.target)' leads nowhere") }
            guard parts.count == 2, path.hasSuffix(".md"), !headings(path).contains(String(parts[1])) else { return nil }
            return Violation(path: file.path, line: link.line, message: "'\(path)' has no heading '#\(parts[1])'")
        }
    }

    /// The anchors that a Markdown file's headings make: lower case, no punctuation, hyphens for blanks.
    static func anchors(of file: Repository.File) -> Set<String> {
        Set(
            file.lines.filter { $0.hasPrefix("#") }.map { line in
                let title = line.drop { $0 == "#" || $0 == " " }.lowercased()
                return String(title.compactMap { $0 == " " ? "-" : $0.isLetter || $0.isNumber || $0 == "-" || $0 == "_" ? $0 : nil })
            })
    }

    /// Documents below docs/ that the index does not link to.
    static func missingFromIndex(_ index: Repository.File, documents: [String]) -> [Violation] {
        let linked = Set(links(in: index).map { resolve(String($0.target.prefix { $0 != "#" }), from: index.path) })
        return documents.filter { $0 != index.path && !linked.contains($0) }.map {
            Violation(path: index.path, line: 0, message: "'\($0)' is not in the index")
        }
    }

    /// A script is executable, names its interpreter, and says below that what it does.
    static func faults(ofScript file: Repository.File, isExecutable: Bool) -> [Violation] {
        var faults: [String] = []
        if !isExecutable { faults.append("is not executable; chmod +x it") }
        if file.lines.first?.hasPrefix("#!/usr/bin/env ") != true { faults.append("does not begin with '#!/usr/bin/env …'") }
        let head = file.lines.dropFirst().first ?? ""
        if !(head.hasPrefix("# ") && head.count > 10), !head.hasPrefix("\"\"\"") { faults.append("does not say in its second line what it does") }
        return faults.map { Violation(path: file.path, line: 0, message: $0) }
    }

    /// `../a/b.md` from `docs/c/d.md` is `docs/a/b.md`.
    static func resolve(_ target: String, from path: String) -> String {
        var parts = path.split(separator: "/").dropLast().map(String.init)
        for part in target.split(separator: "/") {
            switch part {
            case ".": continue
            case "..": _ = parts.popLast()
            default: parts.append(String(part))
            }
        }
        return parts.joined(separator: "/")
    }

    private static func withoutCode(_ line: Substring) -> String {
        line.split(separator: "`", omittingEmptySubsequences: false).enumerated().filter { $0.offset.isMultiple(of: 2) }.map { String($0.element) }.joined()
    }
}
