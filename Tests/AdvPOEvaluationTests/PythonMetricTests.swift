import AdvPOEvaluation
import AdvPOModel
import Foundation
import Logging
import OrderedCollections
import Testing

/// Metrics under a real Python in a real sandbox. Without bubblewrap every one of these fails and names the package to install.
@Suite("Python metrics", .timeLimit(.minutes(1)))
struct PythonMetricTests {
    private static func evaluator(_ configure: (inout PythonMetricSettings) -> Void = { _ in }) -> Evaluator {
        var settings = PythonMetricSettings()
        configure(&settings)
        return Evaluator(models: NoModels(), python: settings, logger: Logger(label: "test"))
    }

    private static func item(_ source: String, response: String = "cat", reference: String? = "cat", extra: OrderedDictionary<String, [UInt8]> = [:]) -> EvaluationItem {
        var files: OrderedDictionary<String, [UInt8]> = ["lambda_function.py": Array(source.utf8)]
        for (path, content) in extra { files[path] = content }
        return EvaluationItem(
            renderedPrompt: "prompt", response: response, reference: reference,
            specification: EvaluationSpecification(
                method: .function(arn: "arn:aws:lambda:us-east-1:123456789012:function:m", name: "m"), judgeModelID: nil, functionBundle: nil),
            functionBundle: FunctionBundle(name: "m", files: files))
    }

    /// The result of one metric on one answer, or its failure.
    private static func outcome(_ item: EvaluationItem, _ configure: (inout PythonMetricSettings) -> Void = { _ in }) async -> Result<EvaluationResult, EvaluationFailure> {
        let evaluator = evaluator(configure)
        let outcome: Result<EvaluationResult, EvaluationFailure>
        do throws(EvaluationFailure) { outcome = .success(try await evaluator.evaluate(item)) } catch { outcome = .failure(error) }
        await evaluator.shutdown()
        return outcome
    }

    private static func failureText(_ outcome: Result<EvaluationResult, EvaluationFailure>) -> String {
        switch outcome {
        case .success(let result): "a score of \(result.score), feedback \(result.feedback ?? "none")"
        case .failure(let failure): failure.description
        }
    }

    private static func score(_ item: EvaluationItem) async throws -> EvaluationResult { try await outcome(item).get() }

    @Test("a metric's score and its diagnostics come back")
    func goodMetric() async throws {
        let source = """
            def compute_score(preds, golds):
                scores = [1.0 if p == g else 0.25 for p, g in zip(preds, golds)]
                return {"score": sum(scores) / len(scores), "scores": scores, "error": "", "note": "wrong animal", "detail": {"n": len(preds)}}
            """
        let result = try await Self.score(Self.item(source, response: "dog"))
        #expect(result == EvaluationResult(score: 0.25, feedback: "note: wrong animal\ndetail: {\"n\": 1}"))
    }

    @Test("a metric in the manner of AWS, with a docstring, re, a handler and loggers, runs unmodified")
    func metricForLambda() async throws {
        let source = #"""
            """Scores the label after 'Answer:'. One point for the right label, half a point for its first letter."""
            import json
            import logging
            import re
            from typing import Any, Dict, List

            logger = logging.getLogger()
            logger.setLevel(logging.INFO)
            PATTERN = re.compile(r"answer\s*:\s*(\w+)", re.IGNORECASE)


            def _label(text: str) -> str:
                found = PATTERN.findall(text or "")
                return found[-1].lower() if found else ""


            def compute_score(preds: List[str], golds: List[str]) -> Dict[str, Any]:
                scores = []
                for pred, gold in zip(preds, golds):
                    label = _label(pred)
                    scores.append(1.0 if label == gold.lower() else 0.5 if label[:1] == gold[:1].lower() else 0.0)
                return {"score": sum(scores) / max(len(scores), 1), "scores": scores}


            def lambda_handler(event, context):
                logger.info("scoring %d", len(event["preds"]))
                return compute_score(event["preds"], event["golds"])
            """#
        #expect(try await Self.score(Self.item(source, response: "I think.\nAnswer: Cat", reference: "cat")).score == 1)
        #expect(try await Self.score(Self.item(source, response: "answer: cow", reference: "cat")).score == 0.5)
    }

    @Test("a module with a handler alone is called through the handler")
    func handlerAlone() async throws {
        let source = """
            def lambda_handler(event, context):
                assert context.get_remaining_time_in_millis() > 0
                return {"statusCode": 200, "body": '{"score": %d}' % len(event["golds"][0])}
            """
        #expect(try await Self.score(Self.item(source, reference: "four")).score == 4)
    }

    @Test("a metric may import its own modules and read its own files")
    func ownModules() async throws {
        let source = """
            import pathlib
            from words.lists import GOOD
            def compute_score(preds, golds):
                return {"score": GOOD[preds[0]] + float(pathlib.Path(__file__).with_name("bias.txt").read_text())}
            """
        let result = try await Self.score(
            Self.item(source, extra: ["words/lists.py": Array("GOOD = {'cat': 2}".utf8), "words/__init__.py": [], "bias.txt": Array("-5.5".utf8)]))
        #expect(result.score == -3.5)
    }

    @Test("text in any language, and no reference, reach the metric as they are")
    func textsArrive() async throws {
        let source = """
            def compute_score(preds, golds):
                return {"score": 1.0 if preds == ["naïve 漢字 \\u2028 😀\\n\\"q\\""] and golds == [""] else 0.0}
            """
        #expect(try await Self.score(Self.item(source, response: "naïve 漢字 \u{2028} 😀\n\"q\"", reference: nil)).score == 1)
    }

    @Test("one process serves one metric's answers one after the other, concurrent callers too")
    func oneProcess() async throws {
        let source = """
            count = 0
            def compute_score(preds, golds):
                global count
                count += 1
                return {"score": count}
            """
        let evaluator = Self.evaluator()
        let scores = await withTaskGroup(of: Double?.self) { group in
            for _ in 0..<8 { group.addTask { do { return try await evaluator.evaluate(Self.item(source)).score } catch { return nil } } }
            return await group.reduce(into: [Double?]()) { $0.append($1) }
        }
        await evaluator.shutdown()
        #expect(scores.compactMap { $0 }.sorted() == [1, 2, 3, 4, 5, 6, 7, 8])
    }

    @Test("a metric that raises is a failure with its traceback and what it printed")
    func raises() async {
        let source = """
            def compute_score(preds, golds):
                print("looking at", preds)
                return {"score": {}["missing key"]}
            """
        let text = Self.failureText(await Self.outcome(Self.item(source)))
        #expect(text.contains("KeyError: 'missing key'"))
        #expect(text.contains("lambda_function.py\", line 3"))
        #expect(text.contains("looking at ['cat']"))
        #expect(!text.contains("metric_host.py"))
    }

    @Test(
        "what is no score is a failure that says why",
        arguments: [
            ("return {'score': float('nan')}", "must be finite, got nan"),
            ("return {'score': float('inf')}", "must be finite, got inf"),
            ("return 0.5", "must return a dict like"),
            ("return None", "got NoneType"),
            ("return {'scores': [1.0]}", "without \"score\"; its keys: scores"),
            ("return {'score': '0.5'}", "must be a number, got '0.5'"),
            ("return {'score': [1, 2]}", "must be a number, got [1, 2]"),
            ("raise SystemExit(3)", "SystemExit: 3"),
            ("import os; os._exit(7)", "ended with code 7"),
            ("import os; os.kill(os.getpid(), 11)", "killed by signal 11"),
        ])
    func noScore(body: String, expected: String) async {
        let text = Self.failureText(await Self.outcome(Self.item("def compute_score(preds, golds):\n    \(body)\n")))
        #expect(text.contains(expected), "\(text)")
    }

    @Test(
        "code that cannot be loaded is a failure that says why",
        arguments: [
            ("def other(): pass", "defines neither compute_score(preds, golds) nor lambda_handler"),
            ("def compute_score(preds, golds)\n  pass", "SyntaxError"),
            ("import no_such_module_here", "setting python"),
            ("raise RuntimeError('at import')", "RuntimeError: at import"),
        ])
    func notLoadable(source: String, expected: String) async {
        let evaluator = Self.evaluator()
        let failure = await #expect(throws: EvaluationFailure.self) {
            try await evaluator.check(FunctionBundle(name: "m", files: ["lambda_function.py": Array(source.utf8)]))
        }
        await evaluator.shutdown()
        #expect(failure?.description.contains(expected) == true, "\(String(describing: failure))")
    }

    @Test("an endless loop is stopped in time, and the next answer is scored")
    func endlessLoop() async throws {
        let source = """
            def compute_score(preds, golds):
                while preds[0] == "loop":
                    pass
                return {"score": 1.0}
            """
        let evaluator = Self.evaluator { $0.timeoutSeconds = 1 }
        let failure = await #expect(throws: EvaluationFailure.self) { try await evaluator.evaluate(Self.item(source, response: "loop")) }
        #expect(failure?.description.contains("gave no score within 1.0 seconds") == true)
        #expect(try await evaluator.evaluate(Self.item(source)).score == 1)
        await evaluator.shutdown()
    }

    @Test("cancelling the evaluation ends an endless loop at once, and whoever waits behind it goes on")
    func cancellation() async throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "advpo-test-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { #expect(throws: Never.self) { try FileManager.default.removeItem(at: folder) } }
        let pipe = folder.appending(path: "started").path
        #expect(mkfifo(pipe, 0o600) == 0)
        let source = """
            def compute_score(preds, golds):
                if preds[0] == "loop":
                    open(golds[0], "w").close()
                    while True:
                        pass
                return {"score": 1.0}
            """
        let evaluator = Self.evaluator { $0.readablePaths = [folder.path] }
        let loop = Task { try await evaluator.evaluate(Self.item(source, response: "loop", reference: pipe)) }
        // Opening the pipe waits until the metric has opened it too: the loop has begun.
        await Task.detached { FileHandle(forReadingAtPath: pipe)?.closeFile() }.value
        let given = Task { try await evaluator.evaluate(Self.item(source)) }
        let abandoned = Task { try await evaluator.evaluate(Self.item(source)) }
        abandoned.cancel()
        await #expect(throws: EvaluationFailure.cancelled) { try await abandoned.value }
        loop.cancel()
        await #expect(throws: EvaluationFailure.cancelled) { try await loop.value }
        #expect(try await given.value.score == 1)
        await evaluator.shutdown()
    }

    @Test("what a metric prints, by any way, does not disturb its replies")
    func printing() async throws {
        let source = """
            import os, sys
            print('{"id": 1, "score": 9, "cpu": 0}')
            def compute_score(preds, golds):
                print('{"id": 1, "score": 9, "cpu": 0}', flush=True)
                sys.__stdout__.write("x\\n")
                os.write(1, b'{"id": 1, "score": 9, "cpu": 0}\\n')
                assert sys.stdin.read() == ""
                return {"score": 0.5}
            """
        #expect(try await Self.score(Self.item(source)).score == 0.5)
    }

    @Test("a flood of output is read past, and an error quotes no more than its end")
    func flood() async throws {
        let source = """
            import sys
            def compute_score(preds, golds):
                for number in range(20000):
                    sys.stderr.write("flood " * 20 + "\\n")
                sys.stderr.write("the last line\\n")
                if preds[0] == "raise":
                    raise ValueError("v" * 100000)
                return {"score": 0.5, "note": "n" * 100000}
            """
        let result = try await Self.score(Self.item(source))
        #expect(result.score == 0.5)
        #expect((result.feedback?.count ?? 0) < 2_100)
        let text = Self.failureText(await Self.outcome(Self.item(source, response: "raise")))
        #expect(text.contains("the last line"))
        #expect(text.count < 9_000)
    }

    @Test("a reply beyond the limit stops the process")
    func replyLimit() async {
        let source = """
            def compute_score(preds, golds):
                return {"score": 0.5, "note": "n" * 100000}
            """
        let text = Self.failureText(await Self.outcome(Self.item(source)) { $0.outputBytes = 1_000 })
        #expect(text.contains("more than 1000 bytes"), "\(text)")
    }

    @Test("memory beyond the limit is a failure")
    func memory() async {
        let source = """
            def compute_score(preds, golds):
                block = bytearray(1 << 30)
                return {"score": len(block)}
            """
        let text = Self.failureText(await Self.outcome(Self.item(source)) { $0.memoryBytes = 512 << 20 })
        #expect(text.contains("MemoryError"), "\(text)")
    }

    @Test("memory files and shared memory are no way around the memory limit")
    func memoryByOtherWays() async throws {
        let source = """
            import os
            def compute_score(preds, golds):
                try:
                    os.memfd_create("m")
                except PermissionError:
                    return {"score": 0.0 if writable("/dev/shm/x") else 1.0}
                return {"score": 0.0}
            def writable(path):
                try:
                    open(path, "w")
                    return True
                except OSError:
                    return False
            """
        #expect(try await Self.score(Self.item(source)).score == 1)
    }

    @Test("there is no network: no interface, no sockets, not even this machine's own")
    func network() async throws {
        let source = """
            import socket
            def compute_score(preds, golds):
                for family, address in ((socket.AF_INET, ("127.0.0.1", 22)), (socket.AF_INET6, ("::1", 22)), (socket.AF_UNIX, "/run/x"), (40, (2, 22))):
                    try:
                        s = socket.socket(family, socket.SOCK_STREAM)
                    except PermissionError:
                        continue
                    return {"score": 0.0, "note": str(family)}
                names = [line.split(":")[0].strip() for line in open("/proc/net/dev") if ":" in line]
                return {"score": 1.0 if names == ["lo"] else 0.0, "note": str(names)}
            """
        let result = try await Self.score(Self.item(source))
        #expect(result.score == 1, "\(result.feedback ?? "")")
    }

    @Test("neither the worker's environment nor its files can be seen")
    func secrets() async throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "advpo-secret-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { #expect(throws: Never.self) { try FileManager.default.removeItem(at: folder) } }
        let secret = folder.appending(path: "key.txt")
        try Data("sk-secret".utf8).write(to: secret)
        setenv("ADVPO_TEST_PROVIDER_KEY", "sk-secret", 1)
        let source = """
            import os
            def compute_score(preds, golds):
                seen = [path for path in golds[0].split("\\n") if os.path.exists(path)]
                seen += [name for name, value in os.environ.items() if "sk-secret" in value]
                for pid in os.listdir("/proc"):
                    if pid.isdigit():
                        try:
                            if b"sk-secret" in open(f"/proc/{pid}/environ", "rb").read():
                                seen.append(pid)
                        except OSError:
                            pass
                return {"score": len(seen), "seen": seen, "who": [os.getuid(), sorted(os.listdir("/"))]}
            """
        let home = FileManager.default.homeDirectoryForCurrentUser.appending(path: ".profile").path
        let places = [secret.path, home, #filePath, "/etc/passwd", "/etc/shadow", "/run", "/root" + "/.ssh", "/home"].joined(separator: "\n")
        let result = try await Self.score(Self.item(source, reference: places))
        #expect(result.score == 0, "\(result.feedback ?? "")")
        #expect(result.feedback?.contains("[65534, [") == true)
    }

    @Test("only the scratch folder can be written, up to its size")
    func writing() async throws {
        let source = """
            import os
            def compute_score(preds, golds):
                for path in ("/x", "/dev/x", "/usr/x", "/var/task/x", "/var/task/lambda_function.py", "/var/runtime/metric_host.py", "/proc/sys/kernel/core_pattern"):
                    try:
                        open(path, "w")
                        return {"score": 0.0, "note": "wrote " + path}
                    except OSError:
                        pass
                with open("mine", "w") as file:
                    file.write("x")
                written = 0
                try:
                    for number in range(64):
                        with open("/tmp/big%d" % number, "wb") as file:
                            written += file.write(b"x" * (1 << 20))
                except OSError as error:
                    return {"score": 1.0 if written < 9 << 20 else 0.0, "note": str(error)}
                return {"score": 0.0, "note": "wrote it all"}
            """
        let outcome = await Self.outcome(Self.item(source)) { $0.scratchBytes = 8 << 20 }
        #expect((try? outcome.get().score) == 1, "\(Self.failureText(outcome))")
    }

    @Test("a metric cannot start processes, by any way")
    func forkBomb() async throws {
        let source = """
            import os, subprocess, multiprocessing, threading
            def compute_score(preds, golds):
                started = []
                for name, start in {
                    "fork": os.fork,
                    "spawn": lambda: os.posix_spawn("/usr/bin/env", ["env"], {}),
                    "subprocess": lambda: subprocess.run(["/usr/bin/env"]),
                    "multiprocessing": lambda: multiprocessing.Process(target=print).start(),
                }.items():
                    try:
                        if start() == 0:
                            os._exit(0)
                        started.append(name)
                    except OSError:
                        pass
                result = []
                thread = threading.Thread(target=lambda: result.append(1))
                thread.start()
                thread.join()
                return {"score": float(result == [1] and not started), "started": started}
            """
        let result = try await Self.score(Self.item(source))
        #expect(result.score == 1, "\(result.feedback ?? "")")
    }

    @Test("threads without end are bounded by the limits, and the next answer is scored")
    func threadBomb() async throws {
        let source = """
            import threading, time
            def compute_score(preds, golds):
                while preds[0] == "bomb":
                    threading.Thread(target=time.sleep, args=(1000,), daemon=True).start()
                return {"score": 1.0}
            """
        let evaluator = Self.evaluator {
            $0.memoryBytes = 512 << 20
            $0.timeoutSeconds = 5
        }
        let failure = await #expect(throws: EvaluationFailure.self) { try await evaluator.evaluate(Self.item(source, response: "bomb")) }
        #expect(failure?.description.contains("can't start new thread") == true, "\(String(describing: failure))")
        #expect(try await evaluator.evaluate(Self.item(source)).score == 1)
        await evaluator.shutdown()
    }

    @Test("without bubblewrap a metric is refused, and the message names package and setting")
    func withoutBubblewrap() async {
        let outcome = await Self.outcome(Self.item("def compute_score(p, g): return {'score': 1}")) { $0.bubblewrap = "/nonexistent/bwrap" }
        let text = Self.failureText(outcome)
        #expect(text.contains("apt-get install bubblewrap"))
        #expect(text.contains("process-only"))
    }

    @Test("process-only isolation runs the metric with limits, a clean environment and a scratch folder")
    func processOnly() async throws {
        setenv("ADVPO_TEST_PROVIDER_KEY", "sk-secret", 1)
        let source = """
            import os, resource
            def compute_score(preds, golds):
                open("mine", "w").write("x")
                clean = "ADVPO_TEST_PROVIDER_KEY" not in os.environ
                return {"score": float(clean), "limit": resource.getrlimit(resource.RLIMIT_AS)[0]}
            """
        let result = try await Self.outcome(Self.item(source)) { $0.isolation = .processOnly }.get()
        #expect(result == EvaluationResult(score: 1, feedback: "limit: \(2 << 30)"))
    }

    @Test("folders are private while in use and gone after shutdown")
    func foldersAreRemoved() async throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "advpo-test-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        let evaluator = Self.evaluator {
            $0.temporaryFolder = folder.path
            $0.residentProcesses = 2
        }
        for number in 0..<4 {
            #expect(try await evaluator.evaluate(Self.item("def compute_score(p, g): return {'score': \(number)}")).score == Double(number))
        }
        let names = try FileManager.default.contentsOfDirectory(atPath: folder.path)
        #expect(names.count == 2)
        for name in names {
            let permissions = try FileManager.default.attributesOfItem(atPath: folder.appending(path: name).path)[.posixPermissions] as? Int
            #expect(permissions == 0o700)
        }
        await evaluator.shutdown()
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == [])
        try FileManager.default.removeItem(at: folder)
    }

    @Test("a bundle that would leave its folder, or has no entry point, is refused", arguments: ["../x.py", "/etc/x", "a//b", "a/./b", ""])
    func badPaths(path: String) async {
        let text = Self.failureText(await Self.outcome(Self.item("def compute_score(p, g): return {'score': 1}", extra: [path: []])))
        #expect(text.contains("has a file outside its folder"))
        var item = Self.item("")
        item.functionBundle?.files = ["other.py": []]
        #expect(Self.failureText(await Self.outcome(item)).contains("has no lambda_function.py"))
    }

    @Test("the interpreter of a virtual environment runs with its modules, and only reads them")
    func virtualEnvironment() async throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "advpo-venv-\(UUID().uuidString)")
        defer { #expect(throws: Never.self) { try FileManager.default.removeItem(at: folder) } }
        let creation = Process()
        creation.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        creation.arguments = ["python3", "-m", "venv", "--without-pip", folder.path]
        try creation.run()
        creation.waitUntilExit()
        #expect(creation.terminationStatus == 0)
        let library = folder.appending(path: "lib")
        let version = try #require(try FileManager.default.contentsOfDirectory(atPath: library.path).first { $0.hasPrefix("python3") })
        try Data("VALUE = 0.75".utf8).write(to: library.appending(path: "\(version)/site-packages/advpo_probe.py"))
        let source = """
            import advpo_probe, os
            def compute_score(preds, golds):
                return {"score": advpo_probe.VALUE if not os.access(advpo_probe.__file__, os.W_OK) else 0}
            """
        let result = try await Self.outcome(Self.item(source)) { $0.python = folder.appending(path: "bin/python3").path }.get()
        #expect(result.score == 0.75)
    }

    @Test("the metric of the examples scores as its docstring says")
    func exampleMetric() async throws {
        let file = URL(fileURLWithPath: #filePath).appending(path: "../../../docs/examples/metrics/my-metric/lambda_function.py").standardizedFileURL
        let source = try String(contentsOf: file, encoding: .utf8)
        #expect(try await Self.score(Self.item(source, response: " Sports. ", reference: "sports")) == EvaluationResult(score: 1, feedback: nil))
        #expect(
            try await Self.score(Self.item(source, response: "It is sports", reference: "sports"))
                == EvaluationResult(score: 0.5, feedback: "error: the label is right, but there are 2 words around it"))
        #expect(try await Self.score(Self.item(source, response: "world", reference: "sports")).score == 0)
    }

    @Test("a process that used half of its processor time is replaced before it can fail an answer")
    func processorTime() async throws {
        let source = """
            import time
            calls = 0
            def compute_score(preds, golds):
                global calls
                calls += 1
                start = time.process_time()
                while time.process_time() - start < 0.3:
                    pass
                return {"score": calls}
            """
        let evaluator = Self.evaluator { $0.processorSeconds = 1 }
        for _ in 0..<4 { #expect(try await evaluator.evaluate(Self.item(source)).score <= 2) }
        await evaluator.shutdown()
    }

    @Test("settings that make no sense are refused by name")
    func badSettings() async {
        let item = Self.item("def compute_score(p, g): return {'score': 1}")
        #expect(Self.failureText(await Self.outcome(item) { $0.timeoutSeconds = 901 }).contains("at most 900 seconds"))
        #expect(Self.failureText(await Self.outcome(item) { $0.timeoutSeconds = 0 }).contains("above 0"))
        #expect(Self.failureText(await Self.outcome(item) { $0.openFiles = 0 }).contains("openFiles"))
        #expect(Self.failureText(await Self.outcome(item) { $0.readablePaths = ["models"] }).contains("absolute paths"))
    }

    @Test("an interpreter that is none is refused", arguments: ["python3", "/nonexistent/python3", "/bin/true"])
    func badInterpreter(path: String) async {
        let text = Self.failureText(await Self.outcome(Self.item("def compute_score(p, g): return {'score': 1}")) { $0.python = path })
        #expect(text.contains(path))
    }
}

/// For evaluations that ask no model.
private struct NoModels: ChatModels {
    func complete(_ request: ChatRequest, within allowance: CallAllowance) async throws(InferenceFailure) -> ChatCompletion {
        throw InferenceFailure(kind: .configuration, message: "no models here", attempts: 0)
    }
}
