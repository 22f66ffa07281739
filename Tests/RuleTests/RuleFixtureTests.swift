import Testing

/// Each rule on a small text that breaks it and on one that does not.
@Suite("Each rule can fail")
struct RuleFixtureTests {
    private func file(_ path: String, _ text: String) -> Repository.File { Repository.File(path: path, text: text) }

    @Test(
        "an import of a target that does not stand lower is found",
        arguments: [
            ("Sources/AdvPOCluster/A.swift", "import AdvPOCoordinator"),
            ("Sources/AdvPOCluster/A.swift", "package import AdvPOOptimizer"),
            ("Sources/AdvPOStore/A.swift", "import struct AdvPOTransport.Message"),
            ("Sources/AdvPOCoordinator/A.swift", "import AdvPOWorker"),
            ("Sources/AdvPOWorker/A.swift", "import AdvPOSimulation"),
            ("Sources/AdvPOOptimizer/A.swift", "import NIOCore"),
            ("Sources/AdvPOInference/A.swift", "import CNNG"),
            ("Sources/AdvPONew/A.swift", ""),
        ])
    func wrongImport(path: String, text: String) {
        #expect(ImportRule.violations(in: file(path, text)).count == 1)
    }

    @Test("imports downwards, of pure modules and in comments are allowed")
    func rightImports() {
        let text = "package import AdvPOModel\nimport OrderedCollections\n// import AdvPOCoordinator\nlet important = 1"
        #expect(ImportRule.violations(in: file("Sources/AdvPOCluster/A.swift", text)).isEmpty)
        #expect(ImportRule.violations(in: file("Sources/AdvPOTransport/A.swift", "import CNNG\nimport Foundation")).isEmpty)
        #expect(ImportRule.violations(in: file("Sources/advpo/main.swift", "import AdvPOCoordinator\nimport AdvPOWorker")).isEmpty)
    }

    @Test("unwanted code is found with its line, and not in comments or longer words")
    func bannedCode() {
        let bang = "try" + "!"
        let found = TextRules.violations(in: file("A.swift", "let a = 1\nlet b = \(bang) f()\n// \(bang)\nre\(bang)\n"), of: TextRules.bannedInSources)
        #expect(found.map(\.line) == [2])
        for banned in TextRules.bannedInSources + TextRules.bannedInRingZero + TextRules.bannedInTests {
            #expect(TextRules.violations(in: file("A.swift", "  x = \(banned.text)"), of: [banned]).count == 1)
        }
    }

    @Test("a type that is called like a task is none")
    func declaredTask() {
        #expect(TextRules.violations(in: file("A.swift", "package struct Task" + " {"), of: TextRules.bannedInRingZero).isEmpty)
    }

    @Test("unfinished work is found in comments")
    func unfinished() {
        #expect(TextRules.violations(in: file("A.swift", "f()  // TO" + "DO later"), of: TextRules.unfinished, comments: true).count == 1)
    }

    @Test("an address in a string does not hide the code after it")
    func addressIsNoComment() {
        #expect(TextRules.code("f(\"http://a\") + g()  // why") == "f(\"http://a\") + g()  ")
    }

    @Test("a file of 601 lines is too long, one of 600 is not")
    func fileLength() {
        #expect(TextRules.tooLong(file("A.swift", String(repeating: "x\n", count: 601))).count == 1)
        #expect(TextRules.tooLong(file("A.swift", String(repeating: "x\n", count: 600))).isEmpty)
    }

    @Test("a function of 71 lines is too long, one of 70 is not", arguments: [(70, 0), (71, 1)])
    func functionLength(lines: Int, expected: Int) {
        func body(_ count: Int) -> String { String(repeating: "        x()\n", count: count) }
        let plain = "    func f() {\n\(body(lines - 2))    }\n"
        #expect(TextRules.longFunctions(in: file("A.swift", plain)).count == expected)
        let spread = "    init(\n        a: Int\n    ) {\n\(body(lines - 4))    }\n    func f(\n        a: Int\n    ) {\n\(body(lines - 4))    }\n"
        #expect(TextRules.longFunctions(in: file("A.swift", spread)).count == 2 * expected)
    }

    @Test("a requirement of a protocol has no body to measure")
    func requirement() {
        let text = "protocol P {\n    func f()\n    func g() async\n}\nstruct S {\n\(String(repeating: "    var x = 1\n", count: 80))}\n"
        #expect(TextRules.longFunctions(in: file("A.swift", text)).isEmpty)
    }

    @Test("a path of a machine is found where it begins, and only there")
    func machinePath() {
        let path = "/" + "work" + "/a"
        #expect(MachinePathRule.violations(in: file("A.md", "see \(path)\n\(path)\n(\(path))")).map(\.line) == [1, 2, 3])
        #expect(MachinePathRule.violations(in: file("A.md", "tcp://127.0.0.1\(path) and ops\(path)")).isEmpty)
    }

    @Test("links to missing files and headings are found, those in code are not links")
    func brokenLinks() {
        let text = "[a](b.md) [c](../gone.md) [d](b.md#no) [e](https://a.example/x) `[f](g.md)`\n```\n[h](i.md)\n```\n[k](#here)\n# Here"
        let found = DocumentRules.brokenLinks(in: file("docs/a.md", text), exists: { ["docs/a.md", "docs/b.md"].contains($0) }) { path in
            path == "docs/a.md" ? ["here"] : ["yes"]
        }
        #expect(found.map(\.message) == ["the link to '../gone.md' leads nowhere", "'docs/b.md' has no heading '#no'"])
    }

    @Test("headings make anchors")
    func anchors() {
        #expect(DocumentRules.anchors(of: file("a.md", "# A job, start to end\ntext\n## 2. `advpo run`")) == ["a-job-start-to-end", "2-advpo-run"])
    }

    @Test("a document outside the index is found")
    func index() {
        let index = file("docs/README.md", "[a](a.md) [b](adr/b.md#x)")
        #expect(DocumentRules.missingFromIndex(index, documents: ["docs/README.md", "docs/a.md", "docs/adr/b.md", "docs/c.md"]).count == 1)
    }

    @Test("a script that cannot be run, or says nothing, is found")
    func scripts() {
        #expect(DocumentRules.faults(ofScript: file("ops/a", "#!/usr/bin/env bash\n# ops/a: does it\n"), isExecutable: true).isEmpty)
        #expect(DocumentRules.faults(ofScript: file("ops/a", "#!/usr/bin/env python3\n\"\"\"Does it.\"\"\"\n"), isExecutable: true).isEmpty)
        #expect(DocumentRules.faults(ofScript: file("ops/a", "set -e\nx"), isExecutable: false).count == 3)
    }
}
