@testable import AdvPOAPI
import AdvPOBedrock
import AdvPOModel
import Foundation
import Testing

/// boto3, the AWS CLI and curl against a live server that asks who they are.
@Suite(.timeLimit(.minutes(5)))
struct AuthenticatedClientTests {
    private static let people =
        "{\"adminKey\":\"\(People.adminKey)\",\"adminSecret\":\"\(People.adminSecret)\",\"adminToken\":\"\(People.adminToken)\",\"readerKey\":\"\(People.readerKey)\","
        + "\"readerSecret\":\"\(People.readerSecret)\",\"clientToken\":\"\(People.clientToken)\"}"

    @Test("boto3 signs, bears tokens and presigns, is refused in AWS's words, and no secret is answered or logged", arguments: [false, true])
    func boto3(_ isEncrypted: Bool) async throws {
        let files = try await Certificates()
        defer { files.remove() }
        let log = CapturedLog()
        var server = LiveServer(access: try People.access(isEncrypted: isEncrypted), logger: log.logger)
        if isEncrypted { server.tls = try TLSFiles.configuration(certificatePath: files.certificate, keyPath: files.key) }
        try await server.run { url in
            let environment = ["ADVPO_TEST_PEOPLE": Self.people, "AWS_CA_BUNDLE": files.authority, "SSL_CERT_FILE": files.authority]
            let output = try await LiveServer.drive("drive_authentication.py", url, environment: environment)
            for secret in People.secrets { #expect(!output.contains(secret)) }
        }
        #expect(log.text.contains("refused a request at the door"))
        for secret in People.secrets { #expect(!log.text.contains(secret)) }
    }

    @Test("the AWS CLI works with a key and with a bearer token, and is refused with wrong ones")
    func commandLineInterface() async throws {
        let files = try await Certificates()
        defer { files.remove() }
        let tls = try TLSFiles.configuration(certificatePath: files.certificate, keyPath: files.key)
        try await LiveServer(access: try People.access(isEncrypted: true), tls: tls).run { url in
            func list(_ environment: [String: String]) async throws -> (output: String, succeeded: Bool) {
                let base = ["AWS_DEFAULT_REGION": "us-east-1", "AWS_PAGER": "", "AWS_MAX_ATTEMPTS": "1", "AWS_EC2_METADATA_DISABLED": "true", "AWS_CA_BUNDLE": files.authority]
                return try await LiveServer.execute(
                    LiveServer.aws, ["--endpoint-url", url, "--output", "json", "bedrock", "list-advanced-prompt-optimization-jobs"], base.merging(environment) { $1 })
            }
            let signed = try await list(["AWS_ACCESS_KEY_ID": People.readerKey, "AWS_SECRET_ACCESS_KEY": People.readerSecret])
            #expect(signed.succeeded && signed.output.contains("jobSummaries"), "\(signed.output)")
            let wrong = try await list(["AWS_ACCESS_KEY_ID": People.readerKey, "AWS_SECRET_ACCESS_KEY": People.adminSecret])
            #expect(!wrong.succeeded && wrong.output.contains("(InvalidSignatureException)"), "\(wrong.output)")
            let borne = try await list(["AWS_BEARER_TOKEN_BEDROCK": People.clientToken])
            #expect(borne.succeeded && borne.output.contains("jobSummaries"), "\(borne.output)")
            let unknown = try await list(["AWS_BEARER_TOKEN_BEDROCK": "nobodys-token-of-some-length"])
            #expect(!unknown.succeeded && unknown.output.contains("(AccessDeniedException)"), "\(unknown.output)")
        }
    }
}
