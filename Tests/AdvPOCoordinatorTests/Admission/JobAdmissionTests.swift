import AdvPOBedrock
import AdvPOCoordinator
import AdvPOModel
import OrderedCollections
import Testing

@Suite struct JobAdmissionTests {
    static func catalog(
        judge: String? = nil, rewriter: String? = nil, functions: OrderedDictionary<String, String> = [:], inputs: [String: Set<CatalogModel.Input>] = [:]
    ) -> ModelCatalog {
        let models = ["m", "n", "o", "p", "q", "r"].map { ($0, CatalogModel(id: $0, provider: .simulated, baseURL: "", model: "echo", inputs: inputs[$0] ?? [.text])) }
        return ModelCatalog(
            models: OrderedDictionary(uniqueKeysWithValues: models), roles: ModelCatalog.Roles(rewriter: rewriter, judge: judge), functions: functions)
    }

    static func admission(_ catalog: ModelCatalog = catalog()) -> JobAdmission {
        JobAdmission(catalog: catalog, limits: InputLimits()) { name, folder in
            guard folder != "gone" else { throw Missing() }
            return FunctionBundle(name: name, files: ["lambda_function.py": Array("def compute_score(preds, golds): return 1".utf8)])
        }
    }

    struct Missing: Error, CustomStringConvertible { var description: String { "the folder gone does not exist" } }

    static func line(_ fields: String, sample: String = #"{"inputVariables":[{"text":"a"}],"referenceResponse":"b"}"#) -> [UInt8] {
        Array(#"{"version":"bedrock-2026-05-14","templateId":"t","promptTemplate":"Which? {{text}}",\#(fields)"evaluationSamples":[\#(sample)]}"#.utf8)
    }

    static let builtin = #""evaluationMetricLambdaArn":"builtin:exact_match","customEvaluationMetricLabel":"L","#
    static func function(_ name: String) -> String {
        #""evaluationMetricLambdaArn":"arn:aws:lambda:us-west-2:123456789012:function:\#(name)","customEvaluationMetricLabel":"L","#
    }

    static func plan(
        _ admission: JobAdmission = admission(), models: [String] = ["m"], options: JobOptions = JobOptions(), input: [UInt8] = line(builtin)
    ) throws(AdmissionFault) -> JobPlan {
        let request = CreateJobRequest(
            jobName: "j", inputURI: "s3://b/i", outputURI: "s3://b/o/", models: models.map { ModelConfiguration(modelID: $0) })
        return try admission.plan(id: Plans.id, request: request, options: options, input: input, createdMillisecondsSince1970: 1)
    }

    struct Refusal: CustomTestStringConvertible, Sendable {
        var name: String
        var message: String
        var attempt: @Sendable () throws(AdmissionFault) -> JobPlan
        var testDescription: String { name }
    }

    static let refusals: [Refusal] = [
        Refusal(name: "an unknown model", message: "model x is not in the models file; it has: m, n, o, p, q, r") { () throws(AdmissionFault) in try plan(models: ["m", "x"]) },
        Refusal(name: "no model", message: "no model is named") { () throws(AdmissionFault) in try plan(models: []) },
        Refusal(name: "a model twice", message: "model m is named twice") { () throws(AdmissionFault) in try plan(models: ["m", "m"]) },
        Refusal(name: "too many models", message: "6 models, at most 5 are allowed") { () throws(AdmissionFault) in try plan(models: ["m", "n", "o", "p", "q", "r"]) },
        Refusal(name: "a judge that is not there", message: "the judge model x is not in the models file") { () throws(AdmissionFault) in
            try plan(options: JobOptions(judgeModelID: "x"))
        },
        Refusal(name: "a rewriter that is not there", message: "the rewriter model x is not in the models file") { () throws(AdmissionFault) in
            try plan(options: JobOptions(rewriterModelID: "x"))
        },
        Refusal(name: "no judge where one is needed", message: "judge") { () throws(AdmissionFault) in try plan(input: line("")) },
        Refusal(name: "a function that is not there", message: "other") { () throws(AdmissionFault) in
            try plan(admission(catalog(functions: ["metric": "f"])), input: line(function("other")))
        },
        Refusal(name: "a function that cannot be read", message: "function metric: the folder gone does not exist") { () throws(AdmissionFault) in
            try plan(admission(catalog(functions: ["metric": "gone"])), input: line(function("metric")))
        },
        Refusal(name: "what is no JSON", message: "line 1") { () throws(AdmissionFault) in try plan(input: Array("{".utf8)) },
    ]

    @Test("what cannot run is refused before anything is spent, and told why", arguments: refusals)
    func refused(refusal: Refusal) {
        let fault = #expect(throws: AdmissionFault.self) { try refusal.attempt() }
        #expect(fault?.message.contains(refusal.message) == true, "\(fault?.message ?? "admitted")")
    }

    @Test("options override the catalog's roles; a judge is kept only where one is needed")
    func roles() throws {
        let admission = Self.admission(Self.catalog(judge: "n", rewriter: "o"))
        let plain = try Self.plan(admission)
        #expect(plain.judgeModelID == nil && plain.rewriterModelID == "o")
        let judged = try Self.plan(admission, options: JobOptions(rewriterModelID: "p", judgeModelID: "q"), input: Self.line(""))
        #expect(judged.judgeModelID == "q" && judged.rewriterModelID == "p")
        #expect(judged.judge(of: judged.templates[0]) == "q")
    }

    @Test("a stored job is a plan again though its models, functions and limits are gone from today's configuration")
    func restored() throws {
        let plan = try Self.plan(Self.admission(Self.catalog(functions: ["metric": "f"])), input: Self.line(Self.function("metric")))
        var today = JobAdmission(catalog: ModelCatalog(models: [:]), limits: InputLimits()) { _, _ in throw Missing() }
        today.limits.samplesPerTemplate = 0
        today.limits.textBytes = 1
        let again = try today.restored(JobManifest(plan), input: Self.line(Self.function("metric")), functions: plan.functions)
        #expect(again == plan)
    }
}
