import AdvPOBedrock
@testable import AdvPOCoordinator
import AdvPOModel
import AdvPOOptimizer
import OrderedCollections
import Testing

/// Budgets that cannot be kept, or with which nothing can be said, are refused at submission.
@Suite struct JobBudgetTests {
    static let price = CatalogModel.Price(inputPerMillionTokens: NanoDollars(100_000_000), outputPerMillionTokens: NanoDollars(400_000_000))

    static func admission(priced: [String], rewriter: String? = nil, judge: String? = nil) -> JobAdmission {
        var catalog = JobAdmissionTests.catalog(judge: judge, rewriter: rewriter)
        for model in priced { catalog.models[model]?.price = price }
        return JobAdmissionTests.admission(catalog)
    }

    static func plan(
        _ admission: JobAdmission, models: [ModelConfiguration] = [ModelConfiguration(modelID: "m", inference: InferenceConfiguration(maxTokens: 16))],
        options: JobOptions, input: [UInt8] = Plans.input()
    ) throws(AdmissionFault) -> JobPlan {
        let request = CreateJobRequest(jobName: "j", inputURI: "s3://b/i", outputURI: "s3://b/o/", models: models)
        return try admission.plan(id: Plans.id, request: request, options: options, input: input, createdMillisecondsSince1970: 1)
    }

    static let dollars = JobOptions(budgetDollars: NanoDollars(1_000_000_000))

    @Test("too few calls are refused with the number that would do, and that number will do")
    func calls() throws {
        let admission = Self.admission(priced: [])
        let fault = #expect(throws: AdmissionFault.self) { try Self.plan(admission, options: JobOptions(budgetCalls: 10)) }
        let plan = try Self.plan(admission, options: JobOptions())
        let least = Search.minimum(plan.searchConfiguration(of: plan.runs[0])).calls
        #expect(fault?.message.contains("advpo:budget-calls") == true && fault?.message.contains("raise it to at least \(least)") == true, "\(fault?.message ?? "")")
        #expect(fault?.message.contains("template \"t\" with model m on 24 samples") == true)
        #expect(throws: AdmissionFault.self) { try Self.plan(admission, options: JobOptions(budgetCalls: least - 1)) }
        #expect(try Self.plan(admission, options: JobOptions(budgetCalls: least)).options.budgetCalls == least)
    }

    @Test("every model that can be called needs a price: the one without is named, by its role")
    func unpriced() throws {
        #expect(throws: Never.self) { try Self.plan(Self.admission(priced: ["m"]), options: Self.dollars) }
        let target = #expect(throws: AdmissionFault.self) { try Self.plan(Self.admission(priced: []), options: Self.dollars) }
        #expect(target?.message.contains("the model m has no price") == true)
        let rewriter = #expect(throws: AdmissionFault.self) { try Self.plan(Self.admission(priced: ["m"], rewriter: "n"), options: Self.dollars) }
        #expect(rewriter?.message.contains("the rewriter n has no price") == true)
        let judged = #expect(throws: AdmissionFault.self) {
            try Self.plan(Self.admission(priced: ["m"], judge: "o"), options: Self.dollars, input: JobAdmissionTests.line(""))
        }
        #expect(judged?.message.contains("the judge o has no price") == true)
        // A judge that nothing needs may be without.
        #expect(throws: Never.self) { try Self.plan(Self.admission(priced: ["m"], judge: "o"), options: Self.dollars) }
    }

    @Test("what could cost any amount is refused: answers without a limit, and fields that change what is answered")
    func unbounded() throws {
        let admission = Self.admission(priced: ["m"])
        let endless = #expect(throws: AdmissionFault.self) {
            try Self.plan(admission, models: [ModelConfiguration(modelID: "m")], options: Self.dollars)
        }
        #expect(endless?.message.contains("set maxTokens") == true)
        for field in ["max_tokens", "n", "best_of"] {
            let model = ModelConfiguration(modelID: "m", inference: InferenceConfiguration(maxTokens: 16), additionalModelRequestFields: [field: 5])
            let fault = #expect(throws: AdmissionFault.self) { try Self.plan(admission, models: [model], options: Self.dollars) }
            #expect(fault?.message.contains(field) == true)
        }
        let harmless = ModelConfiguration(modelID: "m", inference: InferenceConfiguration(maxTokens: 16), additionalModelRequestFields: ["top_k": 5])
        #expect(throws: Never.self) { try Self.plan(admission, models: [harmless], options: Self.dollars) }
    }

    @Test("runs share the dollars equally, and a share that cannot pay for the original and the proof is refused with the amount for all")
    func shares() throws {
        let admission = Self.admission(priced: ["m", "n"])
        let models = ["m", "n"].map { ModelConfiguration(modelID: $0, inference: InferenceConfiguration(maxTokens: 16)) }
        var options = JobOptions(budgetDollars: NanoDollars(1_000_000_001))
        let plan = try Self.plan(admission, models: models, options: options)
        #expect(plan.runs.map { plan.spendingLimit(of: $0)?.budget } == [NanoDollars(500_000_000), NanoDollars(500_000_000)])
        #expect(plan.prices == ["m": Self.price, "n": Self.price])
        let least = try #require(plan.runs.compactMap { Search.minimum(plan.searchConfiguration(of: $0)).dollars }.max())
        options.budgetDollars = NanoDollars(2 * least.value)
        #expect(throws: Never.self) { try Self.plan(admission, models: models, options: options) }
        options.budgetDollars = NanoDollars(2 * least.value - 1)
        let fault = #expect(throws: AdmissionFault.self) { try Self.plan(admission, models: models, options: options) }
        #expect(fault?.message.contains("give at least \(NanoDollars(2 * least.value).dollarText)") == true, "\(fault?.message ?? "")")
    }

    @Test("preset, holdout share and dollars reach the search, and a stored job has them and its prices still")
    func reachTheSearch() throws {
        let options = JobOptions(preset: .heavy, budgetDollars: NanoDollars(2_000_000_000), holdoutThousandths: 400)
        let admission = Self.admission(priced: ["m"])
        let plan = try Self.plan(admission, options: options)
        let configuration = plan.searchConfiguration(of: plan.runs[0])
        #expect(configuration.breadth == SearchBreadth(.heavy) && configuration.budgetCalls == 3_000)
        #expect(configuration.holdoutThousandths == 400)
        #expect(configuration.spending?.budget == NanoDollars(2_000_000_000) && configuration.spending?.targetMaxTokens == 16)
        let manifest = try JobManifest(decoding: JobManifest(plan).encoded())
        // Today's catalog has other prices, or none: the job goes on with those of its day.
        #expect(try Self.admission(priced: []).restored(manifest, input: Plans.input(), functions: [:]) == plan)
    }
}
