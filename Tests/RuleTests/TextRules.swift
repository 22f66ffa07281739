import Foundation

/// Rules on the text of Swift files: what may not stand in them, and how long they may be.
enum TextRules {
    static let linesPerFile = 600
    static let linesPerFunction = 70

    /// A piece of code that is not wanted, and what to write instead. Put together here, so that this file does not hold it.
    struct Banned {
        var text: String
        var instead: String
        /// Words before it that make it something else.
        var notAfter: [String] = []
    }

    static let bannedInSources = [
        Banned(text: "try" + "!", instead: "throw a typed error, or a precondition that says which bug it is"),
        Banned(text: "as" + "! ", instead: "a conditional cast with an error"),
        Banned(text: "fatal" + "Error(", instead: "precondition for our own bugs, an error for the world's"),
    ]

    static let bannedInRingZero = [
        Banned(text: "Date" + "()", instead: "take the time as an argument"),
        Banned(text: "UUID" + "()", instead: "take the identifier as an argument"),
        Banned(text: "Continuous" + "Clock", instead: "take the time as an argument"),
        Banned(text: "Suspending" + "Clock", instead: "take the time as an argument"),
        Banned(text: "SystemRandom" + "NumberGenerator(", instead: "take the generator as an argument"),
        Banned(text: "Task" + " {", instead: "leave concurrency to the shells", notAfter: ["struct ", "enum ", "extension "]),
        Banned(text: "Task" + ".detached", instead: "leave concurrency to the shells"),
    ]

    static let bannedInTests = [
        Banned(text: "Task" + ".sleep", instead: "wait on a signal or on virtual time"),
        Banned(text: "Thread" + ".sleep", instead: "wait on a signal or on virtual time"),
        Banned(text: "usleep" + "(", instead: "wait on a signal or on virtual time"),
    ]

    /// Also in comments.
    static let unfinished = [Banned(text: "TO" + "DO", instead: "do it, or leave it out"), Banned(text: "FIX" + "ME", instead: "mend it")]

    /// Where one of `banned` stands as code: after no other letter, and not in a comment.
    static func violations(in file: Repository.File, of banned: [Banned], comments: Bool = false) -> [Violation] {
        file.lines.enumerated().flatMap { index, line in
            let text = comments ? String(line) : code(line)
            return banned.compactMap { item in
                contains(text, item) ? Violation(path: file.path, line: index + 1, message: "'\(item.text)' is not wanted: \(item.instead)") : nil
            }
        }
    }

    static func tooLong(_ file: Repository.File) -> [Violation] {
        // A final newline leaves an empty last piece.
        let count = file.lines.last == "" ? file.lines.count - 1 : file.lines.count
        return count > linesPerFile ? [Violation(path: file.path, line: 0, message: "\(count) lines, \(linesPerFile) are allowed; split it by concern")] : []
    }

    /// Functions longer than allowed, found by indentation: a body ends at the first line that closes at its function's own depth.
    static func longFunctions(in file: Repository.File) -> [Violation] {
        file.lines.indices.compactMap { start in
            guard let name = functionName(file.lines[start]), let open = bodyStart(in: file.lines, from: start) else { return nil }
            let depth = file.lines[start].prefix { $0 == " " }
            guard file.lines[open].hasSuffix("{"), let end = file.lines[(open + 1)...].firstIndex(where: { $0.hasPrefix(depth + "}") }) else { return nil }
            let count = end - start + 1
            return count > linesPerFunction
                ? Violation(path: file.path, line: start + 1, message: "\(name) has \(count) lines, \(linesPerFunction) are allowed") : nil
        }
    }

    private static func functionName(_ line: Substring) -> String? {
        let words = code(line).split(separator: " ")
        if let position = words.firstIndex(of: "func"), position + 1 < words.count { return String(words[position + 1].prefix { $0 != "(" && $0 != "<" }) }
        return words.first.map { $0.hasPrefix("init(") || $0.hasPrefix("init?(") } == true || words.dropFirst().first?.hasPrefix("init(") == true ? "init" : nil
    }

    /// The line that opens the body; nil for a requirement without one.
    private static func bodyStart(in lines: [Substring], from start: Int) -> Int? {
        var depth = 0
        for index in start..<min(start + 30, lines.count) {
            for character in lines[index] {
                if character == "(" { depth += 1 }
                if character == ")" { depth -= 1 }
            }
            guard depth == 0 else { continue }
            if lines[index].contains("{") { return index }
            let next = index + 1 < lines.count ? lines[index + 1].drop { $0 == " " } : ""
            if !next.hasPrefix("where") && !next.hasPrefix(")") { return nil }
        }
        return nil
    }

    /// The line without its comment. A `//` inside a string follows a colon, never a blank.
    static func code(_ line: Substring) -> String {
        let bytes = line.utf8
        var previous = UInt8(ascii: " ")
        for index in bytes.indices {
            if bytes[index] == UInt8(ascii: "/"), previous == UInt8(ascii: " "), bytes[index...].starts(with: "//".utf8) { return String(line[..<index]) }
            previous = bytes[index]
        }
        return String(line)
    }

    private static func contains(_ text: String, _ banned: Banned) -> Bool {
        var rest = text[...]
        while let range = rest.range(of: banned.text) {
            let before = text[..<range.lowerBound]
            let isPartOfWord = before.last.map { $0.isLetter || $0.isNumber || $0 == "_" } ?? false
            if !isPartOfWord, !banned.notAfter.contains(where: before.hasSuffix) { return true }
            rest = rest[range.upperBound...]
        }
        return false
    }
}

/// No committed file names a folder of the machine that it was written on.
enum MachinePathRule {
    /// Put together here, so that this file does not hold them.
    static let folders = ["work", "root", "Users"].map { "/" + $0 + "/" }

    static func violations(in file: Repository.File, folders: [String] = folders) -> [Violation] {
        file.lines.enumerated().flatMap { index, line in
            folders.filter { startsPath($0, in: line) }.map { Violation(path: file.path, line: index + 1, message: "names '\($0)', a folder of one machine") }
        }
    }

    /// Whether `folder` stands where a path begins, not in the middle of one or of an address.
    private static func startsPath(_ folder: String, in line: Substring) -> Bool {
        var rest = line
        while let range = rest.range(of: folder) {
            if range.lowerBound == line.startIndex { return true }
            let before = line[line.index(before: range.lowerBound)]
            if !before.isLetter, !before.isNumber, !"._-~/}*".contains(before) { return true }
            rest = rest[range.upperBound...]
        }
        return false
    }
}
