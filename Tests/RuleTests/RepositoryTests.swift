import AdvPOTestSupport
import Foundation
import Testing

@Suite("The repository keeps its own rules", .longRunning)
struct RepositoryTests {
    private static let textEndings = [".swift", ".md", ".py", ".sh", ".yaml", ".yml", ".json", ".jsonl", ".proto", ".service", ".txt"]

    @Test("a target imports only targets of lower rings")
    func imports() throws {
        let violations = ImportRule.violations(in: try Repository.files(under: "Sources", endings: [".swift"]))
        #expect(violations.isEmpty, "\(violations.report)")
    }

    @Test("traps and unfinished work do not stand in the sources")
    func sources() throws {
        let files = try Repository.files(under: "Sources", endings: [".swift"]).filter { !$0.isGenerated }
        let violations = files.flatMap {
            TextRules.violations(in: $0, of: TextRules.bannedInSources) + TextRules.violations(in: $0, of: TextRules.unfinished, comments: true)
        }
        #expect(violations.isEmpty, "\(violations.report)")
    }

    @Test("ring 0 reads no clock, draws no randomness and starts no task")
    func ringZero() throws {
        let files = try ImportRule.ringZero.flatMap { try Repository.files(under: "Sources/\($0)", endings: [".swift"]) }.filter { !$0.isGenerated }
        let violations = files.flatMap { TextRules.violations(in: $0, of: TextRules.bannedInRingZero) }
        #expect(!files.isEmpty)
        #expect(violations.isEmpty, "\(violations.report)")
    }

    @Test("no test sleeps")
    func tests() throws {
        let violations = try Repository.files(under: "Tests", endings: [".swift"]).flatMap { TextRules.violations(in: $0, of: TextRules.bannedInTests) }
        #expect(violations.isEmpty, "\(violations.report)")
    }

    @Test("files and functions stay short")
    func lengths() throws {
        let files = try (Repository.files(under: "Sources", endings: [".swift"]) + Repository.files(under: "Tests", endings: [".swift"])).filter { !$0.isGenerated }
        let violations = files.flatMap(TextRules.tooLong) + files.filter { $0.path.hasPrefix("Sources/") }.flatMap(TextRules.longFunctions)
        #expect(violations.isEmpty, "\(violations.report)")
    }

    @Test("no file names a folder of one machine")
    func machinePaths() throws {
        let scripts = try scripts()
        let violations = try (Repository.files(endings: Self.textEndings) + scripts).flatMap { MachinePathRule.violations(in: $0) }
        #expect(violations.isEmpty, "\(violations.report)")
    }

    @Test("every link in a document leads somewhere")
    func links() throws {
        let violations = try Repository.files(endings: [".md"]).flatMap { file in
            DocumentRules.brokenLinks(in: file, exists: Repository.exists) { path in
                (try? Repository.file(path)).map(DocumentRules.anchors) ?? []
            }
        }
        #expect(violations.isEmpty, "\(violations.report)")
    }

    @Test("the index links to every document")
    func index() throws {
        let documents = try Repository.paths(under: "docs").filter { $0.hasSuffix(".md") }
        let violations = DocumentRules.missingFromIndex(try Repository.file("docs/README.md"), documents: documents)
        #expect(violations.isEmpty, "\(violations.report)")
    }

    @Test("every script can be run and says what it does")
    func scriptHeads() throws {
        let scripts = try scripts()
        let violations = scripts.flatMap {
            DocumentRules.faults(ofScript: $0, isExecutable: FileManager.default.isExecutableFile(atPath: Repository.top.appending(path: $0.path).path))
        }
        #expect(scripts.contains { $0.path == "ops/test" })
        #expect(violations.isEmpty, "\(violations.report)")
    }

    @Test("the changelog has a place for what is not released")
    func changelog() throws {
        #expect(try Repository.file("CHANGELOG.md").lines.contains("## [Unreleased]"))
    }

    /// What is started by name: files of ops/ and .ci/ without an ending.
    private func scripts() throws -> [Repository.File] {
        let paths = try ["ops", ".ci"].flatMap { try Repository.paths(under: $0) }
        return try paths.filter { path in !(path.split(separator: "/").last ?? "").contains(".") }.map(Repository.file)
    }
}
