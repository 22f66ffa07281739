/// The input file of a job: JSON Lines in UTF-8, one prompt template a line.
package enum InputFile {
    /// The one `version` that there is.
    package static let version = "bedrock-2026-05-14"

    /// Reads and checks a whole file; what is returned can be run as it is.
    ///
    /// A byte order mark, CRLF line ends and blank lines are accepted; line numbers count every line. All faults of the file are thrown at once, up to
    /// `InputFaults.maximumReported`; a fault that follows from another is left out. Stricter than the published service: unknown fields are
    /// faults, since a misspelled optional field would otherwise be lost in silence. More lenient: one `inputVariables` object may hold several keys.
    package static func read(_ bytes: [UInt8], limits: InputLimits = InputLimits(), context: InputContext = InputContext()) throws(InputFaults) -> [Template] {
        guard bytes.count <= limits.fileBytes else {
            throw InputFaults(faults: [
                InputFault(
                    line: 0, templateID: nil, field: "", problem: "Input file has \(bytes.count) bytes; the limit is \(limits.fileBytes)",
                    remedy: "split it into several jobs, or raise the limit")
            ])
        }
        var reader = TemplateReader(limits: limits, context: context)
        var templates: [Template] = []
        var templateLines = 0
        var firstLineBeyond: Int?
        for (number, line) in lines(of: bytes) {
            templateLines += 1
            if templateLines > limits.templatesPerJob, firstLineBeyond == nil { firstLineBeyond = number }
            // A file of millions of bad lines is not worth reading to its end in detail.
            if reader.faults.isFull, firstLineBeyond != nil { continue }
            if let template = reader.read(line, line: number) { templates.append(template) }
        }
        var faults = reader.faults
        if let firstLineBeyond {
            faults.prepend(
                InputFault(
                    line: firstLineBeyond, templateID: nil, field: "", problem: "the file holds \(templateLines) templates; the limit is \(limits.templatesPerJob)",
                    remedy: "split it into several jobs, or raise the limit"))
        }
        if templateLines == 0 {
            faults.append(InputFault(line: 0, templateID: nil, field: "", problem: "Input file is empty", remedy: "write one JSON object per line, each a prompt template"))
        }
        guard faults.faults.isEmpty else { throw faults.sortedByLine() }
        return templates
    }

    /// The lines that are not blank, with their 1-based numbers, without line ends.
    private static func lines(of bytes: [UInt8]) -> some Sequence<(Int, ArraySlice<UInt8>)> {
        let mark: [UInt8] = [0xEF, 0xBB, 0xBF]
        var rest = bytes.starts(with: mark) ? bytes[mark.count...] : bytes[...]
        var number = 0
        return AnyIterator {
            while !rest.isEmpty {
                number += 1
                let end = rest.firstIndex(of: UInt8(ascii: "\n")) ?? rest.endIndex
                let line = rest[rest.startIndex..<end]
                rest = end < rest.endIndex ? rest[(end + 1)...] : []
                let isBlank = line.allSatisfy { $0 == 0x20 || $0 == 0x09 || $0 == 0x0D }
                if !isBlank { return (number, line) }
            }
            return nil
        }
    }
}

extension InputFaults {
    /// By line, the whole file's first, otherwise in the order found.
    fileprivate func sortedByLine() -> InputFaults {
        let sorted = faults.enumerated().sorted { ($0.element.line, $0.offset) < ($1.element.line, $1.offset) }
        return InputFaults(faults: sorted.map(\.element), unreportedCount: unreportedCount)
    }
}
