import AdvPOBedrock
import AdvPOCoordinator
import AdvPOModel
import OrderedCollections
import Testing

/// Which models may be sent which files.
@Suite struct ModelInputTests {
    private static func sample(_ type: String, reference: String? = "b") -> String {
        let answer = reference.map { #""referenceResponse":"\#($0)","# } ?? ""
        return #"{"inputVariables":[{"text":"a"}],\#(answer)"inputVariablesMultimodal":[{"the file":{"type":"\#(type)","s3Uri":"s3://bucket/f"}}]}"#
    }

    private static func plan(
        _ inputs: [String: Set<CatalogModel.Input>], models: [String] = ["m"], judge: String? = nil, method: String = JobAdmissionTests.builtin,
        sample: String = sample("IMAGE")
    ) throws(AdmissionFault) -> JobPlan {
        try JobAdmissionTests.plan(
            JobAdmissionTests.admission(JobAdmissionTests.catalog(judge: judge, inputs: inputs)), models: models,
            input: JobAdmissionTests.line(method, sample: #"{"inputVariables":[{"text":"a"}],"referenceResponse":"b"},"# + sample))
    }

    @Test("a model that does not take the samples' files is refused, by line, template and sample, with what would help")
    func target() throws {
        let fault = #expect(throws: AdmissionFault.self) { try Self.plan(["m": [.text, .image], "o": [.text, .pdf]], models: ["m", "n"], sample: Self.sample("pdf")) }
        #expect(fault?.message == """
            line 1, template "t", field evaluationSamples[1].inputVariablesMultimodal."the file".s3Uri: the model m is not sent PDF documents; write inputs: \
            [text, image, pdf] at m in the models file if it takes them, or name another model (those that take them: o)
            line 1, template "t", field evaluationSamples[1].inputVariablesMultimodal."the file".s3Uri: the model n is not sent PDF documents; write inputs: \
            [text, pdf] at n in the models file if it takes them, or name another model (those that take them: o)
            """)
        #expect(throws: Never.self) { try Self.plan(["m": [.text, .pdf]], sample: Self.sample("Pdf")) }
    }

    @Test("a judge that takes the files is shown them; one that does not judges by the references, and is refused where there is none")
    func judge() throws {
        let seeing = try Self.plan(["m": [.text, .image], "j": [.text], "n": [.text, .image, .pdf]], judge: "n", method: "")
        #expect(seeing.judgeInputs == ["n": [.image, .document]])
        let blind = try Self.plan(["m": [.text, .image]], judge: "n", method: "")
        #expect(blind.judgeInputs == [:])
        let fault = #expect(throws: AdmissionFault.self) { try Self.plan(["m": [.text, .image]], judge: "n", method: "", sample: Self.sample("image", reference: nil)) }
        #expect(fault?.message == """
            line 1, template "t", field evaluationSamples[1].inputVariablesMultimodal."the file".s3Uri: the judge n is not sent images, and the sample has no \
            referenceResponse to judge by; add the referenceResponse, write inputs: [text, image] at n in the models file if it takes them, or name another \
            model (those that take them: m)
            """)
        let custom = #""customLLMJConfig":{"customLLMJPrompt":"p","customLLMJModelId":"o"},"customEvaluationMetricLabel":"L","#
        #expect(try Self.plan(["m": [.text, .image], "o": [.text, .image]], method: custom).judgeInputs == ["o": [.image]])
        #expect(try Self.plan(["m": [.text, .image], "n": [.text, .image]], judge: "n").judgeInputs == [:], "a built-in metric has no judge")
    }
}
