import OrderedCollections

extension TemplateReader {
    /// A sample, and whether its variables could all be read.
    struct ReadSample {
        var sample: Sample
        var isComplete: Bool
    }

    /// The samples, faulty ones in part; nil when there is no list of them.
    mutating func readSamples(_ object: JSONObject, method: EvaluationMethod?) -> [ReadSample]? {
        let field = "evaluationSamples"
        let remedy = "write a list of 1 to \(limits.samplesPerTemplate) samples"
        guard let value = object[field] else {
            fault(field, "the field is missing", remedy)
            return nil
        }
        guard let list = value.arrayValue else {
            fault(field, "the value is \(value.kindName), not a list", remedy)
            return nil
        }
        guard !list.isEmpty else {
            fault(field, "the list is empty", remedy)
            return nil
        }
        if list.count > limits.samplesPerTemplate {
            fault(field, "there are \(list.count) samples; the limit is \(limits.samplesPerTemplate)", "remove some, or raise the limit")
        }
        let samples = list.enumerated().map { index, item in readSample(item, index: index, method: method) }
        var names: OrderedSet<String> = []
        for item in samples { names.formUnion(item.sample.variables.keys) }
        if names.count > limits.variablesPerTemplate {
            fault(field, "the samples have \(names.count) different variables; the limit is \(limits.variablesPerTemplate)", "join some of them, or raise the limit")
        }
        return samples
    }

    private mutating func readSample(_ value: JSONValue, index: Int, method: EvaluationMethod?) -> ReadSample {
        let path = "evaluationSamples[\(index)]"
        var sample = Sample(index: index, variables: [:], referenceResponse: nil)
        guard let object = value.objectValue else {
            fault(path, "the sample is \(value.kindName), not an object", "write {\"inputVariables\": […], \"referenceResponse\": \"…\"}")
            return ReadSample(sample: sample, isComplete: false)
        }
        checkNames(of: object, at: path, known: ["inputVariables", "referenceResponse", "inputVariablesMultimodal"])
        var isComplete = true
        if object["inputVariables"] == nil, object["inputVariablesMultimodal"] == nil {
            fault("\(path).inputVariables", "the sample has no input", "write a list such as [{\"name\": \"value\"}]")
            isComplete = false
        }
        if let list = object["inputVariables"] {
            (sample.variables, isComplete) = readVariables(list, at: "\(path).inputVariables", mayBeEmpty: object["inputVariablesMultimodal"] != nil)
        }
        sample.referenceResponse = readReference(object, at: path, method: method)
        if let list = object["inputVariablesMultimodal"] {
            let (attachments, isReadable) = readAttachments(list, at: "\(path).inputVariablesMultimodal")
            sample.attachments = attachments
            isComplete = isComplete && isReadable
        }
        checkSize(of: sample, at: path)
        return ReadSample(sample: sample, isComplete: isComplete)
    }

    private mutating func checkSize(of sample: Sample, at path: String) {
        let bytes = sample.variables.values.reduce(sample.referenceResponse?.utf8.count ?? 0) { $0 + $1.utf8.count }
        guard bytes > limits.sampleBytes else { return }
        fault(path, "the sample's texts have \(bytes) bytes; the limit is \(limits.sampleBytes)", "shorten them, or raise the limit")
    }

    /// An empty reference is a reference to a judge; a metric that compares texts needs one with content.
    private mutating func readReference(_ object: JSONObject, at path: String, method: EvaluationMethod?) -> String? {
        let field = "\(path).referenceResponse"
        let isNeeded = method.map { !$0.usesJudge } ?? false
        guard let value = object["referenceResponse"] else {
            if isNeeded { fault(field, "the field is missing, and the metric compares answers with it", "write the answer that is wanted") }
            return nil
        }
        guard let text = string(value, at: field) else { return nil }
        if isNeeded, text.isEmpty {
            fault(field, "the text is empty, and the metric compares answers with it", "write the answer that is wanted")
        }
        return text
    }

    /// The variables in file order, and whether all could be read. One object may hold several.
    private mutating func readVariables(_ value: JSONValue, at path: String, mayBeEmpty: Bool) -> (OrderedDictionary<String, String>, Bool) {
        let remedy = "write a list such as [{\"name\": \"value\"}]"
        var variables: OrderedDictionary<String, String> = [:]
        guard let list = value.arrayValue else {
            fault(path, "the value is \(value.kindName), not a list", remedy)
            return (variables, false)
        }
        if list.isEmpty, !mayBeEmpty {
            fault(path, "the list is empty", remedy)
            return (variables, false)
        }
        var isComplete = true
        for (index, item) in list.enumerated() {
            let itemPath = "\(path)[\(index)]"
            guard let object = item.objectValue, !object.isEmpty else {
                fault(itemPath, item.objectValue == nil ? "the entry is \(item.kindName), not an object" : "the object is empty", "write {\"name\": \"value\"}")
                isComplete = false
                continue
            }
            for (name, value) in object where !readVariable(name, value, at: itemPath, into: &variables) { isComplete = false }
        }
        return (variables, isComplete)
    }

    private mutating func readVariable(_ name: String, _ value: JSONValue, at path: String, into variables: inout OrderedDictionary<String, String>) -> Bool {
        let field = Self.join(path, name)
        var isGood = true
        if !PlaceholderText.isName(name) {
            fault(field, "the variable's name cannot stand in a placeholder", "use letters, digits and underscores, not a digit first")
            isGood = false
        }
        if variables[name] != nil {
            fault(field, "the variable \"\(name)\" occurs twice in the sample", "keep one of them")
            isGood = false
        }
        guard let text = string(value, at: field) else { return false }
        if isGood { variables[name] = text }
        return isGood
    }

    private mutating func readAttachments(_ value: JSONValue, at path: String) -> ([Attachment], Bool) {
        let shape = "{\"name\": {\"type\": \"IMAGE\", \"s3Uri\": \"s3://…\"}}"
        guard let list = value.arrayValue else {
            fault(path, "the value is \(value.kindName), not a list", "write a list such as [\(shape)]")
            return ([], false)
        }
        if list.isEmpty {
            fault(path, "the list is empty", "write a list such as [\(shape)], or leave the field out")
            return ([], false)
        }
        var attachments: [Attachment] = []
        var names: OrderedSet<String> = []
        var entryCount = 0
        for (index, item) in list.enumerated() {
            let itemPath = "\(path)[\(index)]"
            guard let object = item.objectValue, !object.isEmpty else {
                fault(itemPath, item.objectValue == nil ? "the entry is \(item.kindName), not an object" : "the object is empty", "write \(shape)")
                entryCount += 1
                continue
            }
            for (name, value) in object {
                entryCount += 1
                let field = Self.join(itemPath, name)
                if !names.append(name).inserted { fault(field, "the file \(JSONValue.string(name).excerpt) occurs twice in the sample", "give each its own name") }
                if let attachment = readAttachment(name, value, at: field, shape: shape) { attachments.append(attachment) }
            }
        }
        if entryCount > limits.attachmentsPerSample {
            fault(path, "there are \(entryCount) files; the limit is \(limits.attachmentsPerSample)", "remove some, or raise the limit")
        }
        return (attachments, attachments.count == entryCount)
    }

    private mutating func readAttachment(_ name: String, _ value: JSONValue, at field: String, shape: String) -> Attachment? {
        guard let object = value.objectValue else {
            fault(field, "the value is \(value.kindName), not an object", "write \(shape)")
            return nil
        }
        checkNames(of: object, at: field, known: ["type", "s3Uri"])
        if Self.isBlank(name) { fault(field, "the file's name is blank", "give it a name") }
        let type = readText(object, "type", at: field, missing: "write \"IMAGE\" or \"PDF\"")
        let kind = type.flatMap(Attachment.Kind.init(inputType:))
        if let type, kind == nil { fault("\(field).type", "\(JSONValue.string(type).excerpt) is not a kind of file", "write \"IMAGE\" or \"PDF\"") }
        let uri = readText(object, "s3Uri", at: field, missing: "write where the file is: s3://bucket/key")
        if let uri, !Self.isObjectURI(uri) {
            fault("\(field).s3Uri", "\(JSONValue.string(uri).excerpt) is not the address of an S3 object", "write s3://bucket/key, with at most 1024 bytes")
            return nil
        }
        guard let kind, let uri else { return nil }
        return Attachment(name: name, kind: kind, uri: uri)
    }

    /// `s3://`, a bucket as the API's model has it (`[a-z0-9][-.a-z0-9]{1,61}[a-z0-9]`), and a key that S3 can have: any text without control characters.
    private static func isObjectURI(_ uri: String) -> Bool {
        let scheme = "s3://"
        guard uri.utf8.count <= 1024, uri.hasPrefix(scheme) else { return false }
        let rest = Array(uri.utf8.dropFirst(scheme.utf8.count))
        guard let slash = rest.firstIndex(of: UInt8(ascii: "/")), (3...63).contains(slash) else { return false }
        let bucket = rest[..<slash]
        let isEdge = { (byte: UInt8) in JSONParser.isDigit(byte) || (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte) }
        guard bucket.allSatisfy({ isEdge($0) || $0 == UInt8(ascii: "-") || $0 == UInt8(ascii: ".") }) else { return false }
        guard let first = bucket.first, let last = bucket.last, isEdge(first), isEdge(last) else { return false }
        let key = rest[(slash + 1)...]
        return !key.isEmpty && key.last != UInt8(ascii: "/") && key.allSatisfy { $0 >= 0x20 && $0 != 0x7F }
    }
}
