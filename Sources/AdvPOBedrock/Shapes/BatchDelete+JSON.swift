package import AdvPOModel
package import OrderedCollections

/// The body of `BatchDeleteAdvancedPromptOptimizationJob`, checked: whom it names, and who of them cannot be ours.
package struct BatchDeleteRequest: Sendable {
    /// The published limit.
    package static let identifierCount = 1...25

    /// Each job once, in the request's order, with the identifier by which it was first named.
    package let jobs: OrderedDictionary<JobID, String>
    /// Identifiers of the right form that name no job of this namespace.
    package let foreign: [(identifier: String, error: APIError)]

    package init(json: JSONValue, namespace: JobNamespace) throws(APIError) {
        guard let object = json.objectValue else {
            throw APIError(code: .validation, message: "The request body must be a JSON object, found \(json.kindName).")
        }
        var violations = Violations()
        let list = ShapeReader(object).list("jobIdentifiers", required: true, &violations) ?? []
        if violations.messages.isEmpty { violations.check(count: list.count, at: "jobIdentifiers", Self.identifierCount) }
        var identifiers: [String] = []
        for (index, value) in list.prefix(Self.identifierCount.upperBound).enumerated() {
            let path = ShapeReader.member("jobIdentifiers", index)
            guard let identifier = value.stringValue else {
                violations.add(value, at: path, "Member must be a string")
                continue
            }
            violations.check(identifier, at: path, length: 0...JobARN.maximumLength, pattern: .jobIdentifier)
            identifiers.append(identifier)
        }
        try violations.throwIfAny()
        var jobs: OrderedDictionary<JobID, String> = [:]
        var foreign: [(identifier: String, error: APIError)] = []
        for identifier in identifiers {
            do {
                let job = try namespace.job(identifiedBy: identifier)
                if jobs[job] == nil { jobs[job] = identifier }
            } catch {
                foreign.append((identifier, error))
            }
        }
        self.jobs = jobs
        self.foreign = foreign
    }

    /// The response body, each job under the identifier that the request used.
    package func responseJSON(_ results: [Result<DeletedJob, BatchDeleteFailure>]) -> JSONValue {
        var errors = foreign.map { Self.error($0.identifier, code: $0.error.code.rawValue, message: $0.error.message) }
        var deleted: [JSONValue] = []
        for result in results {
            switch result {
            case .success(let item): deleted.append(["jobIdentifier": .string(identifier(item.job)), "jobStatus": .string(item.status.rawValue)])
            case .failure(let failure): errors.append(Self.error(identifier(failure.job), code: failure.code, message: failure.message))
            }
        }
        return ["errors": .array(errors), "advancedPromptOptimizationJobs": .array(deleted)]
    }

    private func identifier(_ job: JobID) -> String { jobs[job] ?? job.rawValue }

    private static func error(_ identifier: String, code: String, message: String) -> JSONValue {
        ["jobIdentifier": .string(identifier), "code": .string(code), "message": .string(message)]
    }


}
