import OrderedCollections

/// Reads the lines of an input file, collecting faults as it goes; each concern has its own file.
struct TemplateReader {
    let limits: InputLimits
    let context: InputContext
    var faults = InputFaults(faults: [])
    /// Where each `templateId` was first seen.
    private var lineOfID: [String: Int] = [:]
    /// The line being read, and its template.
    private var line = 0
    private var templateID: String?

    static let fields = [
        "version", "templateId", "promptTemplate", "steeringCriteria", "customEvaluationMetricLabel", "customLLMJConfig", "evaluationMetricLambdaArn",
        "evaluationSamples", "shortenPrompt",
    ]

    init(limits: InputLimits, context: InputContext) {
        self.limits = limits
        self.context = context
    }

    /// Nil exactly when the line has a fault.
    mutating func read(_ bytes: ArraySlice<UInt8>, line: Int) -> Template? {
        self.line = line
        templateID = nil
        let countBefore = faults.count
        let value: JSONValue
        do {
            value = try JSONValue(parsing: bytes, maximumBytes: limits.fileBytes)
        } catch {
            faultOfLine("File is not valid JSONL: column \(error.column): \(error.message)")
            return nil
        }
        guard let object = value.objectValue else {
            fault("", "the line is \(value.kindName), not an object", "write one JSON object per line, each a prompt template")
            return nil
        }
        // First, so that every fault of the line can name the template.
        let id = readTemplateID(object)
        checkNames(of: object, at: "", known: Self.fields)
        readVersion(object)
        let prompt = readPromptTemplate(object)
        let (method, label) = readMethod(object)
        let shortenPrompt = readShortenPrompt(object)
        let samples = readSamples(object, method: method)
        if let prompt, let samples { checkPlaceholders(prompt, samples: samples) }
        guard faults.count == countBefore, let id, let prompt, let method, let samples else { return nil }
        return Template(
            line: line, id: id, promptTemplate: prompt.source, method: method, metricLabel: label, samples: samples.map(\.sample), shortenPrompt: shortenPrompt)
    }

    // MARK: Faults

    mutating func fault(_ field: String, _ problem: String, _ remedy: String) {
        faults.append(InputFault(line: line, templateID: templateID, field: field, problem: problem, remedy: remedy))
    }

    /// A message of the JSON parser: its remedy stands after its last semicolon.
    private mutating func faultOfLine(_ message: String) {
        let parts = message.utf8.lastIndex(of: UInt8(ascii: ";"))
        if let parts, message[parts...].hasPrefix("; ") {
            fault("", String(message[..<parts]), String(message[parts...].dropFirst(2)))
        } else {
            fault("", message, "mend the JSON of this line")
        }
    }

    mutating func checkNames(of object: JSONObject, at path: String, known: [String]) {
        for name in object.keys where !known.contains(name) {
            let remedy: String
            if !faults.isFull, let nearest = NearestName.find(name, among: known), object[nearest] == nil {
                remedy = "did you mean \(nearest)?"
            } else {
                remedy = "remove it; the fields are \(known.joined(separator: ", "))"
            }
            fault(Self.join(path, name), "the field is not known", remedy)
        }
    }

    // MARK: Values

    /// The path of a member of an object.
    static func join(_ path: String, _ name: String) -> String {
        let shown = PlaceholderText.isName(name) ? name : JSONValue.string(name).excerpt
        return path.isEmpty ? shown : "\(path).\(shown)"
    }

    /// A required text that is not blank and not too long; nil after a fault.
    mutating func readText(_ object: JSONObject, _ name: String, at path: String, missing remedy: String) -> String? {
        let field = Self.join(path, name)
        guard let value = object[name] else {
            fault(field, "the field is missing", remedy)
            return nil
        }
        guard let text = string(value, at: field) else { return nil }
        return checkText(text, at: field, remedy: remedy) ? text : nil
    }

    mutating func string(_ value: JSONValue, at field: String) -> String? {
        if case .string(let text) = value { return text }
        let remedy =
            switch value {
            case .null: "write a string, or leave it out where it is optional"
            case .bool, .number: "write it in double quotes"
            case .array, .object, .string: "write a string; a structure can be a string that holds its JSON"
            }
        fault(field, "the value is \(value.kindName), not a string", remedy)
        return nil
    }

    mutating func checkText(_ text: String, at field: String, remedy: String) -> Bool {
        if Self.isBlank(text) {
            fault(field, "the text is blank", remedy)
            return false
        }
        if text.utf8.count > limits.textBytes {
            fault(field, "the text has \(text.utf8.count) bytes; the limit is \(limits.textBytes)", "shorten it, or raise the limit")
            return false
        }
        return true
    }

    static func isBlank(_ text: String) -> Bool { text.unicodeScalars.allSatisfy(\.properties.isWhitespace) }

    // MARK: Plain fields

    private mutating func readTemplateID(_ object: JSONObject) -> String? {
        // Known before it is checked: a fault should name the template where it can.
        if let written = object["templateId"]?.stringValue, !Self.isBlank(written) { templateID = written }
        guard let id = readText(object, "templateId", at: "", missing: "give the template a name that no other line has") else { return nil }
        if id.count > limits.templateIDCharacters {
            fault("templateId", "the name has \(id.count) characters; the limit is \(limits.templateIDCharacters)", "choose a shorter one")
            return nil
        }
        if id.unicodeScalars.contains(where: { $0.properties.generalCategory == .control }) {
            fault("templateId", "the name holds a control character", "use visible characters only")
            return nil
        }
        if let first = lineOfID[id] {
            fault("templateId", "line \(first) has the same name", "give each template its own")
            return nil
        }
        lineOfID[id] = line
        return id
    }

    private mutating func readVersion(_ object: JSONObject) {
        guard let value = object["version"] else {
            fault("version", "the field is missing", "write \"\(InputFile.version)\"")
            return
        }
        guard value.stringValue != InputFile.version else { return }
        fault("version", "\(value.excerpt) is not a version of this format", "write \"\(InputFile.version)\"")
    }

    private mutating func readShortenPrompt(_ object: JSONObject) -> Bool {
        guard let value = object["shortenPrompt"] else { return false }
        if let flag = value.boolValue { return flag }
        fault("shortenPrompt", "the value is \(value.kindName), not a boolean", "write true or false, without quotes")
        return false
    }
}
