import AdvPOBedrock
import AdvPOModel
import OrderedCollections
import Testing

@Suite struct TimestampTests {
    @Test(
        "milliseconds become calendar time",
        arguments: [
            (0, "1970-01-01T00:00:00.000Z"), (-1, "1969-12-31T23:59:59.999Z"), (951_782_400_000, "2000-02-29T00:00:00.000Z"),
            (1_709_251_199_999, "2024-02-29T23:59:59.999Z"), (1_709_251_200_000, "2024-03-01T00:00:00.000Z"), (4_107_542_400_000, "2100-03-01T00:00:00.000Z"),
            (1_778_751_000_123, "2026-05-14T09:30:00.123Z"), (-62_135_596_800_000, "0001-01-01T00:00:00.000Z"), (253_402_300_799_999, "9999-12-31T23:59:59.999Z"),
        ] as [(Int64, String)])
    func known(_ milliseconds: Int64, _ text: String) {
        #expect(Timestamp.iso8601(millisecondsSince1970: milliseconds) == text)
    }

    @Test("every day of 400 years follows the day before")
    func consecutive() {
        var last = Timestamp.iso8601(millisecondsSince1970: -86_400_000)
        for day in 0..<146_097 {
            let next = Timestamp.iso8601(millisecondsSince1970: Int64(day) * 86_400_000)
            #expect(next > last && next.hasSuffix("T00:00:00.000Z"))
            last = next
        }
        #expect(last == "2369-12-31T00:00:00.000Z")
    }
}

@Suite struct IdentityTests {
    private let namespace = JobNamespace.standard

    @Test("an ARN is read back as it was built")
    func roundTrip() throws {
        let job = try #require(JobID("abc123def456"))
        let other = try JobNamespace(partition: "aws-us-gov", region: "us-gov-east-1", account: "123456789012")
        for namespace in [namespace, other] {
            let arn = JobARN(namespace: namespace, job: job)
            #expect(JobARN(parsing: arn.description) == arn)
            #expect(try namespace.job(identifiedBy: arn.description) == job)
        }
        let longest = "arn:aws-" + String(repeating: "é", count: 926) + ":bedrock:us-east-1:000000000000:advanced-prompt-optimization-job/abc123def456"
        #expect(longest.unicodeScalars.count == JobARN.maximumLength && JobARN(parsing: longest) != nil, "\(longest.unicodeScalars.count)")
        #expect(JobARN(namespace: namespace, job: job).description == "arn:aws:bedrock:us-east-1:000000000000:advanced-prompt-optimization-job/abc123def456")
        #expect(try namespace.job(identifiedBy: "abc123def456") == job)
    }

    @Test("an ARN of another place names no job here, another form is invalid")
    func foreign() throws {
        for arn in ["arn:aws-cn:bedrock:us-east-1:000000000000", "arn:aws:bedrock:eu-west-1:000000000000", "arn:aws:bedrock:us-east-1:000000000001"] {
            let error = #expect(throws: APIError.self) { try namespace.job(identifiedBy: arn + ":advanced-prompt-optimization-job/abc123def456") }
            #expect(error?.code == .resourceNotFound)
        }
        for text in ["", "ABC123DEF456", "abc123def45", "arn:aws:bedrock:us-east-1:000000000000:other-job/abc123def456", String(repeating: "a", count: 1012)] {
            let error = #expect(throws: APIError.self) { try namespace.job(identifiedBy: text) }
            #expect(error?.code == .validation)
            #expect(error?.message.contains("'jobIdentifier'") == true)
        }
    }

    @Test("a namespace that could not stand in an ARN is refused", arguments: [("gcp", "r", "000000000000"), ("aws", "US", "000000000000"), ("aws", "r", "1"), ("aws:", "r", "000000000000")])
    func namespaces(_ partition: String, _ region: String, _ account: String) {
        #expect(throws: JobNamespace.InvalidNamespace.self) { try JobNamespace(partition: partition, region: region, account: account) }
    }
}

@Suite struct ListRequestTests {
    @Test("absent parameters mean the newest hundred")
    func defaults() throws {
        #expect(try ListJobsRequest(maxResults: nil, nextToken: nil, sortBy: nil, sortOrder: nil) == ListJobsRequest(maxResults: 100, nextToken: nil, ascending: false))
        #expect(try ListJobsRequest(maxResults: "1000", nextToken: "t", sortBy: "CreationTime", sortOrder: "Ascending").ascending)
    }

    @Test(
        "each parameter outside its range is named",
        arguments: [
            ("0", nil, nil, nil, "maxResults"), ("1001", nil, nil, nil, "maxResults"), ("x", nil, nil, nil, "maxResults"), (nil, "", nil, nil, "nextToken"),
            (nil, "a b", nil, nil, "nextToken"), (nil, String(repeating: "a", count: 2049), nil, nil, "nextToken"), (nil, nil, "Name", nil, "sortBy"),
            (nil, nil, nil, "ascending", "sortOrder"),
        ] as [(String?, String?, String?, String?, String)])
    func outside(_ maxResults: String?, _ nextToken: String?, _ sortBy: String?, _ sortOrder: String?, _ member: String) {
        let error = #expect(throws: APIError.self) { try ListJobsRequest(maxResults: maxResults, nextToken: nextToken, sortBy: sortBy, sortOrder: sortOrder) }
        #expect(error?.message.contains("'\(member)'") == true)
    }

    @Test("a pagination token is read back, and only in its own order")
    func tokens() throws {
        let token = PaginationToken(createdMillisecondsSince1970: 1_780_000_000_123, job: try #require(JobID("abc123def456")), ascending: true)
        #expect(try PaginationToken(parsing: token.encoded, ascending: true) == token)
        #expect(throws: APIError.self) { try PaginationToken(parsing: token.encoded, ascending: false) }
        for text in ["", "a", "a1", "a1.short", "x1.abc123def456", "a1.abc123def456.x", "a!.abc123def456"] {
            #expect(throws: APIError.self) { try PaginationToken(parsing: text, ascending: true) }
        }
    }
}

@Suite struct ResponseTests {
    private func description(_ status: JobStatus, _ failure: String? = nil) -> JobDescription {
        JobDescription(
            jobARN: "arn", request: CreateJobRequest(jobName: "n", inputURI: "s3://bucket/in", outputURI: "s3://bucket/out/", models: [ModelConfiguration(modelID: "a.bc")]),
            status: status, failureMessage: failure, createdMillisecondsSince1970: 0, modifiedMillisecondsSince1970: 1)
    }

    @Test("a description has the members that are always present, and no tags")
    func keys() {
        let object = description(.inProgress).json.objectValue
        #expect(object.map { Array($0.keys) } == ["jobArn", "jobName", "jobStatus", "inputConfig", "outputConfig", "creationTime", "lastModifiedTime", "modelConfigurations"])
        #expect(description(.inProgress).summaryJSON.objectValue.map { Array($0.keys) } == ["jobArn", "jobName", "jobStatus", "creationTime", "lastModifiedTime"])
    }

    @Test("a failure message is cut at 2048 characters", arguments: [(2048, 2048), (2049, 2048)])
    func failure(_ length: Int, _ shown: Int) {
        let json = description(.failed, String(repeating: "ü", count: length)).json
        #expect(json.objectValue?["failureMessage"]?.stringValue?.unicodeScalars.count == shown)
    }

    @Test("progress survives being encoded and decoded")
    func progress() throws {
        let run = JobProgress.Run(
            templateID: "t", modelID: "m", state: "searching", phase: "proof", iteration: 2, callsSpent: 3, callsBudget: 4, unitsFinished: 5, unitsAsked: 6,
            originalScore: 0.25, bestScore: nil, explanation: "why")
        let progress = JobProgress(jobID: try #require(JobID("abc123def456")), status: .stopping, failureMessage: nil, workers: 2, runs: [run])
        #expect(JobProgress(json: progress.json) == progress)
        #expect(JobProgress(json: [:]) == nil)
    }

    @Test(
        "each error has the status of the published model",
        arguments: zip(APIError.Code.allCases, [403, 400, 500, 404, 400, 429, 400, 400]))
    func statuses(_ code: APIError.Code, _ status: Int) {
        #expect(code.httpStatus == status)
    }
}

@Suite struct OptionTagTests {
    private func options(_ tags: [(String, String)]) throws -> JobOptions {
        try JobOptions(tags: tags.map { .init(key: $0.0, value: $0.1) }, defaults: JobOptions(budgetCalls: 7, judgeModelID: "j"))
    }

    @Test("tags override the defaults, other tags are left alone")
    func overrides() throws {
        let options = try options([
            ("advpo:budget-calls", "200"), ("advpo:seed", "18446744073709551615"), ("advpo:prompt-format", "chat"), ("advpo:rewriter", "r"), ("team", "x"), ("advpo", "x"),
        ])
        #expect(options == JobOptions(promptFormat: .chat, budgetCalls: 200, seed: .max, rewriterModelID: "r", judgeModelID: "j"))
        #expect(try self.options([]).budgetCalls == 7)
    }

    @Test("a preset sets the calls where no number is given, in whatever order the tags come", arguments: [("light", 300), ("medium", 1_000), ("heavy", 3_000)])
    func preset(_ name: String, _ calls: Int) throws {
        let plain = try options([("advpo:preset", name)])
        #expect(plain.preset.rawValue == name && plain.budgetCalls == calls)
        let number = ("advpo:budget-calls", "55"), preset = ("advpo:preset", name)
        for tags in [[number, preset], [preset, number]] { #expect(try options(tags).budgetCalls == 55) }
        #expect(try options([number, preset]).preset.rawValue == name)
    }

    @Test(
        "dollars are read exactly, to the last nano-dollar",
        arguments: [("1", 1_000_000_000), ("0.1", 100_000_000), (".000000001", 1), ("2.50", 2_500_000_000), ("1000000", 1_000_000_000_000_000), ("0.3000000000", 300_000_000)]
            as [(String, Int64)])
    func dollars(_ text: String, _ nanos: Int64) throws {
        #expect(try options([("advpo:budget-dollars", text)]).budgetDollars == NanoDollars(nanos))
    }

    @Test("a holdout share is read in thousandths", arguments: [("0.1", 100), (".25", 250), ("0.500", 500), ("0.333", 333)])
    func holdout(_ text: String, _ thousandths: Int) throws {
        #expect(try options([("advpo:holdout", text)]).holdoutThousandths == thousandths)
    }

    @Test(
        "a tag that is unknown or ill-formed is refused by name",
        arguments: [
            ("advpo:colour", "red"), ("advpo:", ""), ("advpo:preset", "quick"), ("advpo:preset", ""), ("advpo:budget-calls", "0"),
            ("advpo:budget-dollars", "0"), ("advpo:budget-dollars", "0.0"), ("advpo:budget-dollars", "-1"), ("advpo:budget-dollars", "+1"), ("advpo:budget-dollars", "$1"),
            ("advpo:budget-dollars", "1e3"), ("advpo:budget-dollars", "1,5"), ("advpo:budget-dollars", "0.0000000001"), ("advpo:budget-dollars", "1000000.1"),
            ("advpo:budget-dollars", "99999999999999999999999"), ("advpo:budget-dollars", ""), ("advpo:budget-dollars", "."),
            ("advpo:holdout", "0.099"), ("advpo:holdout", "0.501"), ("advpo:holdout", "25%"), ("advpo:holdout", "0.2501"), ("advpo:holdout", "1"), ("advpo:holdout", ""),
            ("advpo:budget-calls", "many"), ("advpo:seed", "-1"), ("advpo:prompt-format", "xml"), ("advpo:rewriter", ""), ("advpo:judge", ""),
        ])
    func refused(_ key: String, _ value: String) {
        let error = #expect(throws: APIError.self) { try options([(key, value)]) }
        #expect(error?.code == .validation)
        #expect(error?.message.contains(key) == true)
    }

    @Test("all bad tags are named at once")
    func together() {
        let error = #expect(throws: APIError.self) { try options([("advpo:seed", "x"), ("advpo:colour", "red")]) }
        #expect(error?.message.hasPrefix("2 validation errors detected") == true)
    }
}

@Suite struct BatchDeleteTests {
    private func request(_ identifiers: [String]) throws -> BatchDeleteRequest {
        try BatchDeleteRequest(json: ["jobIdentifiers": .array(identifiers.map(JSONValue.string))], namespace: .standard)
    }

    @Test("1 to 25 identifiers are taken")
    func count() throws {
        let identifiers = (10..<36).map { "abcdefghij\($0)" }
        #expect(try request(Array(identifiers.prefix(25))).jobs.count == 25)
        for list in [[], identifiers, ["not an id"]] { #expect(throws: APIError.self) { try request(list) } }
        #expect(throws: APIError.self) { try BatchDeleteRequest(json: [:], namespace: .standard) }
    }

    @Test("a job named twice is asked for once, by its first name")
    func duplicates() throws {
        let arn = "arn:aws:bedrock:us-east-1:000000000000:advanced-prompt-optimization-job/abc123def456"
        let request = try request([arn, "abc123def456"])
        #expect(Array(request.jobs.values) == [arn])
        let job = try #require(JobID("abc123def456"))
        #expect(request.responseJSON([.success(DeletedJob(job: job, status: .deleting))]) == ["errors": [], "advancedPromptOptimizationJobs": [["jobIdentifier": .string(arn), "jobStatus": "Deleting"]]])
    }
}
