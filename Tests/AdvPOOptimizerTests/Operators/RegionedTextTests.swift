import AdvPOModel
import Testing
@testable import AdvPOOptimizer

@Suite struct RegionedTextTests {
    @Test(
        "templates divide into open and frozen text",
        arguments: [
            ("plain {{x}}", ["+plain {{x}}"]), ("a<advpo:optimize>b</advpo:optimize>c", ["-a", "+b", "-c"]),
            ("<advpo:exclude>a</advpo:exclude>b", ["+", "-a", "+b"]), ("a<advpo:optimize></advpo:optimize>", ["-a", "+"]),
            ("a<advpo:exclude></advpo:exclude>b", ["+ab"]),
            ("<advpo:exclude>a</advpo:exclude>b<advpo:optimize>c</advpo:optimize>", ["-ab", "+c"]),
            ("<advpo:optimize>a</advpo:optimize><advpo:optimize>b</advpo:optimize>", ["+ab"]), ("<b>bold</b> {\"a\": {}}", ["+<b>bold</b> {\"a\": {}}"]),
        ] as [(String, [String])])
    func divides(template: String, expected: [String]) {
        #expect(RegionedText(template: template).segments.map { ($0.isOpen ? "+" : "-") + $0.text } == expected)
    }

    @Test("random templates match themselves, and their open parts may become anything", arguments: 0..<200 as Range<UInt64>)
    func properties(seed: UInt64) {
        let tag = seed.isMultiple(of: 2) ? "optimize" : "exclude"
        let pieces = ["text ", "{{name}}", "{\"a\": {\"b\": 1}}", "\n", "é", "<", "", "<advpo:\(tag)>inside</advpo:\(tag)>", "<advpo:\(tag)></advpo:\(tag)>"]
        var generator = SeededGenerator(seed: seed)
        let regioned = RegionedText(template: (0..<Int.random(in: 1...9, using: &generator)).map { _ in pieces[generator.index(below: pieces.count)] }.joined())
        #expect(regioned.matching(regioned.text) == regioned)
        var rewritten = regioned
        for index in regioned.openIndices { rewritten = rewritten.replacing(index, with: "something new") }
        #expect(regioned.matching(rewritten.text) == rewritten)
        #expect(rewritten.segments.filter { !$0.isOpen } == regioned.segments.filter { !$0.isOpen })
    }

    @Test(
        "a rewrite matches when the frozen text is there to the letter and in order",
        arguments: [
            ("a<advpo:optimize>b</advpo:optimize>c", "aXXc", true), ("a<advpo:optimize>b</advpo:optimize>c", "ac", true),
            ("a<advpo:optimize>b</advpo:optimize>c", "aXX", false), ("a<advpo:optimize>b</advpo:optimize>c", "Xac", false),
            ("a<advpo:optimize>b</advpo:optimize>c", "acXc", true), ("a<advpo:optimize>b</advpo:optimize>a", "a", false),
            ("<advpo:exclude>one</advpo:exclude>x<advpo:exclude>two</advpo:exclude>", "two one", false), ("anything", "else", true),
            ("<advpo:optimize>x</advpo:optimize>caf\u{E9}", "xcafe\u{301}", false), ("abc<advpo:optimize>-</advpo:optimize>cde", "abcde", false),
            ("abc<advpo:optimize>-</advpo:optimize>cde", "abccde", true), ("<advpo:exclude>all</advpo:exclude>", "before all after", true),
        ])
    func matches(template: String, rewritten: String, isMatch: Bool) {
        let found = RegionedText(template: template).matching(rewritten)
        #expect((found != nil) == isMatch)
        if let found { #expect(found.text == rewritten) }
    }
}
