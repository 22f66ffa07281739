package import AdvPOEvaluation
package import AdvPOModel
import AdvPOWire

/// Does what a task says: fetches its content, calls models, scores, and hands each unit on as it finishes.
package struct TaskExecutor: Sendable {
    private let models: any ChatModels
    private let evaluator: Evaluator
    private let limits: WireLimits

    package init(models: any ChatModels, evaluator: Evaluator, limits: WireLimits) {
        self.models = models
        self.evaluator = evaluator
        self.limits = limits
    }

    /// Runs the task's units one after the other; returns early, without a word, when the surrounding task is cancelled or its allowance is used up.
    ///
    /// Content that came whole and cannot be read here will not be readable at the next try either: its units fail, with the reason.
    ///
    /// - Parameters:
    ///   - allowance: every request is taken from it; a unit that it does not suffice for is not begun.
    ///   - blobs: content by hash, from the cache or the coordinator.
    ///   - mayBegin: asked before each unit; false ends the task as a cancellation does.
    ///   - finished: called once per unit that ended, in order; no record is larger than what a report can carry.
    /// - Throws: what `blobs` throws, and `MissingContent`. Units already handed on stay valid.
    package func run(
        _ order: TaskOrder, within allowance: CallAllowance, blobs: @Sendable ([ContentHash]) async throws -> [ContentHash: [UInt8]],
        mayBegin: @Sendable () async -> Bool = { true }, finished: @Sendable (UnitReport) async -> Void
    ) async throws {
        let units = order.units
        var done = 0
        do {
            switch order.work {
            case .evaluate(let work): try await evaluate(work, allowance, &done, blobs: blobs, mayBegin: mayBegin, finished: finished)
            case .generate(let work): try await generate(work, allowance, &done, blobs: blobs, mayBegin: mayBegin, finished: finished)
            }
        } catch let error as WireError {
            for unit in units[done...] where !Task.isCancelled {
                let record = UnitRecord(
                    status: .infrastructureFailure, output: "", score: nil,
                    failureReason: "the task's content cannot be read by this worker: \(error); are worker and coordinator of one version?", providerCalls: 0)
                await finished(UnitReport(unit: unit.unit, record: record.bounded(by: limits)))
            }
        }
    }

    private func evaluate(
        _ work: TaskOrder.EvaluateWork, _ allowance: CallAllowance, _ done: inout Int,
        blobs: @Sendable ([ContentHash]) async throws -> [ContentHash: [UInt8]], mayBegin: @Sendable () async -> Bool,
        finished: @Sendable (UnitReport) async -> Void
    ) async throws {
        let content = try await blobs([work.candidate, work.evaluation] + work.units.map(\.content))
        let document = try BlobCodec.decodePromptDocument(try found(work.candidate, content), limits: limits)
        let specification = try BlobCodec.decodeEvaluationSpecification(try found(work.evaluation, content), limits: limits)
        var bundle: FunctionBundle?
        if let hash = specification.functionBundle {
            let code = try BlobCodec.decodeFunctionBundle(try found(hash, try await blobs([hash])), limits: limits)
            bundle = code
            do throws(EvaluationFailure) {
                try await evaluator.check(code, hash: hash)
            } catch {
                // A metric that cannot run would waste every call made for it.
                guard case .metric(let message) = error else { return }
                for unit in work.units {
                    let record = UnitRecord(status: .infrastructureFailure, output: "", score: nil, failureReason: message, providerCalls: 0)
                    await finished(UnitReport(unit: unit.unit, record: record.bounded(by: limits)))
                    done += 1
                }
                return
            }
        }
        for unit in work.units {
            // An answer that nobody could judge would be paid for in vain.
            guard allowance.left >= (specification.method.usesJudge ? 2 : 1) else { return }
            let sample = try BlobCodec.decodeSample(try found(unit.content, content), limits: limits)
            let files = try await files(of: sample, blobs: blobs)
            guard await mayBegin() else { return }
            guard let record = await record(document, sample, files, work.model, specification, bundle, allowance) else { return }
            await finished(UnitReport(unit: unit.unit, record: record.bounded(by: limits)))
            done += 1
        }
    }

    /// A sample's files, fetched when its turn has come: those of a whole task at once could be more than memory holds.
    private func files(
        of sample: Sample, blobs: @Sendable ([ContentHash]) async throws -> [ContentHash: [UInt8]]
    ) async throws -> [ChatMessage.File] {
        guard !sample.attachments.isEmpty else { return [] }
        var contents: [Attachment.Content] = []
        for (index, attachment) in sample.attachments.enumerated() {
            // The prompt without its picture is another prompt: its answer would be no measurement.
            guard let content = attachment.content else { throw WireError(place: "Sample.attachments[\(index)].content", problem: "is missing") }
            contents.append(content)
        }
        let bytes = try await blobs(contents.map(\.hash))
        return try zip(sample.attachments, contents).map { attachment, content in
            ChatMessage.File(name: attachment.name, mediaType: content.mediaType, bytes: try found(content.hash, bytes))
        }
    }

    private func generate(
        _ work: TaskOrder.GenerateWork, _ allowance: CallAllowance, _ done: inout Int,
        blobs: @Sendable ([ContentHash]) async throws -> [ContentHash: [UInt8]], mayBegin: @Sendable () async -> Bool,
        finished: @Sendable (UnitReport) async -> Void
    ) async throws {
        let content = try await blobs(work.units.map(\.content))
        for unit in work.units {
            let request = try BlobCodec.decodeChatRequest(try found(unit.content, content), limits: limits)
            guard await mayBegin() else { return }
            let record: UnitRecord
            do throws(InferenceFailure) {
                let answer = try await answer(request, allowance)
                record = UnitRecord(status: .scored, output: answer.text, score: nil, usage: answer.usage, providerCalls: answer.attempts)
            } catch {
                guard let failed = Self.record(of: error, isGeneration: true) else { return }
                record = failed
            }
            await finished(UnitReport(unit: unit.unit, record: record.bounded(by: limits)))
            done += 1
        }
    }

    /// A model's answer, refused as its own failure when it is longer than an answer may be: it could neither be judged in reason nor reported.
    private func answer(_ request: ChatRequest, _ allowance: CallAllowance) async throws(InferenceFailure) -> ChatCompletion {
        let answer = try await models.complete(request, within: allowance)
        let size = answer.text.utf8.count
        guard size <= limits.textBytes else {
            throw InferenceFailure(
                kind: .model, message: "the answer of \(request.modelID) has \(size) bytes, more than \(limits.textBytes); set maxTokens", attempts: answer.attempts,
                usage: answer.usage)
        }
        return answer
    }

    /// One sample answered and scored; nil when cancelled or out of requests.
    private func record(
        _ document: PromptDocument, _ sample: Sample, _ files: [ChatMessage.File], _ model: ModelConfiguration, _ specification: EvaluationSpecification,
        _ bundle: FunctionBundle?, _ allowance: CallAllowance
    ) async -> UnitRecord? {
        var messages = document.rendered(variables: sample.values)
        // A document's last message is the sample's own; those before it are worked examples.
        messages[messages.count - 1].files = files
        let answer: ChatCompletion
        do throws(InferenceFailure) {
            let request = ChatRequest(
                modelID: model.modelID, messages: messages, inference: model.inference, additionalModelRequestFields: model.additionalModelRequestFields)
            answer = try await self.answer(request, allowance)
        } catch {
            return Self.record(of: error, isGeneration: false)
        }
        let item = EvaluationItem(
            renderedPrompt: Self.transcript(messages), files: files, response: answer.text, reference: sample.referenceResponse,
            specification: specification, functionBundle: bundle)
        do throws(EvaluationFailure) {
            let result = try await evaluator.evaluate(item, within: allowance)
            return UnitRecord(
                status: .scored, output: answer.text, score: result.score, feedback: result.feedback, judgeOutput: result.judgeOutput, usage: answer.usage,
                judgeUsage: result.judgeUsage, providerCalls: answer.attempts + result.providerCalls)
        } catch {
            return Self.record(of: error, answer: answer)
        }
    }

    private static func record(of failure: InferenceFailure, isGeneration: Bool) -> UnitRecord? {
        switch failure.kind {
        case .cancelled, .allowance: nil
        case .infrastructure, .configuration:
            UnitRecord(status: .infrastructureFailure, output: "", score: nil, failureReason: failure.message, providerCalls: failure.attempts)
        case .model:
            UnitRecord(
                status: .modelFailure, output: "", score: isGeneration ? nil : 0, feedback: failure.message, failureReason: failure.message,
                usage: failure.usage, providerCalls: failure.attempts)
        }
    }

    /// A judge or a metric that failed says nothing of the answer: no score, never a 0.
    private static func record(of failure: EvaluationFailure, answer: ChatCompletion) -> UnitRecord? {
        switch failure {
        case .cancelled, .allowance: nil
        case .judge(let message, let calls, let usage):
            UnitRecord(
                status: .infrastructureFailure, output: answer.text, score: nil, failureReason: message, usage: answer.usage, judgeUsage: usage,
                providerCalls: answer.attempts + calls)
        case .metric(let message):
            UnitRecord(
                status: .infrastructureFailure, output: answer.text, score: nil, failureReason: message, usage: answer.usage, providerCalls: answer.attempts)
        }
    }

    /// The conversation as a judge reads it: the bare text of a single message, else each under its role.
    private static func transcript(_ messages: [ChatMessage]) -> String {
        guard messages.count > 1 else { return messages.first?.text ?? "" }
        return messages.map { "[\($0.role.rawValue)]\n\($0.text)" }.joined(separator: "\n\n")
    }

    private func found(_ hash: ContentHash, _ content: [ContentHash: [UInt8]]) throws(MissingContent) -> [UInt8] {
        guard let bytes = content[hash] else { throw MissingContent(hash: hash) }
        return bytes
    }
}

/// The coordinator does not have a blob that its own task names: the job has ended meanwhile.
package struct MissingContent: Error, Hashable, Sendable, CustomStringConvertible {
    package var hash: ContentHash
    package init(hash: ContentHash) { self.hash = hash }
    package var description: String { "the coordinator has no content \(hash) any more" }
}
