/// What became of one template: a line of the result file.
package struct TemplateResult: Hashable, Sendable {
    package var template: Template
    /// One per model, in the order the job named them.
    package var results: [ModelResult]

    package init(template: Template, results: [ModelResult]) {
        self.template = template
        self.results = results
    }
}

/// What became of one run: a template for one model.
package struct ModelResult: Hashable, Sendable {
    package enum Status: Hashable, Sendable {
        /// The search ended; what is returned may be the original.
        case success
        /// No result; the reason says what to do.
        case failed(reason: String)
        /// A user stopped the job; what is returned is the best that was proven by then, or the original.
        case stopped(reason: String)
    }

    package var modelID: String
    package var status: Status
    /// The prompt that the user gets: exactly what was scored.
    package var returned: PromptDocument
    package var promptFormat: JobOptions.PromptFormat
    /// One per sample that belongs to the run, in the order of the samples.
    package var rows: [ResultRow]
    /// The evidence for the verdict, as the search writes it.
    package var proof: JSONValue?
    /// Why this prompt was returned, in words for the user.
    package var explanation: String
    /// Requests sent to providers for this run, judge and rewriter included.
    package var callsSpent: Int
    /// Their cost; nil when a model among them is unpriced.
    package var costSpent: NanoDollars?

    package init(
        modelID: String, status: Status, returned: PromptDocument, promptFormat: JobOptions.PromptFormat, rows: [ResultRow], proof: JSONValue?,
        explanation: String, callsSpent: Int, costSpent: NanoDollars? = nil
    ) {
        self.modelID = modelID
        self.status = status
        self.returned = returned
        self.promptFormat = promptFormat
        self.rows = rows
        self.proof = proof
        self.explanation = explanation
        self.callsSpent = callsSpent
        self.costSpent = costSpent
    }
}

/// One sample with its answers before and after.
package struct ResultRow: Hashable, Sendable {
    /// The split that the final numbers are taken from when it has rows.
    package static let holdout = "holdout"

    package var sample: Sample
    /// `train`, `validation`, `holdout`, or `all` where there were too few samples to split.
    package var split: String
    /// Nil when the sample was never run with the original prompt.
    package var original: UnitRecord?
    /// Nil when it was never run with the returned prompt.
    package var optimized: UnitRecord?

    package init(sample: Sample, split: String, original: UnitRecord?, optimized: UnitRecord?) {
        self.sample = sample
        self.split = split
        self.original = original
        self.optimized = optimized
    }
}
