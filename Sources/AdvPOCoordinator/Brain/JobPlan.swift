package import AdvPOBedrock
package import AdvPOModel
import AdvPOOptimizer
import AdvPOWire
package import OrderedCollections

/// A job that passed every check and can run: what was submitted, resolved against the models and functions of its day.
package struct JobPlan: Hashable, Sendable {
    package var id: JobID
    package var request: CreateJobRequest
    package var options: JobOptions
    package var templates: [Template]
    /// The judge of templates that name none; nil when no template needs one.
    package var judgeModelID: String?
    package var rewriterModelID: String?
    package var functions: OrderedDictionary<String, FunctionBundle>
    /// Kinds of files that each judge may be shown; judges that see none are left out.
    package var judgeInputs: OrderedDictionary<String, [Attachment.Kind]>
    /// What the models that it calls cost on the day of its admission; empty without a budget in dollars.
    package var prices: OrderedDictionary<String, CatalogModel.Price> = [:]
    /// The input file's blob.
    package var input: ContentHash
    package var createdMillisecondsSince1970: Int64

    package init(
        id: JobID, request: CreateJobRequest, options: JobOptions, templates: [Template], judgeModelID: String?, rewriterModelID: String?,
        functions: OrderedDictionary<String, FunctionBundle>, judgeInputs: OrderedDictionary<String, [Attachment.Kind]> = [:], input: ContentHash,
        createdMillisecondsSince1970: Int64
    ) {
        self.id = id
        self.request = request
        self.options = options
        self.templates = templates
        self.judgeModelID = judgeModelID
        self.rewriterModelID = rewriterModelID
        self.functions = functions
        self.judgeInputs = judgeInputs
        self.input = input
        self.createdMillisecondsSince1970 = createdMillisecondsSince1970
    }

    /// Runs in the order of the results: template by template, each for all models.
    package var runs: [RunID] {
        templates.indices.flatMap { template in request.models.indices.map { RunID(job: id, template: template, model: $0) } }
    }

    /// Who judges a template's answers; nil when no model does.
    package func judge(of template: Template) -> String? {
        switch template.method {
        case .customJudge(_, let modelID): modelID
        case .defaultJudge, .steering: judgeModelID
        case .function, .builtin: nil
        }
    }

    /// Kinds of a template's files that its judge is shown, images first. Empty where there are none: its evaluation is then named as it always was.
    func judgeAttachments(of template: Template) -> [Attachment.Kind] {
        guard let judge = judge(of: template), let inputs = judgeInputs[judge] else { return [] }
        return template.attachmentKinds.filter(inputs.contains)
    }

    /// What every file held, by where it was, in the order of the input.
    var attachments: OrderedDictionary<String, Attachment.Content> {
        var contents: OrderedDictionary<String, Attachment.Content> = [:]
        for attachment in templates.lazy.flatMap(\.samples).flatMap(\.attachments) where contents[attachment.uri] == nil {
            contents[attachment.uri] = attachment.content
        }
        return contents
    }

    /// Each once: two files may be equal.
    var attachmentHashes: [ContentHash] { OrderedSet(attachments.values.map(\.hash)).elements }

    /// All that the store keeps for the job.
    var blobHashes: [ContentHash] { [input] + functions.values.map { ContentHash(of: BlobCodec.encode($0)) } + attachmentHashes }

    func searchConfiguration(of run: RunID) -> SearchConfiguration {
        let template = templates[run.template]
        return SearchConfiguration(
            template: template, promptFormat: options.promptFormat,
            // Runs of one job differ in their choices, and the same run makes the same ones again.
            seed: options.seed &+ UInt64(run.template) &* 1_000_003 &+ UInt64(run.model) &* 7_919,
            budgetCalls: options.budgetCalls, callsPerUnit: template.method.usesJudge ? 2 : 1, hasRewriter: rewriterModelID != nil,
            scoringDescription: scoringDescription(of: template), breadth: SearchBreadth(options.preset), holdoutThousandths: options.holdoutThousandths,
            spending: spendingLimit(of: run))
    }

    private func scoringDescription(of template: Template) -> String {
        switch template.method {
        case .defaultJudge:
            "A judge compares the answer with the reference answer for accuracy, completeness and clear, concise expression."
        case .customJudge(let prompt, _):
            "A judge scores the answer by this rubric:\n\(prompt)"
        case .steering(let criteria):
            "A judge scores the answer by these criteria:\n" + criteria.map { "- \($0)" }.joined(separator: "\n")
        case .function(_, let name):
            "This code scores the answer (preds) against the reference (golds):\n\(functions[name]?.source ?? "")"
        case .builtin(let metric):
            switch metric {
            case .exactMatch: "The answer must equal the reference exactly, apart from blanks at its ends."
            case .contains: "The answer must contain the reference."
            case .tokenF1: "The F1 of the answer's words against the reference's."
            case .rouge1, .rouge2, .rougeL: "\(metric.rawValue) of the answer against the reference: shared words and phrases."
            case .jsonMatch: "The answer must be JSON that equals the reference."
            case .numericMatch: "The last number in the answer must equal the reference."
            }
        }
    }
}
