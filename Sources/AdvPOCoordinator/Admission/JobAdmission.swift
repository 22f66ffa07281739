package import AdvPOBedrock
package import AdvPOModel
import AdvPOWire
package import OrderedCollections

/// Turns a submission into a plan, or says everything that is wrong with it. Pure: what the world holds comes in as arguments.
package struct JobAdmission: Sendable {
    package var catalog: ModelCatalog
    package var limits: InputLimits
    /// Jobs that may be under way at once; the published quota, unless configured.
    package var concurrentJobs = 20
    /// Reads the code of a metric function that the catalog names.
    package var readFunction: @Sendable (_ name: String, _ folder: String) throws -> FunctionBundle

    package init(
        catalog: ModelCatalog, limits: InputLimits, readFunction: @escaping @Sendable (_ name: String, _ folder: String) throws -> FunctionBundle
    ) {
        self.catalog = catalog
        self.limits = limits
        self.readFunction = readFunction
    }

    /// Samples' files are unread still: `AttachmentReader` adds their content.
    ///
    /// - Throws: `AdmissionFault`: nothing was spent, nothing was kept.
    package func plan(
        id: JobID, request: CreateJobRequest, options: JobOptions, input: [UInt8], createdMillisecondsSince1970: Int64
    ) throws(AdmissionFault) -> JobPlan {
        try checkModels(request)
        let judge = options.judgeModelID ?? catalog.roles.judge
        let rewriter = options.rewriterModelID ?? catalog.roles.rewriter
        for (role, model) in [("judge", judge), ("rewriter", rewriter)] {
            if let model, catalog.models[model] == nil {
                throw AdmissionFault(message: "the \(role) model \(model) is not in the models file; it has: \(knownModels)")
            }
        }
        let context = InputContext(
            functionNames: catalog.functions.keys.sorted(), hasJudge: judge != nil, modelIDs: catalog.models.keys.sorted())
        let templates = try readInput(input, limits: limits, context: context)
        try checkInputs(of: templates, targets: request.models, defaultJudge: judge)
        var plan = JobPlan(
            id: id, request: request, options: options, templates: templates,
            judgeModelID: templates.contains { $0.method.usesJudge } ? judge : nil, rewriterModelID: rewriter, functions: try functions(of: templates),
            judgeInputs: judgeInputs(of: templates, defaultJudge: judge), input: ContentHash(of: input), createdMillisecondsSince1970: createdMillisecondsSince1970)
        plan.prices = try prices(of: plan)
        try checkBudgets(plan)
        return plan
    }

    /// A stored job as a plan again; its functions come from the store, not from today's folders.
    package func restored(
        _ manifest: JobManifest, input: [UInt8], functions: OrderedDictionary<String, FunctionBundle>
    ) throws(AdmissionFault) -> JobPlan {
        // What was checked on the day it was admitted held then: a lower limit of today, a function or model gone since, does not undo it.
        var templates = try readInput(input, limits: .unlimited, context: InputContext())
        for (line, template) in templates.enumerated() {
            for (index, sample) in template.samples.enumerated() {
                for (position, attachment) in sample.attachments.enumerated() {
                    guard let content = manifest.attachments[attachment.uri] else {
                        throw AdmissionFault(message: "the stored job does not know what \(attachment.uri) held; the data directory is damaged")
                    }
                    templates[line].samples[index].attachments[position].content = content
                }
            }
        }
        var plan = JobPlan(
            id: manifest.id, request: manifest.request, options: manifest.options, templates: templates, judgeModelID: manifest.judgeModelID,
            rewriterModelID: manifest.rewriterModelID, functions: functions, judgeInputs: manifest.judgeInputs, input: manifest.input,
            createdMillisecondsSince1970: manifest.createdMillisecondsSince1970)
        plan.prices = manifest.prices
        return plan
    }

    private var knownModels: String { catalog.models.keys.joined(separator: ", ") }

    private func checkModels(_ request: CreateJobRequest) throws(AdmissionFault) {
        guard !request.models.isEmpty else { throw AdmissionFault(message: "no model is named; name at least one") }
        guard request.models.count <= limits.modelsPerJob else {
            throw AdmissionFault(message: "\(request.models.count) models, at most \(limits.modelsPerJob) are allowed; submit the rest as another job")
        }
        var seen: Set<String> = []
        for model in request.models {
            guard catalog.models[model.modelID] != nil else {
                throw AdmissionFault(message: "model \(model.modelID) is not in the models file; it has: \(knownModels)")
            }
            guard seen.insert(model.modelID).inserted else {
                throw AdmissionFault(message: "model \(model.modelID) is named twice; name each model once")
            }
        }
    }

    private func readInput(_ input: [UInt8], limits: InputLimits, context: InputContext) throws(AdmissionFault) -> [Template] {
        do {
            return try InputFile.read(input, limits: limits, context: context)
        } catch {
            throw AdmissionFault(message: "\(error)")
        }
    }

    private func functions(of templates: [Template]) throws(AdmissionFault) -> OrderedDictionary<String, FunctionBundle> {
        var bundles: OrderedDictionary<String, FunctionBundle> = [:]
        for template in templates {
            guard case .function(_, let name) = template.method, bundles[name] == nil else { continue }
            guard let folder = catalog.functions[name] else {
                throw AdmissionFault(message: "line \(template.line), template \"\(template.id)\": function \(name) is not under functions: in the models file")
            }
            do {
                let bundle = try readFunction(name, folder)
                let size = BlobCodec.encode(bundle).count
                guard size <= WireLimits().blobBytes else {
                    throw AdmissionFault(message: "function \(name) is \(size) bytes, at most \(WireLimits().blobBytes) can travel; remove what its metric does not need")
                }
                bundles[name] = bundle
            } catch let fault as AdmissionFault {
                throw fault
            } catch {
                throw AdmissionFault(message: "function \(name): \(error)")
            }
        }
        return bundles
    }
}

/// Why a submission was refused: every fault found, for a person, one a line.
package struct AdmissionFault: Error, Hashable, Sendable, CustomStringConvertible {
    package var message: String
    package init(message: String) { self.message = message }
    package var description: String { message }
}

extension InputLimits {
    fileprivate static var unlimited: InputLimits {
        var limits = InputLimits()
        limits.fileBytes = .max
        limits.templatesPerJob = .max
        limits.samplesPerTemplate = .max
        limits.variablesPerTemplate = .max
        limits.attachmentsPerSample = .max
        limits.steeringCriteria = .max
        limits.modelsPerJob = .max
        limits.textBytes = .max
        limits.sampleBytes = .max
        limits.templateIDCharacters = .max
        return limits
    }
}
