import Foundation
import Subprocess
import Testing

extension ProcessTests {
    /// A coordinator that asks who its users are, and the command that tells it.
    @Suite struct AuthenticationTests {
        private static let simulated = "models: [{id: \(Laboratory.model), provider: simulated, model: learner}]\n"
        private static let secret = "a-secret-of-some-length-0123456789"
        private static let token = "a-token-of-some-length-0123456789"

        private func arguments(_ lab: Laboratory, _ more: String...) throws -> [String] {
            let any = "tcp://127.0.0.1:0"
            let models = try lab.write("models.yaml", Self.simulated)
            return ["serve", "--data", lab.path("state"), "--work", any, "--control", any, "--models", models, "--log-level", "info"] + more
        }

        private func writeCredentials(_ lab: Laboratory, _ text: String, mode: Int = 0o600) throws -> String {
            let path = try lab.write("credentials.yaml", text)
            try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: path)
            return path
        }

        private func list(_ lab: Laboratory, _ url: String, _ environment: [String: String]) async throws -> Program.Finished {
            try await lab.advpo("list", "--json", "--endpoint", url, environment: environment)
        }

        @Test("the command is let in with a key or a token of the credentials file, which can be changed while the coordinator runs")
        func credentials() async throws {
            try await Laboratory.run { lab in
                let path = try writeCredentials(lab, "identities: [{name: one, accessKeyId: AKIDONE, secretAccessKey: \(Self.secret), allow: ['bedrock:List*']}]\n")
                let program = lab.start("advpo-coord", try arguments(lab, "--http", "127.0.0.1:0", "--credentials", path))
                let line = try await program.errors.first("the coordinator's API") { $0.contains("the API listens for 1 identities") ? $0 : nil }
                let url = try #require(line.split(separator: " ").first { $0.hasPrefix("http=") }.map { String($0.dropFirst("http=".count)) })

                let key = ["AWS_ACCESS_KEY_ID": "AKIDONE", "AWS_SECRET_ACCESS_KEY": Self.secret]
                let served = try await list(lab, url, key)
                #expect(served.status.isSuccess, "\(served)")
                let stop = try await lab.advpo("stop", "aaaaaaaaaaaa", "--endpoint", url, environment: key)
                #expect(stop.errors.contains("user/one is not authorized to perform: bedrock:StopAdvancedPromptOptimizationJob"), "\(stop)")
                let wrong = try await list(lab, url, ["AWS_ACCESS_KEY_ID": "AKIDONE", "AWS_SECRET_ACCESS_KEY": Self.token])
                #expect(!wrong.status.isSuccess && wrong.errors.contains("InvalidSignatureException"), "\(wrong)")
                let nobody = try await list(lab, url, [:])
                #expect(nobody.errors.contains("MissingAuthenticationTokenException"), "\(nobody)")

                _ = try writeCredentials(lab, "identities: [{name: two, bearerToken: short, allow: ['bedrock:*']}]\n")
                program.send(.terminalClosed)
                _ = try await program.errors.first("the refusal of a bad file") { $0.contains("the identities stay as they were") ? $0 : nil }
                #expect(try await list(lab, url, key).status.isSuccess)
                _ = try writeCredentials(lab, "identities: [{name: two, bearerToken: \(Self.token), allow: ['bedrock:*']}]\n")
                program.send(.terminalClosed)
                _ = try await program.errors.first("the new file") { $0.contains("read the credentials file again") ? $0 : nil }
                let gone = try await list(lab, url, key)
                #expect(gone.errors.contains("UnrecognizedClientException"), "\(gone)")
                let borne = try await list(lab, url, ["AWS_BEARER_TOKEN_BEDROCK": Self.token])
                #expect(borne.status.isSuccess, "\(borne)")

                program.send(.terminate)
                #expect(try await program.end().code == 0)
                for secret in [Self.secret, Self.token] { #expect(!lab.transcripts().contains(secret)) }
            }
        }

        @Test("a coordinator that would let strangers in does not start, and says what to do")
        func refusals() async throws {
            try await Laboratory.run { lab in
                let readable = try writeCredentials(lab, "identities: [{name: one, bearerToken: \(Self.token), allow: ['*']}]\n", mode: 0o644)
                for (more, words) in [
                    (["--http", "0.0.0.0:0"], "--credentials"), (["--http", "127.0.0.1:0", "--credentials", readable], "chmod 600"),
                    (["--http", "127.0.0.1:0", "--credentials", lab.path("none.yaml")], "is not there"),
                    (["--http", "127.0.0.1:0", "--tls-certificate", readable], "TLS needs both"),
                    (["--http", "127.0.0.1:0", "--tls-certificate", readable, "--tls-key", readable], "chmod 600"),
                ] {
                    let ended = try await lab.start("advpo-coord", try arguments(lab) + more).finished()
                    #expect(ended.status.code == 2 && ended.errors.contains(words), "\(ended)")
                    #expect(!ended.errors.contains(Self.token))
                }
            }
        }
    }
}
