import AdvPOModel
import OrderedCollections
import Subprocess
import Testing

extension ProcessTests {
    /// Images and PDFs, from a bucket to the model's server.
    @Suite struct AttachmentTests {
        /// Shapes told apart by their pictures alone; each sample has the same PDF beside its picture. No placeholder: a file is input enough.
        private enum ShapeTask {
            static let shapes = ["circle", "square", "star"]
            static let pdf = Array("%PDF-1.4\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n".utf8)

            /// A PNG of one pixel, and a byte after its end that tells it from the others.
            static func png(_ number: Int) -> [UInt8] {
                let header: [UInt8] = [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A, 0, 0, 0, 0x0D, 0x49, 0x48, 0x44, 0x52, 0, 0, 0, 1, 0, 0, 0, 1, 8, 6, 0, 0, 0]
                let pixel: [UInt8] = [0x1F, 0x15, 0xC4, 0x89, 0, 0, 0, 0x0D, 0x49, 0x44, 0x41, 0x54, 0x78, 0x9C, 0x63, 0, 1, 0, 0, 5, 0, 1, 0x0D, 0x0A, 0x2D, 0xB4]
                let end: [UInt8] = [0, 0, 0, 0, 0x49, 0x45, 0x4E, 0x44, 0xAE, 0x42, 0x60, 0x82]
                return header + pixel + end + [UInt8(number)]
            }

            static func line(samples: Int, method: JSONObject = ["evaluationMetricLambdaArn": "builtin:exact_match"]) -> String {
                var object: JSONObject = ["version": "bedrock-2026-05-14", "templateId": "shapes", "promptTemplate": "Which shape is it?"]
                for (key, value) in method { object[key] = value }
                object["evaluationSamples"] = .array((0..<samples).map { index in
                    [
                        "inputVariablesMultimodal": [
                            ["picture": ["type": "image", "s3Uri": .string("s3://data/pictures/\(index).png")]], ["rules": ["type": "PDF", "s3Uri": "s3://data/rules.pdf"]],
                        ],
                        "referenceResponse": .string(shapes[index % 3]),
                    ]
                })
                return JSONValue.object(object).text
            }

            static func putFiles(_ lab: Laboratory, samples: Int) throws {
                for index in 0..<samples { try lab.write("bucket/pictures/\(index).png", bytes: png(index)) }
                try lab.write("bucket/rules.pdf", bytes: pdf)
            }

            /// The shape that the files show, when they are the very bytes of one sample.
            static func answer(_ call: ModelServer.Call) -> String {
                if call.system.hasPrefix(KindTask.system) { return "<prompt>Name the shape in one word.</prompt>" }
                let files = call.files
                guard files.map(\.mediaType) == ["image/png", "application/pdf"], let number = files[0].bytes.last.map(Int.init), files[0].bytes == png(number),
                    files[1].bytes == pdf
                else { return "not the files" }
                if call.system.contains(KindTask.judgeSystem) { return KindTask.verdict(overall: 3) }
                return shapes[number % 3]
            }
        }

        @Test("a job's images and PDFs reach the model byte for byte, though a worker dies and the coordinator starts again without the files")
        func wholeJob() async throws {
            let (gate, answeredFirst, samples) = (Gate(), 9, 24)
            try await ModelServer.run({ call in
                if call.number > answeredFirst { try await gate.pass() }
                return .answer(ShapeTask.answer(call))
            }) { server in
                try await Laboratory.run { lab in
                    try ShapeTask.putFiles(lab, samples: samples)
                    let models = try lab.writeModels(server, inputs: "text, image, pdf")
                    let first = try await lab.startCoordinator(models: models)
                    let doomed = try await lab.startWorker(first, models: models)
                    let job = try await lab.submit(ShapeTask.line(samples: samples), to: first, "--budget-calls", "150")
                    let watch = lab.watch(job, first)
                    try await server.wait(answered: answeredFirst, held: 2)
                    try await watch.accepted(answeredFirst)

                    // Worker and coordinator die, and the bucket's files go.
                    try await doomed.kill()
                    try await first.program.kill()
                    try lab.remove("bucket/pictures")
                    try lab.remove("bucket/rules.pdf")
                    gate.open()
                    let second = try await lab.startCoordinator(models: models, in: first)
                    _ = try await lab.startWorker(second, models: models)
                    #expect(try await lab.watch(job, second).end().code == 0)

                    #expect(server.repeated { $0.outcome == .abandoned } == [])
                    let calls = server.records.filter { !$0.call.files.isEmpty && $0.outcome == .answered }
                    #expect(Set(calls.map { $0.call.files[0].bytes }).count == samples, "every sample's own picture was sent")
                    let result = try #require(try lab.lines(lab.results(of: job)).first?["promptOptimizationResults"]?[0])
                    #expect(result["status"] == "SUCCESS" && result["originalPromptMetrics"]?["averageScore"] == 1.0, "\(result["explanation"]?.stringValue ?? "")")
                    let echoed = #"[{"picture":{"type":"IMAGE","s3Uri":"s3://data/pictures/0.png"}},{"rules":{"type":"DOCUMENT","s3Uri":"s3://data/rules.pdf"}}]"#
                    #expect(result["dataset"]?[0]?["inputVariablesMultimodal"]?.text == echoed)
                    #expect(result["dataset"]?[0]?["inputVariables"] == [])
                }
            }
        }

        @Test("advpo run reads files from the folders that --bucket names, and the judge sees them too")
        func embedded() async throws {
            try await ModelServer.run({ .answer(ShapeTask.answer($0)) }) { server in
                try await Laboratory.run { lab in
                    try ShapeTask.putFiles(lab, samples: 6)
                    let models = try lab.writeModels(server, inputs: "text, image, pdf", rest: "roles: {judge: \(Laboratory.model)}")
                    let input = try lab.write("input.jsonl", ShapeTask.line(samples: 6, method: ["steeringCriteria": ["name the shape"]]))
                    let arguments = ["run", input, "--models", models, "--model", Laboratory.model, "--output", lab.path("out"), "--budget-calls", "60", "--json"]
                    let ended = try await lab.start("advpo", arguments + ["--bucket", "data=\(lab.path("bucket"))"]).finished()
                    #expect(ended.status.code == 0, "\(ended.errors)")
                    let judged = server.records.filter { $0.call.system.contains(KindTask.judgeSystem) }
                    #expect(!judged.isEmpty && judged.allSatisfy { $0.call.files.count == 2 && $0.call.text.contains("given 2 files with the prompt") })
                    let written = try #require(try JSONValue(parsing: Array(ended.output.utf8))["results"]?.stringValue)
                    #expect(try lab.lines(written).first?["promptOptimizationResults"]?[0]?["originalPromptMetrics"]?["averageScore"] == 1.0)

                    let taken = try await lab.start("advpo", arguments + ["--bucket", "output=\(lab.path("bucket"))"]).finished()
                    #expect(taken.status.code == 2 && taken.errors.contains("choose another name"), "\(taken)")
                }
            }
        }

        @Test("files that are missing, of another format or too large, and a model that takes none, refuse the job with every fault and no call")
        func refused() async throws {
            try await ModelServer.run({ .answer(ShapeTask.answer($0)) }) { server in
                try await Laboratory.run { lab in
                    try ShapeTask.putFiles(lab, samples: 3)
                    try lab.remove("bucket/pictures/0.png")
                    try lab.write("bucket/pictures/1.png", "no picture")
                    try lab.write("bucket/pictures/2.png", bytes: ShapeTask.png(2) + [UInt8](repeating: 0, count: 5 * 1024 * 1024))
                    let input = try lab.write("input.jsonl", ShapeTask.line(samples: 3))
                    func run(_ models: String) async throws -> Program.Finished {
                        let places = ["--models", models, "--model", Laboratory.model, "--output", lab.path("out"), "--bucket", "data=\(lab.path("bucket"))"]
                        return try await lab.start("advpo", ["run", input] + places).finished()
                    }
                    let bad = try await run(try lab.writeModels(server, inputs: "text, image, pdf"))
                    #expect(bad.status.code == 3 && bad.output == "")
                    for (sample, words) in [(0, "there is no such object"), (1, "is no PNG, JPEG, GIF or WebP image"), (2, "has more than 5242880 bytes")] {
                        let place = "line 1, template \"shapes\", field evaluationSamples[\(sample)].inputVariablesMultimodal.picture.s3Uri: "
                        let line = bad.errors.split(separator: "\n").first { $0.contains(place) }
                        #expect(line?.contains(words) == true && line?.contains("s3://data/pictures/\(sample).png") == true, "\(bad.errors)")
                    }
                    let blind = try await run(try lab.writeModels(server))
                    #expect(blind.status.code == 3 && blind.errors.contains("the model test.model is not sent images; write inputs: [text, image]"), "\(blind.errors)")
                    #expect(blind.errors.contains("is not sent PDF documents"))
                    #expect(server.records.isEmpty)
                }
            }
        }
    }
}
