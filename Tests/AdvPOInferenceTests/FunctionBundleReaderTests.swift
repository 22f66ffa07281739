import AdvPOInference
import AdvPOModel
import OrderedCollections
import Testing

@Suite("A metric's folder")
struct FunctionBundleReaderTests {
    private func fault(_ folder: TemporaryFolder) throws -> String {
        do {
            _ = try FunctionBundleReader.read(name: "f", folder: folder.path)
        } catch {
            return error.description.replacing(folder.path, with: "FOLDER")
        }
        Issue.record("no fault found")
        return ""
    }

    @Test("the entry point and its neighbours are read in the order of their paths; caches and hidden files are left out")
    func neighbours() throws {
        try TemporaryFolder.with { folder in
            try folder.write("lambda_function.py", "def compute_score(preds, golds): ...")
            try folder.write("words/list.txt", "a")
            try folder.write("b.py", "")
            try folder.write("__pycache__/b.pyc", "x")
            try folder.write("old.pyc", "x")
            try folder.write(".git/config", "x")
            try folder.link("also.py", to: "\(folder.path)/b.py")
            let bundle = try FunctionBundleReader.read(name: "f", folder: folder.path)
            #expect(Array(bundle.files.keys) == ["also.py", "b.py", "lambda_function.py", "words/list.txt"])
            #expect(bundle.source == "def compute_score(preds, golds): ...")
        }
    }

    @Test("a folder without the entry point says so")
    func noEntryPoint() throws {
        try TemporaryFolder.with { folder in
            try folder.write("main.py", "")
            #expect(try fault(folder) == "metric function f, folder FOLDER: it has no lambda_function.py; add one that defines compute_score(preds, golds)")
        }
    }

    @Test("a missing folder says so")
    func missing() throws {
        #expect(throws: FunctionBundleFault(name: "f", folder: "/no/such/folder", problem: "it cannot be read", remedy: "check that it is a folder and that you may read it")) {
            try FunctionBundleReader.read(name: "f", folder: "/no/such/folder")
        }
    }

    @Test("a symbolic link that leaves the folder, or points to a folder, is refused")
    func links() throws {
        try TemporaryFolder.with { folder in
            try folder.write("lambda_function.py", "")
            try folder.link("passwd", to: "/etc/passwd")
            #expect(try fault(folder) == "metric function f, folder FOLDER: passwd is a symbolic link that leaves the folder; copy the file into the folder")
        }
        try TemporaryFolder.with { folder in
            try folder.write("lambda_function.py", "")
            try folder.write("real/x", "")
            try folder.link("linked", to: "\(folder.path)/real")
            #expect(try fault(folder) == "metric function f, folder FOLDER: linked is a symbolic link to something that is no file; put the files themselves there")
        }
    }

    @Test("the number of files and their size are limited")
    func limits() throws {
        try TemporaryFolder.with { folder in
            for index in 0..<65 { try folder.write("f\(index).py", "") }
            #expect(try fault(folder) == "metric function f, folder FOLDER: it has more than 64 files; keep only what the metric needs")
        }
        try TemporaryFolder.with { folder in
            try folder.write("lambda_function.py", "")
            try folder.write("a", bytes: Array(repeating: 0, count: 3 * 1024 * 1024))
            try folder.write("b", bytes: Array(repeating: 0, count: 1024 * 1024 + 1))
            #expect(try fault(folder) == "metric function f, folder FOLDER: its files come to more than 4194304 bytes; keep only what the metric needs")
        }
    }
}
