import AdvPOModel
import Foundation
import Testing

extension ProcessTests {
    /// Results under a key of a keyring: sealed on the disk, open to whoever holds the key or may ask the coordinator.
    @Suite struct EncryptionTests {
        private static let unknown = "arn:aws:kms:eu-west-1:123456789012:key/ffffffff-ffff-4fff-8fff-ffffffffffff"

        /// Makes a keyring with one key, and gives the file and the key's ARN.
        private static func makeKeyring(_ lab: Laboratory) async throws -> (path: String, arn: String) {
            let path = lab.path("keyring.yaml")
            let made = try await lab.start("advpo-coord", ["keyring", "add", path]).finished()
            try #require(made.status.code == 0, "\(made.errors)")
            return (path, made.output)
        }

        /// Each an envelope, and none with a word of the task.
        private static func checkSealed(_ lab: Laboratory, _ paths: [String]) throws {
            for path in paths {
                let bytes = Data(try lab.bytes(path))
                #expect(bytes.starts(with: Array("ADVPOENC".utf8)), "\(path)")
                for word in ["Which kind", "apples", "fruit", "promptTemplate"] { #expect(bytes.range(of: Data(word.utf8)) == nil, "\(word) in \(path)") }
            }
        }

        @Test("a job's input and results rest as envelopes; the commands show them; an unknown key is refused before anything is spent")
        func jobUnderKey() async throws {
            try await ModelServer.run({ .answer(KindTask.answer($0)) }) { server in
                try await Laboratory.run { lab in
                    let models = try lab.writeModels(server)
                    let ring = try await Self.makeKeyring(lab)
                    let coordinator = try await lab.startCoordinator(models: models, more: ["--keyring", ring.path])
                    let place = ["--endpoint", coordinator.http]
                    _ = try await lab.startWorker(coordinator, models: models)

                    let input = try lab.write("kinds.jsonl", KindTask.line(samples: 24))
                    let submission = ["submit", input, "--bucket", "data=\(lab.path("bucket"))", "--model", Laboratory.model, "--budget-calls", "150"] + place
                    let refused = try await lab.start("advpo", submission + ["--encryption-key", Self.unknown]).finished()
                    #expect(refused.status.code == 3, "\(refused)")
                    #expect(refused.errors.contains("the keyring has no key \(Self.unknown). It has: \(ring.arn)"), "\(refused.errors)")
                    let list = try await lab.start("advpo", ["list", "--json"] + place).finished()
                    #expect(try JSONValue(parsing: Array(list.output.utf8))["jobSummaries"] == [], "\(list.output)")
                    #expect(server.records.isEmpty)
                    try FileManager.default.removeItem(atPath: lab.path("bucket/advpo-inputs"))

                    let job = try await lab.start("advpo", submission + ["--encryption-key", ring.arn, "--keyring", ring.path]).finished().output
                    #expect(try await lab.watch(job, coordinator).end().code == 0)
                    let files = lab.files(below: lab.path("bucket"))
                    #expect(files.count == 3 && files.contains(lab.results(of: job)) && files.contains(lab.history(of: job)), "\(files)")
                    try Self.checkSealed(lab, files)
                    try await Self.checkCommands(lab, coordinator, job, ring)
                    #expect(!lab.transcripts().contains(try Self.material(lab, ring.path)))
                }
            }
        }

        private static func material(_ lab: Laboratory, _ path: String) throws -> String {
            let text = String(decoding: try lab.bytes(path), as: UTF8.self)
            return try #require(text.split(separator: "\n").first { $0.contains("material: ") }?.split(separator: " ").last.map(String.init))
        }

        private static func checkCommands(_ lab: Laboratory, _ coordinator: RunningCoordinator, _ job: String, _ ring: (path: String, arn: String)) async throws {
            let place = ["--endpoint", coordinator.http]
            let table = try await lab.start("advpo", ["results", job, "--output", lab.path("fetched")] + place).finished()
            #expect(table.status.code == 0 && table.output.contains("Which kind is it?"), "\(table)")
            let get = try await lab.start("advpo", ["get", job, "--json"] + place).finished()
            #expect(try JSONValue(parsing: Array(get.output.utf8))["encryptionKeyArn"] == .string(ring.arn))

            let sealed = lab.results(of: job)
            let read = try await lab.advpo("results", "--file", sealed, "--keyring", ring.path)
            #expect(read.status.code == 0 && read.output.contains("Which kind is it?"), "\(read)")
            let history = try await lab.advpo("results", "--file", lab.history(of: job), "--keyring", ring.path, "--json")
            #expect(history.output + "\n" == String(decoding: try lab.bytes(lab.path("fetched/history.jsonl")), as: UTF8.self))
            let asTable = try await lab.advpo("results", "--file", lab.history(of: job), "--keyring", ring.path)
            #expect(asTable.status.code == 3 && asTable.errors.contains("print it as it is with --json"), "\(asTable)")
            let keyless = try await lab.advpo("results", "--file", sealed)
            #expect(keyless.status.code == 3 && keyless.errors.contains("is encrypted under the key \(ring.arn)") && keyless.output == "", "\(keyless)")
            let plain = try await lab.advpo("results", "--file", lab.path("fetched/advanced_prompt_optimization_results.jsonl"))
            #expect(plain.output.contains("Which kind is it?"), "\(plain)")
            let over = try await lab.advpo("results", "--file", sealed, "--keyring", ring.path, "--output", lab.path("bucket/advpo-results/\(job)"))
            #expect(over.status.code == 2 && over.errors.contains("would be overwritten"), "\(over)")
            for words in [["results"], ["results", job, "--file", sealed]] {
                let both = try await lab.start("advpo", words).finished()
                #expect(both.status.code == 2 && both.errors.contains("name a job, or a file"), "\(both)")
            }

            // One bit of the disk: nothing is shown.
            var bytes = try lab.bytes(sealed)
            bytes[bytes.count / 2] ^= 1
            try Data(bytes).write(to: URL(fileURLWithPath: sealed))
            for arguments in [["results", job] + place, ["results", "--file", sealed, "--keyring", ring.path]] {
                let damaged = try await lab.start("advpo", arguments).finished()
                #expect(damaged.status.code != 0 && damaged.output == "" && damaged.errors.contains("does not open"), "\(damaged)")
            }
        }

        @Test("advpo run reads an encrypted input, seals its results and still shows them; an unknown key is refused before a call")
        func runUnderKey() async throws {
            try await ModelServer.run({ .answer(KindTask.answer($0)) }) { server in
                try await Laboratory.run { lab in
                    let models = try lab.writeModels(server)
                    let ring = try await Self.makeKeyring(lab)
                    let input = try lab.write("kinds.jsonl", KindTask.line(samples: 24))
                    let arguments = [
                        "run", input, "--models", models, "--model", Laboratory.model, "--output", lab.path("out"), "--budget-calls", "150", "--keyring", ring.path,
                    ]
                    let refused = try await lab.start("advpo", arguments + ["--encryption-key", Self.unknown]).finished()
                    #expect(refused.status.code == 3 && refused.errors.contains("It has: \(ring.arn)"), "\(refused)")
                    #expect(server.records.isEmpty && lab.files(below: lab.path("out")) == [])
                    let run = try await lab.start("advpo", arguments + ["--encryption-key", ring.arn]).finished()
                    #expect(run.status.code == 0 && run.output.contains("Which kind is it?"), "\(run)")
                    let files = lab.files(below: lab.path("out"))
                    #expect(files.count == 2, "\(files)")
                    try Self.checkSealed(lab, files)
                    // An encrypted input, here one that is none: what its faults show is its content.
                    let again = try await lab.start("advpo", ["run", files[0]] + arguments.dropFirst(2)).finished()
                    #expect(again.status.code == 3 && again.errors.contains("line 1"), "\(again)")
                    let keyless = try await lab.start("advpo", ["run", files[0]] + arguments.dropFirst(2).dropLast(2)).finished()
                    #expect(keyless.status.code == 3 && keyless.errors.contains("is encrypted under the key \(ring.arn)"), "\(keyless)")
                }
            }
        }

        @Test("a keyring that others may read stops the coordinator at its start; keys are added, listed and never replaced")
        func keyringCommands() async throws {
            try await ModelServer.run({ .answer(KindTask.answer($0)) }) { server in
                try await Laboratory.run { lab in
                    let ring = try await Self.makeKeyring(lab)
                    let added = try await lab.start("advpo-coord", ["keyring", "add", ring.path, "--arn", Self.unknown]).finished()
                    #expect(added.status.code == 0 && added.output == Self.unknown, "\(added)")
                    let twice = try await lab.start("advpo-coord", ["keyring", "add", ring.path, "--arn", Self.unknown]).finished()
                    #expect(twice.status.code == 1 && twice.errors.contains("has that key already"), "\(twice)")
                    let list = try await lab.start("advpo-coord", ["keyring", "list", ring.path]).finished()
                    #expect(list.output == "\(ring.arn)\n\(Self.unknown)", "\(list)")

                    try FileManager.default.setAttributes([.posixPermissions: 0o644], ofItemAtPath: ring.path)
                    let serve = [
                        "serve", "--data", lab.path("state"), "--work", "tcp://127.0.0.1:0", "--control", "tcp://127.0.0.1:0", "--http", "127.0.0.1:0",
                        "--models", try lab.writeModels(server), "--keyring", ring.path,
                    ]
                    let refused = try await lab.start("advpo-coord", serve).finished()
                    #expect(refused.status.code == 2 && refused.errors.contains("is open to others (mode 0644): run chmod 600 on it"), "\(refused)")
                    let bad = try await lab.start("advpo-coord", ["keyring", "list", ring.path]).finished()
                    #expect(bad.status.code == 1 && bad.output == "" && bad.errors.contains("is open to others"), "\(bad)")
                    #expect(!lab.transcripts().contains(try Self.material(lab, ring.path)))
                }
            }
        }
    }
}
