@testable import AdvPOAPI
import AdvPOBedrock
import AdvPOModel
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import NIOCore
import OrderedCollections
import Testing

enum Requests {
    static let create = """
        {"jobName":"topics","inputConfig":{"s3Uri":"s3://bucket/input.jsonl"},"outputConfig":{"s3Uri":"s3://bucket/out/"},
         "modelConfigurations":[{"modelId":"local.smollm2-135m","inferenceConfig":{"maxTokens":64,"temperature":0.5}}]}
        """

    /// The create body with one more member.
    static func create(adding member: String) -> String {
        "{" + member + "," + create.dropFirst()
    }
}

extension TestClientProtocol {
    func send(_ method: HTTPRequest.Method, _ path: String, _ body: String? = nil, headers: HTTPFields = [:]) async throws -> TestResponse {
        try await execute(uri: path, method: method, headers: headers, body: body.map { ByteBuffer(string: $0) })
    }

    /// A new job's id.
    func newJob(_ body: String = Requests.create) async throws -> JobID {
        let response = try await send(.post, "/advanced-prompt-optimization-jobs", body)
        try #require(response.status == .ok, "\(response.text)")
        let arn = try #require(response.json["jobArn"]?.stringValue)
        return try #require(JobARN(parsing: arn)?.job)
    }
}

extension TestResponse {
    var text: String { String(buffer: body) }
    var json: JSONValue { (try? JSONValue(parsing: Array(buffer: body))) ?? .null }
    var errorType: String? { HTTPField.Name("x-amzn-ErrorType").flatMap { headers[$0] } }
    var requestID: String? { HTTPField.Name("x-amzn-RequestId").flatMap { headers[$0] } }
}

extension JSONValue {
    subscript(_ key: String) -> JSONValue? { objectValue?[key] }
    subscript(_ index: Int) -> JSONValue? { arrayValue.flatMap { $0.indices.contains(index) ? $0[index] : nil } }
}
