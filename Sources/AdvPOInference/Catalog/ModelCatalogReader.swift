import AdvPOModel
import Foundation
import OrderedCollections
import Yams

/// Turns the nodes of one model file into a catalog, gathering faults on the way.
struct ModelCatalogReader {
    private static let topKeys = ["models", "roles", "functions"]
    private static let modelKeys = ["id", "provider", "baseURL", "model", "apiKeyEnvironment", "apiKeyFile", "price", "limits", "inputs"]
    private static let priceKeys = ["inputPerMillionTokens", "outputPerMillionTokens"]
    private static let limitKeys = ["concurrency", "timeoutSeconds", "retries", "requestsPerMinute", "tokensPerMinute", "clusterConcurrency"]
    private static let roleKeys = ["rewriter", "judge"]

    private let folder: URL
    private var faults: FaultList
    private var models: OrderedDictionary<String, CatalogModel> = [:]
    /// Ids of all entries, faulty ones included, so that a role which names one of those is not called unknown.
    private var lineOfID: OrderedDictionary<String, Int> = [:]

    init(path: String) {
        folder = URL(fileURLWithPath: path).deletingLastPathComponent()
        faults = FaultList(path: path)
    }

    mutating func read(_ root: Node) throws(ModelCatalogFaults) -> ModelCatalog {
        guard let top = CatalogSection(root, field: "", known: Self.topKeys, faults: &faults) else { throw ModelCatalogFaults(faults.sorted) }
        readModels(top)
        let roles = readRoles(top)
        let functions = readFunctions(top)
        guard faults.faults.isEmpty else { throw ModelCatalogFaults(faults.sorted) }
        return ModelCatalog(models: models, roles: roles, functions: functions)
    }

    private mutating func readModels(_ top: CatalogSection) {
        let example = "list at least one model, with id, provider, baseURL and model"
        guard let node = top.node("models") else {
            faults.add(nil, "models", "is missing", example)
            return
        }
        guard case .sequence(let items) = node else {
            faults.add(top.line("models"), "models", "is \(CatalogSection.kind(of: node)) where a list belongs", "begin each model with a dash")
            return
        }
        guard !items.isEmpty else {
            faults.add(top.line("models"), "models", "is empty", example)
            return
        }
        guard items.count <= ModelCatalogFile.mostModels else {
            faults.add(top.line("models"), "models", "has \(items.count) entries; \(ModelCatalogFile.mostModels) is the most", "keep only models that are in use")
            return
        }
        for (index, item) in items.enumerated() { readModel(item, field: "models[\(index)]") }
    }

    private mutating func readModel(_ node: Node, field: String) {
        guard let section = CatalogSection(node, field: field, known: Self.modelKeys, faults: &faults) else { return }
        let before = faults.faults.count
        let id = readID(section)
        let provider = readProvider(section)
        let name = section.text("model", required: "write what the provider calls the model", faults: &faults)
        let baseURL: String?
        let key: CatalogModel.KeySource?
        switch provider {
        case .openai:
            baseURL = readBaseURL(section)
            key = readKeySource(section)
        case .simulated:
            baseURL = ""
            key = nil
            checkSimulated(section, behaviour: name)
        case nil:
            (baseURL, key) = (nil, nil)
        }
        let price = readPrice(section)
        let limits = readLimits(section)
        let inputs = readInputs(section)
        guard faults.faults.count == before, let id, let provider, let name, let baseURL else { return }
        models[id] = CatalogModel(id: id, provider: provider, baseURL: baseURL, model: name, key: key, price: price, limits: limits, inputs: inputs)
    }

    private mutating func readID(_ section: CatalogSection) -> String? {
        guard let id = section.text("id", required: "give the model the name that users write as modelId", faults: &faults) else { return nil }
        let line = section.line("id")
        guard id.utf8.count <= 256, id.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }) else {
            faults.add(line, section.path("id"), "is over 256 characters or has some beside letters, digits and punctuation", "write a short name without spaces, such as local.smollm2-135m")
            return nil
        }
        if let first = lineOfID[id] {
            faults.add(line, section.path("id"), "\"\(id)\" stands at line \(first) already", "give each model an id of its own")
            return nil
        }
        lineOfID[id] = line ?? 0
        return id
    }

    private mutating func readProvider(_ section: CatalogSection) -> CatalogModel.Provider? {
        let known = CatalogModel.Provider.allCases.map(\.rawValue)
        let list = "write \(known.joined(separator: " or "))"
        guard let text = section.text("provider", required: list, faults: &faults) else { return nil }
        if let provider = CatalogModel.Provider(rawValue: text) { return provider }
        let hint = NearestName.find(text, among: known).map { "did you mean \($0)? " } ?? ""
        faults.add(section.line("provider"), section.path("provider"), "is \"\(text.prefix(60))\", which is no known provider", hint + list)
        return nil
    }

    private mutating func readPrice(_ section: CatalogSection) -> CatalogModel.Price? {
        guard let node = section.node("price"),
            let price = CatalogSection(node, field: section.path("price"), known: Self.priceKeys, faults: &faults)
        else { return nil }
        let amounts = Self.priceKeys.map { readAmount($0, of: price) }
        guard let input = amounts[0], let output = amounts[1] else { return nil }
        return CatalogModel.Price(inputPerMillionTokens: input, outputPerMillionTokens: output)
    }

    private mutating func readAmount(_ name: String, of price: CatalogSection) -> NanoDollars? {
        let remedy = "write dollars per million tokens, such as 0.15; leave out the whole price for an unpriced model"
        guard let text = price.text(name, required: remedy, faults: &faults) else { return nil }
        let problem: String
        switch DollarAmount.read(text) {
        case .amount(let amount): return amount
        case .notADecimal: problem = "is \"\(text.prefix(40))\", not a plain decimal number of dollars"
        case .tooFine: problem = "has more than nine digits after the point"
        case .tooLarge: problem = "is over \(DollarAmount.largestDollars) dollars"
        }
        faults.add(price.line(name), price.path(name), problem, remedy)
        return nil
    }

    private mutating func readLimits(_ section: CatalogSection) -> CatalogModel.Limits {
        let standard = CatalogModel.Limits()
        guard let node = section.node("limits"),
            let limits = CatalogSection(node, field: section.path("limits"), known: Self.limitKeys, faults: &faults)
        else { return standard }
        return CatalogModel.Limits(
            concurrency: limits.integer("concurrency", in: 1...10_000, standard: standard.concurrency, faults: &faults),
            timeoutSeconds: limits.integer("timeoutSeconds", in: 1...86_400, standard: standard.timeoutSeconds, faults: &faults),
            retries: limits.integer("retries", in: 0...20, standard: standard.retries, faults: &faults),
            requestsPerMinute: limits.integer("requestsPerMinute", in: 1...1_000_000_000, faults: &faults).map { Int64($0) },
            tokensPerMinute: limits.integer("tokensPerMinute", in: 1...1_000_000_000_000, faults: &faults).map { Int64($0) },
            clusterConcurrency: limits.integer("clusterConcurrency", in: 1...1_000_000, faults: &faults))
    }

    private mutating func readInputs(_ section: CatalogSection) -> Set<CatalogModel.Input> {
        let known = CatalogModel.Input.allCases.map(\.rawValue)
        let remedy = "list what the model takes, such as [text, image], of \(known.joined(separator: ", "))"
        guard let node = section.node("inputs") else { return [.text] }
        let (line, field) = (section.line("inputs"), section.path("inputs"))
        guard case .sequence(let items) = node else {
            faults.add(line, field, "is \(CatalogSection.kind(of: node)) where a list belongs", remedy)
            return [.text]
        }
        var inputs: Set<CatalogModel.Input> = []
        for item in items {
            let text = item.scalar?.string ?? ""
            if let input = CatalogModel.Input(rawValue: text) {
                if !inputs.insert(input).inserted { faults.add(item.mark?.line ?? line, field, "has \(text) twice", "keep one of them") }
            } else {
                let hint = NearestName.find(text, among: known).map { "did you mean \($0)? " } ?? ""
                faults.add(item.mark?.line ?? line, field, "has \"\(text.prefix(60))\", which is nothing that a model can be sent", hint + remedy)
            }
        }
        if !inputs.contains(.text) { faults.add(line, field, "has no text, of which every prompt consists", remedy) }
        return inputs
    }

    private mutating func readRoles(_ top: CatalogSection) -> ModelCatalog.Roles {
        guard let node = top.node("roles"), let roles = CatalogSection(node, field: "roles", known: Self.roleKeys, faults: &faults) else {
            return ModelCatalog.Roles()
        }
        return ModelCatalog.Roles(rewriter: readRole("rewriter", of: roles), judge: readRole("judge", of: roles))
    }

    private mutating func readRole(_ name: String, of roles: CatalogSection) -> String? {
        guard let id = roles.text(name, faults: &faults) else { return nil }
        guard lineOfID[id] == nil else { return id }
        let known = Array(lineOfID.keys)
        let hint = NearestName.find(id, among: known).map { "did you mean \($0)? " } ?? ""
        faults.add(roles.line(name), roles.path(name), "names \"\(id.prefix(256))\", which is no model of this file", "\(hint)write the id of a model listed under models")
        return nil
    }

    private mutating func readFunctions(_ top: CatalogSection) -> OrderedDictionary<String, String> {
        guard let node = top.node("functions") else { return [:] }
        guard case .mapping(let mapping) = node else {
            faults.add(top.line("functions"), "functions", "is \(CatalogSection.kind(of: node)) where a mapping belongs", "write each one as name: folder")
            return [:]
        }
        guard mapping.count <= ModelCatalogFile.mostFunctions else {
            faults.add(top.line("functions"), "functions", "has \(mapping.count) entries; \(ModelCatalogFile.mostFunctions) is the most", "keep only functions that are in use")
            return [:]
        }
        let names = mapping.map { $0.key.scalar?.string ?? "" }
        guard let section = CatalogSection(node, field: "functions", known: names, faults: &faults) else { return [:] }
        var functions: OrderedDictionary<String, String> = [:]
        for name in names {
            guard Self.isFunctionName(name) else {
                faults.add(section.line(name), "functions", "has the name \"\(name.prefix(60))\"", "name a function as in its ARN: 1 to 140 letters, digits, - and _")
                continue
            }
            guard let path = section.text(name, required: "name the folder that holds \(FunctionBundle.entryPoint)", faults: &faults) else { continue }
            functions[name] = resolved(path)
        }
        return functions
    }

    private static func isFunctionName(_ name: String) -> Bool {
        (1...140).contains(name.utf8.count) && name.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "-" || $0 == "_") }
    }

    private func resolved(_ path: String) -> String { URL(fileURLWithPath: path, relativeTo: folder).standardizedFileURL.path }
}

extension ModelCatalogReader {
    /// The address without slashes at its end. A faulty one is never repeated: it may hold a password.
    private mutating func readBaseURL(_ section: CatalogSection) -> String? {
        let remedy = "write the address up to its version, such as http://127.0.0.1:8080/v1"
        guard var text = section.text("baseURL", required: remedy, faults: &faults) else { return nil }
        while text.hasSuffix("/") { text.removeLast() }
        guard let problem = Self.problem(ofBaseURL: text) else { return text }
        faults.add(section.line("baseURL"), section.path("baseURL"), problem.what, problem.remedy ?? remedy)
        return nil
    }

    private static func problem(ofBaseURL text: String) -> (what: String, remedy: String?)? {
        guard ["http://", "https://"].contains(where: { text.lowercased().hasPrefix($0) }) else { return ("does not begin with http:// or https://", nil) }
        guard text.utf8.count <= 2_048, text.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }), let parts = URLComponents(string: text) else {
            return ("is not a URL", nil)
        }
        guard let host = parts.host, !host.isEmpty else { return ("names no host", nil) }
        if let port = parts.port, !(1...65_535).contains(port) { return ("has a port outside 1 to 65535", nil) }
        guard parts.user == nil, parts.password == nil else {
            return ("holds a user name or a password", "remove it; a key goes into apiKeyEnvironment or apiKeyFile")
        }
        guard parts.query == nil, parts.fragment == nil else { return ("has a ? or # part", "remove that part") }
        if parts.path.hasSuffix("/chat/completions") {
            return ("ends with /chat/completions", "leave that out; it is added to each request")
        }
        return nil
    }

    private mutating func readKeySource(_ section: CatalogSection) -> CatalogModel.KeySource? {
        let environment = section.text("apiKeyEnvironment", faults: &faults)
        let file = section.text("apiKeyFile", faults: &faults)
        if section.has("apiKeyEnvironment"), section.has("apiKeyFile") {
            faults.add(section.line("apiKeyFile"), section.path("apiKeyFile"), "stands beside apiKeyEnvironment", "keep one of the two")
            return nil
        }
        if let file { return .file(resolved(file)) }
        guard let environment else { return nil }
        // A key pasted here by mistake must not be printed.
        guard environment.utf8.count <= 128, environment.allSatisfy({ $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "_") }),
            environment.first?.isNumber == false
        else {
            faults.add(
                section.line("apiKeyEnvironment"), section.path("apiKeyEnvironment"), "is not the name of an environment variable",
                "write the variable's name, such as OPENAI_API_KEY, never the key itself")
            return nil
        }
        return .environment(environment)
    }

    private mutating func checkSimulated(_ section: CatalogSection, behaviour: String?) {
        for name in ["baseURL", "apiKeyEnvironment", "apiKeyFile"] where section.has(name) {
            faults.add(section.line(name), section.path(name), "means nothing to the provider simulated", "remove the line")
        }
        guard let behaviour else { return }
        do {
            _ = try SimulatedBehaviour(parsing: behaviour)
        } catch {
            faults.add(section.line("model"), section.path("model"), error.problem, error.remedy)
        }
    }
}
