import Foundation
import Testing

extension ProcessTests {
    /// The commands against a coordinator that knows its users.
    @Suite struct SignedCommandTests {
        private static let secret = "wJalrXUtnFEMI-K7MDENG-bPxRfiCY"
        private static let token = "token-0123456789abcdef"
        private static let keys = ["AWS_ACCESS_KEY_ID": "AKIDADMIN00WXYZ", "AWS_SECRET_ACCESS_KEY": secret]

        /// A coordinator with three identities: one for all, one that may only list, one with a token.
        private func coordinator(_ lab: Laboratory, _ more: [String] = []) async throws -> String {
            let credentials = try lab.write(
                "credentials.yaml",
                """
                identities:
                  - {name: admin, accessKeyId: AKIDADMIN00WXYZ, secretAccessKey: '\(Self.secret)', allow: ['bedrock:*']}
                  - {name: reader, accessKeyId: AKIDREADER0000, secretAccessKey: '\(Self.secret)2', allow: ['bedrock:List*']}
                  - {name: token, bearerToken: '\(Self.token)', allow: ['bedrock:*']}
                """)
            try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: credentials)
            let models = try lab.write("models.yaml", "models: [{id: \(Laboratory.model), provider: simulated, model: learner}]\n")
            let any = "tcp://127.0.0.1:0"
            let program = lab.start(
                "advpo-coord",
                [
                    "serve", "--data", lab.path("state"), "--work", any, "--control", any, "--http", "127.0.0.1:0", "--models", models,
                    "--bucket", "\(Laboratory.bucket)=\(try lab.makeFolder("bucket"))", "--credentials", credentials, "--region", "eu-west-1", "--log-level", "info",
                ] + more)
            let line = try await program.errors.first("the coordinator's API") { $0.contains("the API listens") ? $0 : nil }
            return try #require(line.split(separator: " ").first { $0.hasPrefix("http=") }.map { String($0.dropFirst("http=".count)) }, "\(line)")
        }

        @Test("are let in by a key, a profile or a token, each with what it may do, and say how to mend a refusal")
        func areLetIn() async throws {
            try await Laboratory.run { lab in
                let url = try await coordinator(lab)
                let region = ["AWS_REGION": "eu-west-1"]
                let signed = region.merging(Self.keys) { $1 }

                // A key signs each of the requests of a job's life.
                let input = try lab.write("input.jsonl", KindTask.line(samples: 2))
                let submitted = try await lab.advpo(
                    "submit", input, "--bucket", "\(Laboratory.bucket)=\(lab.path("bucket"))", "--model", Laboratory.model, "--endpoint", url, environment: signed)
                #expect(submitted.status.code == 0, "\(submitted)")
                let job = submitted.output
                #expect(try await lab.advpo("get", job, "--endpoint", url, environment: signed).status.code == 0)
                #expect(try await lab.advpo("stop", job, "--endpoint", url, environment: signed).status.code == 0)
                #expect(try await lab.advpo("list", "--endpoint", url, "--limit", "3", "--oldest-first", environment: signed).output.contains(job))

                // A token, and a profile of the shared files.
                let bearer = try await lab.advpo("list", "--endpoint", url, environment: ["AWS_BEARER_TOKEN_BEDROCK": Self.token])
                #expect(bearer.status.code == 0 && bearer.output.contains(job), "\(bearer)")
                try lab.write(".aws/credentials", "[reader]\naws_access_key_id = AKIDREADER0000\naws_secret_access_key = \(Self.secret)2\n")
                let profile = try await lab.advpo("list", "--endpoint", url, "--profile", "reader", "--region", "eu-west-1")
                #expect(profile.status.code == 0, "\(profile)")
                let denied = try await lab.advpo("get", job, "--endpoint", url, "--profile", "reader", "--region", "eu-west-1")
                #expect(denied.status.code == 3 && denied.errors.contains("AccessDeniedException") && denied.errors.contains("'0000'"), "\(denied)")
                let unknown = try await lab.advpo("list", "--endpoint", url, "--profile", "nobody")
                #expect(unknown.status.code == 2 && unknown.errors.contains("'nobody'"), "\(unknown)")

                // Refusals name the credentials and the remedy, and no secret.
                let unsigned = try await lab.advpo("list", "--endpoint", url)
                #expect(unsigned.status.code == 3 && unsigned.errors.contains("MissingAuthenticationTokenException"), "\(unsigned)")
                #expect(unsigned.errors.contains("was not signed") && unsigned.errors.contains("AWS_ACCESS_KEY_ID"), "\(unsigned)")
                let wrong = try await lab.advpo("list", "--endpoint", url, environment: signed.merging(["AWS_SECRET_ACCESS_KEY": "another-secret-0123"]) { $1 })
                #expect(wrong.status.code == 3 && wrong.errors.contains("InvalidSignatureException") && wrong.errors.contains("'WXYZ'"), "\(wrong)")
                let elsewhere = try await lab.advpo("list", "--endpoint", url, environment: Self.keys)
                #expect(elsewhere.status.code == 3 && elsewhere.errors.contains("'eu-west-1'"), "\(elsewhere)")
                let refusedToken = try await lab.advpo("list", "--endpoint", url, environment: ["AWS_BEARER_TOKEN_BEDROCK": "another-token-0123"])
                #expect(refusedToken.status.code == 3 && refusedToken.errors.contains("AWS_BEARER_TOKEN_BEDROCK"), "\(refusedToken)")
                for secret in [Self.secret, Self.token, "another-secret-0123", "another-token-0123"] { #expect(!lab.transcripts().contains(secret)) }
            }
        }

        @Test("speak TLS with a coordinator whose authority they are told of")
        func speakTLS() async throws {
            try await Laboratory.run { lab in
                let (certificate, key) = (lab.path("server.pem"), lab.path("server-key.pem"))
                let made = try await Program(
                    "openssl", path: "openssl",
                    [
                        "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-keyout", key, "-out", certificate, "-days", "2",
                        "-subj", "/CN=a test", "-addext", "subjectAltName=IP:127.0.0.1",
                    ], environment: [:], folder: lab.folder
                ).finished()
                try #require(made.status.code == 0, "\(made)")
                try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: key)
                let url = try await coordinator(lab, ["--tls-certificate", certificate, "--tls-key", key])
                try #require(url.hasPrefix("https://"), "\(url)")
                let signed = Self.keys.merging(["AWS_REGION": "eu-west-1"]) { $1 }
                let flagged = try await lab.advpo("list", "--endpoint", url, "--ca-file", certificate, environment: signed)
                #expect(flagged.status.code == 0, "\(flagged)")
                let bundled = try await lab.advpo("list", "--endpoint", url, environment: signed.merging(["AWS_CA_BUNDLE": certificate]) { $1 })
                #expect(bundled.status.code == 0, "\(bundled)")
                let untrusted = try await lab.advpo("list", "--endpoint", url, environment: signed)
                #expect(untrusted.status.code == 4 && untrusted.errors.contains("--ca-file"), "\(untrusted)")
                let missing = try await lab.advpo("list", "--endpoint", url, "--ca-file", lab.path("nowhere.pem"), environment: signed)
                #expect(missing.status.code == 2 && missing.errors.contains("nowhere.pem"), "\(missing)")
            }
        }
    }
}
