import AdvPOModel
import Foundation
import Subprocess
import Testing

extension ProcessTests {
    /// A cluster with a secret, made, used and changed by the real programs.
    @Suite struct ClusterSecurityTests {
        private static let simulated = "models: [{id: \(Laboratory.model), provider: simulated, model: learner}]\nroles: {rewriter: \(Laboratory.model)}\n"

        /// Makes a cluster's folder with workers' folders in it, and gives its path.
        private func makeCluster(_ lab: Laboratory, _ name: String = "cluster", workers: [String] = ["node7"]) async throws -> String {
            let made = try await lab.start("advpo-coord", ["cluster", "init", lab.path(name), "--host", "127.0.0.1"]).finished()
            try #require(made.status.isSuccess, "\(made.errors)")
            for worker in workers { try await issue(lab, lab.path(name), worker) }
            return lab.path(name)
        }

        private func issue(_ lab: Laboratory, _ cluster: String, _ worker: String) async throws {
            let issued = try await lab.start("advpo-coord", ["cluster", "issue-certificate", cluster, worker]).finished()
            #expect(issued.status.isSuccess && issued.output == "\(cluster)/workers/\(worker)", "\(issued)")
        }

        /// Every secret of the cluster's files, as it is written there.
        private func secrets(_ lab: Laboratory, _ cluster: String) throws -> [String] {
            let files = lab.files(below: cluster).filter { $0.hasSuffix("-key") || $0.hasSuffix("-secret") || $0.hasSuffix("-key.pem") }
            return try files.map { file in
                let lines = String(decoding: try lab.bytes(file), as: UTF8.self).split(separator: "\n").filter { !$0.hasPrefix("#") && !$0.hasPrefix("-") }
                return try #require(lines.first?.split(separator: " ").last.map(String.init))
            }
        }

        /// Runs a worker to its end.
        private func refused(_ lab: Laboratory, _ coordinator: RunningCoordinator, _ models: String, _ more: [String]) async throws -> Program.Finished {
            try await lab.start("advpo-worker", ["--work", coordinator.work, "--control", coordinator.control, "--models", models, "--slots", "1"] + more).finished()
        }

        @Test("init, issue, serve, work: a job over tls+tcp ends well, and no secret is in any log, state or result", arguments: ["tls+tcp", "tcp"])
        func job(_ scheme: String) async throws {
            try await Laboratory.run { lab in
                let models = try lab.write("models.yaml", Self.simulated)
                let cluster = try await makeCluster(lab, workers: ["node7", "node8"])
                let coordinator = try await lab.startCoordinator(models: models, logLevel: "trace", scheme: scheme, more: ["--cluster", cluster])
                #expect(coordinator.work.hasPrefix("\(scheme)://127.0.0.1:"))
                for name in ["node7", "node8"] {
                    _ = try await lab.startWorker(coordinator, models: models, logLevel: "trace", more: ["--identity", "\(cluster)/workers/\(name)"])
                }
                let job = try await lab.submit(KindTask.line(samples: 20), to: coordinator, "--budget-calls", "150", "--prompt-format", "chat")
                #expect(try await lab.watch(job, coordinator).end().code == 0)
                #expect(!(try lab.lines(lab.results(of: job)).isEmpty))
                let secrets = try secrets(lab, cluster)
                #expect(secrets.count == 7, "the secret, the authority's and the coordinator's key, two for each worker")
                for secret in secrets {
                    #expect(!lab.transcripts().contains(secret))
                    for file in lab.files(below: lab.folder) where !file.hasPrefix(cluster) { #expect(Data(try lab.bytes(file)).range(of: Data(secret.utf8)) == nil, "\(file)") }
                }
            }
        }

        @Test("who has no key, a key of another cluster, or a key for a coordinator that asks for none is told so, and does not work")
        func strangers() async throws {
            try await Laboratory.run { lab in
                let models = try lab.write("models.yaml", Self.simulated)
                let (cluster, other) = (try await makeCluster(lab), try await makeCluster(lab, "other"))
                let coordinator = try await lab.startCoordinator(models: models, more: ["--cluster", cluster])
                let open = try await lab.startCoordinator(models: models, data: "open")
                for (coordinator, more, words) in [
                    (coordinator, [], "issue-certificate"), (coordinator, ["--identity", "\(other)/workers/node7"], "does not know the secret"),
                    (open, ["--identity", "\(cluster)/workers/node7"], "asks for no proof"),
                ] {
                    let ended = try await refused(lab, coordinator, models, more)
                    #expect(ended.status.code == 1 && ended.errors.contains(words), "\(ended)")
                }
                _ = try await lab.startWorker(coordinator, models: models, more: ["--identity", "\(cluster)/workers/node7"])
            }
        }

        @Test("a worker that is revoked while it works ends within a second of SIGHUP; a new key for its name works, the old one does not")
        func revocation() async throws {
            try await Laboratory.run { lab in
                let models = try lab.write("models.yaml", Self.simulated)
                let cluster = try await makeCluster(lab, workers: ["node7", "node8"])
                let coordinator = try await lab.startCoordinator(models: models, scheme: "tls+tcp", more: ["--cluster", cluster])
                let old = try lab.makeFolder("old")
                for file in ["ca.pem", "worker.pem", "worker-key.pem", "worker-key"] { try FileManager.default.copyItem(atPath: "\(cluster)/workers/node7/\(file)", toPath: "\(old)/\(file)") }
                let worker = try await lab.startWorker(coordinator, models: models, more: ["--identity", old])
                let bystander = try await lab.startWorker(coordinator, models: models, more: ["--identity", "\(cluster)/workers/node8"])

                #expect(try await lab.start("advpo-coord", ["cluster", "revoke", cluster, "node7"]).finished().output.contains("node7 up to serial 1"))
                let told = ContinuousClock.now
                coordinator.program.send(.terminalClosed)
                let line = try await worker.errors.first("the refusal") { $0.contains("revoked") ? $0 : nil }
                #expect(line.contains("serial 1"))
                #expect(ContinuousClock.now - told < .seconds(1))
                #expect(try await worker.end().code == 1)

                try await issue(lab, cluster, "node7")
                _ = try await lab.startWorker(coordinator, models: models, more: ["--identity", "\(cluster)/workers/node7"])
                #expect(try await refused(lab, coordinator, models, ["--identity", old]).errors.contains("revoked"))
                let listed = try await lab.start("advpo-coord", ["cluster", "list", cluster]).finished()
                #expect(listed.output.split(separator: "\n").map { $0.hasSuffix(" revoked") } == [true, false, false], "\(listed.output)")
                bystander.send(.terminate)
                #expect(try await bystander.end().code == 0)
            }
        }

        @Test("a coordinator that would let strangers in from other machines does not start, and names the command; with a secret and without TLS it warns")
        func openListeners() async throws {
            try await Laboratory.run { lab in
                let models = try lab.write("models.yaml", Self.simulated)
                let start = ["serve", "--data", lab.path("state"), "--models", models, "--http", "127.0.0.1:0"]
                for (work, words) in [("tcp://0.0.0.0:0", "cluster init"), ("tcp://:0", "cluster init"), ("tls+tcp://127.0.0.1:0", "cluster init")] {
                    for flag in ["--work", "--control"] {
                        let ended = try await lab.start("advpo-coord", start + [flag, work]).finished()
                        #expect(ended.status.code == 2 && ended.errors.contains(words) && ended.errors.contains(flag), "\(ended)")
                    }
                }
                let cluster = try await makeCluster(lab)
                let ended = try await lab.start("advpo-coord", start + ["--cluster", lab.path("none")]).finished()
                #expect(ended.status.code == 2 && ended.errors.contains("is not there"), "\(ended)")
                let program = lab.start("advpo-coord", start + ["--cluster", cluster, "--work", "tcp://0.0.0.0:0", "--control", "tls+tcp://0.0.0.0:0"])
                _ = try await program.errors.first("the warning") { $0.contains("signed and not encrypted") ? $0 : nil }
            }
        }

        @Test("a worker whose certificate is not taken goes on trying, and says once what to check")
        func advice() async throws {
            try await Laboratory.run { lab in
                let models = try lab.write("models.yaml", Self.simulated)
                let (cluster, other) = (try await makeCluster(lab), try await makeCluster(lab, "other"))
                let coordinator = try await lab.startCoordinator(models: models, scheme: "tls+tcp", more: ["--cluster", cluster])
                let arguments = ["--work", coordinator.work, "--control", coordinator.control, "--models", models, "--slots", "1"]
                let worker = lab.start("advpo-worker", arguments + ["--identity", "\(other)/workers/node7"])
                _ = try await worker.errors.first("the advice") { $0.contains("openssl verify") ? $0 : nil }
                let without = try await lab.start("advpo-worker", arguments).finished()
                #expect(without.status.code == 2 && without.errors.contains("--identity"), "\(without)")
                _ = try await lab.startWorker(coordinator, models: models, more: ["--identity", "\(cluster)/workers/node7"])
            }
        }

        @Test("what a worker said on plain TCP helps nobody who recorded it: sent again it is not looked at, on either socket")
        func replays() async throws {
            try await Laboratory.run { lab in
                let models = try lab.write("models.yaml", Self.simulated)
                let cluster = try await makeCluster(lab)
                let coordinator = try await lab.startCoordinator(models: models, more: ["--cluster", cluster])
                let (work, control) = (try RecordingProxy(to: coordinator.work), try RecordingProxy(to: coordinator.control))
                defer {
                    work.close()
                    control.close()
                }
                var behind = coordinator
                (behind.work, behind.control) = (work.address, control.address)
                let worker = try await lab.startWorker(behind, models: models, more: ["--identity", "\(cluster)/workers/node7"])
                let job = try await lab.submit(KindTask.line(samples: 20), to: coordinator, "--budget-calls", "150", "--prompt-format", "chat")
                #expect(try await lab.watch(job, coordinator).end().code == 0)

                let hellos = control.frames.prefix(2)
                #expect(hellos.count == 2 && hellos.allSatisfy { $0.first != 3 })
                let sealed = control.frames.dropFirst(2) + work.frames
                #expect(sealed.count > 10 && sealed.allSatisfy { $0.first == 3 })
                for (place, frames) in [(coordinator.work, work.frames), (coordinator.control, Array(control.frames.dropFirst(2)))] {
                    for frame in frames.suffix(20) {
                        for address in [place, place == coordinator.work ? coordinator.control : coordinator.work] {
                            let answer = try await RecordingProxy.ask(frame, at: address)
                            #expect(answer.first == 2, "\(answer)")
                        }
                    }
                }
                let again = try await RecordingProxy.ask(try #require(hellos.last), at: coordinator.control)
                #expect(again.first == 2 && String(decoding: again.dropFirst(), as: UTF8.self).contains("answered before"))
                worker.send(.terminate)
                #expect(try await worker.end().code == 0)
            }
        }
    }
}
